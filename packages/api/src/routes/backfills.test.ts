import type { StoreService } from "@sluice/core/store"
import { serializedDag } from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const range = { dag_id: "hourly", from_date: "2025-01-01T00:00:00Z", to_date: "2025-01-01T02:00:00Z" }

async function setup() {
  const test = await openTestApi()
  const planning = {
    timetable: { kind: "delta", everyMs: 3_600_000, dataInterval: "since_previous" },
    startDate: "2024-12-31T00:00:00Z",
  } as const
  const dag = serializedDag({ dagId: "hourly", tasks: [{ taskId: "t" }], planning })
  const bundle = { hash: "h", code: "", sourceMap: null }
  await Effect.runPromise(test.store.registerDag({ dag, bundle }))
  const post = (path: string, body: object) => test.send("POST", `/api/v2/backfills${path}`, { body })
  return { ...test, post }
}

/** Makes the run of the date that a backfill stands at. */
async function moveOn(store: StoreService) {
  const epoch = await Effect.runPromise(store.lead({ role: "planner", holder: "p", leaseSeconds: 60 }))
  const leadership = { role: "planner", holder: "p", epoch: epoch! }
  for (const { id: backfillId, ordinal } of await Effect.runPromise(store.dueBackfills({ limit: 1 })))
    await Effect.runPromise(store.moveBackfill({ leadership, backfillId, ordinal }))
}

describe("backfills", () => {
  it("are made, shown with what became of each date, and ended", async () => {
    const { post, get, send, store } = await setup()
    const { status, body: made } = await post("", { ...range, max_active_runs: 2, dag_run_conf: { a: 1 } })
    expect([status, made]).toEqual([
      200,
      expect.objectContaining({
        dag_id: "hourly",
        max_active_runs: 2,
        reprocess_behavior: "none",
        is_paused: false,
        completed_at: null,
        dag_run_conf: { a: 1 },
        progress: { dates: 3, handled: 0, refused: 0, running: 0, success: 0, failed: 0 },
      }),
    ])
    await moveOn(store)
    const path = `/api/v2/backfills/${made.id}`
    expect((await get(path)).body.progress).toMatchObject({ handled: 1, running: 1 })
    const { body } = await get(`${path}/dates?limit=2`)
    expect(body.dates).toMatchObject([
      { ordinal: 0, logical_date: "2025-01-01T00:00:00.000Z", refusal: null },
      { ordinal: 1, dag_run_id: null },
    ])
    expect((await get(`/api/v2/dags/hourly/dagRuns/${body.dates[0].dag_run_id}`)).body).toMatchObject({
      run_type: "backfill",
      conf: { a: 1 },
    })
    expect(body.next_after).toBe(1)
    expect((await get(`${path}/dates?after=1`)).body.next_after).toBeNull()
    const put = async (verb: string) => {
      const answer = await send("PUT", `${path}/${verb}`)
      return [answer.status, answer.body.is_paused, answer.body.is_cancelled]
    }
    expect(await put("pause")).toEqual([200, true, false])
    expect(await put("pause")).toEqual([200, true, false])
    expect(await put("unpause")).toEqual([200, false, false])
    expect(await put("cancel")).toEqual([200, false, true])
    for (const verb of ["pause", "unpause", "cancel"]) expect((await put(verb))[0]).toBe(409)
    const events = await Effect.runPromise(store.listEvents({ before: null, limit: 1 }))
    expect(events).toMatchObject([{ event: "backfill_cancelled", actor: "token:test admin" }])
  })

  it("are listed, of one DAG or of all, in either order", async () => {
    const { post, get, send } = await setup()
    const ids: number[] = []
    for (let made = 0; made < 3; made++) {
      ids.push((await post("", range)).body.id)
      await send("PUT", `/api/v2/backfills/${ids.at(-1)}/cancel`)
    }
    const list = async (query: string) => {
      const { body } = await get(`/api/v2/backfills?${query}`)
      return [body.backfills.map(({ id }: { id: number }) => id), body.total_entries]
    }
    expect(await list("dag_id=hourly")).toEqual([ids, 3])
    expect(await list("order_by=-id&limit=1&offset=1")).toEqual([[ids[1]], 3])
    expect(await list("dag_id=none")).toEqual([[], 0])
    expect((await get("/api/v2/backfills?order_by=nonsense")).status).toBe(400)
    expect((await get("/api/v2/backfills/999999")).status).toBe(404)
  })

  it("say beforehand which dates would get a run", async () => {
    const { post, store } = await setup()
    const conf = {
      dagId: "hourly",
      runType: "manual",
      conf: {},
      logicalDate: new Date(range.from_date),
    } as const
    await Effect.runPromise(store.createDagRun({ ...conf, runId: "by-hand" }))
    const { body } = await post("/dry_run", { ...range, run_backwards: true })
    expect(body).toEqual({
      backfills: ["2025-01-01T02:00:00.000Z", "2025-01-01T01:00:00.000Z"].map((date) => ({
        logical_date: date,
        partition_key: null,
        partition_date: null,
      })),
      total_entries: 2,
      refused: [{ logical_date: "2025-01-01T00:00:00.000Z", refusal: "in flight" }],
    })
  })

  it("are refused where they make no sense", async () => {
    const { post, send } = await setup()
    await post("", range)
    expect((await post("", range)).status).toBe(409)
    expect((await post("", { ...range, dag_id: "none" })).status).toBe(404)
    expect((await post("/dry_run", { ...range, to_date: "2024-01-01T00:00:00Z" })).status).toBe(409)
    expect((await post("", { ...range, max_active_runs: 0 })).status).toBe(422)
    const older = { ...range, run_on_latest_version: false }
    expect((await post("/dry_run", older)).status).toBe(200)
    expect((await post("/dry_run", { ...older, reprocess_behavior: "failed" })).status).toBe(422)
    expect((await post("", { ...range, from_date: "yesterday" })).status).toBe(422)
    expect((await send("POST", "/api/v2/backfills", { as: "user", body: range })).status).toBe(403)
  })
})
