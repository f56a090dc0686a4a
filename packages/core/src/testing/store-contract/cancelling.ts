import { describe, expect, it } from "vitest"
import type { StoreService } from "../../store/store.ts"
import { completeEdge, mapped, streamEdge } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  ascending,
  claim,
  claimAll,
  claimOne,
  complete,
  completeOptions,
  createRun,
  decide,
  deferred,
  factsOf,
  indexesOf,
  items,
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

const note = "cancelled by a test"

/** More than one statement parks at once. */
const manyWaiting = 2_500

/** Sweeps a few hundred at a time until nothing is left. */
async function sweepAll(store: StoreService): Promise<void> {
  while ((await runEffect(store.sweep({ limit: 400 }))) > 0);
}

/** Cancelling a run, and taking it up again. */
export function cancellingContract(open: OpenStore): void {
  describe("cancelling", () => {
    it("ends the run with its note, and cancels what has not ended", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, { tasks: [{ taskId: "a" }, { taskId: "b" }, mapped("c")] })
      await decide(store, ids["a"]!, "skipped")
      await decide(store, ids["b"]!, "draining")
      expect(await runEffect(store.cancelDagRun({ dagRunId: run.id, note, actor: "tester" }))).toBe(true)
      expect(await runEffect(store.dagRunById(run.id))).toMatchObject({
        ...{ state: "failed", note, isCancelled: true, endedAt: expect.any(Date) },
      })
      const views = await runEffect(store.expansionsOfRun(run.id))
      expect(views.map(({ state }) => state)).toEqual(["skipped", "cancelled", "cancelled"])
      expect(views.every(({ endedAt }) => endedAt !== null)).toBe(true)
    })

    it("refuses a run that has ended, and one that is cancelled already", async () => {
      const world = await openWorld(open)
      const { run } = await createRun(world, { tasks: [{ taskId: "a" }] })
      const { run: other } = await createRun(world, { runId: "run-2", dagId: "empty", tasks: [] })
      await runEffect(world.store.finishDagRun({ dagRunId: other.id, state: "success", reopenings: 0 }))
      const cancel = (dagRunId: string, why: string) =>
        runEffect(world.store.cancelDagRun({ dagRunId, note: why, actor: "tester" }))
      expect(await cancel(other.id, note)).toBe(false)
      expect(await cancel(run.id, note)).toBe(true)
      expect(await cancel(run.id, "later")).toBe(false)
      expect((await runEffect(world.store.dagRunById(run.id))).note).toBe(note)
    })

    it("takes leases away: their workers can neither renew nor record", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(4))
      const lease = await claimOne(store)
      await runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note, actor: "tester" }))
      expect(await failureOf(store.complete(completeOptions(lease)))).toMatchObject({
        ...{ _tag: "LeaseLost", held: "lease" },
      })
      const renewed = store.renew({ workerId: worker, leaseIds: [lease.leaseId], leaseSeconds })
      expect(await runEffect(renewed)).toEqual([])
      expect(await map.view()).toMatchObject({ success: 0, running: 0 })
    })

    it("offers nothing of a cancelled run, neither now nor later", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(6))
      const lease = await claimOne(store, { sizeDefault: 3 })
      await complete(store, lease, { indexes: [], exceptions: [retried(0)] })
      await runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note, actor: "tester" }))
      await world.elapse(100_000)
      expect(await runEffect(store.rescue({ limit: 10 }))).toBe(0)
      expect(await claim(store)).toEqual([])
      expect(await runEffect(store.leaseExpansions({ runnerId: runner, limit: 9, leaseSeconds }))).toEqual([])
      expect(await runEffect(store.dueExpansions({ limit: 10 }))).toEqual([])
    })

    it("refuses the runner's page and tells it that it lost the expansion", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note, actor: "tester" }))
      const commit = store.commitPage(page({ ...map, items: items(2) }))
      expect(await failureOf(commit)).toMatchObject({ _tag: "LeaseLost", held: "expansion" })
      const renew = store.renewExpansions({ runnerId: runner, held: [map], leaseSeconds })
      expect(await runEffect(renew)).toEqual([])
      expect((await map.view()).created).toBe(0)
    })
  })

  describe("resuming", () => {
    it("puts each expansion back where its facts say it stood, to be decided anew", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [{ taskId: "a" }, mapped("b"), mapped("c"), { taskId: "d" }],
        edges: [completeEdge("a", "d")],
      })
      await decide(store, ids["a"]!, "draining")
      await decide(store, ids["b"]!, "open")
      const map = await openStream(store, run.id, ids["c"]!)
      await map.commit(items(2), { exhausted: true })
      await settle(store)
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note, actor: "tester" }))
      expect(await runEffect(store.resumeDagRun({ dagRunId: run.id, actor: "tester" }))).toBe(true)
      expect(await runEffect(store.dagRunById(run.id))).toMatchObject({
        ...{ state: "running", isCancelled: false, endedAt: null },
      })
      const views = await runEffect(store.expansionsOfRun(run.id))
      expect(views.map(({ state }) => state)).toEqual(["draining", "open", "draining", "waiting"])
      expect(views.every(({ endedAt }) => endedAt === null)).toBe(true)
      expect(await runEffect(store.dueExpansions({ limit: 10 }))).toHaveLength(4)
    })

    it("brings back all that waited, however many: what one change leaves is swept", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(manyWaiting))
      const lease = await claimOne(store, { sizeDefault: manyWaiting })
      const all = indexesOf(lease)
      const half = all.filter((index) => index % 2 === 0)
      await complete(store, lease, {
        indexes: [],
        exceptions: all.map((index) =>
          index % 2 === 0 ? retried(index) : deferred(index, { trigger: { kind: "delay", ms: 1000 } }),
        ),
      })
      await world.elapse(2_000)
      const { dagRunId } = map
      await runEffect(store.cancelDagRun({ dagRunId, note, actor: "tester" }))
      const firesNothing = async () => {
        expect(await claim(store)).toEqual([])
        expect((await runEffect(store.fireTimers({ limit: manyWaiting }))).fired).toBe(0)
      }
      await firesNothing()
      await sweepAll(store)
      await firesNothing()
      await runEffect(store.resumeDagRun({ dagRunId, actor: "tester" }))
      await sweepAll(store)
      expect((await runEffect(store.fireTimers({ limit: manyWaiting }))).fired).toBe(all.length - half.length)
      const again = (await claimAll(store, { sizeDefault: manyWaiting })).flatMap(indexesOf)
      expect(ascending(again)).toEqual(all)
    })

    it("refuses a run that was not cancelled", async () => {
      const world = await openWorld(open)
      const { run } = await createRun(world, { tasks: [{ taskId: "a" }] })
      expect(await runEffect(world.store.resumeDagRun({ dagRunId: run.id, actor: "tester" }))).toBe(false)
      await runEffect(world.store.finishDagRun({ dagRunId: run.id, state: "failed", reopenings: 0 }))
      expect(await runEffect(world.store.resumeDagRun({ dagRunId: run.id, actor: "tester" }))).toBe(false)
    })

    it("offers again what had no outcome, and only that", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(6))
      const lease = await claimOne(store, { sizeDefault: 4 })
      await complete(store, lease, { indexes: [1], exceptions: [retried(2)] })
      await runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note, actor: "tester" }))
      await runEffect(store.resumeDagRun({ dagRunId: map.dagRunId, actor: "tester" }))
      await world.elapse(2000)
      const leases = await claimAll(store)
      expect(ascending(leases.flatMap(indexesOf))).toEqual([0, 2, 3, 4, 5])
      for (const again of leases) await complete(store, again)
      expect(await map.view()).toMatchObject({ success: 6, retrying: 0, running: 0 })
    })

    it("refuses the outcome of a lease from before", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(2))
      const lease = await claimOne(store)
      await runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note, actor: "tester" }))
      await runEffect(store.resumeDagRun({ dagRunId: map.dagRunId, actor: "tester" }))
      expect(await failureOf(store.complete(completeOptions(lease)))).toMatchObject({ _tag: "LeaseLost" })
      expect(await statesOf(store, map.expansionId)).toEqual({ 0: "scheduled", 1: "scheduled" })
    })

    it("lets a runner take an open expansion at once, at its last cursor", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(2), { cursor: '"p2"' })
      await runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note, actor: "tester" }))
      await runEffect(store.resumeDagRun({ dagRunId: map.dagRunId, actor: "tester" }))
      const [held] = await runEffect(store.leaseExpansions({ runnerId: "other", limit: 9, leaseSeconds }))
      expect(held).toMatchObject({ expansionId: map.expansionId })
      expect(JSON.parse(held!.cursor!)).toBe("p2")
      expect(held!.epoch).toBeGreaterThan(map.epoch)
    })

    it("refuses the runner from before, which may not have noticed", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note, actor: "tester" }))
      await runEffect(store.resumeDagRun({ dagRunId: map.dagRunId, actor: "tester" }))
      const { expansionId, epoch } = map
      const held = [{ expansionId, epoch }]
      expect(await runEffect(store.renewExpansions({ runnerId: runner, held, leaseSeconds }))).toEqual([])
      expect(await failureOf(store.commitPage(page({ expansionId, epoch, items: items(1) })))).toMatchObject({
        _tag: "LeaseLost",
      })
      const again = await runEffect(store.leaseExpansions({ runnerId: runner, limit: 9, leaseSeconds }))
      expect(again).toMatchObject([{ expansionId }])
    })

    it("refuses a decision on the facts from before", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, { tasks: [{ taskId: "a" }] })
      const { seq } = (await factsOf(store, ids["a"]!))!
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note, actor: "tester" }))
      await runEffect(store.resumeDagRun({ dagRunId: run.id, actor: "tester" }))
      const late = store.decideExpansion({ expansionId: ids["a"]!, seq, from: "waiting", to: "draining" })
      expect(await runEffect(late)).toMatchObject({ isDone: false })
    })

    it("does not count the cancelled upstream as failed", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [mapped("a"), mapped("b")],
        edges: [streamEdge("a", "b")],
      })
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note, actor: "tester" }))
      await runEffect(store.resumeDagRun({ dagRunId: run.id, actor: "tester" }))
      expect((await factsOf(store, ids["b"]!))!.upstream).toMatchObject({ failed: 0, opened: 0 })
    })
  })
}
