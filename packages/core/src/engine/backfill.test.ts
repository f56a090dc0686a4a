import { Effect, Logger } from "effect"
import { describe, expect, it } from "vitest"
import { makeMemoryStore } from "../store/memory.ts"
import { serializedDag } from "../testing/store-contract/dag-fixture.ts"
import type { SerializedTimetable } from "../time/timetable.ts"
import { type BackfillRequest, backfillDatesMax, createBackfill, previewBackfill } from "./backfill.ts"
import { planOnce } from "./planner.ts"

const hourly: SerializedTimetable = { kind: "delta", everyMs: 3_600_000, dataInterval: "since_previous" }
const day = (text: string) => new Date(`2025-01-${text}Z`)

async function setup(timetable: SerializedTimetable = hourly) {
  const store = makeMemoryStore()
  const dag = {
    ...serializedDag({ dagId: "d", tasks: [{ taskId: "t" }], planning: { timetable } }),
    paramsSchema: { type: "object", properties: { n: { type: "number" } } },
  }
  await Effect.runPromise(store.registerDag({ dag, bundle: { hash: "b", code: "", sourceMap: null } }))
  const epoch = (await Effect.runPromise(store.lead({ role: "planner", holder: "p", leaseSeconds: 600 })))!
  const request = (given: Partial<BackfillRequest> = {}) => ({
    ...{ dagId: "d", from: day("02T00:00"), to: day("02T03:00"), actor: "ada" },
    ...given,
  })
  return {
    store,
    preview: (given?: Partial<BackfillRequest>) => Effect.runPromise(previewBackfill(store, request(given))),
    create: (given?: Partial<BackfillRequest>) => Effect.runPromise(createBackfill(store, request(given))),
    plan: async () => {
      const turn = planOnce(store, { role: "planner", holder: "p", epoch }).pipe(
        Effect.provide(Logger.layer([])),
      )
      while ((await Effect.runPromise(turn)).idleMs === 0);
      const runs = await Effect.runPromise(store.listDagRuns({ dagId: "d", limit: 100 }))
      return runs.filter((run) => run.runType === "backfill").toReversed()
    },
    endRuns: async () => {
      for (const run of await Effect.runPromise(store.listDagRuns({ states: ["running"], limit: 100 })))
        await Effect.runPromise(store.cancelDagRun({ dagRunId: run.id, note: "ended", actor: "test" }))
    },
  }
}

const hours = (runs: readonly { logicalDate: Date | null }[]) =>
  runs.map((run) => run.logicalDate?.getUTCHours())

describe("a backfill that is asked for", () => {
  it("lists its dates and what would be refused, without making any", async () => {
    const { preview, create, plan, endRuns } = await setup()
    expect((await preview()).map(({ refusal }) => refusal)).toEqual([null, null, null, null])
    expect(await plan()).toEqual([])
    await create({ to: day("02T01:00") })
    await plan()
    expect((await preview()).map(({ refusal }) => refusal)).toEqual(["in flight", "in flight", null, null])
    await endRuns()
    expect((await preview()).map(({ refusal }) => refusal)).toEqual([
      "already exists",
      "already exists",
      null,
      null,
    ])
    expect((await preview({ reprocess: "failed" })).map(({ refusal }) => refusal)).toEqual([
      null,
      null,
      null,
      null,
    ])
  })

  it("is made by the planner in order, or backwards, some at a time", async () => {
    for (const isReversed of [false, true]) {
      const { create, plan, endRuns } = await setup()
      await create({ isReversed, maxActiveRuns: 3, conf: { n: 1 } })
      const wanted = isReversed ? [3, 2, 1, 0] : [0, 1, 2, 3]
      const runs = await plan()
      expect(hours(runs)).toEqual(wanted.slice(0, 3))
      expect(runs[0]).toMatchObject({ conf: { n: 1 }, dataIntervalEnd: day(`02T0${wanted[0]! + 1}:00`) })
      await endRuns()
      expect(hours(await plan())).toEqual(wanted)
    }
  })

  it("leaves ticks out that have not come yet", async () => {
    const { preview } = await setup()
    const dates = await preview({
      from: new Date(Date.now() - 2.5 * 3_600_000),
      to: new Date(Date.now() + 86_400_000),
    })
    expect(dates.length).toBeLessThanOrEqual(2)
    expect(dates.every(({ intervalEnd }) => intervalEnd.getTime() <= Date.now())).toBe(true)
  })

  it.each<[string, Partial<BackfillRequest>, SerializedTimetable | undefined]>([
    ["the range ends before it begins", { from: day("03T00:00") }, undefined],
    ["has no ticks to make runs for", {}, { kind: "none" }],
    ["has no ticks to make runs for", {}, { kind: "continuous" }],
    ["that is past has its logical date between", { from: day("02T00:10"), to: day("02T00:20") }, undefined],
    [`more than ${backfillDatesMax} ticks`, { from: new Date("2010-01-01") }, undefined],
    ["expected a whole number from 1 on", { maxActiveRuns: 0 }, undefined],
    ["n must be number", { conf: { n: "one" } }, undefined],
  ])("is refused where %s", async (message, request, timetable) => {
    const { create } = await setup(timetable)
    await expect(create(request)).rejects.toMatchObject({
      message: expect.stringContaining(message) as string,
    })
  })

  it("keeps the planner from making the same tick again", async () => {
    const { store, create, plan, endRuns } = await setup()
    await create()
    await plan()
    await endRuns()
    const dag = serializedDag({
      dagId: "d",
      tasks: [],
      planning: {
        timetable: hourly,
        catchup: true,
        startDate: day("02T00:00").toISOString(),
        endDate: day("02T05:00").toISOString(),
      },
    })
    await Effect.runPromise(store.registerDag({ dag, bundle: { hash: "b", code: "", sourceMap: null } }))
    await plan()
    const all = (await Effect.runPromise(store.listDagRuns({ dagId: "d", limit: 100 }))).toReversed()
    expect(all.map((run) => [run.runType, run.logicalDate?.getUTCHours()])).toEqual([
      ...[0, 1, 2, 3].map((hour) => ["backfill", hour]),
      ["scheduled", 4],
      ["scheduled", 5],
    ])
  })
})
