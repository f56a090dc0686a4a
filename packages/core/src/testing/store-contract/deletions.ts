import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import { withCaptured } from "../../host/captured-bundle.ts"
import type { Leadership } from "../../store/planner-store.ts"
import type { Expired } from "../../store/prune-store.ts"
import type { KeepRuns } from "../../time/timetable.ts"
import type { StoreService } from "../../store/store.ts"
import { completeEdge, mapped, serializedDag, streamEdge } from "./dag-fixture.ts"
import type { ContractOptions, OpenStore, StoreHarness } from "./harness.ts"
import { applyStep, steps } from "./history-steps.ts"
import { beginHistory } from "./history.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  claimAll,
  claimOne,
  complete,
  completeOptions,
  createRun,
  deferred,
  items,
  newRun,
  openMap,
  openWorld,
  page,
  register,
  retried,
} from "./world.ts"

const actor = "tester"
const note = "enough"

async function leadPruning(store: StoreService, holder = "p1"): Promise<Leadership> {
  const epoch = await runEffect(store.lead({ role: "pruner", holder, leaseSeconds: 600 }))
  return { role: "pruner", holder, epoch: epoch! }
}

/** Removes rows, a few at a time, until nothing is left; gives how many. */
async function pruneAll(store: StoreService, leadership: Leadership, limit = 3): Promise<number> {
  for (let total = 0; ;) {
    const { removed, isDone } = await runEffect(store.pruneRows({ leadership, limit }))
    total += removed
    if (isDone) return total
  }
}

function cancel(store: StoreService, dagRunId: string) {
  return runEffect(store.cancelDagRun({ dagRunId, note, actor }))
}

function deleteRun(store: StoreService, dagRunId: string) {
  return runEffect(store.deleteDagRun({ dagRunId, actor }))
}

/** A cancelled run of a map that left something of most kinds; who worked on it still holds its lease. */
async function leftRun(world: StoreHarness, runId: string) {
  const { store } = world
  const map = await openMap(world, { runId })
  await map.commit(items(12), { keys: items(12).map((_, n) => `${runId}-${n}`) })
  const lease = await claimOne(store, { sizeDefault: 10 })
  const exceptions = [retried(0), deferred(1)]
  const xcoms = [{ mapIndex: 2, key: "url", value: '"x"' }]
  await complete(store, lease, { indexes: [2, 3, 4], exceptions, xcoms })
  const entry = { mapIndex: 2, tryNumber: 1, at: 0, level: "info" as const, message: runId, fields: null }
  await runEffect(store.appendLogs({ expansionId: map.expansionId, entries: [entry] }))
  await cancel(store, map.dagRunId)
  return { map, lease, runId }
}

/** All that can be read of a run with one map. */
async function snapshot(store: StoreService, { dagRunId, expansionId }: Ids) {
  const views = await runEffect(store.expansionsOfRun(dagRunId))
  return {
    runs: (await runEffect(store.listDagRuns({ limit: 1000 }))).filter(({ id }) => id === dagRunId),
    views: views.map((view) => ({ ...view, rate: null })),
    instances: await runEffect(store.listTaskInstances({ expansionId, afterIndex: -2, limit: 1000 })),
    pages: await runEffect(store.listPages({ expansionId, after: -2, limit: 1000 })),
    logs: await runEffect(store.readLogs({ expansionId, after: null, limit: 1000 })),
    tries: await Promise.all(
      [0, 1, 2].map((mapIndex) => runEffect(store.taskTries({ expansionId, mapIndex }))),
    ),
    xcoms: await runEffect(store.listXComs({ expansionId, mapIndex: 2, skip: 0, limit: 100 })),
    events: await runEffect(store.listEvents({ dagRunId, before: null, limit: 100 })),
  }
}

interface Ids {
  readonly dagRunId: string
  readonly expansionId: string
}

const nothing = {
  ...{ runs: [], views: [], instances: [], pages: [], logs: [], tries: [[], [], []], events: [] },
  xcoms: { rows: [], total: 0 },
}

