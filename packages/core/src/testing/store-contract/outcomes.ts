import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  claim,
  claimOne,
  complete,
  completeOptions,
  failed,
  foldAll,
  indexesOf,
  items,
  leaseMs,
  openMap,
  openWorld,
  skipped,
  statesOf,
} from "./world.ts"

/** Recording how the instances of a lease ended. */
export function outcomeContract(open: OpenStore): void {
  describe("completing", () => {
    it("records a whole lease at once, each result at its index", async () => {
      const { world, map, lease } = await setup(open, 3)
      expect(await complete(world.store, lease)).toMatchObject({ remaining: 0, isPageFinished: true })
      const views = await instances(world.store, map.expansionId)
      expect(views.map(({ mapIndex, state, tryNumber }) => [mapIndex, state, tryNumber])).toEqual([
        [0, "success", 1],
        [1, "success", 1],
        [2, "success", 1],
      ])
      expect(await results(world.store, map.expansionId, 3)).toEqual(["r0", "r1", "r2"])
      expect(await map.view()).toMatchObject({ success: 3, running: 0 })
    })

    it("records a lease in parts, and ends it with the last", async () => {
      const { world, map, lease } = await setup(open, 4)
      const { store } = world
      expect(await complete(store, lease, { indexes: [3, 1] })).toMatchObject({
        remaining: 2,
        isPageFinished: false,
      })
      expect(await map.view()).toMatchObject({ success: 2, running: 2 })
      expect(await statesOf(store, map.expansionId)).toEqual({
        ...{ 0: "running", 1: "success", 2: "running", 3: "success" },
      })
      // The rest has no index of its own: it is what no earlier part recorded.
      const rest = await complete(store, lease, { values: '["x0","x2"]' })
      expect(rest).toMatchObject({ remaining: 0, isPageFinished: true })
      expect(await results(store, map.expansionId, 4)).toEqual(["x0", "r1", "x2", "r3"])
    })

    it("records failures and skips beside the successes", async () => {
      const { world, map, lease } = await setup(open, 4)
      const done = await complete(world.store, lease, { exceptions: [failed(1), skipped(2)] })
      expect(done).toMatchObject({ remaining: 0, isPageFinished: true })
      const views = await instances(world.store, map.expansionId)
      expect(views.map(({ state }) => state)).toEqual(["success", "failed", "skipped", "success"])
      expect(views[1]!.error).toEqual({ type: "Error", message: "it broke", stack: null })
      expect(views[2]!.error).toBeNull()
      expect(await map.view()).toMatchObject({ success: 2, failed: 1, skipped: 1 })
    })

    it("records what ended otherwise while all else still runs", async () => {
      const { world, map, lease } = await setup(open, 3)
      const done = await complete(world.store, lease, { indexes: [], values: "[]", exceptions: [failed(0)] })
      expect(done).toMatchObject({ remaining: 2, isPageFinished: false })
      expect(await statesOf(world.store, map.expansionId)).toEqual({
        0: "failed",
        1: "running",
        2: "running",
      })
    })

    it("finishes a page when its last lease is recorded, whichever that is", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(4))
      const first = await claimOne(world.store, { sizeDefault: 2 })
      const second = await claimOne(world.store, { sizeDefault: 2 })
      expect(await complete(world.store, second)).toMatchObject({ remaining: 0, isPageFinished: false })
      expect(await complete(world.store, first)).toMatchObject({ remaining: 0, isPageFinished: true })
    })

    it("keeps when each instance ran", async () => {
      const { world, map, lease } = await setup(open, 3)
      const timings = { startedMs: [0, 120], endedMs: [100, 190] }
      await complete(world.store, lease, { timings, exceptions: [failed(1)] })
      const views = await instances(world.store, map.expansionId)
      const started = views.map(({ startedAt }) => startedAt!.getTime())
      expect(views.map(({ endedAt }, i) => endedAt!.getTime() - started[i]!)).toEqual([100, 4, 70])
      expect(started.map((at) => at - started[0]!)).toEqual([0, 5, 120])
    })

    it("needs no timings", async () => {
      const { world, map, lease } = await setup(open, 2)
      await complete(world.store, lease)
      for (const { startedAt, endedAt } of await instances(world.store, map.expansionId)) {
        expect(endedAt!.getTime()).toBeGreaterThanOrEqual(startedAt!.getTime())
      }
    })

    it("is refused to a worker that does not hold the lease", async () => {
      const { world, map, lease } = await setup(open, 2)
      const other = world.store.complete(completeOptions(lease, { workerId: "other" }))
      expect(await failureOf(other)).toMatchObject({ _tag: "LeaseLost", held: "lease", id: lease.leaseId })
      expect(await map.view()).toMatchObject({ success: 0, running: 2 })
    })

    it("is refused after the lease has ended, whatever it says", async () => {
      const { world, map, lease } = await setup(open, 2)
      await complete(world.store, lease)
      const again = completeOptions(lease, { exceptions: [failed(0), failed(1)], values: "[]" })
      expect(await failureOf(world.store.complete(again))).toMatchObject({ _tag: "LeaseLost" })
      expect(await map.view()).toMatchObject({ success: 2, failed: 0 })
    })

    it("is refused when the lease was rescued, and the next holder's outcome stands", async () => {
      const { world, map, lease } = await setup(open, 2)
      const { store } = world
      await world.elapse(leaseMs + 1000)
      await runEffect(store.rescue({ limit: 10 }))
      const again = await claimOne(store, { workerId: "other" })
      const late = completeOptions(lease, { values: '["late","late"]' })
      expect(await failureOf(store.complete(late))).toMatchObject({ _tag: "LeaseLost" })
      await complete(store, again, { workerId: "other" })
      expect(await results(store, map.expansionId, 2)).toEqual(["r0", "r1"])
    })

    it("is taken late while nobody has rescued the lease", async () => {
      const { world, map, lease } = await setup(open, 2)
      await world.elapse(leaseMs + 1000)
      await complete(world.store, lease)
      expect(await runEffect(world.store.rescue({ limit: 10 }))).toBe(0)
      expect((await map.view()).success).toBe(2)
    })

    it("refuses a part that is sent again, or that knows less than has been recorded", async () => {
      const { world, map, lease } = await setup(open, 4)
      const part = completeOptions(lease, { indexes: [0, 1], exceptions: [failed(2)] })
      expect(await runEffect(world.store.complete(part))).toMatchObject({
        remaining: 1,
        isPageFinished: false,
      })
      expect(await failureOf(world.store.complete(part))).toMatchObject({ _tag: "LeaseLost" })
      const whole = completeOptions(lease)
      expect(whole.indexes).toBeNull()
      expect(await failureOf(world.store.complete(whole))).toMatchObject({ _tag: "LeaseLost" })
      expect(await map.view()).toMatchObject({ success: 2, failed: 1, running: 1 })
    })

    it("records one of the parts that come together, for each knows of nothing but itself", async () => {
      const { world, map, lease } = await setup(open, 40)
      const parts = Array.from({ length: 8 }, (_, i) => [0, 1, 2, 3, 4].map((k) => i * 5 + k))
      const calls = parts.map((indexes) =>
        runEffect(Effect.option(world.store.complete(completeOptions(lease, { indexes })))),
      )
      const won = (await Promise.all(calls)).filter(({ _tag }) => _tag === "Some")
      expect(won).toHaveLength(1)
      expect(await map.view()).toMatchObject({ success: 5, running: 35 })
    })

    it("records a lease once when it is completed many times together", async () => {
      const { world, map, lease } = await setup(open, 50)
      const values = (i: number) => JSON.stringify(indexesOf(lease).map(() => `call ${i}`))
      const calls = Array.from({ length: 8 }, (_, i) =>
        runEffect(Effect.option(world.store.complete(completeOptions(lease, { values: values(i) })))),
      )
      const won = (await Promise.all(calls)).flatMap(({ _tag }, i) => (_tag === "Some" ? [i] : []))
      expect(won).toHaveLength(1)
      expect(await map.view()).toMatchObject({ success: 50, running: 0 })
      const [first, last] = [0, 49].map((mapIndex) => result(world.store, map.expansionId, mapIndex))
      expect([await first, await last]).toEqual([`call ${won[0]}`, `call ${won[0]}`])
    })

    it("finishes a page once when its leases are recorded together", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(40), { exhausted: true })
      const leases = []
      for (let i = 0; i < 8; i++) leases.push(await claimOne(world.store, { sizeDefault: 5 }))
      const done = await Promise.all(leases.map((lease) => complete(world.store, lease)))
      expect(done.filter(({ isPageFinished }) => isPageFinished)).toHaveLength(1)
      expect(await foldAll(world.store)).toBe(1)
      expect((await map.view()).success).toBe(40)
    })
  })

  describe("pushed XComs", () => {
    it("are kept with the outcomes, under their keys", async () => {
      const { world, map, lease } = await setup(open, 2)
      const xcoms = [
        { mapIndex: 0, key: "etag", value: '"a"' },
        { mapIndex: 1, key: "etag", value: '"b"' },
        { mapIndex: 1, key: "rows/é", value: "[1, 2]" },
      ]
      await complete(world.store, lease, { xcoms })
      for (const { mapIndex, key, value } of xcoms) {
        expect(JSON.parse(await xcom(world.store, map.expansionId, mapIndex, key))).toEqual(JSON.parse(value))
      }
    })

    it("replace what the instance left under the same key before", async () => {
      const { world, map, lease } = await setup(open, 2)
      const push = (value: string, indexes: number[]) =>
        complete(world.store, lease, { indexes, xcoms: [{ mapIndex: 0, key: "k", value }] })
      await push("1", [1])
      await push("2", [0])
      expect(await xcom(world.store, map.expansionId, 0, "k")).toBe("2")
    })

    it("are not there for an instance that left none, or has no result", async () => {
      const { world, map, lease } = await setup(open, 2)
      await complete(world.store, lease, { indexes: [], values: "[]", exceptions: [failed(0)] })
      const read = (mapIndex: number, key: string) => world.store.xcom({ ...map, mapIndex, key })
      expect(await failureOf(read(0, "return_value"))).toMatchObject({ _tag: "NotFound" })
      expect(await failureOf(read(1, "return_value"))).toMatchObject({ _tag: "NotFound" })
      expect(await failureOf(read(7, "k"))).toMatchObject({ _tag: "NotFound" })
    })
  })

  describe("the first result", () => {
    it("is noted with the pulls that had been made by then", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(2), { pulls: 3 })
      expect(await map.view()).toMatchObject({ firstSuccessAt: null, pullsAtFirstSuccess: null })
      await complete(world.store, await claimOne(world.store))
      await map.commit(items(2), { pulls: 4 })
      for (const lease of await claim(world.store)) await complete(world.store, lease)
      await foldAll(world.store)
      expect(await map.view()).toMatchObject({ pulls: 7, pullsAtFirstSuccess: 3 })
      expect((await map.view()).firstSuccessAt).toBeInstanceOf(Date)
    })
  })
}

type StoreService = Awaited<ReturnType<OpenStore>>["store"]

/** One lease over one page. */
async function setup(open: OpenStore, count: number) {
  const world = await openWorld(open)
  const map = await openMap(world)
  await map.commit(items(count))
  return { world, map, lease: await claimOne(world.store) }
}

function instances(store: StoreService, expansionId: string) {
  return runEffect(store.listTaskInstances({ expansionId, afterIndex: -2, limit: 100 }))
}

function xcom(store: StoreService, expansionId: string, mapIndex: number, key: string) {
  return runEffect(store.xcom({ expansionId, mapIndex, key }))
}

async function result(store: StoreService, expansionId: string, mapIndex: number): Promise<unknown> {
  return JSON.parse(await xcom(store, expansionId, mapIndex, "return_value"))
}

function results(store: StoreService, expansionId: string, count: number): Promise<unknown[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => result(store, expansionId, i)))
}
