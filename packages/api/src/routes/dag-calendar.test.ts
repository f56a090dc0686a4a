import { register, serializedDag } from "@sluice/core/testing"
import type { StoreService } from "@sluice/core/store"
import { planOf } from "@sluice/core/time"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

/** A DAG with three runs around a New Year, one of them over. */
async function setup() {
  const test = await openTestApi()
  await register(test.store, serializedDag({ dagId: "d", tasks: [{ taskId: "t" }] }))
  for (const [runId, at] of [
    ["a", "2025-12-31T23:30:00Z"],
    ["b", "2026-03-29T00:30:00Z"],
    ["c", "2026-03-29T21:59:59.999Z"],
  ] as const)
    await Effect.runPromise(
      test.store.createDagRun({ dagId: "d", runId, runType: "manual", conf: {}, logicalDate: new Date(at) }),
    )
  const { id } = await Effect.runPromise(test.store.dagRun({ dagId: "d", runId: "c" }))
  await Effect.runPromise(test.store.cancelDagRun({ dagRunId: id, note: "enough", actor: "test" }))
  return test
}

/** A DAG that ticks, with its next run reckoned as a planner does. */
async function plan(store: StoreService, dagId: string, everyMs: number, startDate: string) {
  const timetable = { kind: "delta", everyMs, dataInterval: "none" } as const
  await register(
    store,
    serializedDag({ dagId, tasks: [{ taskId: "t" }], planning: { timetable, startDate } }),
    dagId,
  )
  const holder = { role: "planner", holder: "test" }
  const epoch = (await Effect.runPromise(store.lead({ ...holder, leaseSeconds: 60 }))) ?? 0
  const { plans } = await Effect.runPromise(store.duePlans({ limit: 10 }))
  for (const due of plans.filter((one) => one.dagId === dagId))
    await Effect.runPromise(
      store.movePlan({
        ...{ leadership: { ...holder, epoch }, dagId, seq: due.seq, run: null },
        next: planOf(due.planning, due).next(null),
      }),
    )
}

describe("the calendar of a DAG", () => {
  it("counts runs by the days of a time zone, whose clocks change", async () => {
    const { get } = await setup()
    const berlin = await get("/api/v2/dags/d/calendar?year=2026&timezone=Europe/Berlin", { as: "viewer" })
    expect(berlin.body).toEqual({
      ...{ dag_id: "d", year: 2026, timezone: "Europe/Berlin", counted_from: null, planned_until: null },
      days: [
        { date: "2026-01-01", runs: { running: 1 }, planned: 0 },
        { date: "2026-03-29", runs: { running: 1, failed: 1 }, planned: 0 },
      ],
    })
    const utc = await get("/api/v2/dags/d/calendar?year=2026")
    expect(utc.body.days.map(({ date }: { date: string }) => date)).toEqual(["2026-03-29"])
    const honolulu = await get("/api/v2/dags/d/calendar?year=2026&timezone=Pacific/Honolulu")
    expect(honolulu.body.days.map(({ date }: { date: string }) => date)).toEqual(["2026-03-28", "2026-03-29"])
  })

  it("tells the ticks to come: of those that are many the next ones, of a paused DAG none", async () => {
    const { get, send, store } = await openTestApi()
    const year = new Date().getUTCFullYear() + 1
    await plan(store, "daily", 86_400_000, `${year}-12-30T06:00:00Z`)
    await plan(store, "often", 60_000, `${year}-12-30T00:00:00Z`)
    const calendarOf = async (dagId: string) =>
      (await get(`/api/v2/dags/${dagId}/calendar?year=${year}`)).body
    expect(await calendarOf("daily")).toMatchObject({
      days: [
        { date: `${year}-12-30`, runs: {}, planned: 1 },
        { date: `${year}-12-31`, runs: {}, planned: 1 },
      ],
      planned_until: null,
    })
    expect(await calendarOf("often")).toMatchObject({
      days: [{ planned: 1_440 }, { planned: 560 }],
      planned_until: `${year}-12-31T09:20:00.000Z`,
    })
    await send("PATCH", "/api/v2/dags/daily", { body: { is_paused: true } })
    expect(await calendarOf("daily")).toMatchObject({ days: [], planned_until: null })
  })

  it("refuses what is no year and no time zone, and a DAG that is not there", async () => {
    const { get } = await setup()
    expect((await get("/api/v2/dags/d/calendar?year=0")).status).toBe(422)
    expect((await get("/api/v2/dags/d/calendar?year=2026&timezone=Nowhere/City")).status).toBe(422)
    expect((await get("/api/v2/dags/nobody/calendar?year=2026")).status).toBe(404)
  })
})
