import { fileURLToPath } from "node:url"
import { fc, test } from "@fast-check/vitest"
import { hashPassword, serveApi } from "@sluice/api"
import { openTestApi } from "@sluice/api/testing"
import { claimOne, complete, createRun, failed, items, mapped, openStream } from "@sluice/core/testing"
import { makeMemoryStore } from "@sluice/core/store"
import { Effect } from "effect"
import { rolldown } from "rolldown"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ApiError, createClient, dataOf, type Result } from "./index.ts"
import { makeTokens } from "./tokens.ts"

const run = { dagId: "d", runId: "r" }
const load = { ...run, taskId: "load" }

/** A server over a store in memory, with a run whose map `load` is open. */
async function openServer() {
  const store = makeMemoryStore()
  const api = await openTestApi(store)
  const tasks = [mapped("load"), { taskId: "report" }]
  const edges = [{ upstream: "load", downstream: "report" }]
  const { run: made, ids } = await createRun({ store } as never, { ...run, tasks, edges })
  const map = await openStream(store, made.id, ids["load"]!)
  const serve = (port: number) =>
    serveApi({ fetch: api.api.fetch, host: "127.0.0.1", port, isBehindTlsProxy: false })
  const server = await serve(0)
  return { ...api, map, serve, server, url: server.url, token: api.tokens.admin }
}

let server: Awaited<ReturnType<typeof openServer>>
beforeAll(async () => {
  server = await openServer()
})
afterAll(() => server.server.close(0))

/** A fetch that tells of each request, and cuts each answer's body after so many bytes. */
function cutting(bytes: readonly number[]) {
  const cuts = [...bytes]
  const requests: Request[] = []
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    requests.push(request)
    const response = await fetch(request)
    let left = cuts.shift() ?? Number.POSITIVE_INFINITY
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, out) {
        out.enqueue(chunk.subarray(0, left))
        left -= chunk.length
        if (left <= 0) out.error(new TypeError("terminated"))
      },
    })
    return new Response(response.body?.pipeThrough(cut) ?? null, response)
  }
  return { requests, send }
}

async function all<A>(source: AsyncIterable<A>): Promise<A[]> {
  const found: A[] = []
  for await (const one of source) found.push(one)
  return found
}

describe("the client", () => {
  it("calls operations with their types, and rejects with what the server says", async () => {
    const client = createClient(server)
    const { dags } = await dataOf(client.http.GET("/api/v2/dags", { params: { query: { limit: 5 } } }))
    expect(dags.map((dag) => dag.dag_id)).toEqual(["d"])
    const missing = client.trigger("nowhere")
    await expect(missing).rejects.toMatchObject({ status: 404, detail: 'the dag "nowhere" does not exist' })
    await expect(missing).rejects.toBeInstanceOf(ApiError)
    const viewer = createClient({ url: server.url, token: server.tokens.viewer })
    await expect(viewer.trigger("d")).rejects.toMatchObject({ status: 403 })
    const made = await client.trigger("d", { note: "by hand", conf: { since: "2026-01-01" } })
    expect(made).toMatchObject({ dag_id: "d", note: "by hand", conf: { since: "2026-01-01" } })
  })

  it("runs where there is no Node: it imports nothing, and uses what browsers have", async () => {
    const input = fileURLToPath(new URL("index.ts", import.meta.url))
    const bundle = await rolldown({ input, platform: "browser" })
    const { output } = await bundle.generate({ format: "esm" })
    await bundle.close()
    expect(output).toHaveLength(1)
    expect(output[0].imports).toEqual([])
    expect(output[0].code).not.toContain("node:")
  })
})

describe("signing in", () => {
  it("happens with the first request, once for all that come together, and again when a session is refused", async () => {
    const passwordHash = await hashPassword("correct horse")
    const user = { username: "ada", role: "op", passwordHash, actor: "test" } as const
    await Effect.runPromise(server.store.createUser(user))
    const seen: string[] = []
    const refused = new Set<string>()
    const client = createClient({
      ...{ url: server.url, username: "ada", password: "correct horse" },
      fetch: async (input, init) => {
        const request = new Request(input, init)
        const token = request.headers.get("authorization") ?? ""
        seen.push(new URL(request.url).pathname)
        // The session that made the first three requests is void from then on.
        if (seen.length === 3) refused.add(token)
        if (seen.length > 3 && refused.has(token)) return Response.json({ detail: "void" }, { status: 401 })
        return fetch(request)
      },
    })
    const list = () => dataOf(client.http.GET("/api/v2/dags"))
    await Promise.all([list(), list()])
    expect(seen).toEqual(["/auth/token", "/api/v2/dags", "/api/v2/dags"])
    // Its body is sent a second time, with the next session.
    await client.trigger("d", { note: "again" })
    expect(seen.slice(3)).toEqual(["/api/v2/dags/d/dagRuns", "/auth/token", "/api/v2/dags/d/dagRuns"])
    const wrong = createClient({ url: server.url, username: "ada", password: "wrong" })
    await expect(wrong.trigger("d")).rejects.toMatchObject({ status: 401 })
  })

  it("is done anew before a session ends", async () => {
    let now = 0
    let sessions = 0
    const answer = () => {
      sessions += 1
      const claims = btoa(JSON.stringify({ exp: now / 1_000 + 3_600, n: sessions }))
      return Promise.resolve(Response.json({ access_token: `head.${claims}.signature` }, { status: 201 }))
    }
    const credentials = { username: "ada", password: "x" }
    const tokens = makeTokens("http://localhost", credentials, { fetch: answer, now: () => now })
    const first = await tokens.current()
    now += 3_500_000
    expect(await tokens.current()).toBe(first)
    now += 50_000
    const [second, third] = await Promise.all([tokens.current(), tokens.current()])
    expect(second).not.toBe(first)
    expect([third, sessions]).toEqual([second, 2])
  })
})

