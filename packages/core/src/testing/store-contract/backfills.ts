import { describe, expect, it } from "vitest"
import {
  type BackfillRow,
  type ReprocessRule,
  refusalOf,
  reprocessRules,
} from "../../store/backfill-store.ts"
import type { Leadership } from "../../store/planner-store.ts"
import type { StoreService } from "../../store/store.ts"
import { serializedDag } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import { decide, openWorld, register } from "./world.ts"

const dagId = "past"
const hourMs = 3_600_000
const dates = [0, 1, 2, 3].map((hour) => {
  const start = new Date(Date.parse("2025-01-01T00:00:00Z") + hour * hourMs)
  return { logicalDate: start, intervalStart: start, intervalEnd: new Date(start.getTime() + hourMs) }
})

async function setup(open: OpenStore) {
  const world = await openWorld(open)
  await register(world.store, serializedDag({ dagId, tasks: [{ taskId: "t" }] }))
  return world
}

function create(store: StoreService, options: Partial<Parameters<StoreService["createBackfill"]>[0]> = {}) {
  return runEffect(
    store.createBackfill({
      dagId,
      fromDate: dates[0]!.logicalDate,
      toDate: dates.at(-1)!.logicalDate,
      isReversed: false,
      reprocess: "none",
      maxActiveRuns: 2,
      conf: { since: "then" },
      dates,
      actor: "ada",
      ...options,
    }),
  )
}

async function lead(store: StoreService, holder = "p"): Promise<Leadership> {
  const epoch = await runEffect(store.lead({ role: "planner", holder, leaseSeconds: 600 }))
  return { role: "planner", holder, epoch: epoch! }
}

/** Moves whatever is due, until nothing is; says what each move did. */
async function moveAll(store: StoreService, leadership: Leadership): Promise<string[]> {
  const moves: string[] = []
  for (;;) {
    const due = await runEffect(store.dueBackfills({ limit: 10 }))
    if (due.length === 0) return moves
    for (const { id: backfillId, ordinal } of due) {
      moves.push(String(await runEffect(store.moveBackfill({ leadership, backfillId, ordinal }))))
    }
  }
}

const runsOf = async (
  store: StoreService,
  states: readonly ("running" | "success" | "failed")[] = ["running"],
) => (await runEffect(store.listDagRuns({ dagId, states, limit: 100 }))).toReversed()

/** Ends the running runs in this state. */
async function endRuns({ store }: StoreHarness, state: "success" | "failed" = "success"): Promise<void> {
  for (const run of await runsOf(store)) {
    if (state === "failed") {
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "ended", actor: "test" }))
      continue
    }
    const [view] = await runEffect(store.expansionsOfRun(run.id))
    await decide(store, view!.expansionId, "skipped")
    await runEffect(store.finishDagRun({ dagRunId: run.id, state, reopenings: 0 }))
  }
}

const again = (store: StoreService, { id }: BackfillRow) => runEffect(store.backfill(id))

