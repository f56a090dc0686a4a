import { describe, expect, it } from "vitest"
import { mapped, streamEdge } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  claimOne,
  complete,
  createRun,
  deferred,
  failed,
  items,
  openMap,
  openStream,
  openWorld,
  retried,
} from "./world.ts"

const noLimits = { concurrency: null, deferred: null, dagConcurrency: null, maxActiveTasks: null }

/** What stands in the way of one instance. */
export function waitContract(open: OpenStore): void {
  describe("what an instance waits for", () => {
    it("is nothing of its own while it was only made", async () => {
      const { store } = await openWorld(open)
      const { map } = await openedMap({ store })
      const wait = await runEffect(store.instanceWait({ expansionId: map.expansionId, mapIndex: 1 }))
      expect(wait).toEqual({
        ...{ offeredAt: null, deferral: null, repairOf: null, gapOf: null, limits: noLimits },
      })
    })

    it("is listed for all that are deferred, those first that were first, by keyset", async () => {
      const { store } = await openWorld(open)
      const { map } = await openedMap({ store })
      const timer = { kind: "delay", ms: 60_000 } as const
      await complete(store, await claimOne(store), {
        exceptions: [retried(0), deferred(1, { timeoutMs: 90_000 }), deferred(2, { trigger: timer })],
      })
      await runEffect(store.leaseTriggers({ triggererId: "t-1", capacity: 10, leaseSeconds: 30 }))
      const all = await runEffect(store.listDeferrals({ after: null, limit: 10 }))
      expect(all).toMatchObject([
        { mapIndex: 1, tryNumber: 1, triggererId: "t-1", firesAt: null, isParked: false },
        { mapIndex: 2, triggererId: null, timeoutAt: null, trigger: timer, firesAt: expect.any(Date) },
      ])
      const { dagId, runId } = await runEffect(store.dagRunById(String(BigInt(map.expansionId) / 4096n)))
      expect(all[0]).toMatchObject({ dagId, runId, since: expect.any(Date), timeoutAt: expect.any(Date) })
      const first = await runEffect(store.listDeferrals({ after: null, limit: 1 }))
      const rest = await runEffect(store.listDeferrals({ after: first[0]!.triggerId, limit: 10 }))
      expect([...first, ...rest]).toEqual(all)
    })

    it("is its next try, or its event, with who watches for it", async () => {
      const { store } = await openWorld(open)
      const { map } = await openedMap({ store })
      const timer = { kind: "delay", ms: 60_000 } as const
      await complete(store, await claimOne(store), {
        exceptions: [
          retried(0, 5_000),
          deferred(1, { timeoutMs: 90_000 }),
          deferred(2, { trigger: timer, resume: "wake" }),
        ],
      })
      const at = (mapIndex: number) =>
        runEffect(store.instanceWait({ expansionId: map.expansionId, mapIndex }))
      expect(await at(0)).toMatchObject({ offeredAt: expect.any(Date), deferral: null })
      await runEffect(store.leaseTriggers({ triggererId: "t-1", capacity: 10, leaseSeconds: 30 }))
      const { deferral: file } = await at(1)
      expect(file).toMatchObject({
        trigger: { kind: "file", path: "/there/1" },
        ...{ resume: "collect", triggererId: "t-1", firesAt: null },
      })
      expect(file!.timeoutAt!.getTime() - file!.since.getTime()).toBe(90_000)
      const { deferral: delay } = await at(2)
      expect(delay).toMatchObject({ trigger: timer, resume: "wake", triggererId: null, timeoutAt: null })
      expect(delay!.firesAt!.getTime() - delay!.since.getTime()).toBe(60_000)
      expect(await at(3)).toMatchObject({ offeredAt: null, deferral: null })
    })

    it("is room under the limits that are set, with how much is taken", async () => {
      const { store } = await openWorld(open)
      const { map } = await openedMap({ store }, { concurrency: 3, dagConcurrency: 5, deferredMax: 4 })
      await complete(store, await claimOne(store, { sizeDefault: 3 }), {
        indexes: [0],
        exceptions: [deferred(1)],
      })
      const { limits } = await runEffect(store.instanceWait({ expansionId: map.expansionId, mapIndex: 4 }))
      expect(limits).toEqual({
        concurrency: { max: 3, used: 1 },
        deferred: { max: 4, used: 2 },
        dagConcurrency: { max: 5, used: 1 },
        maxActiveTasks: null,
      })
    })

    it("is an upstream instance that runs again; and it is known whose empty place it has", async () => {
      const { store } = await openWorld(open)
      const tasks = [mapped("load"), mapped("write")]
      const made = await createRun({ store } as never, { tasks, edges: [streamEdge("load", "write")] })
      const load = await openStream(store, made.run.id, made.ids["load"]!)
      const write = await openStream(store, made.run.id, made.ids["write"]!)
      await load.commit(items(3))
      await complete(store, await claimOne(store), { exceptions: [failed(2)] })
      const origin = { ordinal: 0, index: 2 }
      await write.commit([...items(1), null], {
        gaps: [{ position: 1, state: "upstream_failed", origin }],
        consumed: [{ ordinal: 0, index: 3 }],
      })
      const at = (mapIndex: number) =>
        runEffect(store.instanceWait({ expansionId: write.expansionId, mapIndex }))
      const gapOf = { ordinal: 0, mapIndex: 2 }
      expect(await at(1)).toMatchObject({ gapOf, repairOf: null })
      expect(await at(0)).toMatchObject({ gapOf: null })
      await runEffect(
        store.redriveInstances({
          ...{ expansionId: load.expansionId, indexes: [2], states: ["failed"] },
          ...{ followers: [{ ordinal: 1, isAligned: false }], actor: "test", event: "redriven" },
        }),
      )
      await runEffect(store.resolveRepairs({ expansionId: write.expansionId, followers: [], limit: 10 }))
      expect(await at(1)).toMatchObject({ repairOf: gapOf })
      expect(await at(0)).toMatchObject({ repairOf: null })
    })
  })
}

async function openedMap(world: object, task: Parameters<typeof mapped>[1] = {}) {
  const map = await openMap(world as never, { task })
  await map.commit(items(5))
  return { map }
}
