import { describe, expect, it } from "vitest"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import type { StoreService } from "../../store/store.ts"
import {
  ascending,
  claim,
  claimAll,
  claimOne,
  completeOptions,
  indexesOf,
  items,
  leaseSeconds,
  openMap,
  openWorld,
  runner,
  statesOf,
  worker,
} from "./world.ts"

const deadAfterSeconds = 20
const deadMs = deadAfterSeconds * 1000 + 1000
const keepSeconds = 3_600
const beat = {
  id: "worker/worker-1",
  role: "worker",
  engine: worker,
  hostname: "box",
  pid: 42,
  info: { slots: 4 },
  deadAfterSeconds,
}
/** The expander of another engine. */
const runnerBeat = { ...beat, id: "expander/runner-1", role: "expander", engine: runner }

/** Heartbeats and wake-ups. */
export function roleContract(open: OpenStore): void {
  describe("roles", () => {
    it("are seen by their heartbeats, each as it said last", async () => {
      const { store } = await openWorld(open)
      await runEffect(store.heartbeat(beat))
      const [first] = await runEffect(store.listRoles({ limit: 10 }))
      const { deadAfterSeconds: _, ...shown } = beat
      expect(first).toMatchObject({ ...shown, startedAt: expect.any(Date), heartbeatAt: expect.any(Date) })
      expect(first).toMatchObject({ isAlive: true, diedAt: null })
      await runEffect(store.heartbeat({ ...beat, info: { slots: 1 } }))
      const [second, ...others] = await runEffect(store.listRoles({ limit: 10 }))
      expect(others).toEqual([])
      expect(second).toMatchObject({ info: { slots: 1 }, startedAt: first!.startedAt })
    })

    it("are gone when they end", async () => {
      const { store } = await openWorld(open)
      for (const id of ["a", "b", "c"]) await runEffect(store.heartbeat({ ...beat, id }))
      await runEffect(store.endRole("b"))
      await runEffect(store.endRole("unknown"))
      const roles = await runEffect(store.listRoles({ limit: 10 }))
      expect(roles.map(({ id }) => id).sort()).toEqual(["a", "c"])
      expect(await runEffect(store.listRoles({ limit: 1 }))).toHaveLength(1)
    })
  })

  describe("a role that is silent for longer than it promised", () => {
    it("loses at once what its engine holds, however long its leases would live", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(6))
      await claimOne(store, { workerId: runner, sizeDefault: 2, leaseSeconds: 86_400 })
      await claimOne(store, { workerId: "other", sizeDefault: 2, leaseSeconds: 86_400 })
      await renewForLong(store, map)
      await runEffect(store.heartbeat(runnerBeat))
      await runEffect(store.heartbeat({ ...beat, id: "worker/other", engine: "other" }))
      await world.elapse(deadMs - 2000)
      expect(await rescueDead(store)).toEqual({ dead: [], leases: 0 })
      await runEffect(store.heartbeat({ ...beat, id: "worker/other", engine: "other" }))
      await world.elapse(2000)
      const { dead, leases } = await rescueDead(store)
      expect(dead).toMatchObject([
        { id: runnerBeat.id, role: "expander", engine: runner, hostname: "box", pid: 42 },
      ])
      expect(dead[0]!.silentMs).toBeGreaterThanOrEqual(deadMs)
      expect(leases).toBe(1)
      expect(ascending((await claimAll(store)).flatMap(indexesOf))).toEqual([0, 1, 4, 5])
      const taken = store.leaseExpansions({ runnerId: "other", limit: 9, leaseSeconds })
      expect(await runEffect(taken)).toMatchObject([{ expansionId: map.expansionId, epoch: map.epoch + 1 }])
    })

    it("is found once, and shown as dead until it is forgotten", async () => {
      const world = await openWorld(open)
      const { store } = world
      await runEffect(store.heartbeat(beat))
      await world.elapse(deadMs)
      expect(await runEffect(store.listRoles({ limit: 10 }))).toMatchObject([
        { isAlive: false, diedAt: null },
      ])
      const found = await Promise.all(Array.from({ length: 4 }, () => rescueDead(store)))
      expect(found.flatMap(({ dead }) => dead.map(({ id }) => id))).toEqual([beat.id])
      expect(await runEffect(store.listRoles({ limit: 10 }))).toMatchObject([
        { isAlive: false, diedAt: expect.any(Date) },
      ])
      await world.elapse((keepSeconds - 1) * 1000)
      expect((await rescueDead(store)).dead).toEqual([])
      expect(await runEffect(store.listRoles({ limit: 10 }))).toHaveLength(1)
      await world.elapse(2000)
      expect((await rescueDead(store)).dead).toEqual([])
      expect(await runEffect(store.listRoles({ limit: 10 }))).toEqual([])
    })

    it("is found with no more than so many others at a time", async () => {
      const world = await openWorld(open)
      for (let n = 0; n < 5; n++) {
        await runEffect(world.store.heartbeat({ ...beat, id: `worker/${n}`, engine: `${n}` }))
      }
      await world.elapse(deadMs)
      const counts = [3, 3, 3].map(async () => (await rescueDead(world.store, { limit: 3 })).dead.length)
      expect((await Promise.all(counts)).reduce((sum, count) => sum + count)).toBe(5)
    })

    it("takes nothing from an engine of which another role is alive", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(4))
      await claimOne(store, { leaseSeconds: 86_400 })
      await runEffect(store.heartbeat(beat))
      await world.elapse(deadMs)
      await runEffect(store.heartbeat({ ...beat, id: "scheduler/worker-1", role: "scheduler" }))
      expect(await rescueDead(store)).toMatchObject({ dead: [{ id: beat.id }], leases: 0 })
      expect((await map.view()).running).toBe(4)
      await world.elapse(deadMs)
      expect(await rescueDead(store)).toMatchObject({ dead: [{ id: "scheduler/worker-1" }], leases: 1 })
      expect((await claim(store)).flatMap(indexesOf)).toEqual([0, 1, 2, 3])
    })

    it("is back with its next heartbeat, but what it held is refused", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(3))
      const stale = await claimOne(store, { leaseSeconds: 86_400 })
      await runEffect(store.heartbeat(beat))
      const [before] = await runEffect(store.listRoles({ limit: 10 }))
      await world.elapse(deadMs)
      await rescueDead(store)
      await runEffect(store.heartbeat(beat))
      const [after] = await runEffect(store.listRoles({ limit: 10 }))
      expect(after).toMatchObject({ id: beat.id, isAlive: true, diedAt: null })
      expect(after!.heartbeatAt.getTime()).toBeGreaterThan(before!.heartbeatAt.getTime())
      const renewed = store.renew({ workerId: worker, leaseIds: [stale.leaseId], leaseSeconds })
      expect(await runEffect(renewed)).toEqual([])
      await expect(runEffect(store.complete(completeOptions(stale)))).rejects.toMatchObject({
        _tag: "LeaseLost",
      })
      const again = await claimOne(store)
      expect(indexesOf(again)).toEqual([0, 1, 2])
      await runEffect(store.complete(completeOptions(again)))
      expect(Object.values(await statesOf(store, map.expansionId))).toEqual(["success", "success", "success"])
      await world.elapse(deadMs)
      expect((await rescueDead(store)).dead).toHaveLength(1)
    })
  })

  describe("wake-ups", () => {
    it("reach the listeners of their topic, until these end", async () => {
      const { store } = await openWorld(open)
      const heard: string[] = []
      const work = new Promise<void>((resolve) => {
        store.onWake("work", () => {
          heard.push("work")
          resolve()
        })
      })
      const end = store.onWake("work", () => heard.push("ended"))
      store.onWake("due", () => heard.push("due"))
      end()
      store.wake("work")
      await work
      expect(heard).toContain("work")
      expect(heard).not.toContain("ended")
      expect(heard).not.toContain("due")
    })

    it("say what they are about, where they are about something", async () => {
      const { store } = await openWorld(open)
      const heard: string[][] = []
      const both = new Promise<void>((resolve) => {
        store.onWake("log", (about) => {
          heard.push([...about])
          if (heard.some((one) => one.includes("7"))) resolve()
        })
      })
      store.wake("log")
      store.wake("log", "7")
      await both
      expect(heard).toContainEqual([])
    })
  })
}

function rescueDead(store: StoreService, options: { limit?: number } = {}) {
  return runEffect(store.rescueDead({ limit: 100, keepSeconds, ...options }))
}

/** The runner may pull the map for a day. */
function renewForLong(store: StoreService, { expansionId, epoch }: { expansionId: string; epoch: number }) {
  const held = [{ expansionId, epoch }]
  return runEffect(store.renewExpansions({ runnerId: runner, held, leaseSeconds: 86_400 }))
}
