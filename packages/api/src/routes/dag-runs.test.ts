import { createRun, register, serializedDag } from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const runs = "/api/v2/dags/d/dagRuns"

/** A DAG with a task and five runs. */
async function setup() {
  const test = await openTestApi()
  await register(test.store, serializedDag({ dagId: "d", tasks: [{ taskId: "t" }] }))
  for (const id of ["r1", "r2", "r3", "r4", "r5"])
    await test.send("POST", runs, { as: "user", body: { logical_date: null, dag_run_id: id } })
  return test
}

interface RunList {
  readonly dag_runs: { readonly dag_run_id: string }[]
  readonly next_cursor: string | null
  readonly previous_cursor: string | null
}

const idsOf = ({ dag_runs: rows }: RunList) => rows.map(({ dag_run_id: id }) => id)

describe("runs by cursor", () => {
  it.each([
    ["id", ["r1", "r2", "r3", "r4", "r5"]],
    ["-id", ["r5", "r4", "r3", "r2", "r1"]],
  ])("go on to the end and back to the start, by %s", async (order, expected) => {
    const { get } = await setup()
    const page = async (cursor: string) =>
      (await get(`${runs}?limit=2&order_by=${order}&cursor=${cursor}`)).body as RunList
    const first = await page("")
    const second = await page(first.next_cursor!)
    const third = await page(second.next_cursor!)
    expect([first, second, third].flatMap(idsOf)).toEqual(expected)
    expect([first.previous_cursor, third.next_cursor]).toEqual([null, null])
    const back = await page(third.previous_cursor!)
    expect(idsOf(back)).toEqual(idsOf(second))
    const start = await page(back.previous_cursor!)
    expect(idsOf(start)).toEqual(idsOf(first))
    expect(start.previous_cursor).toBeNull()
    expect(idsOf(await page(start.next_cursor!))).toEqual(idsOf(second))
  })

  it.each(["nonsense", "e30", Buffer.from('{"d":true,"b":false,"a":"1; drop"}').toString("base64url")])(
    "are refused with the cursor %s",
    async (cursor) => {
      const { get } = await setup()
      const { status, body } = await get(`${runs}?cursor=${cursor}`)
      expect([status, body.detail[0].loc]).toEqual([422, ["query", "cursor"]])
    },
  )
})

describe("making a run", () => {
  it("says in lists where a large conf is, and gives it there", async () => {
    const { get, send } = await setup()
    const conf = { text: "x".repeat(20_000) }
    const { body: made } = await send("POST", runs, { as: "user", body: { logical_date: null, conf } })
    const { body } = await get(`${runs}?order_by=-id&limit=1`)
    const [{ conf: listed, conf_ref: ref }] = body.dag_runs
    expect([made.conf, made.conf_ref, listed]).toEqual([conf, null, null])
    expect((await get(ref)).body).toMatchObject({ dag_run_id: made.dag_run_id, conf, conf_ref: null })
  })

  it("keeps who asked for it, and what with", async () => {
    const { send } = await setup()
    const interval = {
      data_interval_start: "2026-01-30T00:00:00.000Z",
      data_interval_end: "2026-01-31T00:00:00.000Z",
    }
    const body = {
      ...interval,
      logical_date: "2026-01-31T12:00:00+02:00",
      conf: { a: { b: [1, null] } },
      note: "now",
    }
    const { body: run } = await send("POST", runs, { as: "user", body })
    expect(run).toMatchObject({
      dag_run_id: expect.stringMatching(/^manual__/),
      logical_date: "2026-01-31T10:00:00.000Z",
      run_after: "2026-01-31T10:00:00.000Z",
      conf: body.conf,
      ...interval,
      note: "now",
      triggered_by: "rest_api",
      triggering_user_name: "token:test user",
    })
  })

  it.each([
    [{}, ["body", "logical_date"]],
    [{ logical_date: "2026-01-31" }, ["body", "logical_date"]],
    [{ logical_date: null, surprise: 1 }, ["body"]],
    [{ logical_date: null, conf: [] }, ["body", "conf"]],
    [{ logical_date: null, dag_run_id: "" }, ["body", "dag_run_id"]],
    [{ logical_date: null, dag_run_id: "~" }, ["body", "dag_run_id"]],
    [{ logical_date: null, note: "a\u0000b" }, ["body", "note"]],
    [{ logical_date: null, partition_key: "p" }, ["body", "partition_key"]],
    [
      {
        logical_date: null,
        data_interval_start: "2026-01-02T00:00:00Z",
        data_interval_end: "2026-01-01T00:00:00Z",
      },
      ["body", "data_interval_end"],
    ],
  ])("is refused with %j, and makes nothing", async (body, place) => {
    const { send, get } = await setup()
    const answer = await send("POST", runs, { body })
    expect([answer.status, answer.body.detail[0].loc]).toEqual([422, place])
    expect((await get(runs)).body.total_entries).toBe(5)
  })

  it("is refused when its conf does not fit the DAG's params, or its id is not for runs by hand", async () => {
    const { send, store } = await setup()
    const paramsSchema = { properties: { n: { type: "integer" } } }
    await register(store, { ...serializedDag({ dagId: "p", tasks: [] }), paramsSchema })
    const ask = (body: object) =>
      send("POST", "/api/v2/dags/p/dagRuns", { body: { logical_date: null, ...body } })
    const conf = await ask({ conf: { n: "many" } })
    expect([conf.status, conf.body.detail]).toEqual([400, expect.stringContaining("n must be integer")])
    expect(conf.body.params).toEqual([{ name: "n", message: "n must be integer" }])
    expect((await ask({ dag_run_id: "scheduled__1" })).status).toBe(400)
    expect((await ask({ conf: { n: 1 } })).status).toBe(200)
  })

  it("is refused for a DAG that is not there, and for an id that is taken", async () => {
    const { send } = await setup()
    const body = { logical_date: null, dag_run_id: "r1" }
    expect((await send("POST", "/api/v2/dags/none/dagRuns", { body })).status).toBe(404)
    const taken = await send("POST", runs, { body })
    expect([taken.status, taken.body.detail.message]).toEqual([409, expect.stringContaining('"r1"')])
  })
})