describe("results", () => {
  let whole: Result<string>[]
  beforeAll(async () => {
    await server.map.commit(items(40))
    for (const exceptions of [[failed(3)], [], []])
      await complete(server.store, await claimOne(server.store, { sizeDefault: 10 }), { exceptions })
    whole = await all(createClient(server).results<string>(load, { follow: false }))
  })

  it("come in index order, with gaps, as far as they are", () => {
    expect(whole.map((line) => (line.type === "result" ? line.value : line.type))).toEqual(
      Array.from({ length: 30 }, (_, index) => (index === 3 ? "gap" : `r${index}`)),
    )
  })

  test.prop([fc.array(fc.nat(2_500), { maxLength: 6 }), fc.integer({ min: 1, max: 30 })], { numRuns: 40 })(
    "are the same, each once, wherever connections are cut",
    async (cuts, limit) => {
      const { send } = cutting(cuts)
      const client = createClient({ ...server, fetch: send })
      expect(await all(client.results(load, { limit, pauseMs: 1 }))).toEqual(whole.slice(0, limit))
    },
  )

  it("follow the map over a server that goes and comes back", async () => {
    const other = await openServer()
    const client = createClient(other)
    const stream = client.results<string>(load, { pauseMs: 5, retries: 50 })
    const next = async () => (await stream.next()).value as Result<string>
    await other.map.commit(items(4))
    await complete(other.store, await claimOne(other.store, { sizeDefault: 2 }))
    expect([await next(), await next()]).toMatchObject([{ value: "r0" }, { value: "r1" }])
    await other.server.close(0)
    const waiting = next()
    await complete(other.store, await claimOne(other.store))
    const again = await other.serve(Number(new URL(other.url).port))
    expect(await waiting).toMatchObject({ map_index: 2, value: "r2" })
    // Whoever leaves lets go of the connection: else the server would not close in time.
    await stream.return()
    await again.close(60_000)
  })

  it("end with what the server refuses, at once", async () => {
    const { requests, send } = cutting([])
    const client = createClient({ ...server, fetch: send })
    const unmapped = all(client.results({ ...run, taskId: "report" }))
    await expect(unmapped).rejects.toMatchObject({ status: 409, detail: expect.stringContaining("XCom") })
    await expect(all(client.results(load, { after: "nonsense" }))).rejects.toMatchObject({ status: 422 })
    expect(requests).toHaveLength(2)
  })

  it("fail when nothing comes too often in a row, and when they are told to", async () => {
    let asked = 0
    const busy: typeof fetch = () => {
      asked += 1
      return Promise.resolve(Response.json({ detail: "busy" }, { status: 503 }))
    }
    const client = createClient({ ...server, fetch: busy })
    await expect(all(client.results(load, { retries: 3, pauseMs: 1 }))).rejects.toMatchObject({ status: 503 })
    expect(asked).toBe(4)
    const silent: typeof fetch = () => Promise.resolve(new Response(new ReadableStream()))
    const deaf = createClient({ ...server, fetch: silent }).results(load, {
      retries: 1,
      pauseMs: 1,
      silenceMs: 5,
    })
    await expect(deaf.next()).rejects.toMatchObject({ name: "Silence" })
    const stop = new AbortController()
    const stopped = createClient(server).results(load, { signal: stop.signal, after: "eyJyIjozMH0" }).next()
    stop.abort(new Error("enough"))
    await expect(stopped).rejects.toThrow("enough")
  })
})

describe("a run", () => {
  it("is told of as it changes, over cut connections, and waited for", async () => {
    const other = await openServer()
    // The first answer is cut within its first snapshot, the second after it.
    const { requests, send } = cutting([300, 3_500])
    const client = createClient({ ...other, fetch: send })
    const events = client.events(run, { pauseMs: 1, retries: 50 })
    const seen: string[] = []
    const ended = createClient(other).wait(run, { results: ["report"] })
    let isCancelled = false
    for await (const event of events) {
      if (event.type === "expansion") seen.push(event.expansion.task_id)
      else seen.push(event.run.state)
      if (!seen.includes("report") || isCancelled) continue
      isCancelled = true
      await dataOf(
        client.http.PATCH("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", {
          params: { path: { dag_id: "d", dag_run_id: "r" } },
          body: { state: "failed" },
        }),
      )
    }
    expect(seen).toEqual(expect.arrayContaining(["running", "load", "report", "failed"]))
    expect(requests.length).toBeGreaterThan(2)
    expect(await ended).toEqual({ state: "failed", results: {} })
    await other.server.close(0)
  })

  it("and all others are told of together", async () => {
    const client = createClient(server)
    for await (const live of client.allEvents()) {
      expect(live.instances.discovered).toBeGreaterThanOrEqual(0)
      break
    }
  })
})
