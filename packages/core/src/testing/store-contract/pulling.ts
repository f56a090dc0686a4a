import { describe, expect, it } from "vitest"
import { fusedSource, mapped, sharedSource } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import { createRun, decide, items, leaseMs, leaseSeconds, openMap, openWorld, page, runner } from "./world.ts"

const error = { type: "FetchError", message: "503", stack: null }

/** The right to pull an expansion. */
export function pullingContract(open: OpenStore): void {
  describe("the right to pull", () => {
    it("is given for open mapped tasks and shared sources, from their start", async () => {
      const { world, ids } = await setup(open)
      const leases = [...(await lease(world, { limit: 10 }))].sort((a, b) => (a.kind < b.kind ? 1 : -1))
      expect(leases.map(({ expansionId, kind }) => [expansionId, kind])).toEqual([
        [ids["list"], "source"],
        [ids["load"], "mapped"],
      ])
      expect(leases[0]).toMatchObject({ taskId: "list", cursor: null, pullFailures: 0, pullAfterMs: 0 })
    })

    it("is given to one runner, until it gives it back", async () => {
      const { world } = await setup(open)
      const [held] = await lease(world, { limit: 1 })
      const [next] = await lease(world, { runnerId: "other", limit: 10 })
      expect(next!.expansionId).not.toBe(held!.expansionId)
      expect(await lease(world, { runnerId: "third", limit: 10 })).toEqual([])
      await runEffect(world.store.releaseExpansions({ runnerId: runner, held: [held!] }))
      const [again] = await lease(world, { runnerId: "third", limit: 10 })
      expect(again).toMatchObject({ expansionId: held!.expansionId, epoch: held!.epoch + 1 })
    })

    it("passes on under a new epoch when its time is over", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await world.elapse(leaseMs - 5000)
      expect(await lease(world, { runnerId: "other" })).toEqual([])
      await world.elapse(10_000)
      const [taken] = await lease(world, { runnerId: "other" })
      expect(taken).toMatchObject({ expansionId: map.expansionId, epoch: map.epoch + 1 })
    })

    it("is kept by renewing it, as long as the epoch is the same and the expansion open", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await world.elapse(leaseMs - 5000)
      const unknown = { expansionId: map.expansionId, epoch: map.epoch + 7 }
      expect(await renew(world, { held: [map, unknown] })).toEqual([map.expansionId])
      expect(await renew(world, { runnerId: "other", held: [map] })).toEqual([])
      await world.elapse(leaseMs - 5000)
      expect(await lease(world, { runnerId: "other" })).toEqual([])
      await map.commit(items(1), { exhausted: true })
      expect(await renew(world, { held: [map] })).toEqual([])
    })

    it("cannot be renewed or given back by the runner that lost it", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await world.elapse(leaseMs + 1000)
      await lease(world, { runnerId: "other" })
      expect(await renew(world, { held: [map] })).toEqual([])
      await runEffect(world.store.releaseExpansions({ runnerId: runner, held: [map] }))
      expect(await lease(world, { runnerId: "third" })).toEqual([])
    })

    it("is never given twice when many runners ask together", async () => {
      const world = await openWorld(open)
      const tasks = Array.from({ length: 12 }, (_, i) => mapped(`m${i}`))
      const { ids } = await createRun(world, { tasks })
      for (const id of Object.values(ids)) await decide(world.store, id, "open")
      const runners = Array.from({ length: 8 }, (_, i) => `runner-${i}`)
      const leases = await Promise.all(runners.map((runnerId) => lease(world, { runnerId, limit: 3 })))
      const taken = leases.flat().map(({ expansionId }) => expansionId)
      expect(new Set(taken).size).toBe(taken.length)
    })

    it("tells of the failed pulls before, and how long to wait for the next", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await runEffect(world.store.delayPull({ ...map, error, delayMs: 60_000 }))
      await world.elapse(leaseMs + 1000)
      const [held] = await lease(world)
      expect(held!.pullFailures).toBe(1)
      expect(held!.pullAfterMs).toBeGreaterThan(20_000)
      expect(held!.pullAfterMs).toBeLessThanOrEqual(29_000)
      expect(await map.view()).toMatchObject({ pullFailures: 1, streamError: error, state: "open" })
      expect((await map.view()).pullAfter).toBeInstanceOf(Date)
      await world.elapse(leaseMs + 1000)
      expect((await lease(world))[0]!.pullAfterMs).toBe(0)
    })
  })

  describe("a failed pull", () => {
    it("is forgotten with the next page", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await runEffect(world.store.delayPull({ ...map, error, delayMs: 10 }))
      await runEffect(world.store.delayPull({ ...map, error, delayMs: 10 }))
      expect((await map.view()).pullFailures).toBe(2)
      await map.commit(items(1))
      expect(await map.view()).toMatchObject({ pullFailures: 0, pullAfter: null, created: 1 })
    })

    it("is not recorded under an epoch that has passed", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await world.elapse(leaseMs + 1000)
      await lease(world, { runnerId: "other" })
      const late = world.store.delayPull({ ...map, error, delayMs: 10 })
      expect(await failureOf(late)).toMatchObject({ _tag: "LeaseLost", held: "expansion" })
      const end = { ...map, error, failure: "own", failedSource: null, fusedSources: [] } as const
      expect(await failureOf(world.store.breakStream(end))).toMatchObject({ _tag: "LeaseLost" })
      expect(await map.view()).toMatchObject({ pullFailures: 0, streamError: null, state: "open" })
      expect(await failureOf(world.store.commitPage(page(map)))).toMatchObject({ _tag: "LeaseLost" })
    })
  })
}

/** Of five tasks, an open mapped one and an open shared source are there to be pulled. */
async function setup(open: OpenStore) {
  const world = await openWorld(open)
  const { ids } = await createRun(world, {
    tasks: [fusedSource("fused"), mapped("load"), sharedSource("list"), mapped("later"), { taskId: "plain" }],
  })
  for (const taskId of ["fused", "load", "list"]) await decide(world.store, ids[taskId]!, "open")
  await decide(world.store, ids["plain"]!, "draining")
  return { world, ids }
}

function lease({ store }: StoreHarness, options: { runnerId?: string; limit?: number } = {}) {
  return runEffect(store.leaseExpansions({ runnerId: runner, limit: 10, leaseSeconds, ...options }))
}

function renew(
  { store }: StoreHarness,
  options: { runnerId?: string; held: readonly { expansionId: string; epoch: number }[] },
) {
  return runEffect(store.renewExpansions({ runnerId: runner, leaseSeconds, ...options }))
}