describe("a run that waits for its file to be parsed", () => {
  it("says so, has no tasks yet, and is asked for again where the parse failed", async () => {
    const { send, get, store } = await openTestApi()
    const dag = serializedDag({ dagId: "e", parse: "every-run", tasks: [{ taskId: "t" }] })
    const bundle = { hash: "h", code: "", sourceMap: null }
    await Effect.runPromise(
      store.publishDagFile({ file: { folder: "dags", path: "e.ts" }, bundle, dags: [dag] }),
    )
    expect((await get("/api/v2/dags/e")).body).toMatchObject({ parse: "every-run" })
    const run = "/api/v2/dags/e/dagRuns/r1"
    const made = await send("POST", "/api/v2/dags/e/dagRuns", {
      as: "user",
      body: { logical_date: null, dag_run_id: "r1" },
    })
    expect(made.body).toMatchObject({ state: "queued", awaits_parse: true })
    expect((await get(`${run}/taskInstances`)).body).toMatchObject({ task_instances: [], total_entries: 0 })
    expect((await get(`${run}/expansions`)).status).toBe(200)
    const claim = () =>
      Effect.runPromise(store.claimParses({ folder: "dags", processor: "p", claimSeconds: 0, limit: 1 }))
    const [request] = await claim()
    const upTo = request?.upTo ?? "0"
    const failed = { dagIds: ["e"], upTo, note: "e.ts: broken", limit: 9 }
    expect(await Effect.runPromise(store.failUnparsedRuns(failed))).toBe(1)
    expect((await get(run)).body).toMatchObject({ state: "failed", awaits_parse: true, note: "e.ts: broken" })
    const cleared = await send("POST", `${run}/clear`, { as: "user", body: { dry_run: false } })
    expect(cleared.body).toMatchObject({ state: "queued", awaits_parse: true, note: null })
    await Effect.runPromise(store.failUnparsedRuns(failed))
    const again = await send("PATCH", run, { as: "user", body: { state: "queued" } })
    expect(again.body).toMatchObject({ state: "queued", awaits_parse: true })
    expect(await claim()).toHaveLength(1)
  })
})

