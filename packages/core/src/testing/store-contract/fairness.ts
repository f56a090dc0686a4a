import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Lease } from "../../store/lease-store.ts"
import type { StoreService } from "../../store/store.ts"
import { type TaskFixture, mapped } from "./dag-fixture.ts"
import type { ContractOptions, OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  claim,
  claimAll,
  claimOne,
  complete,
  createRun,
  decide,
  items,
  openMap,
  openWorld,
  page,
  retried,
  runner,
} from "./world.ts"

/** More than one look for work goes through. */
const manyMaps = 140

/** More than one map gives away in a play. */
const itemsOfMap = 10

/** How work is shared between DAGs, runs and maps, and that nothing hides it. */
export function fairnessContract(open: OpenStore, options: ContractOptions): void {
  describe("equally urgent work", () => {
    it("is always given in equal shares to DAGs, within them to runs, and within them to maps", async () => {
      const world = await openWorld(open)
      let number = 0
      const maps = fc.integer({ min: 1, max: 3 })
      const shape = fc.array(fc.array(maps, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
      const play = fc.record({ shape, limit: fc.integer({ min: 1, max: 4 }), isRetried: fc.boolean() })
      const property = fc.asyncProperty(play, async ({ shape, limit, isRetried }) => {
        number += 1
        const works = await openShape(world, { shape, number })
        if (isRetried) await failOnce(world, works)
        const holder = new Holder(world.store)
        for (let turn = 0; turn < itemsOfMap - 1; turn++) {
          const served = await holder.claim(limit)
          expectEqualShares(works, holder, served)
        }
        await claimAll(world.store)
      })
      await fc.assert(property, { numRuns: options.slow === true ? 8 : 100 })
    })

    it("goes round where a worker holds nothing: no map is passed over", async () => {
      const world = await openWorld(open)
      const works = await openShape(world, { shape: [[2, 1], [3]], number: 0 })
      const served = new Set<string>()
      let after: string | null = null
      for (const _ of works) {
        const lease: Lease = await claimOne(world.store, { sizeDefault: 1, after })
        await complete(world.store, lease)
        after = lease.expansionId
        served.add(after)
      }
      expect(served).toEqual(new Set(works.map(({ expansionId }) => expansionId)))
    })

    it("is found of each run, however many maps another has", async () => {
      const world = await openWorld(open)
      const wide = await openRun(world, { dagId: "wide", maps: manyMaps })
      const small = await openMap(world, { dagId: "small" })
      await small.commit(items(1))
      const [first] = wide
      const lease = await claimOne(world.store, {
        after: first!.expansionId,
        held: [{ expansionId: first!.expansionId, leases: 1 }],
      })
      expect(lease.expansionId).toBe(small.expansionId)
    })
  })

  describe("work that may run", () => {
    it("is found behind any number of maps whose pool is full, however urgent", async () => {
      const world = await openWorld(open)
      const { store } = world
      const pool = { name: "api", slots: 1, includeDeferred: false, description: null }
      await runEffect(store.createPool({ ...pool, actor: "root@box" }))
      await openRun(world, { dagId: "blocked", maps: manyMaps, task: { pool: "api", priority: 9 } })
      expect(await claimAll(store, { sizeDefault: 1 })).toHaveLength(1)
      const free = await openMap(world, { dagId: "free" })
      await free.commit(items(1))
      expect((await claimOne(store)).expansionId).toBe(free.expansionId)
      expect(await claim(store)).toEqual([])
    })
  })
}

/** A map of a run of a DAG. */
interface Work {
  readonly dagId: string
  readonly runId: string
  readonly expansionId: string
}

/** A worker that claims and never ends anything. */
class Holder {
  readonly held = new Map<string, number>()
  readonly #store: StoreService
  #after: string | null = null
  #offersAfter: string | null = null

  constructor(store: StoreService) {
    this.#store = store
  }

  /** The expansions that were served. */
  async claim(limit: number): Promise<Set<string>> {
    const leases = await claim(this.#store, {
      limit,
      sizeDefault: 1,
      held: [...this.held].map(([expansionId, leases]) => ({ expansionId, leases })),
      after: this.#after,
      offersAfter: this.#offersAfter,
    })
    for (const { expansionId } of leases) this.held.set(expansionId, (this.held.get(expansionId) ?? 0) + 1)
    this.#after = leases.findLast((lease) => !lease.wasOffered)?.expansionId ?? null
    this.#offersAfter = leases.findLast((lease) => lease.wasOffered)?.expansionId ?? null
    return new Set(leases.map(({ expansionId }) => expansionId))
  }
}

/** What was served may hold two more than others of its level only where each map of those was served by the same claim. */
function expectEqualShares(works: readonly Work[], { held }: Holder, served: ReadonlySet<string>): void {
  const levels: readonly [within: (work: Work) => string, of: (work: Work) => string][] = [
    [() => "", ({ dagId }) => dagId],
    [({ dagId }) => dagId, ({ dagId, runId }) => `${dagId}/${runId}`],
    [({ dagId, runId }) => `${dagId}/${runId}`, ({ expansionId }) => expansionId],
  ]
  for (const [within, of] of levels)
    for (const rivals of Map.groupBy(works, within).values()) {
      const shares = [...Map.groupBy(rivals, of).values()].map((own) => ({
        held: own.reduce((sum, { expansionId }) => sum + (held.get(expansionId) ?? 0), 0),
        isServed: own.some(({ expansionId }) => served.has(expansionId)),
        isServedWhole: own.every(({ expansionId }) => served.has(expansionId)),
      }))
      const waiting = shares.filter(({ isServedWhole }) => !isServedWhole).map((share) => share.held)
      const most = shares.filter(({ isServed }) => isServed).map((share) => share.held)
      expect(Math.max(...most, 0) - Math.min(...waiting, Infinity)).toBeLessThanOrEqual(1)
    }
}

/** Opens maps of which there is more than a play takes: so many of each run of each DAG. */
async function openShape(
  world: StoreHarness,
  { shape, number }: { shape: readonly (readonly number[])[]; number: number },
): Promise<Work[]> {
  const works: Work[] = []
  for (const [dag, runs] of shape.entries())
    for (const [run, maps] of runs.entries())
      works.push(...(await openRun(world, { dagId: `dag_${number}_${dag}`, runId: `run-${run}`, maps })))
  return works
}

/** Opens a run of maps with a page each. */
async function openRun(
  world: StoreHarness,
  options: { dagId: string; runId?: string; maps: number; task?: Partial<TaskFixture> },
): Promise<Work[]> {
  const { dagId, runId = "run-1", maps, task } = options
  const { store } = world
  const tasks = Array.from({ length: maps }, (_, n) => mapped(`map_${n}`, task))
  const { ids } = await createRun(world, { dagId, runId, tasks })
  for (const expansionId of Object.values(ids)) await decide(store, expansionId, "open")
  const held = await runEffect(store.leaseExpansions({ runnerId: runner, limit: maps * 2, leaseSeconds: 30 }))
  const own = held.filter(({ expansionId }) => Object.values(ids).includes(expansionId))
  await Promise.all(
    own.map(({ expansionId, epoch }) =>
      runEffect(store.commitPage(page({ expansionId, epoch, items: items(itemsOfMap) }))),
    ),
  )
  return own.map(({ expansionId }) => ({ dagId, runId, expansionId }))
}

/** Fails each instance of the maps once, so that all wait for a retry that is due. */
async function failOnce(world: StoreHarness, works: readonly Work[]): Promise<void> {
  const indexes = Array.from({ length: itemsOfMap }, (_, index) => index)
  for (const lease of await claim(world.store, { limit: works.length, sizeDefault: itemsOfMap }))
    await complete(world.store, lease, {
      indexes: [],
      exceptions: indexes.map((index) => retried(index, 1_000)),
    })
  await world.elapse(2_000)
}
