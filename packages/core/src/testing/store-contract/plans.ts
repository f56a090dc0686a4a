import { describe, expect, it } from "vitest"
import type { Leadership } from "../../store/planner-store.ts"
import { queuedAheadMax } from "../../store/planner-store.ts"
import type { StoreService } from "../../store/store.ts"
import { type PlannedRun, planOf } from "../../time/plan.ts"
import type { SerializedPlanning } from "../../time/timetable.ts"
import { serializedDag } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import { newRun, openWorld, register } from "./world.ts"

const role = "planner"
const minuteMs = 60_000

/** A tick a minute. Tests cannot move the clock past ticks, so those that are due began half an hour ago. */
async function everyMinute(
  store: StoreService,
  startsMs = -30 * minuteMs,
): Promise<Partial<SerializedPlanning>> {
  const { now } = await runEffect(store.duePlans({ limit: 1 }))
  return {
    timetable: { kind: "delta", everyMs: minuteMs, dataInterval: "since_previous" },
    startDate: new Date(now.getTime() + startsMs).toISOString(),
    catchup: true,
  }
}

async function define(store: StoreService, planning?: Partial<SerializedPlanning>, dagId = "planned") {
  const dag = { dagId, tasks: [{ taskId: "t" }], planning: planning ?? (await everyMinute(store)) }
  return register(store, serializedDag(dag))
}

async function lead(store: StoreService, holder = "p1", leaseSeconds = 60): Promise<Leadership> {
  const epoch = await runEffect(store.lead({ role, holder, leaseSeconds }))
  if (epoch === null) throw new Error(`${holder} does not lead`)
  return { role, holder, epoch }
}

async function dueOf(store: StoreService, dagId = "planned") {
  const { now, plans, nextAt } = await runEffect(store.duePlans({ limit: 100 }))
  return { now, nextAt, plan: plans.find((plan) => plan.dagId === dagId) }
}

/** Reckons the first run of a plan that is not yet, and gives it. */
async function reckon(
  store: StoreService,
  leadership: Leadership,
  dagId = "planned",
): Promise<PlannedRun | null> {
  const { plan } = await dueOf(store, dagId)
  if (plan === undefined || plan.next !== null) throw new Error(`the plan of ${dagId} is not to be reckoned`)
  const next = planOf(plan.planning, plan).next(plan.lastTick)
  const moved = await runEffect(store.movePlan({ leadership, dagId, seq: plan.seq, run: null, next }))
  expect(moved).toEqual({ isMoved: true, run: null })
  return next
}

/** The options that make the run that is due and move its plan on. */
async function moveOf(store: StoreService, leadership: Leadership, dagId = "planned") {
  const { plan, now } = await dueOf(store, dagId)
  if (plan === undefined || plan.next === null) throw new Error(`nothing of ${dagId} is due`)
  const planned = planOf(plan.planning, plan)
  const run = planned.dueRun(plan.next, now)
  const named = { ...run, runId: `scheduled__${run.logicalDate.toISOString()}` }
  return { leadership, dagId, seq: plan.seq, run: named, next: planned.next(run.intervalEnd) }
}

