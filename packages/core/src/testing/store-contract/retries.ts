import { describe, expect, it } from "vitest"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  ascending,
  claim,
  claimAll,
  claimOne,
  complete,
  failed,
  foldAll,
  indexesOf,
  items,
  leaseMs,
  openMap,
  openWorld,
  retried,
  statesOf,
  worker,
} from "./world.ts"

/** Instances that are tried again. */
export function retryContract(open: OpenStore): void {
  describe("a retry", () => {
    it("leaves its lease, and counts neither as running nor as finished", async () => {
      const { world, map, lease } = await setup(open)
      const done = await complete(world.store, lease, { exceptions: [retried(1)] })
      expect(done).toMatchObject({ remaining: 0, isPageFinished: false })
      expect(await map.view()).toMatchObject({ success: 2, running: 0, retrying: 1 })
      expect(await runEffect(world.store.progress(map.expansionId))).toMatchObject({ finished: 2 })
      expect(await statesOf(world.store, map.expansionId)).toMatchObject({ 1: "up_for_retry" })
    })

    it("is offered alone, when its delay is over, with its own input and the next try number", async () => {
      const { world, map, lease } = await setup(open)
      await complete(world.store, lease, { exceptions: [retried(1, 5000)] })
      await world.elapse(4000)
      expect(await claim(world.store)).toEqual([])
      await world.elapse(2000)
      const again = await claimOne(world.store)
      expect(again).toMatchObject({
        ...{ firstIndex: 1, count: 1, remaining: 1, tryNumber: 2, recorded: [], isIsolated: false },
      })
      expect(JSON.parse(again.items!)).toEqual([{ n: 1 }])
      expect(await map.view()).toMatchObject({ retrying: 0, running: 1 })
      expect(await statesOf(world.store, map.expansionId)).toMatchObject({ 1: "running" })
    })

    it("ends as its last try did, and keeps the tries before", async () => {
      const { world, map, lease } = await setup(open)
      const { store } = world
      await complete(store, lease, { exceptions: [retried(1)] })
      await world.elapse(2000)
      await complete(store, await claimOne(store), { exceptions: [retried(1)], values: "[]" })
      await world.elapse(2000)
      const third = await claimOne(store)
      expect(third.tryNumber).toBe(3)
      expect(await complete(store, third)).toMatchObject({ remaining: 0, isPageFinished: true })
      expect(await map.view()).toMatchObject({ success: 3, retrying: 0, running: 0 })
      const tries = await runEffect(store.taskTries({ ...map, mapIndex: 1 }))
      expect(tries.map(({ tryNumber }) => tryNumber)).toEqual([1, 2])
      expect(tries[0]).toMatchObject({ error: { message: "it broke" }, endedAt: expect.any(Date) })
      expect(await runEffect(store.taskTries({ ...map, mapIndex: 0 }))).toEqual([])
      const [view] = await runEffect(store.listTaskInstances({ ...map, afterIndex: 0, limit: 1 }))
      expect(view).toMatchObject({ mapIndex: 1, state: "success", tryNumber: 3, error: null })
    })

    it("comes in one lease with the others of its map that are due, whatever their pages", async () => {
      const { world, map, lease } = await setup(open)
      const { store } = world
      await map.commit(items(4))
      const second = await claimOne(store)
      await complete(store, lease, { exceptions: [retried(0), retried(2)] })
      await complete(store, second, { exceptions: [retried(4), retried(5, 60_000), retried(6)] })
      await world.elapse(2000)
      const again = await claimOne(store)
      expect(again).toMatchObject({
        ...{ indexes: [0, 2, 4, 6], firstIndex: 0, count: 4, remaining: 4, tryNumber: 2, isRetry: true },
        ...{ resumes: null, recorded: [], wasOffered: true },
      })
      expect(JSON.parse(again.items!)).toEqual([{ n: 0 }, { n: 2 }, { n: 1 }, { n: 3 }])
      expect(await statesOf(store, map.expansionId)).toMatchObject({
        ...{ 0: "running", 1: "success", 2: "running", 3: "success", 5: "up_for_retry", 6: "running" },
      })
      expect(await complete(store, again, { indexes: [0, 4] })).toMatchObject({ remaining: 2 })
      expect(await map.view()).toMatchObject({ success: 4, running: 2, retrying: 1 })
      const done = await complete(store, again, { exceptions: [failed(2)], indexes: [6] })
      expect(done).toMatchObject({ remaining: 0, isPageFinished: true })
      expect(await map.view()).toMatchObject({ success: 5, failed: 1, running: 0, retrying: 1 })
      expect(await foldAll(store)).toBe(1)
    })

    it("is gathered no further than the size, and not with one of another try", async () => {
      const { world, lease } = await setup(open)
      const { store } = world
      await complete(store, lease, { exceptions: [retried(0), retried(1), retried(2)] })
      await world.elapse(2000)
      const pair = await claimOne(store, { sizeDefault: 2 })
      expect(indexesOf(pair)).toEqual([0, 1])
      await complete(store, pair, { indexes: [], exceptions: [retried(0, 0), retried(1, 0)] })
      expect((await claimAll(store)).map((one) => [one.tryNumber, indexesOf(one)])).toEqual([
        [2, [2]],
        [3, [0, 1]],
      ])
    })

    it("that is lost with others is offered again without those that have a record, be it of another wait", async () => {
      const { world, map, lease } = await setup(open)
      const { store } = world
      await complete(store, lease, { exceptions: [retried(0), retried(1), retried(2)] })
      await world.elapse(2000)
      const first = await claimOne(store)
      await complete(store, first, { indexes: [0], exceptions: [retried(1, 60_000)] })
      expect(await map.view()).toMatchObject({ success: 1, running: 1, retrying: 1 })
      await world.elapse(leaseMs + 1000)
      expect(await runEffect(store.rescue({ limit: 10 }))).toBe(1)
      expect(await map.view()).toMatchObject({ success: 1, running: 0, retrying: 2 })
      const second = await claimOne(store)
      expect([second.tryNumber, indexesOf(second)]).toEqual([2, [2]])
      await runEffect(store.release({ workerId: worker, leaseId: second.leaseId, split: true }))
      const third = await claimOne(store)
      expect(third).toMatchObject({ indexes: [2], tryNumber: 2, isIsolated: true })
    })

    it("is leased alone where it is isolated, so that it is known which one costs its host", async () => {
      const { world, lease } = await setup(open)
      const { store } = world
      await complete(store, lease, { exceptions: [retried(0), retried(1), retried(2)] })
      await world.elapse(2000)
      const all = await claimOne(store)
      await runEffect(store.release({ workerId: worker, leaseId: all.leaseId, split: true }))
      const alone = await claimAll(store)
      expect(alone.map(({ count, isIsolated }) => [count, isIsolated])).toEqual([
        [1, true],
        [1, true],
        [1, true],
      ])
      expect(ascending(alone.flatMap(indexesOf))).toEqual([0, 1, 2])
    })

    it("may fail for good", async () => {
      const { world, map, lease } = await setup(open)
      await complete(world.store, lease, { exceptions: [retried(0), retried(2)] })
      await world.elapse(2000)
      await complete(world.store, await claimOne(world.store), { exceptions: [failed(0), failed(2)] })
      expect(await map.view()).toMatchObject({ success: 1, failed: 2, retrying: 0 })
      expect(await foldAll(world.store)).toBe(1)
    })

    it.each([0, 1, 2])("runs beside what is left of its lease, from place %i of it", async (place) => {
      const { world, map, lease } = await setup(open)
      const { store } = world
      await complete(store, lease, { indexes: [], exceptions: [retried(place)] })
      await world.elapse(2000)
      const again = await claimOne(store)
      expect(again).toMatchObject({ firstIndex: place, count: 1, tryNumber: 2 })
      expect(await map.view()).toMatchObject({ running: 3, retrying: 0 })
      await complete(store, again)
      expect(await complete(store, lease)).toMatchObject({ remaining: 0, isPageFinished: true })
      expect(await map.view()).toMatchObject({ success: 3, running: 0 })
    })

    it.each([0, 1, 2])(
      "keeps apart from its lease when both are lost, from place %i of it",
      async (place) => {
        const { world, map, lease } = await setup(open)
        const { store } = world
        await complete(store, lease, { indexes: [], exceptions: [retried(place, 60_000)] })
        await runEffect(store.release({ workerId: worker, leaseId: lease.leaseId, split: false }))
        expect(await map.view()).toMatchObject({ running: 0, retrying: 1 })
        const rest = await claimOne(store)
        expect(indexesOf(rest)).toEqual([0, 1, 2].filter((index) => index !== place))
        await world.elapse(61_000)
        await claimOne(store)
        await world.elapse(leaseMs + 1000)
        expect(await runEffect(store.rescue({ limit: 10 }))).toBeGreaterThan(0)
        await runEffect(store.rescue({ limit: 10 }))
        const leases = await claimAll(store)
        expect(ascending(leases.flatMap(indexesOf))).toEqual([0, 1, 2])
        for (const again of leases) await complete(store, again)
        expect(await map.view()).toMatchObject({ success: 3, running: 0, retrying: 0 })
      },
    )

    it("counts against the concurrency of its task, with all the others that are due", async () => {
      const world = await openWorld(open)
      const map = await openMap(world, { task: { concurrency: 4 } })
      await map.commit(items(12))
      for (let i = 0; i < 3; i++) {
        const lease = await claimOne(world.store)
        await complete(world.store, lease, {
          exceptions: indexesOf(lease).map((index) => retried(index, 60_000)),
        })
      }
      await world.elapse(61_000)
      expect((await claim(world.store)).length).toBeGreaterThan(0)
      expect((await map.view()).running).toBeLessThanOrEqual(4)
    })

    it("of a task at its limit does not hold up what is offered of others", async () => {
      const world = await openWorld(open)
      const { store } = world
      const full = await openMap(world, { task: { concurrency: 1 } })
      await full.commit(items(8))
      for (let i = 0; i < 5; i++) {
        await complete(store, await claimOne(store), { exceptions: [retried(i, 60_000)] })
      }
      await claimOne(store)
      const other = await openMap(world, { runId: "run-2" })
      await other.commit(items(1))
      const lost = await claimOne(store)
      expect(lost.expansionId).toBe(other.expansionId)
      await world.elapse(61_000)
      await runEffect(store.release({ workerId: worker, leaseId: lost.leaseId, split: false }))
      expect(await claim(store, { limit: 2 })).toMatchObject([{ expansionId: other.expansionId }])
    })

    it("stays what it is when its worker dies or gives it back", async () => {
      const { world, map, lease } = await setup(open)
      const { store } = world
      await complete(store, lease, { exceptions: [retried(1)] })
      await world.elapse(2000)
      await claimOne(store)
      await world.elapse(leaseMs + 1000)
      expect(await runEffect(store.rescue({ limit: 10 }))).toBe(1)
      expect(await statesOf(store, map.expansionId)).toMatchObject({ 1: "up_for_retry" })
      const second = await claimOne(store)
      expect(second).toMatchObject({ firstIndex: 1, tryNumber: 2, remaining: 1, recorded: [] })
      await runEffect(store.release({ workerId: worker, leaseId: second.leaseId, split: false }))
      expect(await map.view()).toMatchObject({ retrying: 1, running: 0 })
      const third = await claimOne(store)
      expect(third).toMatchObject({ tryNumber: 2, remaining: 1 })
      await complete(store, third)
      expect(await map.view()).toMatchObject({ success: 3, retrying: 0 })
    })

    it("does not run again with a range that is given back around it", async () => {
      const { world, lease } = await setup(open)
      const { store } = world
      await complete(store, lease, { indexes: [], values: "[]", exceptions: [retried(1, 60_000)] })
      await runEffect(store.release({ workerId: worker, leaseId: lease.leaseId, split: false }))
      const leases = await claim(store)
      expect(leases.flatMap(indexesOf)).toEqual([0, 2])
    })

    it("of an isolated instance is isolated too: it is the one suspected", async () => {
      const { world, lease } = await setup(open)
      const { store } = world
      await runEffect(store.release({ workerId: worker, leaseId: lease.leaseId, split: true }))
      for (const half of await claimAll(store)) {
        await complete(store, half, {
          exceptions: indexesOf(half).map((index) => retried(index)),
          values: "[]",
        })
      }
      await world.elapse(2000)
      const again = await claimAll(store)
      expect(ascending(again.flatMap(indexesOf))).toEqual([0, 1, 2])
      expect(again.every(({ isIsolated }) => isIsolated)).toBe(true)
    })

    it("happens once for each, however many there are", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(60))
      const lease = await claimOne(world.store)
      const exceptions = indexesOf(lease).map((index) => retried(index))
      await complete(world.store, lease, { exceptions, values: "[]" })
      expect((await map.view()).retrying).toBe(60)
      await world.elapse(2000)
      const claims = await Promise.all(
        Array.from({ length: 6 }, (_, i) => claim(world.store, { workerId: `w${i}` })),
      )
      const indexes = claims.flat().flatMap(indexesOf)
      expect(new Set(indexes).size).toBe(indexes.length)
      expect(indexes.length).toBe((await map.view()).running)
    })
  })
}

/** A lease over three instances. */
async function setup(open: OpenStore) {
  const world = await openWorld(open)
  const map = await openMap(world)
  await map.commit(items(3))
  return { world, map, lease: await claimOne(world.store) }
}