/** Backfills. */
export function backfillContract(open: OpenStore): void {
  describe("a backfill", () => {
    it("makes the runs of its dates in their order, some at a time, and ends when they have", async () => {
      const world = await setup(open)
      const { store } = world
      const leadership = await lead(store)
      const backfill = await create(store)
      expect(backfill).toMatchObject({ total: 4, handled: 0, running: 0, isPaused: false, endedAt: null })
      expect(await moveAll(store, leadership)).toEqual(["made", "made"])
      const [first, second] = await runsOf(store)
      expect(first).toMatchObject({
        runId: `backfill__2025-01-01T00:00:00.000Z__${backfill.id}`,
        runType: "backfill",
        conf: { since: "then" },
        logicalDate: dates[0]!.logicalDate,
        dataIntervalStart: dates[0]!.intervalStart,
        dataIntervalEnd: dates[0]!.intervalEnd,
      })
      expect(second!.logicalDate).toEqual(dates[1]!.logicalDate)
      expect((await runEffect(store.dueExpansions({ limit: 10 }))).map((due) => due.dagRunId)).toEqual([
        first!.id,
        second!.id,
      ])
      await endRuns(world)
      expect(await moveAll(store, leadership)).toEqual(["made", "made"])
      await endRuns(world, "failed")
      expect(await again(store, backfill)).toMatchObject({
        handled: 4,
        running: 0,
        success: 2,
        failed: 2,
        endedAt: null,
      })
      expect(await moveAll(store, leadership)).toEqual(["ended"])
      expect(await again(store, backfill)).toMatchObject({
        endedAt: expect.any(Date) as Date,
        isCancelled: false,
        refused: 0,
      })
      const rows = await runEffect(store.listBackfillDates({ backfillId: backfill.id, after: 1, limit: 10 }))
      const all = await runsOf(store, ["success", "failed"])
      expect(rows).toEqual(
        [2, 3].map((ordinal) => ({ ...dates[ordinal]!, ordinal, dagRunId: all[ordinal]!.id, refusal: null })),
      )
    })

    it("does not count against the limit of its DAG, nor the DAG's runs against it", async () => {
      const { store } = await setup(open)
      await register(
        store,
        serializedDag({ dagId, tasks: [{ taskId: "t" }], planning: { maxActiveRuns: 1 } }),
      )
      await create(store)
      await moveAll(store, await lead(store))
      expect(await runEffect(store.dag(dagId))).toMatchObject({ runningRuns: 0, queuedRuns: 0 })
      const run = await runEffect(
        store.createDagRun({ dagId, runId: "m", runType: "manual", conf: {}, logicalDate: null }),
      )
      expect(run.state).toBe("running")
    })

    it.each(reprocessRules)(
      "with reprocess %s refuses dates by how their newest run stands",
      async (reprocess: ReprocessRule) => {
        const { store } = await setup(open)
        const make = async (place: number, end: "success" | "failed" | null) => {
          const { logicalDate } = dates[place]!
          const run = await runEffect(
            store.createDagRun({ dagId, runId: `m-${place}`, runType: "manual", conf: {}, logicalDate }),
          )
          if (end === "failed")
            await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "no", actor: "test" }))
          if (end === "success") {
            const [view] = await runEffect(store.expansionsOfRun(run.id))
            await decide(store, view!.expansionId, "skipped")
            await runEffect(store.finishDagRun({ dagRunId: run.id, state: "success", reopenings: 0 }))
          }
        }
        await make(0, "success")
        await make(1, "failed")
        await make(2, null)
        const wanted = (["success", "failed", "running", null] as const).map((state) =>
          refusalOf(state, reprocess),
        )
        const asked = { dagId, dates: dates.map((date) => date.logicalDate), reprocess }
        expect(await runEffect(store.backfillRefusals(asked))).toEqual(wanted)
        const backfill = await create(store, { reprocess, maxActiveRuns: 10 })
        const moves = await moveAll(store, await lead(store))
        expect(moves).toEqual(wanted.map((refusal) => (refusal === null ? "made" : "refused")))
        const rows = await runEffect(
          store.listBackfillDates({ backfillId: backfill.id, after: -1, limit: 10 }),
        )
        expect(rows.map((row) => row.refusal)).toEqual(wanted)
        expect(await again(store, backfill)).toMatchObject({
          refused: wanted.filter((refusal) => refusal !== null).length,
        })
      },
    )

    it("is one at a time for a DAG", async () => {
      const { store } = await setup(open)
      const first = await create(store)
      await expect(create(store)).rejects.toMatchObject({
        _tag: "NotAllowed",
        message: expect.stringContaining(first.id) as string,
      })
      await runEffect(store.cancelBackfill({ backfillId: first.id, actor: "ada" }))
      const second = await create(store)
      const ids = async (before: string | null, limit = 10) =>
        (await runEffect(store.listBackfills({ dagId, before, limit }))).map(({ id }) => id)
      expect(await ids(null)).toEqual([second.id, first.id])
      expect(await ids(second.id)).toEqual([first.id])
      expect(await ids(null, 1)).toEqual([second.id])
      const slice = async (options: Partial<Parameters<StoreService["searchBackfills"]>[0]>) => {
        const all = { isNewestFirst: false, skip: 0, limit: 10, ...options }
        const { rows, total } = await runEffect(store.searchBackfills(all))
        return [rows.map(({ id }) => id), total]
      }
      expect(await slice({ dagId })).toEqual([[first.id, second.id], 2])
      expect(await slice({ isNewestFirst: true, limit: 1 })).toEqual([[second.id], 2])
      expect(await slice({ skip: 2 })).toEqual([[], 2])
      expect(await slice({ dagId: "none" })).toEqual([[], 0])
      const { rows } = await runEffect(store.searchBackfills({ isNewestFirst: true, skip: 0, limit: 1 }))
      expect(rows).toEqual([await again(store, second)])
      await expect(create(store, { dagId: "none" })).rejects.toMatchObject({ _tag: "NotFound" })
    })

    it("makes nothing while it or its DAG is paused", async () => {
      const world = await setup(open)
      const { store } = world
      const leadership = await lead(store)
      const { id: backfillId } = await create(store, { maxActiveRuns: 1 })
      await moveAll(store, leadership)
      await endRuns(world)
      const pause = (isPaused: boolean) =>
        runEffect(store.setBackfillPaused({ backfillId, isPaused, actor: "ada" }))
      expect([await pause(true), await pause(true)]).toEqual([true, false])
      expect(await moveAll(store, leadership)).toEqual([])
      const move = runEffect(store.moveBackfill({ leadership, backfillId, ordinal: 1 }))
      expect(await move).toBeNull()
      await pause(false)
      const pauseDag = (isPaused: boolean) => runEffect(store.setDagPaused({ dagId, isPaused, actor: "ada" }))
      await pauseDag(true)
      expect(await moveAll(store, leadership)).toEqual([])
      await pauseDag(false)
      expect(await moveAll(store, leadership)).toEqual(["made"])
      await expect(
        runEffect(store.setBackfillPaused({ backfillId: "999999", isPaused: true, actor: "ada" })),
      ).rejects.toMatchObject({ _tag: "NotFound" })
    })

    it("makes no more when it is cancelled; its runs go on", async () => {
      const { store } = await setup(open)
      const leadership = await lead(store)
      const backfill = await create(store)
      await moveAll(store, leadership)
      const cancel = () => runEffect(store.cancelBackfill({ backfillId: backfill.id, actor: "ada" }))
      expect([await cancel(), await cancel()]).toEqual([true, false])
      expect(await moveAll(store, leadership)).toEqual([])
      expect(await runsOf(store)).toHaveLength(2)
      expect(await again(store, backfill)).toMatchObject({
        isCancelled: true,
        endedAt: expect.any(Date) as Date,
        handled: 2,
        running: 2,
      })
      const events = await runEffect(store.listEvents({ dagId, before: null, limit: 10 }))
      expect(events.map(({ event, actor, detail }) => ({ event, actor, detail }))).toEqual(
        ["backfill_cancelled", "backfill_created"].map((event) => ({
          event,
          actor: "ada",
          detail: { backfill_id: backfill.id },
        })),
      )
    })

    it("moves once, by the one who leads", async () => {
      const { store, elapse } = await setup(open)
      const stale = await lead(store, "old")
      const { id: backfillId } = await create(store)
      await elapse(601_000)
      const leadership = await lead(store, "new")
      const move = (by: Leadership) =>
        runEffect(store.moveBackfill({ leadership: by, backfillId, ordinal: 0 }))
      expect(await move(stale)).toBeNull()
      const moves = await Promise.all([1, 2, 3, 4].map(() => move(leadership)))
      expect(moves.filter((one) => one !== null)).toEqual(["made"])
      expect(await runsOf(store)).toHaveLength(1)
    })
  })
}
