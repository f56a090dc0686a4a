import { describe, expect, it } from "vitest"
import type { FailureTolerance } from "../../state/failure-tolerance.ts"
import type { StoreService } from "../../store/store.ts"
import { completeEdge, fusedSource, mapped, streamEdge } from "./dag-fixture.ts"
import { listed } from "./events.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  claim,
  claimAll,
  claimOne,
  complete,
  completeOptions,
  createRun,
  decide,
  deferred,
  factsOf,
  failed,
  foldAll,
  indexesOf,
  items,
  leaseMs,
  leaseSeconds,
  openMap,
  openStream,
  openWorld,
  page,
  retried,
  runner,
  settle,
  statesOf,
  worker,
} from "./world.ts"

const actor = "sluice"
const reason = { type: "TooManyFailures", message: "2 instances failed, and 1 are tolerated", stack: null }
const one: FailureTolerance = { count: 1, ratio: null, minSample: 100 }
const half: FailureTolerance = { count: null, ratio: 0.5, minSample: 4 }

/** Limits on failures: what they are told by, and how a map that has crossed one is stopped. */
export function stoppingContract(open: OpenStore): void {
  describe("a map with a limit on failures", () => {
    it("is due as soon as an instance has failed, with counts that no fold has to bring", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(one) })
      await map.commit(items(5))
      await settle(store)
      const lease = await claimOne(store)
      expect(await complete(store, lease, { indexes: [0] })).toMatchObject({ isDue: false, isWatched: false })
      expect(await factsOf(store, map.expansionId)).toBeUndefined()
      const done = await complete(store, lease, { indexes: [1], exceptions: [failed(2)] })
      expect(done).toMatchObject({ isDue: true })
      expect(await factsOf(store, map.expansionId)).toMatchObject({
        ...{ toleratedFailures: one, isStopped: false, now: { failed: 1, ended: 3 }, failed: 0 },
      })
    })

    it("is nobody's business while it has none, however many fail", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(3))
      await settle(store)
      const done = await complete(store, await claimOne(store), { exceptions: [failed(0), failed(1)] })
      expect(done).toMatchObject({ isDue: false, isWatched: false })
      expect(await factsOf(store, map.expansionId)).toBeUndefined()
    })

    it("watches successes too while a share is not yet judged, until told to stop", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(half) })
      await map.commit(items(9))
      const lease = await claimOne(store)
      await complete(store, lease, { indexes: [], exceptions: [failed(0)] })
      await seen(store, map.expansionId, true)
      expect(await complete(store, lease, { indexes: [1] })).toMatchObject({ isDue: false, isWatched: true })
      await runEffect(store.reviewMaps({ expansionIds: [map.expansionId] }))
      expect(await factsOf(store, map.expansionId)).toMatchObject({ now: { failed: 1, ended: 2 } })
      await seen(store, map.expansionId, false)
      await runEffect(store.reviewMaps({ expansionIds: [map.expansionId] }))
      expect(await factsOf(store, map.expansionId)).toBeUndefined()
      expect(await complete(store, lease, { indexes: [2] })).toMatchObject({ isWatched: false })
    })

    it("is due when its limit is changed by hand", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(3))
      await complete(store, await claimOne(store), { exceptions: [failed(0), failed(1)] })
      await settle(store)
      const change = { toleratedFailures: one }
      await runEffect(store.changeMap({ expansionId: map.expansionId, actor, change }))
      expect(await factsOf(store, map.expansionId)).toMatchObject({ now: { failed: 2, ended: 3 } })
      expect((await map.view()).toleratedFailures).toEqual(one)
      expect(await listed(store, { expansionId: map.expansionId })).toMatchObject([
        { event: "map_changed", detail: { tolerated_failures: { from: null, to: one } } },
      ])
    })
  })

  describe("a map that is stopped", () => {
    it("closes its stream, skips what has not started, fails what waits for a retry, and adds up", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(one) })
      await map.commit([...items(6), null])
      const lease = await claimOne(store, { sizeDefault: 4 })
      const exceptions = [failed(0), failed(1), retried(2, 60_000)]
      await complete(store, lease, { indexes: [], exceptions })
      expect(await stop(store, map, one)).toBe(true)
      expect(await statesOf(store, map.expansionId)).toEqual({
        ...{ 0: "failed", 1: "failed", 2: "failed", 3: "running", 4: "skipped", 5: "skipped" },
        6: "upstream_failed",
      })
      const view = await map.view()
      expect(view).toMatchObject({ state: "draining", exhausted: true, stopReason: reason, retrying: 0 })
      expect(view).toMatchObject({ failed: 3, skipped: 2, upstreamFailed: 1, running: 1 })
      const [last] = await runEffect(store.listTaskInstances({ ...map, afterIndex: 1, limit: 1 }))
      expect(last).toMatchObject({ state: "failed", tryNumber: 1, error: { message: "it broke" } })
      expect(await runEffect(store.taskTries({ ...map, mapIndex: 2 }))).toEqual([])
      const [skipped] = await runEffect(store.listTaskInstances({ ...map, afterIndex: 3, limit: 1 }))
      expect(skipped).toMatchObject({
        ...{ state: "skipped", tryNumber: 0 },
        error: { type: "MapStopped", message: expect.stringContaining(reason.message) },
      })
      await complete(store, lease)
      expect(await foldAll(store)).toBe(1)
      expect(await factsOf(store, map.expansionId)).toMatchObject({
        ...{ exhausted: true, isStopped: true, streamFailure: "own", created: 7 },
        ...{ success: 1, failed: 3, skipped: 2, upstreamFailed: 1 },
      })
    })

    it("is not pulled any more: its runner is refused, and nobody else may have it", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(one) })
      await map.commit(items(2))
      await stop(store, map, one)
      const renewed = store.renewExpansions({ runnerId: runner, held: [map], leaseSeconds })
      expect(await runEffect(renewed)).toEqual([])
      expect(await failureOf(store.commitPage(page({ ...map, items: items(1) })))).toMatchObject({
        _tag: "LeaseLost",
      })
      expect(await runEffect(store.leaseExpansions({ runnerId: "x", limit: 9, leaseSeconds }))).toEqual([])
      expect(await claim(store)).toEqual([])
    })

    it("lets what is leased end, and retries none of it", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(one) })
      await map.commit(items(3))
      const lease = await claimOne(store)
      await stop(store, map, one)
      await settle(store)
      const renewed = store.renew({ workerId: worker, leaseIds: [lease.leaseId], leaseSeconds })
      expect(await runEffect(renewed)).toEqual([lease.leaseId])
      const done = await complete(store, lease, { indexes: [0], exceptions: [retried(1, 0)] })
      expect(done).toMatchObject({ isDue: true })
      await world.elapse(1000)
      expect(await claim(store)).toEqual([])
      expect(await runEffect(store.closeStopped(map.expansionId))).toBe(1)
      await complete(store, lease)
      expect(await statesOf(store, map.expansionId)).toEqual({ 0: "success", 1: "failed", 2: "success" })
    })

    it.each(["release", "rescue", "forgetWorker"] as const)("skips what comes back by %s", async (verb) => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(one) })
      await map.commit(items(4))
      const lease = await claimOne(store)
      await complete(store, lease, { indexes: [1] })
      await stop(store, map, one)
      await settle(store)
      await world.elapse(leaseMs + 1000)
      const { leaseId } = lease
      if (verb === "release") await runEffect(store.release({ workerId: worker, leaseId, split: true }))
      if (verb === "rescue") await runEffect(store.rescue({ limit: 10 }))
      if (verb === "forgetWorker") await runEffect(store.forgetWorker({ workerId: worker }))
      expect(await factsOf(store, map.expansionId)).toMatchObject({ isStopped: true })
      expect(await claim(store)).toEqual([])
      expect(await runEffect(store.closeStopped(map.expansionId))).toBe(3)
      expect(await runEffect(store.closeStopped(map.expansionId))).toBe(0)
      const states = { 0: "skipped", 1: "success", 2: "skipped", 3: "skipped" }
      expect(await statesOf(store, map.expansionId)).toEqual(states)
      expect(await foldAll(store)).toBe(1)
    })

    it("skips what is deferred, and what would go on after that", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(one) })
      await map.commit(items(4))
      const lease = await claimOne(store)
      const soon = { trigger: { kind: "delay", ms: 10 } } as const
      await complete(store, lease, { indexes: [], exceptions: [deferred(0), deferred(1, soon)] })
      await world.elapse(1000)
      expect((await runEffect(store.fireTimers({ limit: 10 }))).fired).toBe(1)
      await stop(store, map, one)
      await settle(store)
      expect(await statesOf(store, map.expansionId)).toMatchObject({ 0: "skipped", 1: "skipped" })
      await complete(store, lease, { indexes: [2], exceptions: [deferred(3)] })
      expect(await factsOf(store, map.expansionId)).toMatchObject({ isStopped: true })
      expect(await runEffect(store.closeStopped(map.expansionId))).toBe(1)
      expect(await map.view()).toMatchObject({ success: 1, skipped: 3, deferred: 0, running: 0 })
      expect(await foldAll(store)).toBe(1)
    })

    it("runs again what failed and what was never begun, when that is redriven", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(one) })
      await map.commit(items(4))
      const lease = await claimOne(store, { sizeDefault: 2 })
      await complete(store, lease, { indexes: [], exceptions: [failed(0), failed(1)] })
      await stop(store, map, one)
      await foldAll(store)
      await decide(store, map.expansionId, "failed")
      await runEffect(store.finishDagRun({ dagRunId: map.dagRunId, state: "failed", reopenings: 0 }))
      const { expansionId } = map
      const asked = {
        expansionId,
        indexes: [0, 1, 2, 3],
        states: ["failed", "skipped"] as const,
        followers: [],
      }
      const redriven = store.redriveInstances({ ...asked, actor, event: "redriven" })
      expect(await runEffect(redriven)).toEqual([0, 1, 2, 3])
      const reopen = { dagRunId: map.dagRunId, resetsDownstream: true, readAnew: [] }
      await runEffect(store.reopenRun(reopen))
      expect(await map.view()).toMatchObject({ state: "draining", stopReason: null })
      const leases = await claimAll(store)
      expect(leases.map((lease) => [lease.tryNumber, indexesOf(lease)])).toEqual([
        [2, [0, 1]],
        [1, [2, 3]],
      ])
      for (const again of leases) await complete(store, again)
      expect(await map.view()).toMatchObject({ success: 4, failed: 0, skipped: 0 })
    })

    it("is stopped once, and only under the limit that was judged", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(one) })
      expect(await stop(store, map, null)).toBe(false)
      expect(await stop(store, map, { ...one, count: 2 })).toBe(false)
      const stops = await Promise.all([1, 2, 3].map(() => stop(store, map, one)))
      expect(stops.filter((isDone) => isDone)).toHaveLength(1)
      expect(await runEffect(store.closeStopped(map.expansionId))).toBe(0)
      expect(await listed(store, { expansionId: map.expansionId })).toMatchObject([
        { event: "map_stopped", actor, detail: { reason: reason.message } },
      ])
    })

    it("ends the source that it pulls itself, and its reader's stream as broken", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [fusedSource("src"), mapped("a", limited(one)), mapped("b")],
        edges: [streamEdge("src", "a"), streamEdge("a", "b")],
      })
      await decide(store, ids["src"]!, "open")
      const map = await openStream(store, run.id, ids["a"]!)
      await map.commit(items(2))
      await stop(store, map, one)
      expect(await factsOf(store, ids["src"]!)).toMatchObject({ state: "draining", exhausted: true })
      const read = store.readStream({ expansionId: map.expansionId, fromIndex: 0, limit: 9 })
      expect(await runEffect(read)).toMatchObject({
        ...{ items: [{ gap: "skipped" }, { gap: "skipped" }], exhausted: true, isBroken: true },
      })
    })

    it("is stopped still after its run was cancelled and resumed", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: limited(one) })
      await map.commit(items(3))
      await claimOne(store, { sizeDefault: 2 })
      await stop(store, map, one)
      await runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note: "", actor }))
      await runEffect(store.resumeDagRun({ dagRunId: map.dagRunId, actor }))
      expect(await claim(store)).toEqual([])
      expect(await factsOf(store, map.expansionId)).toMatchObject({ state: "draining", isStopped: true })
      expect(await runEffect(store.closeStopped(map.expansionId))).toBe(2)
      expect(await map.view()).toMatchObject({ skipped: 3, stopReason: reason })
    })

    it("adds up whoever claims, records, fails, retries and gives back while it is stopped", async () => {
      const world = await openWorld(open)
      const { store } = world
      for (let round = 0; round < 6; round++) {
        const map = await openMap(world, { runId: `run-${round}`, task: limited(one) })
        for (let pages = 0; pages < 4; pages++) await map.commit(items(8))
        const held = await claim(store, { limit: 4, sizeDefault: 4 })
        const work = held.map(async (lease, at) => {
          const [first, second] = indexesOf(lease)
          if (at === 0)
            return runEffect(store.release({ workerId: worker, leaseId: lease.leaseId, split: true }))
          const exceptions = at === 1 ? [failed(first!)] : [retried(first!, 0)]
          return complete(store, lease, { indexes: [second!], exceptions })
        })
        const claims = [1, 2, 3].map((n) => claim(store, { limit: 2, sizeDefault: 3, workerId: `w${n}` }))
        const [stopped] = await Promise.all([stop(store, map, one), ...work, ...claims])
        expect(stopped).toBe(true)
        await runEffect(store.closeStopped(map.expansionId))
        expect((await claimAll(store)).length).toBe(0)
        await world.elapse(leaseMs + 1000)
        await runEffect(store.rescue({ limit: 100 }))
        await runEffect(store.closeStopped(map.expansionId))
        await foldAll(store)
        const facts = (await factsOf(store, map.expansionId))!
        expect(facts.success + facts.failed + facts.skipped).toBe(32)
        await decide(store, map.expansionId, "failed")
      }
    })
  })

  describe("a map that is cancelled", () => {
    it("ends at once and for good, while its run goes on", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [fusedSource("src"), mapped("a"), mapped("b"), { taskId: "c" }, { taskId: "d" }],
        edges: [streamEdge("src", "a"), streamEdge("a", "b"), completeEdge("a", "c")],
      })
      await decide(store, ids["src"]!, "open")
      const map = await openStream(store, run.id, ids["a"]!)
      await map.commit(items(4))
      const lease = await claimOne(store, { sizeDefault: 2 })
      const done = await runEffect(store.cancelMap({ expansionId: map.expansionId, actor }))
      expect(done).toEqual({ dagRunId: run.id })
      expect(await map.view()).toMatchObject({
        ...{ state: "cancelled", running: 0, endedAt: expect.any(Date) },
        stopReason: { type: "MapCancelled", message: `cancelled by ${actor}` },
      })
      expect(await failureOf(store.complete(completeOptions(lease)))).toMatchObject({ _tag: "LeaseLost" })
      expect(await claim(store)).toEqual([])
      expect(await failureOf(store.commitPage(page({ ...map, items: items(1) })))).toMatchObject({
        _tag: "LeaseLost",
      })
      expect((await factsOf(store, ids["c"]!))!.upstream).toMatchObject({ failed: 1 })
      expect(await factsOf(store, ids["src"]!)).toMatchObject({ state: "draining", exhausted: true })
      const read = store.readStream({ expansionId: map.expansionId, fromIndex: 0, limit: 9 })
      expect(await runEffect(read)).toMatchObject({ items: [], exhausted: true, isBroken: true })
      expect((await runEffect(store.dagRunById(run.id))).state).toBe("running")
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "", actor }))
      await runEffect(store.resumeDagRun({ dagRunId: run.id, actor }))
      expect(await map.view()).toMatchObject({ state: "cancelled" })
      expect(await claim(store)).toEqual([])
    })

    it("waits for nothing any more", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(2))
      const soon = { trigger: { kind: "delay", ms: 10 } } as const
      await complete(store, await claimOne(store), { exceptions: [deferred(0, soon), deferred(1)] })
      await runEffect(store.cancelMap({ expansionId: map.expansionId, actor }))
      await world.elapse(1000)
      expect(await runEffect(store.fireTimers({ limit: 10 }))).toEqual({ fired: 0, nextInMs: null })
      expect((await map.view()).deferred).toBe(0)
      expect(await claim(store)).toEqual([])
    })

    it("fails those that wait for it, before it has started", async () => {
      const world = await openWorld(open)
      const { run, ids } = await createRun(world, {
        tasks: [mapped("a"), mapped("b")],
        edges: [streamEdge("a", "b")],
      })
      await runEffect(world.store.cancelMap({ expansionId: ids["a"]!, actor }))
      expect((await factsOf(world.store, ids["b"]!))!.upstream).toMatchObject({ failed: 1, opened: 0 })
      expect(await listed(world.store, { dagRunId: run.id })).toMatchObject([
        { event: "map_cancelled", expansionId: ids["a"], actor, detail: { state: "waiting" } },
      ])
    })

    it("is refused where there is no such map, and where it has ended", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { ids } = await createRun(world, { tasks: [{ taskId: "plain" }, mapped("a")] })
      const refused = (expansionId: string) => failureOf(store.cancelMap({ expansionId, actor }))
      expect(await refused(ids["plain"]!)).toMatchObject({ _tag: "NotAllowed" })
      await runEffect(store.cancelMap({ expansionId: ids["a"]!, actor }))
      expect(await refused(ids["a"]!)).toMatchObject({ _tag: "NotAllowed", state: "cancelled" })
      expect(await refused("987654")).toMatchObject({ _tag: "NotFound" })
    })
  })

  describe("a run whose time is over", () => {
    it("is failed like one that is cancelled, and says why", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { runTimeoutMs: 60_000, tasks: [{ taskId: "a" }] })
      const { run: endless } = await createRun(world, { dagId: "endless", tasks: [{ taskId: "a" }] })
      expect(run.timeoutAt).toEqual(expect.any(Date))
      expect(endless.timeoutAt).toBeNull()
      expect(await runEffect(store.timeOutRuns({ limit: 10 }))).toEqual([])
      await world.elapse(61_000)
      expect(await runEffect(store.timeOutRuns({ limit: 10 }))).toEqual([run.id])
      expect(await runEffect(store.timeOutRuns({ limit: 10 }))).toEqual([])
      expect(await runEffect(store.dagRunById(run.id))).toMatchObject({
        ...{ state: "failed", isCancelled: true, note: expect.stringContaining("timed out") },
      })
      expect(await runEffect(store.expansionsOfRun(run.id))).toMatchObject([{ state: "cancelled" }])
      expect(await listed(store, { dagRunId: run.id })).toMatchObject([
        { event: "dag_run_timed_out", actor: "sluice" },
      ])
      expect((await runEffect(store.dagRunById(endless.id))).state).toBe("running")
    })

    it("has its time anew when it is resumed", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { runTimeoutMs: 60_000, tasks: [{ taskId: "a" }] })
      await world.elapse(61_000)
      await runEffect(store.timeOutRuns({ limit: 10 }))
      await runEffect(store.resumeDagRun({ dagRunId: run.id, actor }))
      expect(await runEffect(store.timeOutRuns({ limit: 10 }))).toEqual([])
      await world.elapse(61_000)
      expect(await runEffect(store.timeOutRuns({ limit: 10 }))).toEqual([run.id])
    })
  })
}

function limited(toleratedFailures: FailureTolerance) {
  return { mapping: { toleratedFailures } }
}

function stop(
  store: StoreService,
  { expansionId }: { readonly expansionId: string },
  tolerance: FailureTolerance | null,
): Promise<boolean> {
  return runEffect(store.stopMap({ expansionId, tolerance, reason, actor }))
}

/** Notes as the scheduler does that the facts change nothing. */
async function seen(store: StoreService, expansionId: string, isWatched: boolean): Promise<void> {
  const { seq, state } = (await factsOf(store, expansionId))!
  const decision = { expansionId, seq, from: state, to: null, isWatched }
  expect(await runEffect(store.decideExpansion(decision))).toMatchObject({ isDone: true })
}
