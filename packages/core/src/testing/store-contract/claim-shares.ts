import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { offersQuota } from "../../store/claim-share.ts"
import { mapped } from "./dag-fixture.ts"
import type { ContractOptions, OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  type ClaimOptions,
  type OpenMap,
  claim,
  claimAll,
  claimOne,
  complete,
  createRun,
  decide,
  items,
  openMap,
  openWorld,
  retried,
} from "./world.ts"

/** How a claim is shared between what is offered again and new pages. */
export function claimShareContract(open: OpenStore, options: ContractOptions): void {
  describe("a claim while retries and new pages wait", () => {
    it("gives each its share, and what one cannot use to the other, whatever waits", async () => {
      const world = await openWorld(open)
      let number = 0
      const amounts = fc.record({
        retries: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
        pages: fc.integer({ min: 0, max: 4 }),
        limit: fc.integer({ min: 1, max: 6 }),
        offersFirst: fc.boolean(),
      })
      const property = fc.asyncProperty(amounts, async ({ retries, pages, limit, offersFirst }) => {
        number += 1
        const runId = (part: string) => `${part}-${number}`
        for (const [at, count] of retries.entries()) await stormOf(world, runId(`storm-${at}`), count)
        for (let at = 0; at < pages; at++)
          await (await openMap(world, { runId: runId(`new-${at}`) })).commit(items(3))
        await world.elapse(2_000)
        // Those of one map come in one lease.
        const due = retries.length
        const offers = Math.min(due, Math.max(offersQuota({ limit, offersFirst }), limit - pages))
        const leases = await claim(world.store, { limit, offersFirst })
        expect(leases.filter(({ wasOffered }) => wasOffered)).toHaveLength(offers)
        expect(leases).toHaveLength(Math.min(limit, due + pages))
        for (const lease of [...leases, ...(await claimAll(world.store))]) await complete(world.store, lease)
      })
      await fc.assert(property, { numRuns: options.slow === true ? 12 : 200 })
    })

    it("never starves a new map beside a storm of retries, nor a retry beside many pages", async () => {
      const world = await openWorld(open)
      const storm = await stormOf(world, "storm", 30)
      const retry = await stormOf(world, "retry", 1)
      await storm.commit(items(30))
      const small = await openMap(world, { runId: "small" })
      await small.commit(items(4))
      await world.elapse(2_000)
      const served = await claimsOfOne(world, 10)
      expect(served.filter((id) => id === small.expansionId).length).toBeGreaterThanOrEqual(2)
      expect(served.slice(0, 4)).toContain(retry.expansionId)
      expect(served.filter((id) => id === storm.expansionId).length).toBeGreaterThanOrEqual(5)
    })

    it("goes on with the pages of a map that is never short of retries and limits its concurrency", async () => {
      const world = await openWorld(open)
      const map = await openMap(world, { task: { concurrency: 1 } })
      await map.commit(items(6))
      const fresh: number[] = []
      for (let turn = 0; turn < 8; turn++) {
        const [lease] = await claim(world.store, { limit: 3, offersFirst: turn % 2 === 0 })
        if (!lease!.wasOffered) fresh.push(lease!.firstIndex)
        await complete(world.store, lease!, { indexes: [], exceptions: [retried(lease!.firstIndex, 0)] })
      }
      expect(fresh.length).toBeGreaterThanOrEqual(4)
    })

    it("finds a retry that is due, however many maps wait for one that is not", async () => {
      const world = await openWorld(open)
      const { store } = world
      const tasks = Array.from({ length: 70 }, (_, n) => mapped(`map_${n}`))
      const { run, ids } = await createRun(world, { tasks })
      for (const { taskId } of tasks) await decide(store, ids[taskId]!, "open")
      const held = await runEffect(store.leaseExpansions({ runnerId: "r", limit: 100, leaseSeconds: 30 }))
      const commit = ({ expansionId, epoch }: { expansionId: string; epoch: number }) =>
        runEffect(
          store.commitPage({
            ...{ expansionId, epoch, items: ["1"], keys: null, labels: null, gaps: [], cursor: "1" },
            ...{ exhausted: false, resume: null, pulls: 1, consumed: [], fusedSources: [] },
          }),
        )
      await Promise.all(held.map(commit))
      const last = ids["map_69"]!
      for (const lease of await claimAll(store)) {
        const delayMs = lease.expansionId === last ? 1_000 : 600_000
        await complete(store, lease, { indexes: [], exceptions: [retried(0, delayMs)] })
      }
      await world.elapse(2_000)
      expect((await claimOne(store)).expansionId).toBe(last)
      expect(run.state).toBe("running")
    })
  })
}

/** A map of which this many instances wait for a retry that is due in a second. Nothing else may be there to claim. */
async function stormOf(world: StoreHarness, runId: string, count: number): Promise<OpenMap> {
  const map = await openMap(world, { runId })
  await map.commit(items(count))
  const sizes = [{ expansionId: map.expansionId, size: count }]
  const lease = await claimOne(world.store, { sizes })
  const exceptions = items(count).map((_, index) => retried(index, 1_000))
  await complete(world.store, lease, { indexes: [], exceptions })
  return map
}

/** The expansions that a worker is given in so many claims for one lease, as it goes round between them. */
async function claimsOfOne({ store }: StoreHarness, claims: number): Promise<string[]> {
  const served: string[] = []
  let turns: Partial<ClaimOptions> = {}
  for (let turn = 0; turn < claims; turn++) {
    const [lease] = await claim(store, { limit: 1, sizeDefault: 1, offersFirst: turn % 2 === 0, ...turns })
    served.push(lease!.expansionId)
    turns = { ...turns, [lease!.wasOffered ? "offersAfter" : "after"]: lease!.expansionId }
  }
  return served
}
