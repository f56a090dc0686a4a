import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Lease } from "../../store/lease-store.ts"
import { poolsMax } from "../../store/pool-store.ts"
import type { StoreService } from "../../store/store.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import { claim, claimAll, claimOne, complete, deferred, items, openMap, openWorld, retried } from "./world.ts"

const actor = "root@box"
const settings = { slots: 3, includeDeferred: false, description: null }
const make = (store: StoreService, name = "api", given: Partial<typeof settings> = {}) =>
  runEffect(store.createPool({ ...settings, ...given, name, actor }))

const countOf = (leases: readonly Lease[]) => leases.reduce((sum, { count }) => sum + count, 0)

/** Pools: made, changed, listed, deleted, and never overdrawn. */
export function poolContract(open: OpenStore): void {
  describe("pools", () => {
    it("have a default one without a limit, which stays", async () => {
      const { store } = await openWorld(open)
      const first = { name: "default_pool", slots: null, includeDeferred: false, description: null }
      const unused = { running: 0, deferred: 0, waiting: 0 }
      expect(await runEffect(store.listPools({ after: null, limit: 10 }))).toEqual([{ ...first, ...unused }])
      expect(await runEffect(store.deletePool({ name: "default_pool", actor }))).toBe("default")
    })

    it("are made once each, changed in what is given, listed by name, and deleted", async () => {
      const { store } = await openWorld(open)
      const made = await make(store)
      expect(made).toEqual({ name: "api", ...settings, running: 0, deferred: 0, waiting: 0 })
      expect(await failureOf(store.createPool({ ...settings, name: "api", actor }))).toMatchObject({
        _tag: "AlreadyExists",
        id: "api",
      })
      expect(await runEffect(store.changePool({ name: "api", slots: null, actor }))).toEqual({
        ...made,
        slots: null,
      })
      expect(await runEffect(store.changePool({ name: "api", description: "d", actor }))).toMatchObject({
        slots: null,
        description: "d",
      })
      await make(store, "b")
      const names = async (after: string | null, limit: number) =>
        (await runEffect(store.listPools({ after, limit }))).map(({ name }) => name)
      expect(await names(null, 2)).toEqual(["api", "b"])
      expect(await names("b", 2)).toEqual(["default_pool"])
      expect(await runEffect(store.deletePool({ name: "b", actor }))).toBe("deleted")
      expect(await runEffect(store.deletePool({ name: "b", actor }))).toBe("unknown")
      expect(await failureOf(store.pool("b"))).toMatchObject({ _tag: "NotFound", what: "pool" })
      expect(await failureOf(store.changePool({ name: "b", slots: 1, actor }))).toMatchObject({
        _tag: "NotFound",
      })
      const events = await runEffect(store.listEvents({ before: null, limit: 100 }))
      expect(events.map(({ event }) => event).toReversed()).toEqual([
        "pool_created",
        "pool_changed",
        "pool_changed",
        "pool_created",
        "pool_deleted",
      ])
    })

    it("are never more than may be", async () => {
      const { store } = await openWorld(open)
      for (let n = 1; n < poolsMax; n++) await make(store, `p${n}`)
      const one = { ...settings, name: "one more", actor }
      expect(await failureOf(store.createPool(one))).toMatchObject({ _tag: "NotAllowed", what: "pool" })
      expect(await runEffect(store.listPools({ after: null, limit: poolsMax }))).toHaveLength(poolsMax)
    })

    it("let no more run than they have slots, over all runs and DAGs, and count what waits", async () => {
      const world = await openWorld(open)
      const { store } = world
      await make(store)
      const one = await openMap(world, { task: { pool: "api" } })
      const other = await openMap(world, { dagId: "other", runId: "run-2", task: { pool: "api" } })
      for (const map of [one, other]) await map.commit(items(4))
      const held = await claimAll(store, { sizeDefault: 2 })
      expect(countOf(held)).toBe(3)
      expect(held.every(({ isLimited }) => isLimited)).toBe(true)
      expect(await runEffect(store.pool("api"))).toMatchObject({ running: 3, waiting: 5 })
      await complete(store, held[0]!)
      expect(countOf(await claimAll(store, { sizeDefault: 9 }))).toBe(held[0]!.count)
    })

    it("take as many slots of an instance as its task says", async () => {
      const world = await openWorld(open)
      await make(world.store, "api", { slots: 5 })
      const map = await openMap(world, { task: { pool: "api", poolSlots: 2 } })
      await map.commit(items(9))
      expect(await claimOne(world.store, { sizeDefault: 9 })).toMatchObject({ count: 2 })
      expect(await claim(world.store)).toEqual([])
      expect(await runEffect(world.store.pool("api"))).toMatchObject({ running: 4, waiting: 14 })
    })

    it("count from the next claim on when they are changed, and hold all back when they have no slot", async () => {
      const world = await openWorld(open)
      await make(world.store, "api", { slots: 0 })
      const map = await openMap(world, { task: { pool: "api" } })
      await map.commit(items(5))
      expect(await claim(world.store)).toEqual([])
      await runEffect(world.store.changePool({ name: "api", slots: 4, actor }))
      expect(await claimOne(world.store, { sizeDefault: 9 })).toMatchObject({ count: 4 })
      await runEffect(world.store.changePool({ name: "api", slots: 2, actor }))
      expect(await claim(world.store)).toEqual([])
      await runEffect(world.store.changePool({ name: "api", slots: null, actor }))
      expect(await claimOne(world.store, { sizeDefault: 9 })).toMatchObject({ count: 1, isLimited: false })
    })

    it("that do not exist let nothing start", async () => {
      const world = await openWorld(open)
      const map = await openMap(world, { task: { pool: "nowhere" } })
      await map.commit(items(2))
      expect(await claim(world.store)).toEqual([])
      await make(world.store, "nowhere")
      expect(await claimOne(world.store)).toMatchObject({ count: 2 })
    })

    it("are not deleted while an unfinished run names them", async () => {
      const world = await openWorld(open)
      await make(world.store)
      const { dagRunId } = await openMap(world, { task: { pool: "api" } })
      expect(await runEffect(world.store.deletePool({ name: "api", actor }))).toBe("in_use")
      await runEffect(world.store.cancelDagRun({ dagRunId, note: "cancelled", actor }))
      expect(await runEffect(world.store.deletePool({ name: "api", actor }))).toBe("deleted")
    })

    it("get slots back from what is deferred, unless they count that as well", async () => {
      const world = await openWorld(open)
      await make(world.store, "api", { slots: 1 })
      const map = await openMap(world, { task: { pool: "api" } })
      await map.commit(items(3))
      const lease = await claimOne(world.store, { sizeDefault: 1 })
      await complete(world.store, lease, { exceptions: [deferred(lease.firstIndex)] })
      expect(await runEffect(world.store.pool("api"))).toMatchObject({ running: 0, deferred: 1, waiting: 2 })
      await runEffect(world.store.changePool({ name: "api", includeDeferred: true, actor }))
      expect(await claim(world.store)).toEqual([])
      await runEffect(world.store.changePool({ name: "api", includeDeferred: false, actor }))
      expect(await claimOne(world.store)).toMatchObject({ count: 1 })
    })

    it("serve pages and retries in turn", async () => {
      const world = await openWorld(open)
      await make(world.store, "api", { slots: 1 })
      const retrying = await openMap(world, { task: { pool: "api", retries: 5 } })
      const paged = await openMap(world, { runId: "run-2", task: { pool: "api" } })
      await retrying.commit(items(1))
      const lease = await claimOne(world.store)
      await complete(world.store, lease, { exceptions: [retried(lease.firstIndex, 0)] })
      await paged.commit(items(3))
      const served: string[] = []
      for (const offersFirst of [false, true]) {
        const one = await claimOne(world.store, { sizeDefault: 1, offersFirst })
        served.push(one.expansionId)
        await complete(world.store, one)
      }
      expect(served).toEqual([paged.expansionId, retrying.expansionId])
    })

    it("never have more taken than there are slots, whoever claims at once", async () => {
      const slots = { a: fc.integer({ min: 0, max: 6 }), b: fc.integer({ min: 0, max: 6 }) }
      const task = fc.record({ slots: fc.integer({ min: 1, max: 3 }), pool: fc.constantFrom("a", "b") })
      const step = fc.record({ size: fc.integer({ min: 1, max: 5 }), ends: fc.nat(), others: fc.nat(2) })
      await fc.assert(
        fc.asyncProperty(
          fc.record(slots),
          fc.array(task, { minLength: 1, maxLength: 5 }),
          fc.array(step, { maxLength: 12 }),
          (...history) => neverOverdrawn(open, ...history),
        ),
        { numRuns: 20 },
      )
    })
  })
}

async function neverOverdrawn(
  open: OpenStore,
  slots: Readonly<Record<"a" | "b", number>>,
  tasks: readonly { readonly slots: number; readonly pool: "a" | "b" }[],
  steps: readonly { readonly size: number; readonly ends: number; readonly others: number }[],
): Promise<void> {
  const harness = await open()
  try {
    const { store } = harness
    const names = ["a", "b"] as const
    for (const name of names) await make(store, name, { slots: slots[name] })
    for (const [n, { pool, slots: poolSlots }] of tasks.entries()) {
      const map = await openMap(harness, { runId: `run-${n}`, task: { pool, poolSlots } })
      await map.commit(items(10))
    }
    const held = []
    for (const { size, ends, others } of steps) {
      const claims = Array.from({ length: others + 1 }, () => claim(store, { sizeDefault: size }))
      held.push(...(await Promise.all(claims)).flat())
      for (const name of names) {
        expect((await runEffect(store.pool(name))).running).toBeLessThanOrEqual(slots[name])
      }
      const [ended] = held.splice(ends % (held.length + 1), 1)
      if (ended !== undefined) await complete(store, ended)
    }
  } finally {
    await harness.close()
  }
}