describe("changing a run", () => {
  it("cancels it, takes it up again, and says who did", async () => {
    const { send, store } = await setup()
    const patch = (body: object, query = "") => send("PATCH", `${runs}/r1${query}`, { as: "user", body })
    expect((await patch({ state: "failed" })).body).toMatchObject({ state: "failed", is_cancelled: true })
    expect((await patch({ state: "failed" })).status).toBe(200)
    expect((await patch({ state: "queued" })).body).toMatchObject({ state: "running", is_cancelled: false })
    expect((await patch({ state: "success" })).status).toBe(409)
    expect((await patch({ note: "mine" }, "?update_mask=conf")).status).toBe(400)
    expect((await patch({ note: "mine", state: "failed" }, "?update_mask=note")).body).toMatchObject({
      note: "mine",
      state: "running",
    })
    expect((await patch({ note: null })).body.note).toBeNull()
    const events = await Effect.runPromise(store.listEvents({ before: null, limit: 4 }))
    expect(events.map(({ event, actor }) => `${event} ${actor}`)).toEqual([
      "dag_run_note_set token:test user",
      "dag_run_note_set token:test user",
      "dag_run_resumed token:test user",
      "dag_run_cancelled token:test user",
    ])
  })

  it("is refused for what has ended by itself, or is no state", async () => {
    const { send, store } = await setup()
    const { run } = await createRun({ store } as never, { dagId: "empty", runId: "e", tasks: [] })
    await Effect.runPromise(store.finishDagRun({ dagRunId: run.id, state: "success", reopenings: 0 }))
    const patch = (body: object) => send("PATCH", "/api/v2/dags/empty/dagRuns/e", { body })
    expect((await patch({ state: "failed" })).status).toBe(409)
    expect((await patch({ state: "queued" })).body.detail).toContain("clear task instances")
    expect((await patch({ state: "running" })).status).toBe(422)
    expect((await send("PATCH", "/api/v2/dags/empty/dagRuns/x", { body: {} })).status).toBe(404)
  })
})

describe("waiting for a run", () => {
  it("says how it stands at each interval, and ends with the run", async () => {
    const { api, store, tokens } = await setup()
    const headers = { authorization: `Bearer ${tokens.viewer}` }
    const response = await api.request(`${runs}/r1/wait?interval=0.1&result=t`, { headers })
    expect(response.headers.get("content-type")).toBe("application/x-ndjson")
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe('{"state":"running"}\n')
    expect((await reader.read()).value).toBe('{"state":"running"}\n')
    const { id } = await Effect.runPromise(store.dagRun({ dagId: "d", runId: "r1" }))
    await Effect.runPromise(store.cancelDagRun({ dagRunId: id, note: "enough", actor: "test" }))
    store.wake("run")
    let last = ""
    for (let read = await reader.read(); !read.done; read = await reader.read()) last = read.value
    expect(last).toBe('{"state":"failed","results":{}}\n')
  })
})

describe("deleting a run", () => {
  it("takes it away, its run id free, and says so in the event log", async () => {
    const { send, get, store } = await setup()
    const run = await Effect.runPromise(store.dagRun({ dagId: "d", runId: "r1" }))
    await send("PATCH", `${runs}/r1`, { as: "user", body: { state: "failed" } })
    const answer = await send("DELETE", `${runs}/r1`, { as: "user" })
    expect(answer.status).toBe(204)
    expect((await get(`${runs}/r1`)).status).toBe(404)
    expect((await get(runs)).body.total_entries).toBe(4)
    const body = { logical_date: null, dag_run_id: "r1" }
    expect((await send("POST", runs, { as: "user", body })).status).toBe(200)
    const [event] = await Effect.runPromise(store.listEvents({ dagId: "d", before: null, limit: 1 }))
    expect(event).toMatchObject({ event: "dag_run_deleted", runId: "r1", dagRunId: null })
    expect((await Effect.runPromise(store.dagRun({ dagId: "d", runId: "r1" }))).id).not.toBe(run.id)
  })

  it("is refused while it goes on, with what to do first", async () => {
    const { send, get } = await setup()
    const { status, body } = await send("DELETE", `${runs}/r1`, { as: "user" })
    expect([status, body.detail]).toEqual([409, expect.stringContaining("cancel it first")])
    expect((await get(`${runs}/r1`)).status).toBe(200)
    expect((await send("DELETE", `${runs}/none`, { as: "user" })).status).toBe(404)
    expect((await send("DELETE", `${runs}/r1`, { as: "viewer" })).status).toBe(403)
  })
})

describe("deleting a DAG", () => {
  it("is refused while a run goes on, and then takes all of it away", async () => {
    const { send, get } = await setup()
    const { status, body } = await send("DELETE", "/api/v2/dags/d", { as: "op" })
    expect([status, body.detail]).toEqual([409, expect.stringContaining("cancel")])
    for (const id of ["r1", "r2", "r3", "r4", "r5"])
      await send("PATCH", `${runs}/${id}`, { as: "user", body: { state: "failed" } })
    expect((await send("DELETE", "/api/v2/dags/d", { as: "user" })).status).toBe(403)
    expect((await send("DELETE", "/api/v2/dags/d", { as: "op" })).status).toBe(200)
    expect((await get("/api/v2/dags/d")).status).toBe(404)
    expect((await get("/api/v2/dags")).body.total_entries).toBe(0)
    expect((await send("DELETE", "/api/v2/dags/d", { as: "op" })).status).toBe(404)
  })
})
