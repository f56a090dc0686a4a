import { describe, expect, it } from "vitest"
import { mapped } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  ascending,
  claim,
  claimAll,
  claimOne,
  complete,
  completeOptions,
  createRun,
  decide,
  indexesOf,
  items,
  leaseMs,
  leaseSeconds,
  openMap,
  openWorld,
  runner,
  statesOf,
  worker,
} from "./world.ts"

/** Leases given back, split, and rescued. */
export function releaseContract(open: OpenStore): void {
  describe("giving a lease back", () => {
    it("offers at once what has no outcome, and names what has one", async () => {
      const { world, map, lease } = await setup(open, 5)
      await complete(world.store, lease, { indexes: [0, 2] })
      await release(world, lease.leaseId)
      expect(await map.view()).toMatchObject({ success: 2, running: 0 })
      const again = await claimOne(world.store)
      expect(indexesOf(again)).toEqual([1, 3, 4])
      expect(again).toMatchObject({ remaining: 3, tryNumber: 1, isIsolated: false })
      const inputs = JSON.parse(again.items!) as { n: number }[]
      expect(inputs[3 - again.firstIndex]).toEqual({ n: 3 })
      const done = await complete(world.store, again, { values: '["x1","x3","x4"]' })
      expect(done).toMatchObject({ remaining: 0, isPageFinished: true })
      const value = world.store.xcom({ ...map, mapIndex: 3, key: "return_value" })
      expect(JSON.parse(await runEffect(value))).toBe("x3")
    })

    it("does nothing for a worker that does not hold it", async () => {
      const { world, map, lease } = await setup(open, 2)
      await release(world, lease.leaseId, { workerId: "other" })
      await release(world, "987654")
      expect((await map.view()).running).toBe(2)
      expect(await claim(world.store)).toEqual([])
    })

    it("happens once, however often it is said", async () => {
      const { world, lease } = await setup(open, 4)
      await Promise.all(Array.from({ length: 5 }, () => release(world, lease.leaseId)))
      expect((await claim(world.store)).flatMap(indexesOf)).toEqual([0, 1, 2, 3])
    })

    it("and recording it together leaves each instance with one of both", async () => {
      const { world, map, lease } = await setup(open, 20)
      await Promise.allSettled([
        release(world, lease.leaseId),
        runEffect(world.store.complete(completeOptions(lease, { indexes: [0, 1, 2, 3] }))),
        release(world, lease.leaseId, { split: true }),
        runEffect(world.store.complete(completeOptions(lease, { indexes: [2, 3, 4] }))),
      ])
      const offered = (await claimAll(world.store)).flatMap(indexesOf)
      const states = await statesOf(world.store, map.expansionId)
      const recorded = Object.keys(states).filter((index) => states[Number(index)] === "success")
      expect(ascending([...offered, ...recorded.map(Number)])).toEqual(
        Array.from({ length: 20 }, (_, i) => i),
      )
    })
  })

  describe("splitting a lease", () => {
    it("offers its unrecorded instances in two isolated halves", async () => {
      const { world, lease } = await setup(open, 8)
      await complete(world.store, lease, { indexes: [0, 1, 5] })
      await release(world, lease.leaseId, { split: true })
      const halves = await claimAll(world.store)
      expect(ascending(halves.map(({ remaining }) => remaining))).toEqual([2, 3])
      expect(ascending(halves.flatMap(indexesOf))).toEqual([2, 3, 4, 6, 7])
      expect(halves.every(({ isIsolated, tryNumber }) => isIsolated && tryNumber === 1)).toBe(true)
    })

    it("comes down to a single instance, and no further", async () => {
      const { world, map, lease } = await setup(open, 8)
      let suspect = lease
      for (let i = 0; i < 4; i++) {
        await release(world, suspect.leaseId, { split: true })
        const parts = await claimAll(world.store)
        suspect = parts.find((part) => indexesOf(part).includes(5))!
        for (const part of parts) if (part !== suspect) await complete(world.store, part)
      }
      expect(suspect).toMatchObject({ firstIndex: 5, count: 1, remaining: 1, isIsolated: true })
      await release(world, suspect.leaseId, { split: true })
      expect(await claim(world.store)).toHaveLength(1)
      expect((await map.view()).success).toBe(7)
    })

    it("keeps what is isolated isolated when it is given back or lost", async () => {
      const { world, lease } = await setup(open, 2)
      const { store } = world
      await release(world, lease.leaseId, { split: true })
      const [first] = await claim(store)
      await release(world, first!.leaseId)
      await world.elapse(leaseMs + 1000)
      await runEffect(store.rescue({ limit: 10 }))
      const again = await claimAll(store)
      expect(again.map(({ isIsolated }) => isIsolated)).toEqual([true, true])
    })
  })

  describe("rescuing", () => {
    it("offers expired leases again, and leaves the others", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(6))
      await claimOne(store, { sizeDefault: 3 })
      await world.elapse(leaseMs - 5000)
      await claimOne(store, { sizeDefault: 3 })
      await world.elapse(10_000)
      expect(await runEffect(store.rescue({ limit: 10 }))).toBe(1)
      expect(await runEffect(store.rescue({ limit: 10 }))).toBe(0)
      expect((await map.view()).running).toBe(3)
      const again = await claimOne(store)
      expect(indexesOf(again)).toEqual([0, 1, 2])
      expect(again.tryNumber).toBe(1)
    })

    it("goes on where a dead worker stopped: what it recorded is not run again", async () => {
      const { world, lease } = await setup(open, 5)
      await complete(world.store, lease, { indexes: [1, 2, 4] })
      await world.elapse(leaseMs + 1000)
      await runEffect(world.store.rescue({ limit: 10 }))
      expect((await claim(world.store)).flatMap(indexesOf)).toEqual([0, 3])
    })

    it("takes back at once all that a dead worker held, and nothing else", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(6))
      await claimOne(store, { workerId: runner, sizeDefault: 2 })
      await claimOne(store, { workerId: runner, sizeDefault: 2 })
      await claimOne(store, { workerId: "other", sizeDefault: 2 })
      expect(await runEffect(store.forgetWorker({ workerId: runner }))).toBe(2)
      expect(await runEffect(store.forgetWorker({ workerId: runner }))).toBe(0)
      expect((await map.view()).running).toBe(2)
      expect(ascending((await claimAll(store)).flatMap(indexesOf))).toEqual([0, 1, 2, 3])
      const pulled = store.leaseExpansions({ runnerId: "other", limit: 9, leaseSeconds })
      expect(await runEffect(pulled)).toMatchObject([{ expansionId: map.expansionId, epoch: map.epoch + 1 }])
    })

    it("takes a bounded number at a time, each once when many rescue together", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(12))
      for (let i = 0; i < 12; i++) await claimOne(store, { sizeDefault: 1 })
      await world.elapse(leaseMs + 1000)
      expect(await runEffect(store.rescue({ limit: 5 }))).toBe(5)
      const counts = await Promise.all(
        Array.from({ length: 4 }, () => runEffect(store.rescue({ limit: 10 }))),
      )
      expect(counts.reduce((a, b) => a + b)).toBe(7)
      const indexes = ascending((await claimAll(store)).flatMap(indexesOf))
      expect(indexes).toEqual(Array.from({ length: 12 }, (_, i) => i))
      expect((await map.view()).running).toBe(12)
    })

    it("brings back the one instance of an unmapped task", async () => {
      const world = await openWorld(open)
      const { run, ids } = await createRun(world, { tasks: [{ taskId: "a" }, mapped("b")] })
      await decide(world.store, ids["a"]!, "draining")
      await claimOne(world.store)
      await world.elapse(leaseMs + 1000)
      await runEffect(world.store.rescue({ limit: 10 }))
      const again = await claimOne(world.store)
      expect(again).toMatchObject({ firstIndex: -1, count: 1, items: null, tryNumber: 1 })
      await complete(world.store, again)
      expect((await runEffect(world.store.expansionsOfRun(run.id)))[0]).toMatchObject({ success: 1 })
    })
  })
}

async function setup(open: OpenStore, count: number) {
  const world = await openWorld(open)
  const map = await openMap(world)
  await map.commit(items(count))
  return { world, map, lease: await claimOne(world.store) }
}

function release(
  { store }: StoreHarness,
  leaseId: string,
  options: { workerId?: string; split?: boolean } = {},
): Promise<void> {
  return runEffect(store.release({ workerId: worker, leaseId, split: false, ...options }))
}