/** Deleting runs, and the removal of what they leave. */
export function deletionContract(open: OpenStore, options: ContractOptions): void {
  describe("a deleted run", () => {
    it("is seen by nobody from its first step on, and leaves its run id free", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { map, runId } = await leftRun(world, "r")
      await deleteRun(store, map.dagRunId)
      expect(await snapshot(store, map)).toMatchObject({ runs: [], views: [] })
      expect(await failureOf(store.dagRunById(map.dagRunId))).toMatchObject({ _tag: "NotFound" })
      const filter = { dagIds: ["fixture"] }
      expect(
        await runEffect(store.pageDagRuns({ filter, isDescending: true, after: null, limit: 10 })),
      ).toEqual([])
      const again = await newRun(store, { dagId: "fixture", runId })
      expect(Number(again.id)).toBeGreaterThan(Number(map.dagRunId))
      await pruneAll(store, await leadPruning(store))
      expect((await runEffect(store.expansionsOfRun(again.id))).length).toBe(1)
    })

    it("leaves nothing, once its rows are removed, a few at a time", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { map } = await leftRun(world, "r")
      await deleteRun(store, map.dagRunId)
      const leadership = await leadPruning(store)
      const first = await runEffect(store.pruneRows({ leadership, limit: 1 }))
      expect(first).toMatchObject({ isDone: false })
      expect(first.removed).toBeGreaterThan(0)
      expect(await pruneAll(store, leadership, 1)).toBeGreaterThan(3)
      expect(await snapshot(store, map)).toEqual(nothing)
      expect(await runEffect(store.pruneRows({ leadership, limit: 10 }))).toEqual({
        removed: 0,
        isDone: true,
      })
    })

    it("gets nothing more of those who still work on it", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { map, lease } = await leftRun(world, "r")
      await deleteRun(store, map.dagRunId)
      const leadership = await leadPruning(store)
      await pruneAll(store, leadership)
      const lost = { _tag: "LeaseLost" }
      expect(await failureOf(store.complete(completeOptions(lease, { indexes: [5] })))).toMatchObject(lost)
      expect(await failureOf(store.commitPage(page({ ...map, items: items(1) })))).toMatchObject(lost)
      const entry = {
        mapIndex: 2,
        tryNumber: 1,
        at: 0,
        level: "info" as const,
        message: "late",
        fields: null,
      }
      await runEffect(store.appendLogs({ expansionId: map.expansionId, entries: [entry] }))
      await runEffect(store.release({ workerId: "worker-1", leaseId: lease.leaseId, split: false }))
      await world.elapse(100_000)
      expect(await runEffect(store.rescue({ limit: 10 }))).toBe(0)
      expect(await claimAll(store)).toEqual([])
      expect(await runEffect(store.dueExpansions({ limit: 10 }))).toEqual([])
      expect(await snapshot(store, map)).toEqual(nothing)
      expect(await pruneAll(store, leadership)).toBe(0)
    })

    it("stays in the event log by its names, with who deleted it", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { map } = await leftRun(world, "r")
      await deleteRun(store, map.dagRunId)
      await pruneAll(store, await leadPruning(store))
      const events = await runEffect(store.listEvents({ dagId: "fixture", before: null, limit: 10 }))
      expect(events.map(({ event, runId, dagRunId }) => [event, runId, dagRunId])).toEqual([
        ["dag_run_deleted", "r", null],
        ["dag_run_cancelled", "r", null],
      ])
      expect(events[0]).toMatchObject({ actor })
    })

    it("takes nothing of its neighbours along, which go on", async () => {
      const world = await openWorld(open)
      const { store } = world
      const before = await openMap(world, { runId: "before" })
      await before.commit(items(4))
      const held = await claimOne(store, { sizeDefault: 2 })
      const { run, ids } = await createRun(world, {
        dagId: "two",
        tasks: [mapped("a"), mapped("b"), { taskId: "c" }],
        edges: [streamEdge("a", "b"), completeEdge("b", "c")],
      })
      await cancel(store, run.id)
      const after = await openMap(world, { runId: "after" })
      await after.commit(items(4))
      const [was, wasAfter] = [await snapshot(store, before), await snapshot(store, after)]
      await deleteRun(store, run.id)
      await pruneAll(store, await leadPruning(store))
      expect(Object.values(ids)).toHaveLength(3)
      expect(await snapshot(store, before)).toEqual(was)
      expect(await snapshot(store, after)).toEqual(wasAfter)
      await complete(store, held)
      expect((await claimAll(store)).reduce((sum, { count }) => sum + count, 0)).toBe(6)
    })
  })

  describe("deleting a run", () => {
    it("refuses one that has not ended, and one that is not there", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { tasks: [{ taskId: "a" }] })
      expect(await failureOf(store.deleteDagRun({ dagRunId: run.id, actor }))).toMatchObject({
        ...{ _tag: "NotAllowed", state: "running", message: expect.stringMatching(/cancel it first/) },
      })
      expect(await failureOf(store.deleteDagRun({ dagRunId: "999", actor }))).toMatchObject({
        _tag: "NotFound",
      })
      expect(await runEffect(store.dagRunById(run.id))).toEqual(run)
    })

    it("refuses one whose end is waited for, until that was told", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { dagId: "other", runId: "a", tasks: [{ taskId: "t" }] })
      const waiting = await openMap(world)
      await waiting.commit(items(1))
      const trigger = { kind: "run" as const, dagId: "other", runId: "a" }
      await complete(store, await claimOne(store), { exceptions: [deferred(0, { trigger })] })
      await cancel(store, run.id)
      const refused = { _tag: "NotAllowed", message: expect.stringMatching(/waits for the end/) }
      expect(await failureOf(store.deleteDagRun({ dagRunId: run.id, actor }))).toMatchObject(refused)
      expect(await runEffect(store.fireEndedRuns({ limit: 10 }))).toBe(1)
      await deleteRun(store, run.id)
    })

    it("refuses one for which a cancelled run waits, which may go on, until that is deleted", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { dagId: "other", runId: "a", tasks: [{ taskId: "t" }] })
      const waiting = await openMap(world)
      await waiting.commit(items(1))
      const trigger = { kind: "run" as const, dagId: "other", runId: "a" }
      await complete(store, await claimOne(store), { exceptions: [deferred(0, { trigger })] })
      await cancel(store, waiting.dagRunId)
      await cancel(store, run.id)
      const refused = { _tag: "NotAllowed", message: expect.stringMatching(/delete it first/) }
      expect(await failureOf(store.deleteDagRun({ dagRunId: run.id, actor }))).toMatchObject(refused)
      await deleteRun(store, waiting.dagRunId)
      await pruneAll(store, await leadPruning(store))
      await deleteRun(store, run.id)
    })

    it("frees the place that a backfill's date had, and leaves its counts", async () => {
      const world = await openWorld(open)
      const { store } = world
      await createRun(world, { tasks: [] })
      const logicalDate = new Date("2026-01-01T00:00:00Z")
      const date = { logicalDate, intervalStart: logicalDate, intervalEnd: logicalDate }
      const backfill = await runEffect(
        store.createBackfill({
          ...{ dagId: "fixture", fromDate: logicalDate, toDate: logicalDate, isReversed: false, actor },
          ...{ reprocess: "none", maxActiveRuns: 1, conf: {}, dates: [date] },
        }),
      )
      const leadership = await leadPruning(store)
      const backfillId = backfill.id
      expect(await runEffect(store.moveBackfill({ leadership, backfillId, ordinal: 0 }))).toBe("made")
      const [run] = await runEffect(store.listDagRuns({ dagId: "fixture", limit: 1 }))
      await runEffect(store.finishDagRun({ dagRunId: run!.id, state: "success", reopenings: 0 }))
      await deleteRun(store, run!.id)
      const dates = await runEffect(store.listBackfillDates({ backfillId, after: -1, limit: 10 }))
      expect(dates).toMatchObject([{ ordinal: 0, dagRunId: null, refusal: null }])
      expect(await runEffect(store.backfill(backfillId))).toMatchObject({ success: 1, failed: 0 })
    })
  })

  describe("deleting a DAG", () => {
    it("takes it away with its runs, its versions and their code", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { map } = await leftRun(world, "r")
      await createRun(world, { dagId: "other", tasks: [{ taskId: "t" }] })
      const { latestVersionId } = await runEffect(store.dag("fixture"))
      await register(store, serializedDag({ dagId: "fixture", tasks: [] }), "bundle-2")
      await runEffect(store.deleteDag({ dagId: "fixture", actor }))
      const gone = { _tag: "NotFound" }
      expect(await failureOf(store.dag("fixture"))).toMatchObject(gone)
      expect(await failureOf(store.dagSummary("fixture"))).toMatchObject(gone)
      const make = store.createDagRun({
        ...{ dagId: "fixture", runId: "new", runType: "manual", conf: {}, logicalDate: null },
      })
      expect(await failureOf(make)).toMatchObject(gone)
      const pause = store.setDagPaused({ dagId: "fixture", isPaused: true, actor })
      expect(await failureOf(pause)).toMatchObject(gone)
      expect(await failureOf(store.deleteDag({ dagId: "fixture", actor }))).toMatchObject(gone)
      await pruneAll(store, await leadPruning(store))
      expect(await snapshot(store, map)).toEqual(nothing)
      expect(await failureOf(store.dagVersion(latestVersionId))).toMatchObject(gone)
      expect(await failureOf(store.loadBundle("bundle-2"))).toMatchObject(gone)
      // Another DAG has this one.
      expect(await runEffect(store.loadBundle("bundle-1"))).toMatchObject({ hash: "bundle-1" })
      expect((await runEffect(store.listDags({ after: null, limit: 9 }))).map(({ dagId }) => dagId)).toEqual([
        "other",
      ])
    })

    it("takes away what its file captured, and the code once nobody has it", async () => {
      const { store } = await openWorld(open)
      const code = { hash: "code", code: "// code", sourceMap: null }
      const bundleOf = (name: string) => withCaptured(code, { name: JSON.stringify(name) })
      for (const dagId of ["one", "two"])
        await runEffect(
          store.registerDag({ dag: serializedDag({ dagId, tasks: [] }), bundle: bundleOf(dagId) }),
        )
      const leadership = await leadPruning(store)
      const gone = { _tag: "NotFound" }
      await runEffect(store.deleteDag({ dagId: "one", actor }))
      await pruneAll(store, leadership)
      expect(await failureOf(store.loadBundle(bundleOf("one").hash))).toMatchObject(gone)
      expect(await runEffect(store.loadBundle(bundleOf("two").hash))).toEqual(bundleOf("two"))
      await runEffect(store.deleteDag({ dagId: "two", actor }))
      await pruneAll(store, leadership)
      expect(await failureOf(store.loadBundle(bundleOf("two").hash))).toMatchObject(gone)
      expect(await failureOf(store.loadBundle(code.hash))).toMatchObject(gone)
    })

    it("is refused while a run, or a backfill, of it has not ended", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { tasks: [{ taskId: "t" }] })
      const refused = { _tag: "NotAllowed", message: expect.stringMatching(/cancel/) }
      expect(await failureOf(store.deleteDag({ dagId: "fixture", actor }))).toMatchObject(refused)
      await cancel(store, run.id)
      const day = new Date("2026-01-01T00:00:00Z")
      const { id: backfillId } = await runEffect(
        store.createBackfill({
          ...{ dagId: "fixture", fromDate: day, toDate: day, isReversed: false, actor, reprocess: "none" },
          ...{ maxActiveRuns: 1, conf: {} },
          dates: [{ logicalDate: day, intervalStart: day, intervalEnd: day }],
        }),
      )
      expect(await failureOf(store.deleteDag({ dagId: "fixture", actor }))).toMatchObject(refused)
      await runEffect(store.cancelBackfill({ backfillId, actor }))
      await runEffect(store.deleteDag({ dagId: "fixture", actor }))
      await pruneAll(store, await leadPruning(store))
      expect(await failureOf(store.backfill(backfillId))).toMatchObject({ _tag: "NotFound" })
    })

    it("leaves alone what has come back under its name", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { map } = await leftRun(world, "old")
      await runEffect(store.setDagLimits({ dagId: "fixture", maxActiveRuns: 1, actor }))
      await runEffect(store.setDagPaused({ dagId: "fixture", isPaused: true, actor }))
      await runEffect(store.deleteDag({ dagId: "fixture", actor }))
      const { run } = await createRun(world, { runId: "new", tasks: [mapped("load")] })
      await pruneAll(store, await leadPruning(store))
      expect(await snapshot(store, map)).toEqual(nothing)
      expect(await runEffect(store.dag("fixture"))).toMatchObject({ isPaused: false, runningRuns: 1 })
      expect((await runEffect(store.dag("fixture"))).maxActiveRuns).toBeGreaterThan(1)
      expect(await runEffect(store.dagRunById(run.id))).toEqual(run)
      expect(await runEffect(store.dagVersion(run.dagVersionId))).toMatchObject({ dagId: "fixture" })
    })

    it("leaves a run whose end is waited for until that was told", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { dagId: "other", runId: "a", tasks: [{ taskId: "t" }] })
      const waiting = await openMap(world)
      await waiting.commit(items(1))
      const trigger = { kind: "run" as const, dagId: "other", runId: "a" }
      await complete(store, await claimOne(store), { exceptions: [deferred(0, { trigger })] })
      await cancel(store, run.id)
      await runEffect(store.deleteDag({ dagId: "other", actor }))
      const leadership = await leadPruning(store)
      await pruneAll(store, leadership)
      expect(await runEffect(store.dagRunById(run.id))).toMatchObject({ state: "failed" })
      expect(await runEffect(store.fireEndedRuns({ limit: 10 }))).toBe(1)
      await pruneAll(store, leadership)
      expect(await failureOf(store.dagRunById(run.id))).toMatchObject({ _tag: "NotFound" })
    })
  })

  describe("retention", () => {
    const keeping = async (world: StoreHarness, dagId: string, keepRuns: KeepRuns | null, ends = 4) => {
      const { store } = world
      await register(store, serializedDag({ dagId, tasks: [{ taskId: "t" }], planning: { keepRuns } }))
      for (let n = 0; n < ends; n++) {
        const { id } = await newRun(store, { dagId, runId: `ended-${n}` })
        await cancel(store, id)
        await world.elapse(1)
      }
      await newRun(store, { dagId, runId: "running" })
    }
    const left = async (store: StoreService, dagId: string) =>
      (await runEffect(store.listDagRuns({ dagId, limit: 100 }))).map(({ runId }) => runId)
    const expire = async (store: StoreService, keep: KeepRuns | null, limit = 100) => {
      const leadership = await leadPruning(store)
      let removed = 0
      for (let after: string | null = ""; after !== null;) {
        const expired: Expired = await runEffect(store.expireRuns({ leadership, keep, after, limit }))
        removed += expired.removed
        after = expired.next
      }
      return removed
    }

    it("keeps all runs where nobody says otherwise", async () => {
      const world = await openWorld(open)
      await keeping(world, "d", null)
      expect(await expire(world.store, null)).toBe(0)
      expect(await expire(world.store, { days: 1, count: null })).toBe(0)
      expect(await left(world.store, "d")).toHaveLength(5)
    })

    it("keeps the newest ended runs of each DAG, and every one that has not ended", async () => {
      const world = await openWorld(open)
      const { store } = world
      await keeping(world, "as-said", { days: null, count: 1 })
      await keeping(world, "by-default", null)
      await keeping(world, "for-ever", { days: null, count: null })
      expect(await expire(store, { days: null, count: 3 }, 1)).toBe(4)
      expect(await left(store, "as-said")).toEqual(["running", "ended-3"])
      expect(await left(store, "by-default")).toEqual(["running", "ended-3", "ended-2", "ended-1"])
      expect(await left(store, "for-ever")).toHaveLength(5)
      const events = await runEffect(store.listEvents({ dagId: "by-default", before: null, limit: 1 }))
      expect(events).toMatchObject([{ event: "dag_runs_expired", actor: "sluice", detail: { runs: 1 } }])
      await pruneAll(store, await leadPruning(store), 1000)
      expect(await left(store, "by-default")).toHaveLength(4)
    })

    it("deletes ended runs that are old, a few at a time, and counts what comes first", async () => {
      const world = await openWorld(open)
      await keeping(world, "d", null)
      expect(await expire(world.store, { days: 0, count: 100 }, 2)).toBe(4)
      expect(await left(world.store, "d")).toEqual(["running"])
    })

    it("removes old events, and nothing for one who does not lead", async () => {
      const world = await openWorld(open)
      const { store } = world
      await keeping(world, "d", null)
      const leadership = await leadPruning(store)
      const options = { leadership, days: 0, after: "", limit: 3 }
      const stale = { ...options, leadership: { ...leadership, epoch: leadership.epoch + 1 } }
      expect(await runEffect(store.expireEvents(stale))).toMatchObject({ removed: 0 })
      expect(await runEffect(store.expireEvents({ ...options, days: 1 }))).toEqual({ removed: 0, next: null })
      expect(await runEffect(store.expireEvents(options))).toEqual({ removed: 3, next: "" })
      expect(await runEffect(store.expireEvents(options))).toEqual({ removed: 1, next: null })
      expect(await runEffect(store.listEvents({ dagId: "d", before: null, limit: 9 }))).toEqual([])
      expect(await runEffect(store.expireRuns({ ...stale, keep: { days: 0, count: 1 } }))).toMatchObject({
        removed: 0,
      })
    })

    it("removes old versions that no run has, with code that nothing uses, and never the newest", async () => {
      const world = await openWorld(open)
      const { store } = world
      const versionOf = async (description: string, hash: string) =>
        (await register(store, { ...serializedDag({ dagId: "d", tasks: [] }), description }, hash))
          .dagVersionId
      const used = await versionOf("used", "code-1")
      const { id } = await newRun(store, { dagId: "d", runId: "r" })
      const [unused, newest] = [await versionOf("unused", "code-2"), await versionOf("newest", "code-3")]
      const leadership = await leadPruning(store)
      const expireVersions = (days: number) =>
        runEffect(store.expireVersions({ leadership, days, after: "", limit: 100 }))
      expect(await expireVersions(1)).toEqual({ removed: 0, next: null })
      expect(await expireVersions(0)).toEqual({ removed: 1, next: null })
      await pruneAll(store, leadership)
      const gone = { _tag: "NotFound" }
      expect(await failureOf(store.dagVersion(unused))).toMatchObject(gone)
      expect(await failureOf(store.loadBundle("code-2"))).toMatchObject(gone)
      expect((await runEffect(store.dagVersion(used))).id).toBe(used)
      await runEffect(store.finishDagRun({ dagRunId: id, state: "success", reopenings: 0 }))
      await deleteRun(store, id)
      expect(await expireVersions(0)).toEqual({ removed: 1, next: null })
      expect((await runEffect(store.dagVersion(newest))).versionNumber).toBe(3)
      expect((await runEffect(store.dagVersion(await versionOf("next", "code-4")))).versionNumber).toBe(4)
    })

    it("removes the logs of runs that ended, a few at a time, and keeps what is logged when one goes on", async () => {
      const world = await openWorld(open)
      const { store } = world
      const entry = { mapIndex: 0, tryNumber: 1, at: 0, level: "info" as const, message: "m", fields: null }
      const [over, going] = [
        await openMap(world, { runId: "over" }),
        await openMap(world, { runId: "going" }),
      ]
      const logTo = ({ expansionId }: Ids, count: number) =>
        runEffect(store.appendLogs({ expansionId, entries: Array.from({ length: count }, () => entry) }))
      const logsOf = async ({ expansionId }: Ids) =>
        (await runEffect(store.readLogs({ expansionId, after: null, limit: 100 }))).length
      for (const map of [over, going]) await logTo(map, 5)
      await cancel(store, over.dagRunId)
      const leadership = await leadPruning(store)
      const expireLogs = (days: number) =>
        runEffect(store.expireLogs({ leadership, days, after: "", limit: 3 }))
      expect(await expireLogs(1)).toEqual({ removed: 0, next: null })
      expect(await expireLogs(0)).toEqual({ removed: 3, next: "" })
      expect(await expireLogs(0)).toEqual({ removed: 2, next: null })
      expect([await logsOf(over), await logsOf(going)]).toEqual([0, 5])
      await runEffect(store.resumeDagRun({ dagRunId: over.dagRunId, actor }))
      await logTo(over, 2)
      expect(await expireLogs(0)).toEqual({ removed: 0, next: null })
      await cancel(store, over.dagRunId)
      expect(await expireLogs(0)).toEqual({ removed: 2, next: null })
    })

    it("removes old backfills that have ended, once none of their runs is left", async () => {
      const world = await openWorld(open)
      const { store } = world
      await createRun(world, { tasks: [] })
      const day = new Date("2026-01-01T00:00:00Z")
      const { id: backfillId } = await runEffect(
        store.createBackfill({
          ...{ dagId: "fixture", fromDate: day, toDate: day, isReversed: false, actor, reprocess: "none" },
          ...{ maxActiveRuns: 1, conf: {} },
          dates: [{ logicalDate: day, intervalStart: day, intervalEnd: day }],
        }),
      )
      const leadership = await leadPruning(store)
      const expireBackfills = async (days = 0) =>
        (await runEffect(store.expireBackfills({ leadership, days, after: "", limit: 10 }))).removed
      expect(await expireBackfills()).toBe(0)
      expect(await runEffect(store.moveBackfill({ leadership, backfillId, ordinal: 0 }))).toBe("made")
      const [run] = await runEffect(store.listDagRuns({ dagId: "fixture", limit: 1 }))
      await runEffect(store.finishDagRun({ dagRunId: run!.id, state: "success", reopenings: 0 }))
      expect(await runEffect(store.moveBackfill({ leadership, backfillId, ordinal: 1 }))).toBe("ended")
      expect(await expireBackfills()).toBe(0)
      await deleteRun(store, run!.id)
      expect(await expireBackfills(1)).toBe(0)
      expect(await expireBackfills()).toBe(1)
      expect(await failureOf(store.backfill(backfillId))).toMatchObject({ _tag: "NotFound" })
    })

    it("removes asset events that all were told of, but not those that a DAG waits with", async () => {
      const world = await openWorld(open)
      const { store } = world
      const names = ["one", "two", "three"]
      const assets = { all: [{ asset: "one" }, { asset: "two" }] }
      const definitions = names.map((name) => ({ name, uri: name }))
      await register(
        store,
        serializedDag({ dagId: "waiter", tasks: [], assets: definitions, planning: { assets } }),
      )
      for (const name of names) {
        const { id: assetId } = await runEffect(store.asset({ name }))
        await runEffect(store.emitAssetEvent({ assetId, extra: {}, actor: "tester" }))
      }
      const leadership = await leadPruning(store)
      const expireEvents = (days: number) =>
        runEffect(store.expireAssetEvents({ leadership, days, after: "", limit: 100 }))
      expect(await expireEvents(0)).toEqual({ removed: 0, next: null })
      await runEffect(store.takeAssetEvents({ leadership, limit: 100 }))
      expect(await expireEvents(1)).toEqual({ removed: 0, next: null })
      // The third is awaited by nobody.
      expect((await expireEvents(0)).removed).toBe(1)
      expect((await expireEvents(0)).removed).toBe(0)
    })
  })

  describe("the removal of rows", () => {
    it("goes on where another died, and is done by the one that leads", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { map } = await leftRun(world, "r")
      await deleteRun(store, map.dagRunId)
      const first = await leadPruning(store, "p1")
      await runEffect(store.pruneRows({ leadership: first, limit: 2 }))
      await world.elapse(601_000)
      const second = await leadPruning(store, "p2")
      expect(await runEffect(store.pruneRows({ leadership: first, limit: 1000 }))).toMatchObject({
        removed: 0,
      })
      expect(await pruneAll(store, second)).toBeGreaterThan(0)
      expect(await snapshot(store, map)).toEqual(nothing)
    })

    it("always leaves of any deleted runs nothing, and of the others all", async () => {
      const world = await open()
      onTestFinished(() => world.close())
      const { store } = world
      let number = 0
      const lives = fc.array(fc.record({ steps, isDeleted: fc.boolean() }), { minLength: 2, maxLength: 4 })
      const property = fc.asyncProperty(lives, fc.integer({ min: 1, max: 40 }), async (all, limit) => {
        const runs = []
        for (const { steps: history, isDeleted } of all) {
          const state = await beginHistory(world, { number: 1000 + number++, concurrency: null })
          for (const step of history) await applyStep(state, step)
          await cancel(store, state.map.dagRunId)
          runs.push({ map: state.map, isDeleted })
        }
        while ((await runEffect(store.sweep({ limit: 1000 }))) > 0);
        const before = await Promise.all(runs.map(({ map }) => snapshot(store, map)))
        for (const { map, isDeleted } of runs) if (isDeleted) await deleteRun(store, map.dagRunId)
        await pruneAll(store, await leadPruning(store), limit)
        for (const [place, { map, isDeleted }] of runs.entries())
          expect(await snapshot(store, map)).toEqual(isDeleted ? nothing : before[place])
      })
      await fc.assert(property, { numRuns: options.slow === true ? 12 : 60 })
    })
  })
}