/** Leadership, and scheduled runs. */
export function planContract(open: OpenStore): void {
  describe("the lead of a role", () => {
    it("has one holder at a time, who may keep it", async () => {
      const { store } = await openWorld(open)
      const first = await lead(store, "p1")
      expect(await runEffect(store.lead({ role, holder: "p2", leaseSeconds: 60 }))).toBeNull()
      expect((await lead(store, "p1")).epoch).toBe(first.epoch)
      expect(await runEffect(store.lead({ role: "other", holder: "p2", leaseSeconds: 60 }))).toBe(1)
    })

    it("passes on when it has expired, or was given back, under another epoch", async () => {
      const { store, elapse } = await openWorld(open)
      const first = await lead(store, "p1")
      await elapse(61_000)
      const second = await lead(store, "p2")
      expect(second.epoch).toBeGreaterThan(first.epoch)
      // A stale holder gives nothing back.
      await runEffect(store.resign(first))
      expect(await runEffect(store.lead({ role, holder: "p3", leaseSeconds: 60 }))).toBeNull()
      await runEffect(store.resign(second))
      expect((await lead(store, "p3")).epoch).toBeGreaterThan(second.epoch)
    })

    it("has a new epoch after it expired, also for the same holder", async () => {
      const { store, elapse } = await openWorld(open)
      const first = await lead(store)
      await elapse(61_000)
      expect((await lead(store)).epoch).toBeGreaterThan(first.epoch)
    })

    it("goes to one of many who ask at once", async () => {
      const { store } = await openWorld(open)
      const asked = Array.from({ length: 8 }, (_, n) =>
        runEffect(store.lead({ role, holder: `p${n}`, leaseSeconds: 60 })),
      )
      expect((await Promise.all(asked)).filter((epoch) => epoch !== null)).toEqual([1])
    })
  })

  describe("the plan of a DAG", () => {
    it("is to be reckoned when its schedule is new, and then due at its time", async () => {
      const { store } = await openWorld(open)
      await define(store, await everyMinute(store, 10 * minuteMs))
      const leadership = await lead(store)
      const first = await reckon(store, leadership)
      expect(await dueOf(store)).toMatchObject({ plan: undefined, nextAt: first!.runAt })
      const planning = await everyMinute(store)
      await define(store, planning)
      const due = await reckon(store, leadership)
      expect((await dueOf(store)).plan).toMatchObject({
        dagId: "planned",
        next: due,
        lastTick: null,
        planning,
      })
    })

    it("makes a run with its data interval, and moves on", async () => {
      const { store } = await openWorld(open)
      const { dagVersionId } = await define(store)
      const leadership = await lead(store)
      const first = await reckon(store, leadership)
      const move = await moveOf(store, leadership)
      const { isMoved, run } = await runEffect(store.movePlan(move))
      expect(isMoved).toBe(true)
      expect(run).toMatchObject({
        dagVersionId,
        runId: move.run.runId,
        runType: "scheduled",
        triggeredBy: "timetable",
        state: "running",
        conf: {},
        logicalDate: first!.logicalDate,
        dataIntervalStart: first!.intervalStart,
        dataIntervalEnd: first!.intervalEnd,
        runAfter: first!.runAt,
      })
      expect(await runEffect(store.dagRunById(run!.id))).toEqual(run)
      expect((await runEffect(store.dueExpansions({ limit: 10 }))).map((due) => due.dagRunId)).toEqual([
        run!.id,
      ])
      expect((await dueOf(store)).plan).toMatchObject({
        next: move.next,
        lastTick: first!.intervalEnd,
        seq: move.seq + 1,
      })
    })

    it("moves once, however often and by whomever it is asked at once", async () => {
      const { store } = await openWorld(open)
      await define(store)
      const leadership = await lead(store)
      await reckon(store, leadership)
      const move = await moveOf(store, leadership)
      const all = await Promise.all(Array.from({ length: 6 }, () => runEffect(store.movePlan(move))))
      expect(all.filter(({ isMoved }) => isMoved)).toHaveLength(1)
      expect(await runEffect(store.movePlan(move))).toEqual({ isMoved: false, run: null })
      expect(await runEffect(store.listDagRuns({ dagId: "planned", limit: 10 }))).toHaveLength(1)
    })

    it("is not moved by who leads no more", async () => {
      const { store, elapse } = await openWorld(open)
      await define(store)
      const stale = await lead(store, "p1")
      await reckon(store, stale)
      const move = await moveOf(store, stale)
      await elapse(61_000)
      expect(await runEffect(store.movePlan(move))).toEqual({ isMoved: false, run: null })
      const leadership = await lead(store, "p2")
      expect(await runEffect(store.movePlan(move))).toEqual({ isMoved: false, run: null })
      expect((await runEffect(store.movePlan({ ...move, leadership }))).isMoved).toBe(true)
    })

    it("makes no second run for a logical date, and still moves on", async () => {
      const { store } = await openWorld(open)
      await define(store)
      const leadership = await lead(store)
      await reckon(store, leadership)
      const move = await moveOf(store, leadership)
      await runEffect(store.movePlan(move))
      const next = await moveOf(store, leadership)
      const twice = { ...next, run: { ...move.run, runId: "another id" } }
      expect(await runEffect(store.movePlan(twice))).toEqual({ isMoved: true, run: null })
    })

    it("is not due while its DAG is paused, nor before its time or without a schedule", async () => {
      const { store } = await openWorld(open)
      await define(store)
      await define(store, {}, "unplanned")
      const leadership = await lead(store)
      await reckon(store, leadership)
      const move = await moveOf(store, leadership)
      await runEffect(store.setDagPaused({ dagId: "planned", isPaused: true, actor: "test" }))
      expect(await dueOf(store)).toMatchObject({ plan: undefined, nextAt: null })
      expect(await runEffect(store.movePlan(move))).toEqual({ isMoved: false, run: null })
      await runEffect(store.setDagPaused({ dagId: "planned", isPaused: false, actor: "test" }))
      expect((await dueOf(store)).plan?.dagId).toBe("planned")
      expect((await dueOf(store, "unplanned")).plan).toBeUndefined()
    })

    it("makes no more while enough runs wait", async () => {
      const { store } = await openWorld(open)
      await define(store, { ...(await everyMinute(store)), maxActiveRuns: 1 })
      const leadership = await lead(store)
      await reckon(store, leadership)
      for (let made = 0; made < 1 + queuedAheadMax; made++) {
        await runEffect(store.movePlan(await moveOf(store, leadership)))
      }
      expect((await dueOf(store)).plan).toBeUndefined()
      const [running] = await runEffect(
        store.listDagRuns({ dagId: "planned", states: ["running"], limit: 10 }),
      )
      await runEffect(store.cancelDagRun({ dagRunId: running!.id, note: "ended", actor: "test" }))
      await runEffect(store.admitDagRuns({ limit: 10 }))
      expect((await dueOf(store)).plan?.dagId).toBe("planned")
    })

    it("of a continuous DAG is due when none of its runs is unfinished", async () => {
      const { store } = await openWorld(open)
      await define(store, { timetable: { kind: "continuous" }, startDate: "2025-01-01T00:00:00.000Z" })
      const leadership = await lead(store)
      await reckon(store, leadership)
      const move = await moveOf(store, leadership)
      // Due again at once, were it not for the run that is under way.
      const { run } = await runEffect(store.movePlan({ ...move, next: move.run }))
      expect(await dueOf(store)).toMatchObject({ plan: undefined, nextAt: null })
      await runEffect(store.cancelDagRun({ dagRunId: run!.id, note: "ended", actor: "test" }))
      expect((await dueOf(store)).plan).toMatchObject({ lastTick: run!.dataIntervalEnd })
    })

    it("is reckoned anew when the planning changes, and not when anything else does", async () => {
      const { store, elapse } = await openWorld(open)
      const planning = await everyMinute(store)
      await define(store, planning)
      const leadership = await lead(store)
      await reckon(store, leadership)
      const { run } = await runEffect(store.movePlan(await moveOf(store, leadership)))
      const before = (await dueOf(store)).plan
      const dag = serializedDag({ dagId: "planned", tasks: [{ taskId: "other" }], planning })
      await register(store, dag, "bundle-2")
      expect((await dueOf(store)).plan).toEqual(before)
      await define(store, { ...planning, catchup: false })
      const changed = (await dueOf(store)).plan
      expect(changed).toMatchObject({ next: null, lastTick: run!.dataIntervalEnd, since: before!.since })
      await elapse(1_000)
      await define(store, { timetable: { kind: "delta", everyMs: 5_000, dataInterval: "none" } })
      // A timetable that changes begins anew: what it would have done before is not missed.
      expect((await dueOf(store)).plan!.since.getTime()).toBeGreaterThan(before!.since.getTime())
      await define(store, {})
      expect((await dueOf(store)).plan).toBeUndefined()
    })

    it("is seen with the DAG", async () => {
      const { store } = await openWorld(open)
      await define(store)
      expect(await runEffect(store.dag("planned"))).toMatchObject({ nextRun: null })
      const first = await reckon(store, await lead(store))
      expect(await runEffect(store.dag("planned"))).toMatchObject({ nextRun: first })
      expect(await runEffect(store.dagSummary("planned"))).toMatchObject({ nextRun: first })
    })

    it("is one of those that wait longest, as many as are asked for", async () => {
      const { store } = await openWorld(open)
      const leadership = await lead(store)
      for (const [dagId, startsMs] of [
        ["a", -10],
        ["b", -30],
        ["c", -20],
      ] as const) {
        await define(store, await everyMinute(store, startsMs * minuteMs), dagId)
        await reckon(store, leadership, dagId)
      }
      const { plans } = await runEffect(store.duePlans({ limit: 2 }))
      expect(plans.map((plan) => plan.dagId)).toEqual(["b", "c"])
    })

    it("leaves runs by hand without a data interval", async () => {
      const { store } = await openWorld(open)
      await define(store)
      const run = await newRun(store, { dagId: "planned", runId: "by hand" })
      expect(run).toMatchObject({ dataIntervalStart: null, dataIntervalEnd: null, runAfter: run.queuedAt })
    })
  })
}
