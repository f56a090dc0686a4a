import { describe, expect, it } from "vitest"
import type { MapChange } from "../../store/map-change.ts"
import type { StoreService } from "../../store/store.ts"
import { fusedSource, mapped, sharedSource } from "./dag-fixture.ts"
import { listed } from "./events.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  claim,
  claimAll,
  claimOne,
  complete,
  createRun,
  decide,
  indexesOf,
  items,
  leaseMs,
  openMap,
  openWorld,
  retried,
  worker,
} from "./world.ts"

const actor = "ada@host"

/** Pausing, resuming and resizing one map while it runs. */
export function controlContract(open: OpenStore): void {
  describe("a map whose pulling is paused", () => {
    it("says so to its runner, and what exists goes on", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(4))
      expect(await change(world.store, map, { isPullingPaused: true })).toBe(true)
      expect(await runEffect(world.store.progress(map.expansionId))).toMatchObject({ isPullingPaused: true })
      expect(await map.view()).toMatchObject({ isPullingPaused: true, isRunningPaused: false })
      expect(await claim(world.store)).toHaveLength(1)
      expect(await change(world.store, map, { isPullingPaused: false })).toBe(true)
      expect(await runEffect(world.store.progress(map.expansionId))).toMatchObject({ isPullingPaused: false })
    })
  })

  describe("a map whose running is paused", () => {
    it("has nothing to claim, neither of before nor of what comes, until it is resumed", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(6))
      const lease = await claimOne(store, { sizeDefault: 2 })
      await change(store, map, { isRunningPaused: true })
      await map.commit(items(3))
      expect(await claim(store)).toEqual([])
      await complete(store, lease, { indexes: [1], exceptions: [retried(0, 0)] })
      expect(await claim(store)).toEqual([])
      await change(store, map, { isRunningPaused: false })
      await world.elapse(1000)
      const leases = await claimAll(store)
      expect(leases.flatMap(indexesOf).sort((a, b) => a - b)).toEqual([0, 2, 3, 4, 5, 6, 7, 8])
    })

    it("lets what is leased end, and be renewed", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(2))
      const lease = await claimOne(store)
      await change(store, map, { isRunningPaused: true })
      const renewed = store.renew({ workerId: worker, leaseIds: [lease.leaseId], leaseSeconds: 30 })
      expect(await runEffect(renewed)).toEqual([lease.leaseId])
      expect(await complete(store, lease)).toMatchObject({ remaining: 0, isPageFinished: true })
    })

    it.each(["release", "rescue", "forgetWorker"] as const)(
      "keeps back what comes by %s until it is resumed",
      async (verb) => {
        const world = await openWorld(open)
        const { store } = world
        const map = await openMap(world)
        await map.commit(items(4))
        const { leaseId } = await claimOne(store)
        await change(store, map, { isRunningPaused: true })
        await world.elapse(leaseMs + 1000)
        if (verb === "release") await runEffect(store.release({ workerId: worker, leaseId, split: false }))
        if (verb === "rescue") expect(await runEffect(store.rescue({ limit: 10 }))).toBe(1)
        if (verb === "forgetWorker") expect(await runEffect(store.forgetWorker({ workerId: worker }))).toBe(1)
        expect(await claim(store)).toEqual([])
        await change(store, map, { isRunningPaused: false })
        expect((await claimAll(store)).flatMap(indexesOf)).toEqual([0, 1, 2, 3])
      },
    )

    it("keeps the delays of its retries", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(1))
      const lease = await claimOne(store)
      await complete(store, lease, { indexes: [], exceptions: [retried(0, 60_000)] })
      await change(store, map, { isRunningPaused: true })
      await change(store, map, { isRunningPaused: false })
      expect(await claim(store)).toEqual([])
      await world.elapse(61_000)
      expect(await claim(store)).toMatchObject([{ firstIndex: 0, tryNumber: 2 }])
    })

    it("stays paused when its run is cancelled and resumed", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(2))
      await change(store, map, { isRunningPaused: true })
      await runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note: "", actor }))
      await runEffect(store.resumeDagRun({ dagRunId: map.dagRunId, actor }))
      expect(await claim(store)).toEqual([])
      await change(store, map, { isRunningPaused: false })
      expect(await claim(store)).toHaveLength(1)
    })

    it("may be paused before it has started", async () => {
      const world = await openWorld(open)
      const { run, ids } = await createRun(world, { tasks: [mapped("load")] })
      const expansionId = ids["load"]!
      await change(world.store, { expansionId }, { isRunningPaused: true })
      await decide(world.store, expansionId, "open")
      const views = await runEffect(world.store.expansionsOfRun(run.id))
      expect(views).toMatchObject([{ state: "open", isRunningPaused: true }])
    })

    it("never leaves an instance where nobody finds it, whoever pauses, resumes, claims and records at once", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      const done = new Set<number>()
      for (let round = 0; round < 12; round++) {
        const lease = await claim(store, { limit: 3, sizeDefault: 3, workerId: worker })
        const paused = change(store, map, { isRunningPaused: round % 2 === 0 })
        await Promise.all([
          paused,
          map.commit(items(4)),
          ...lease.map(async (held, at) => {
            const [first, ...rest] = indexesOf(held)
            if (at === 0)
              await runEffect(store.release({ workerId: worker, leaseId: held.leaseId, split: true }))
            else if (held.tryNumber > 1) await complete(store, held).then(() => done.add(first!))
            else
              await complete(store, held, { indexes: rest, exceptions: [retried(first!, 0)] }).then(() =>
                rest.forEach((index) => done.add(index)),
              )
          }),
        ])
        if (round % 2 === 0) expect(await claim(store)).toEqual([])
      }
      await change(store, map, { isRunningPaused: false })
      await world.elapse(1000)
      for (const lease of await claimAll(store)) {
        for (const index of indexesOf(lease)) {
          expect(done.has(index)).toBe(false)
          done.add(index)
        }
        await complete(store, lease)
      }
      expect(done.size).toBe(48)
      expect(await map.view()).toMatchObject({ success: 48, running: 0, retrying: 0 })
    })
  })

  describe("a map that is resized", () => {
    it("has the new bounds at once, for its runner and for claims", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: { concurrency: 2 } })
      await map.commit(items(20))
      expect(await claimOne(store)).toMatchObject({ count: 2, isLimited: true })
      expect(await change(store, map, { window: 7, pageSize: 3, concurrency: 5 })).toBe(true)
      expect(await runEffect(store.progress(map.expansionId))).toMatchObject({ window: 7, pageSize: 3 })
      expect(await claimOne(store)).toMatchObject({ count: 3 })
      await change(store, map, { concurrency: 1 })
      expect(await claim(store)).toEqual([])
      await change(store, map, { concurrency: null })
      expect(await claimOne(store)).toMatchObject({ count: 15, isLimited: false })
      expect(await map.view()).toMatchObject({ window: 7, pageSize: 3, concurrency: null })
    })
  })

  describe("a change of a map", () => {
    it("is in the event log, with who did it and the values before and after", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world, { task: { concurrency: 4 } })
      await change(store, map, { isPullingPaused: true, isRunningPaused: true })
      await change(store, map, { isPullingPaused: false })
      await change(store, map, { window: 7, concurrency: null })
      expect(await change(store, map, { window: 7 })).toBe(false)
      const where = { expansionId: map.expansionId, taskId: "load", dagRunId: map.dagRunId, actor }
      expect(await listed(store, { expansionId: map.expansionId })).toMatchObject([
        {
          ...where,
          event: "map_changed",
          detail: { window: { from: 100, to: 7 }, concurrency: { from: 4, to: null } },
        },
        { ...where, event: "map_resumed", detail: { is_pulling_paused: { from: true, to: false } } },
        {
          ...where,
          event: "map_paused",
          detail: {
            is_pulling_paused: { from: false, to: true },
            is_running_paused: { from: false, to: true },
          },
        },
      ])
    })

    it("is refused where there is nothing of the kind to change, with what to do", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [{ taskId: "plain" }, sharedSource("shared"), fusedSource("fused"), mapped("load")],
      })
      const refused = (taskId: string, what: MapChange) =>
        failureOf(store.changeMap({ expansionId: ids[taskId]!, actor, change: what }))
      const paused = { isPullingPaused: true }
      expect(await refused("plain", paused)).toMatchObject({ _tag: "NotAllowed", what: 'task "plain"' })
      expect(await refused("fused", paused)).toMatchObject({ message: expect.stringContaining("that map") })
      expect(await refused("shared", { concurrency: 2 })).toMatchObject({ _tag: "NotAllowed" })
      expect(await change(store, { expansionId: ids["shared"]! }, { ...paused, window: 5 })).toBe(true)
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "", actor }))
      expect(await refused("load", paused)).toMatchObject({
        _tag: "NotAllowed",
        state: "cancelled",
        message: expect.stringContaining("has ended (cancelled)"),
      })
      expect(
        await failureOf(store.changeMap({ expansionId: "987654", actor, change: paused })),
      ).toMatchObject({
        _tag: "NotFound",
      })
      expect(await listed(store, { dagRunId: run.id })).toHaveLength(2)
    })
  })
}

function change(
  store: StoreService,
  map: { readonly expansionId: string },
  what: MapChange,
): Promise<boolean> {
  return runEffect(store.changeMap({ expansionId: map.expansionId, actor, change: what }))
}
