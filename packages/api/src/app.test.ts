import { StoreFailure, StoreUnavailable, makeMemoryStore } from "@sluice/core/store"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { bodyDepthMax } from "./body-depth.ts"
import { bodyBytesMax, createApi, queryParametersMax } from "./app.ts"
import { openTestApi } from "./testing/index.ts"

describe("the API", () => {
  it("tells its version and its health to anybody", async () => {
    const { get, store } = await openTestApi()
    expect((await get("/api/v2/version", { as: null })).body).toEqual({
      version: "0.0.0-test",
      git_version: null,
    })
    const who = { engine: "1", hostname: "box", pid: 1, info: {}, deadAfterSeconds: 20 }
    const beat = { id: "scheduler/1", role: "scheduler", ...who }
    const before = await get("/api/v2/monitor/health", { as: null })
    expect(before.body).toMatchObject({
      metadatabase: { status: "healthy" },
      scheduler: { status: "unhealthy", latest_scheduler_heartbeat: null },
      triggerer: { status: null },
    })
    await Effect.runPromise(store.heartbeat(beat))
    const after = await get("/api/v2/monitor/health", { as: null })
    expect(after.body).toMatchObject({
      scheduler: { status: "healthy", latest_scheduler_heartbeat: expect.any(String) },
      roles: { scheduler: { status: "healthy" } },
    })
  })

  it("answers with headers that keep browsers and caches off", async () => {
    const { get } = await openTestApi()
    const { headers } = await get("/api/v2/openapi.json")
    expect(headers.get("cache-control")).toBe("no-store")
    expect(headers.get("x-content-type-options")).toBe("nosniff")
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN")
    expect(headers.get("access-control-allow-origin")).toBeNull()
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
  })

  it("lets pages of other origins call only where they are named", async () => {
    const options = {
      store: makeMemoryStore(),
      signingSecret: "x".repeat(64),
      version: "1",
      readValue: JSON.parse as never,
      onFailure() {},
    }
    const api = createApi({ ...options, corsOrigins: ["https://ui.example.com"] })
    const from = async (origin: string) =>
      (await api.request("/api/v2/version", { headers: { origin } })).headers.get(
        "access-control-allow-origin",
      )
    expect(await from("https://ui.example.com")).toBe("https://ui.example.com")
    expect(await from("https://evil.example.com")).toBeNull()
  })

  it("describes no named thing as one that may be null: where it may, it says so itself", async () => {
    const { document } = await openTestApi()
    const { schemas } = (
      document as unknown as { components: { schemas: Record<string, { type?: unknown }> } }
    ).components
    const nullable = Object.entries(schemas).filter(([, { type }]) => Array.isArray(type))
    expect(nullable.map(([name]) => name)).toEqual([])
  })

  it("has empty lists of what there is only in Airflow", async () => {
    const { get } = await openTestApi()
    for (const [path, key] of [
      ["assets/aliases?name_pattern=a", "asset_aliases"],
      ["dagWarnings?warning_type=asset%20conflict&order_by=-timestamp", "dag_warnings"],
    ])
      expect((await get(`/api/v2/${path}`)).body).toEqual({ [key!]: [], total_entries: 0 })
    expect((await get("/api/v2/assets/aliases/1")).status).toBe(404)
    expect((await get("/api/v2/dagWarnings?order_by=nothing")).status).toBe(400)
  })

  it("refuses what it cannot read, and says what is wrong", async () => {
    const { api, get, send } = await openTestApi()
    const nul = await get("/api/v2/version?a=%00")
    expect([nul.status, nul.body.detail[0].loc]).toEqual([422, ["query", "a"]])
    const many = await get(`/api/v2/version?${"a=1&".repeat(queryParametersMax + 1)}`)
    expect(many.status).toBe(422)
    expect((await get("/api/v2/nowhere")).body).toEqual({ detail: "there is nothing at this address" })
    const put = await send("PUT", "/api/v2/dags/d")
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, PATCH, DELETE"])
    expect(put.body.detail).toContain("expected GET, PATCH, DELETE")
    const missing = await send("POST", "/auth/token", { as: null, body: { username: "a" } })
    expect(missing.body.detail).toEqual([
      { loc: ["body", "password"], msg: "it is missing; expected string", type: "missing" },
    ])
    const twice = await get("/api/v2/dags?dag_id_pattern=a&dag_id_pattern=b")
    expect(twice.body.detail[0].msg).toContain("more than once")
    const text = await api.request("/auth/token", { method: "POST", body: "hello" })
    expect([text.status, await text.text()]).toEqual([415, expect.stringContaining("application/json")])
    const broken = await send("POST", "/auth/token", {
      as: null,
      headers: { "content-type": "application/json" },
    })
    expect(broken.status).toBe(422)
    const deep = { username: "a", password: JSON.parse("[".repeat(bodyDepthMax) + "]".repeat(bodyDepthMax)) }
    expect((await send("POST", "/auth/token", { as: null, body: deep })).body.detail[0].msg).toContain(
      "deeper",
    )
    const brackets = { username: `"\\${"[{".repeat(bodyDepthMax)}`.slice(0, 128), password: "x" }
    expect((await send("POST", "/auth/token", { as: null, body: brackets })).status).toBe(401)
    const half = { username: "\ud800", password: "x" }
    expect((await send("POST", "/auth/token", { as: null, body: half })).status).toBe(422)
    const headers = { "content-type": "application/json", "content-length": String(bodyBytesMax + 1) }
    const body = JSON.stringify({ username: "a", password: "b".repeat(bodyBytesMax) })
    const large = await api.request("/auth/token", { method: "POST", headers, body })
    expect(large.status).toBe(413)
  })

  it("keeps its failures to its own log", async () => {
    const fields = { operation: "user", message: "relation api_user does not exist" }
    const login = { as: null, body: { username: "ada", password: "x" } } as const
    for (const [error, status] of [
      [new StoreFailure(fields), 500],
      [new StoreUnavailable(fields), 503],
    ] as const) {
      const failing = await openTestApi({ ...makeMemoryStore(), user: () => Effect.fail(error) })
      const answer = await failing.send("POST", "/auth/token", login)
      expect(answer.status).toBe(status)
      expect(JSON.stringify(answer.body)).not.toContain("api_user")
      expect(failing.failures).toHaveLength(1)
    }
  })
})
