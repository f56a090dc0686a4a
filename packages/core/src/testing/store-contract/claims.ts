import { describe, expect, it } from "vitest"
import type { Lease } from "../../store/lease-store.ts"
import { mapped } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  claim,
  claimOne,
  complete,
  createRun,
  decide,
  indexesOf,
  items,
  leaseMs,
  leaseSeconds,
  openMap,
  openStream,
  openWorld,
  retried,
  statesOf,
  worker,
} from "./world.ts"

/** Claiming ranges of work, and keeping them. */
export function claimContract(open: OpenStore): void {
  describe("claims", () => {
    it("take ranges of a page in order, with their inputs, of the size asked for", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(10))
      const leases = [
        await claimOne(world.store, { sizeDefault: 4 }),
        await claimOne(world.store, { sizeDefault: 4 }),
        await claimOne(world.store, { sizeDefault: 4 }),
      ]
      expect(leases.map(({ firstIndex, count, remaining }) => [firstIndex, count, remaining])).toEqual([
        [0, 4, 4],
        [4, 4, 4],
        [8, 2, 2],
      ])
      expect(leases[1]).toMatchObject({ tryNumber: 1, recorded: [], isIsolated: false, ...id(map) })
      expect(JSON.parse(leases[1]!.items!)).toEqual([{ n: 4 }, { n: 5 }, { n: 6 }, { n: 7 }])
      expect(await claim(world.store)).toEqual([])
      expect((await map.view()).running).toBe(10)
    })

    it("tell how long their work waited: since its page was committed, or since the longest offer was due", async () => {
      const world = await openWorld(open)
      const hour = 3_600_000
      const map = await openMap(world)
      await map.commit(items(6))
      await world.elapse(3 * hour)
      const lease = await claimOne(world.store, { sizeDefault: 3, leaseSeconds: 86_400 })
      await world.elapse(4 * hour)
      const rest = await claimOne(world.store, { leaseSeconds: 86_400 })
      await complete(world.store, lease, { exceptions: [retried(0, 5 * hour), retried(2, hour)] })
      await world.elapse(7 * hour)
      const again = await claimOne(world.store)
      await runEffect(world.store.release({ workerId: worker, leaseId: rest.leaseId, split: false }))
      await world.elapse(2 * hour)
      const offered = await claimOne(world.store)
      const waits = [lease, rest, again, offered].map(({ wasOffered, waitedMs }) => [
        wasOffered,
        Math.round(waitedMs / hour),
      ])
      expect(waits).toEqual([
        [false, 3],
        [false, 7],
        [true, 6],
        [true, 2],
      ])
    })

    it("take the rest of a page too where that is less than half a lease", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(9))
      await map.commit(items(10))
      const leases = [
        await claimOne(world.store, { sizeDefault: 7 }),
        await claimOne(world.store, { sizeDefault: 6 }),
        await claimOne(world.store, { sizeDefault: 6 }),
      ]
      expect(leases.map(({ firstIndex, count }) => [firstIndex, count])).toEqual([
        [0, 9],
        [9, 6],
        [15, 4],
      ])
    })

    it("pass inputs on as they are, whatever is in them", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      const values = ["a,b", '"', "\\", "{}", { "'": ["]", null] }, 1e21, "é 漢 😀\n", "NULL", ""]
      await map.commit(values.map((value) => JSON.stringify(value)))
      expect(JSON.parse((await claimOne(world.store)).items!)).toEqual(values)
    })

    it("use the size that was named for an expansion, and take one range of each", async () => {
      const world = await openWorld(open)
      const small = await openMap(world)
      const large = await openMap(world, { runId: "run-2" })
      for (const map of [small, large]) await map.commit(items(20))
      const sizes = [{ expansionId: small.expansionId, size: 2 }]
      const leases = await claim(world.store, { sizeDefault: 9, sizes })
      expect(leases.map(({ expansionId, count }) => [expansionId, count])).toEqual([
        [small.expansionId, 2],
        [large.expansionId, 9],
      ])
    })

    it("stay inside a page", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(3))
      await map.commit(items(3))
      expect(await claimOne(world.store, { sizeDefault: 50 })).toMatchObject({ firstIndex: 0, count: 3 })
      expect(await claimOne(world.store, { sizeDefault: 50 })).toMatchObject({ firstIndex: 3, count: 3 })
    })

    it("take no more leases than asked for", async () => {
      const world = await openWorld(open)
      for (const runId of ["a", "b", "c"]) await (await openMap(world, { runId })).commit(items(2))
      expect(await claim(world.store, { limit: 2 })).toHaveLength(2)
      expect(await claim(world.store, { limit: 2 })).toHaveLength(1)
    })

    it("take the most urgent first", async () => {
      const world = await openWorld(open)
      const { run, ids } = await createRun(world, {
        tasks: [mapped("low"), mapped("high", { priority: 9 }), mapped("middle", { priority: 3 })],
      })
      for (const taskId of ["low", "high", "middle"]) {
        await (await openStream(world.store, run.id, ids[taskId]!)).commit(items(2))
      }
      const order = (await claim(world.store, { sizeDefault: 1, after: ids["high"]! })).map(
        ({ expansionId }) => expansionId,
      )
      expect(order).toEqual([ids["high"], ids["middle"], ids["low"]])
    })

    it("take all that is most urgent before anything less, wherever the round stands", async () => {
      const world = await openWorld(open)
      const { run, ids } = await createRun(world, {
        tasks: [mapped("high", { priority: 9 }), mapped("also high", { priority: 9 }), mapped("low")],
      })
      for (const taskId of ["high", "also high", "low"]) {
        await (await openStream(world.store, run.id, ids[taskId]!)).commit(items(2))
      }
      const leases = await claim(world.store, { sizeDefault: 1, limit: 2, after: ids["high"]! })
      expect(leases.map(({ expansionId }) => expansionId)).toEqual([ids["also high"], ids["high"]])
    })

    it("go round between expansions, beginning after the one that is named", async () => {
      const world = await openWorld(open)
      const maps = []
      for (const runId of ["a", "b", "c"]) maps.push(await openMap(world, { runId }))
      for (const map of maps) await map.commit(items(20))
      const [a, b, c] = maps.map(({ expansionId }) => expansionId)
      const turn = async (after: string | null, limit: number) =>
        (await claim(world.store, { after, limit, sizeDefault: 1 })).map(({ expansionId }) => expansionId)
      expect(await turn(null, 3)).toEqual([a, b, c])
      expect(await turn(a!, 2)).toEqual([b, c])
      expect(await turn(c!, 2)).toEqual([a, b])
      expect(await turn(b!, 1)).toEqual([c])
    })

    it("never run more instances of a task at once than its concurrency", async () => {
      const world = await openWorld(open)
      const map = await openMap(world, { task: { concurrency: 5 } })
      await map.commit(items(20))
      const first = await claimOne(world.store, { sizeDefault: 3 })
      const second = await claimOne(world.store, { sizeDefault: 3 })
      expect([first.count, second.count]).toEqual([3, 2])
      expect(await claim(world.store)).toEqual([])
      await complete(world.store, first, { indexes: [0] })
      expect(await claimOne(world.store)).toMatchObject({ count: 1 })
      expect((await map.view()).running).toBe(5)
    })

    it("count what is offered again against the concurrency, and do not starve it", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: { concurrency: 4 } })
      await map.commit(items(40), { exhausted: true })
      const lost = await claimOne(store)
      await runEffect(store.release({ workerId: worker, leaseId: lost.leaseId, split: false }))
      const seen: number[] = []
      for (let i = 0; i < 40 && (await map.view()).success < 40; i++) {
        const leases = await claim(store, { sizeDefault: 1 + (i % 4) })
        expect((await map.view()).running).toBeLessThanOrEqual(4)
        if (i === 3) expect(seen).toEqual(expect.arrayContaining([0, 1, 2, 3]))
        for (const lease of leases) {
          seen.push(...indexesOf(lease))
          await complete(store, lease)
        }
      }
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i))
    })

    it("find work in a stream that is exhausted, and none in one that has not opened", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(2), { exhausted: true })
      await createRun(world, { runId: "run-2", tasks: [mapped("load")] })
      expect(await claim(world.store)).toHaveLength(1)
    })

    it("take what is offered again before new work", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { runId: "late" })
      const urgent = await openMap(world, { dagId: "urgent", task: { priority: 9 } })
      await map.commit(items(3))
      const lease = await claimOne(store)
      await urgent.commit(items(3))
      await runEffect(store.release({ workerId: worker, leaseId: lease.leaseId, split: false }))
      expect((await claimOne(store)).expansionId).toBe(map.expansionId)
    })

    it("never lease an instance twice when many workers claim together", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      for (let i = 0; i < 4; i++) await map.commit(items(100))
      const claims: Lease[][] = []
      for (let round = 0; round < 8; round++) {
        const together = Array.from({ length: 12 }, (_, i) =>
          claim(world.store, { workerId: `w${i}`, limit: 2, sizeDefault: 7 }),
        )
        claims.push(...(await Promise.all(together)).map((leases) => [...leases]))
      }
      const indexes = claims.flat().flatMap(indexesOf)
      expect(new Set(indexes).size).toBe(indexes.length)
      expect(indexes.length).toBe((await map.view()).running)
    })

    it("never exceed the concurrency when many workers claim together", async () => {
      const world = await openWorld(open)
      const map = await openMap(world, { task: { concurrency: 10 } })
      for (let i = 0; i < 4; i++) await map.commit(items(20))
      const together = Array.from({ length: 8 }, (_, i) =>
        claim(world.store, { workerId: `w${i}`, sizeDefault: 4 }),
      )
      await Promise.all(together)
      expect((await map.view()).running).toBeLessThanOrEqual(10)
      expect((await map.view()).running).toBeGreaterThan(0)
    })

    it("reach unmapped tasks too", async () => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, { tasks: [{ taskId: "a" }, { taskId: "b" }] })
      await decide(world.store, ids["a"]!, "draining")
      expect((await claim(world.store)).map(({ expansionId }) => expansionId)).toEqual([ids["a"]])
      expect(await statesOf(world.store, ids["a"]!)).toEqual({ "-1": "running" })
    })
  })

  describe("leases", () => {
    it("are kept by renewing them", async () => {
      const world = await openWorld(open)
      const { store } = world
      await (await openMap(world)).commit(items(3))
      const { leaseId } = await claimOne(store)
      await world.elapse(leaseMs - 5000)
      const renew = (workerId: string) =>
        runEffect(store.renew({ workerId, leaseIds: [leaseId, "987654"], leaseSeconds }))
      expect(await renew("other")).toEqual([])
      expect(await renew(worker)).toEqual([leaseId])
      await world.elapse(leaseMs - 5000)
      expect(await runEffect(store.rescue({ limit: 10 }))).toBe(0)
    })

    it("are renewed by recording in them", async () => {
      const world = await openWorld(open)
      const { store } = world
      await (await openMap(world)).commit(items(3))
      const lease = await claimOne(store)
      await world.elapse(leaseMs - 5000)
      await complete(store, lease, { indexes: [0] })
      await world.elapse(leaseMs - 5000)
      expect(await runEffect(store.rescue({ limit: 10 }))).toBe(0)
    })

    it("cannot be renewed once they were rescued", async () => {
      const world = await openWorld(open)
      const { store } = world
      await (await openMap(world)).commit(items(3))
      const { leaseId } = await claimOne(store)
      await world.elapse(leaseMs + 1000)
      expect(await runEffect(store.rescue({ limit: 10 }))).toBe(1)
      const renew = store.renew({ workerId: worker, leaseIds: [leaseId], leaseSeconds })
      expect(await runEffect(renew)).toEqual([])
    })
  })
}

const id = ({ expansionId }: { expansionId: string }) => ({ expansionId })
