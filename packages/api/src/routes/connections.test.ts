import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const path = "/api/v2/connections"
const crm = {
  ...{ connection_id: "crm", conn_type: "http", host: "api.example.com", port: 443, login: "u" },
  ...{ password: "s3cret", extra: '{"api_key":"k","timeout":5}', description: "sales" },
}

async function setup() {
  const test = await openTestApi()
  const made = await test.send("POST", path, { body: crm })
  const patch = (body: object, query = "") =>
    test.send("PATCH", `${path}/crm${query}`, { body: { connection_id: "crm", conn_type: "http", ...body } })
  const clear = async () => test.vault.openConnection(await Effect.runPromise(test.store.connection("crm")))
  return { ...test, made, patch, clear }
}

describe("connections", () => {
  it("are made and read with their secrets hidden, and sealed in the store", async () => {
    const { made, get, store, clear } = await setup()
    const shown = {
      ...{ ...crm, schema: null, team_name: null },
      ...{ password: "***", extra: '{"api_key":"***","timeout":5}' },
    }
    expect([made.status, made.body]).toEqual([201, shown])
    expect((await get(`${path}/crm`)).body).toEqual(shown)
    expect((await get(path)).body).toEqual({ connections: [shown], total_entries: 1 })
    const { sealedPassword, sealedExtra } = await Effect.runPromise(store.connection("crm"))
    expect(`${sealedPassword}${sealedExtra}`).not.toContain("s3cret")
    expect(await clear()).toMatchObject({ password: "s3cret", extra: crm.extra })
  })

  it("are not tested, and there are no providers and no plugins", async () => {
    const { send, get } = await setup()
    expect((await send("POST", `${path}/test`, { body: crm })).status).toBe(403)
    expect((await get("/api/v2/providers", { as: "viewer" })).body).toEqual({
      providers: [],
      total_entries: 0,
    })
    expect((await get("/api/v2/plugins", { as: "viewer" })).body).toEqual({ plugins: [], total_entries: 0 })
  })

  it("are changed field by field; what is hidden stays as it was", async () => {
    const { patch, send, clear } = await setup()
    const { body } = await patch({ host: "b", password: "***", extra: '{"api_key":"***","timeout":6}' })
    expect(body).toMatchObject({ host: "b", port: 443, password: "***" })
    expect(await clear()).toMatchObject({ password: "s3cret", extra: '{"api_key":"k","timeout":6}' })
    await patch({ password: "new", port: null, host: "c" }, "?update_mask=password&update_mask=port")
    expect(await clear()).toMatchObject({ password: "new", port: null, host: "b" })
    await patch({ password: null, extra: "no JSON" })
    expect(await clear()).toMatchObject({ password: null, extra: "no JSON" })
    expect((await patch({ extra: "***" })).body).toMatchObject({ extra: "***", password: null })
    expect(await clear()).toMatchObject({ extra: "no JSON" })
    expect((await patch({}, "?update_mask=nonsense")).status).toBe(400)
    expect((await send("PATCH", `${path}/other`, { body: crm })).status).toBe(400)
  })

  it("are refused where they do not fit, and deleted", async () => {
    const { send, get } = await setup()
    const post = async (body: object) => (await send("POST", path, { body: { ...crm, ...body } })).status
    expect(await post({})).toBe(409)
    expect(await post({ connection_id: "a b" })).toBe(422)
    expect(await post({ connection_id: "x", port: 70_000 })).toBe(422)
    expect(await post({ connection_id: "x", team_name: "t" })).toBe(422)
    expect((await get(path, { as: "viewer" })).status).toBe(403)
    const actions = [
      { action: "create", entities: [{ connection_id: "second", conn_type: "x" }] },
      { action: "delete", entities: ["crm"] },
    ]
    expect((await send("PATCH", path, { body: { actions } })).body).toMatchObject({
      create: { success: ["second"], errors: [] },
      update: null,
      delete: { success: ["crm"], errors: [] },
    })
    expect((await get(`${path}?connection_id_pattern=s%25&order_by=-conn_type`)).body.total_entries).toBe(1)
    expect((await send("DELETE", `${path}/second`)).status).toBe(204)
    expect((await send("DELETE", `${path}/second`)).status).toBe(404)
  })
})
