import { describe, expect, it } from "vitest"
import type { TriggerFailure, WaitingTrigger } from "../../store/trigger-store.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  type OpenMap,
  ascending,
  claim,
  claimAll,
  claimOne,
  complete,
  completeOptions,
  createRun,
  decide,
  deferred,
  foldAll,
  indexesOf,
  items,
  leaseMs,
  leaseSeconds,
  newRun,
  openMap,
  openWorld,
  resumeOf,
  retried,
  statesOf,
} from "./world.ts"
import type { TaskFixture } from "./dag-fixture.ts"

const error = { type: "TriggerFailed", message: "it broke", stack: null }

/** Deferred instances, and what they wait for. */
export function triggerContract(open: OpenStore): void {
  deferringContract(open)
  firingContract(open)
  failingContract(open)
  watchingContract(open)
  parkingContract(open)
}

/** A map of which some instances were deferred, by their places in one lease. */
async function setup(
  open: OpenStore,
  options: { deferrals?: Parameters<typeof deferred>[1][]; task?: Partial<TaskFixture> } = {},
) {
  const world = await openWorld(open)
  const map = await openMap(world, options.task === undefined ? {} : { task: options.task })
  const deferrals = options.deferrals ?? [{}]
  await map.commit(items(deferrals.length))
  const lease = await claimOne(world.store)
  await complete(world.store, lease, { exceptions: deferrals.map((one, index) => deferred(index, one)) })
  return { world, map, ...verbsOf(world) }
}

function verbsOf({ store }: StoreHarness) {
  return {
    lease: (triggererId: string, capacity = 100) =>
      runEffect(store.leaseTriggers({ triggererId, capacity, leaseSeconds })),
    fire: (trigger: WaitingTrigger | string, event = '{"came":true}') => {
      const triggerId = typeof trigger === "string" ? trigger : trigger.triggerId
      return runEffect(store.fireTriggers({ events: [{ triggerId, event }] }))
    },
    fireTimers: (limit = 100) => runEffect(store.fireTimers({ limit })),
    timeouts: (limit = 100) => runEffect(store.dueTimeouts({ limit })),
    fail: (
      failures: readonly (Partial<TriggerFailure> & { triggerId: string })[],
      triggererId: string | null = null,
    ) =>
      runEffect(
        store.failTriggers({
          triggererId,
          failures: failures.map((one) => ({ state: "failed" as const, error, retryDelayMs: null, ...one })),
        }),
      ),
  }
}

function deferringContract(open: OpenStore): void {
  describe("a deferral", () => {
    it("holds neither a lease nor a slot, and stays unfinished", async () => {
      const { world, map } = await setup(open, { deferrals: [{}, {}] })
      expect(await map.view()).toMatchObject({ created: 2, running: 0, deferred: 2, retrying: 0, success: 0 })
      expect(await statesOf(world.store, map.expansionId)).toEqual({ 0: "deferred", 1: "deferred" })
      expect(await runEffect(world.store.progress(map.expansionId))).toMatchObject({
        created: 2,
        finished: 0,
      })
      expect(await claimAll(world.store)).toEqual([])
    })

    it("is listed by its state", async () => {
      const { world, map } = await setup(open, { deferrals: [{}, {}] })
      await map.commit(items(2))
      const listed = world.store.listTaskInstances({
        ...{ expansionId: map.expansionId, states: ["deferred"] as const, afterIndex: -2, limit: 10 },
      })
      expect((await runEffect(listed)).map(({ mapIndex, tryNumber }) => [mapIndex, tryNumber])).toEqual([
        [0, 1],
        [1, 1],
      ])
    })

    it("leaves the rest of its lease as it was", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(3))
      const lease = await claimOne(world.store)
      const done = await complete(world.store, lease, {
        indexes: [],
        values: "[]",
        exceptions: [deferred(1)],
      })
      expect(done).toMatchObject({ remaining: 2, isPageFinished: false })
      const rest = await complete(world.store, lease)
      expect(rest).toMatchObject({ remaining: 0, isPageFinished: false })
      expect(await statesOf(world.store, map.expansionId)).toEqual({
        0: "success",
        1: "deferred",
        2: "success",
      })
    })

    it("is not run again when its lease expires", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(3))
      const lease = await claimOne(world.store)
      await complete(world.store, lease, { indexes: [], values: "[]", exceptions: [deferred(1)] })
      await world.elapse(leaseMs + 1000)
      await runEffect(world.store.rescue({ limit: 10 }))
      expect((await claimAll(world.store)).flatMap(indexesOf)).toEqual([0, 2])
    })

    it("of an unmapped task works the same", async () => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, { tasks: [{ taskId: "a" }] })
      await decide(world.store, ids["a"]!, "draining")
      await complete(world.store, await claimOne(world.store), { exceptions: [deferred(-1)] })
      const { lease, fire } = verbsOf(world)
      const [trigger] = await lease("t")
      expect(trigger).toMatchObject({ mapIndex: -1 })
      await fire(trigger!)
      expect(await claimOne(world.store)).toMatchObject({ firstIndex: -1, items: null, tryNumber: 1 })
    })

    it("may be limited: nothing is claimed that could be one too many", async () => {
      const { world, map, lease, fire } = await setup(open, { deferrals: [{}, {}], task: { deferredMax: 3 } })
      await map.commit(items(5))
      const [only] = await claimAll(world.store)
      expect(indexesOf(only!)).toEqual([2])
      await complete(world.store, only!, { exceptions: [deferred(2)] })
      expect(await claimAll(world.store)).toEqual([])
      const [first] = await lease("t")
      await fire(first!)
      // The one that fired has its turn before those that never ran.
      const [again] = await claimAll(world.store, { offersFirst: true })
      expect(indexesOf(again!)).toEqual([0])
      await complete(world.store, again!)
      expect((await claimAll(world.store)).flatMap(indexesOf)).toEqual([3])
    })

    it("never exceeds its limit, however many claim and defer at the same time", async () => {
      const world = await openWorld(open)
      const map = await openMap(world, { task: { deferredMax: 5 } })
      await map.commit(items(60))
      const { lease, fire } = verbsOf(world)
      for (let round = 0; round < 6; round++) {
        const workers = ["a", "b", "c", "d"].map(async (workerId) => {
          for (let turn = 0; turn < 4; turn++) await deferAll(world, workerId)
        })
        await Promise.all(workers)
        expect((await map.view()).deferred).toBe(5)
        for (const trigger of await lease("t")) await fire(trigger)
        for (const one of await claimAll(world.store, { offersFirst: true, limit: 5 })) {
          if (one.resumes !== null) await complete(world.store, one)
          else
            await runEffect(world.store.release({ workerId: "worker-1", leaseId: one.leaseId, split: false }))
        }
      }
    })
  })
}

/** Claims and defers what it gets, until there is nothing to be had; says how many were deferred. */
async function deferAll(world: StoreHarness, workerId: string): Promise<number> {
  const leases = await claim(world.store, { workerId, limit: 3, sizeDefault: 2 })
  let deferrals = 0
  for (const lease of leases) {
    const exceptions = indexesOf(lease).map((index) => deferred(index))
    await complete(world.store, lease, { workerId, exceptions })
    deferrals += exceptions.length
  }
  return deferrals
}

function firingContract(open: OpenStore): void {
  describe("an event", () => {
    it("offers its instance again, alone, in the same try, with what it goes on with", async () => {
      const { world, map, lease, fire } = await setup(open, { deferrals: [{}, {}] })
      const triggers = await lease("t")
      expect(triggers.map((one) => [one.mapIndex, one.tryNumber, one.trigger])).toEqual([
        [0, 1, { kind: "file", path: "/there/0", everyMs: 1000 }],
        [1, 1, { kind: "file", path: "/there/1", everyMs: 1000 }],
      ])
      expect(await fire(triggers[1]!)).toEqual([triggers[1]!.triggerId])
      expect(await statesOf(world.store, map.expansionId)).toEqual({ 0: "deferred", 1: "scheduled" })
      const again = await claimOne(world.store)
      expect(again).toMatchObject({ firstIndex: 1, count: 1, remaining: 1, tryNumber: 1, recorded: [] })
      expect(JSON.parse(again.items!)).toEqual([{ n: 1 }])
      expect(JSON.parse(resumeOf(again)!)).toEqual({
        resume: "collect",
        state: { kept: 1 },
        event: { came: true },
      })
      expect(await statesOf(world.store, map.expansionId)).toEqual({ 0: "deferred", 1: "running" })
      await complete(world.store, again)
      expect(await statesOf(world.store, map.expansionId)).toEqual({ 0: "deferred", 1: "success" })
      expect(await map.view()).toMatchObject({ deferred: 1, success: 1, retrying: 0, running: 0 })
    })

    it("fires once: a second one, or a late one, tells that it came to nothing", async () => {
      const { world, lease, fire } = await setup(open)
      const [trigger] = await lease("t")
      const both = await Promise.all([fire(trigger!, "1"), fire(trigger!, "2")])
      expect(both.flat()).toEqual([trigger!.triggerId])
      const again = await claimOne(world.store)
      await complete(world.store, again, { exceptions: [deferred(0)] })
      // Deferred anew, it waits for another trigger.
      expect(await fire(trigger!, "3")).toEqual([])
      expect(await claimAll(world.store)).toEqual([])
    })

    it("is kept when the lease it led to is lost, given back, or taken away", async () => {
      const { world, lease, fire } = await setup(open)
      const [trigger] = await lease("t")
      await fire(trigger!, '"event"')
      const first = await claimOne(world.store)
      await world.elapse(leaseMs + 1000)
      await runEffect(world.store.rescue({ limit: 10 }))
      const second = await claimOne(world.store)
      await runEffect(world.store.release({ workerId: "worker-1", leaseId: second.leaseId, split: true }))
      const third = await claimOne(world.store)
      expect([second.resumes, third.resumes]).toEqual([first.resumes, first.resumes])
      expect(await failureOf(world.store.complete(completeOptions(first)))).toMatchObject({
        _tag: "LeaseLost",
      })
    })

    it("is forgotten by the next try, which starts at the beginning", async () => {
      const { world, map, lease, fire } = await setup(open)
      const [trigger] = await lease("t")
      await fire(trigger!)
      await complete(world.store, await claimOne(world.store), { exceptions: [retried(0, 0)] })
      expect(await claimOne(world.store)).toMatchObject({ tryNumber: 2, resumes: null })
      expect(
        await runEffect(world.store.taskTries({ expansionId: map.expansionId, mapIndex: 0 })),
      ).toHaveLength(1)
    })

    it("may come as often as the instance defers", async () => {
      const { world, map, lease, fire } = await setup(open)
      for (let round = 0; round < 3; round++) {
        const [trigger] = await lease("t")
        await fire(trigger!, String(round))
        const again = await claimOne(world.store)
        expect(JSON.parse(resumeOf(again)!)).toMatchObject({ event: round })
        expect(again.tryNumber).toBe(1)
        await complete(world.store, again, round === 2 ? {} : { exceptions: [deferred(0)] })
      }
      expect(await foldAll(world.store)).toBe(1)
      expect(await map.view()).toMatchObject({ success: 1, deferred: 0 })
    })

    it("of a value that JSON text holds, comes as it was written", async () => {
      const { world, lease, fire } = await setup(open, {
        deferrals: [{ state: '{"a":"\\"\\\\{}é","n":1.50}' }],
      })
      const [trigger] = await lease("t")
      await fire(trigger!, '[{"$sluice":["Date","1970-01-01T00:00:00.000Z"]}]')
      expect(JSON.parse(resumeOf(await claimOne(world.store))!)).toEqual({
        resume: "collect",
        state: { a: '"\\{}é', n: 1.5 },
        event: [{ $sluice: ["Date", "1970-01-01T00:00:00.000Z"] }],
      })
    })
  })

  describe("a timer", () => {
    const after = (ms: number, timeoutMs: number | null = null) => ({
      trigger: { kind: "delay" as const, ms },
      timeoutMs,
    })

    it("fires when it is due, by the store's clock, and never before", async () => {
      const { world, map, fireTimers } = await setup(open, { deferrals: [after(60_000), after(30_000)] })
      const early = await fireTimers()
      expect(early.fired).toBe(0)
      expect(early.nextInMs).toBeGreaterThan(25_000)
      expect(early.nextInMs).toBeLessThanOrEqual(30_000)
      await world.elapse(30_500)
      expect(await fireTimers()).toMatchObject({ fired: 1 })
      expect(await statesOf(world.store, map.expansionId)).toEqual({ 0: "deferred", 1: "scheduled" })
      await world.elapse(30_500)
      expect(await fireTimers()).toEqual({ fired: 1, nextInMs: null })
      expect(JSON.parse(resumeOf(await claimOne(world.store))!)).toMatchObject({ event: null })
    })

    it("at an instant that is past fires at once, and one years away is not near", async () => {
      const far = Date.UTC(9000, 0, 1)
      const at = (instant: number) => ({ trigger: { kind: "time" as const, at: instant } })
      const { map, world, fireTimers } = await setup(open, { deferrals: [at(0), at(far)] })
      const { fired, nextInMs } = await fireTimers()
      expect(fired).toBe(1)
      expect(nextInMs).toBeGreaterThan(2 ** 40)
      expect(await statesOf(world.store, map.expansionId)).toEqual({ 0: "scheduled", 1: "deferred" })
    })

    it("fires no more at once than is asked for, the longest due first", async () => {
      const { world, fireTimers } = await setup(open, { deferrals: [after(3000), after(1000), after(2000)] })
      await world.elapse(4000)
      expect(await fireTimers(2)).toMatchObject({ fired: 2 })
      expect(ascending((await claimAll(world.store)).flatMap(indexesOf))).toEqual([1, 2])
      expect(await fireTimers(2)).toMatchObject({ fired: 1 })
    })

    it("is fired once by any number that ask", async () => {
      const { world, fireTimers } = await setup(open, {
        deferrals: Array.from({ length: 20 }, () => after(100)),
      })
      await world.elapse(1000)
      const answers = await Promise.all(Array.from({ length: 4 }, () => fireTimers(7)))
      const first = answers.reduce((sum, { fired }) => sum + fired, 0)
      const rest = (await fireTimers(100)).fired
      expect(first + rest).toBe(20)
      expect((await claimAll(world.store)).flatMap(indexesOf)).toHaveLength(20)
    })

    it("that comes before its timeout fires however late somebody looks, and one that comes after it does not", async () => {
      const { world, fireTimers, timeouts } = await setup(open, {
        deferrals: [after(1000, 2000), after(2000, 1000)],
      })
      await world.elapse(60_000)
      expect((await timeouts()).map(({ mapIndex }) => mapIndex)).toEqual([1])
      expect((await fireTimers()).fired).toBe(1)
      expect((await claimAll(world.store)).flatMap(indexesOf)).toEqual([0])
    })
  })

  describe("a trigger that waits for a run", () => {
    const awaits = (runId: string) => ({ trigger: { kind: "run" as const, dagId: "other", runId } })

    it("fires when that run has ended, and tells how", async () => {
      const { world } = await setup(open, {
        deferrals: [awaits("a"), awaits("b"), awaits("a"), awaits("none")],
      })
      const { store } = world
      await createRun(world, { dagId: "other", runId: "a", tasks: [{ taskId: "t" }] })
      const fireRuns = () => runEffect(store.fireEndedRuns({ limit: 100 }))
      expect(await fireRuns()).toBe(0)
      const other = await runEffect(store.dagRun({ dagId: "other", runId: "a" }))
      await newRun(store, { dagId: "other", runId: "b" })
      await runEffect(store.cancelDagRun({ dagRunId: other.id, note: "enough", actor: "tester" }))
      expect(await fireRuns()).toBe(2)
      const leases = await claimAll(store)
      expect(leases.flatMap(indexesOf)).toEqual([0, 2])
      expect(JSON.parse(resumeOf(leases[0]!)!)).toMatchObject({
        event: { dagId: "other", runId: "a", state: "failed" },
      })
      expect(await fireRuns()).toBe(0)
    })
  })
}

function failingContract(open: OpenStore): void {
  describe("a trigger that fails", () => {
    it("ends its instance, and finishes its page", async () => {
      const { world, map, lease, fail } = await setup(open)
      const [trigger] = await lease("t")
      expect(await fail([trigger!])).toEqual([
        {
          triggerId: trigger!.triggerId,
          expansionId: map.expansionId,
          isPageFinished: true,
          isExhausted: false,
        },
      ])
      const [instance] = await runEffect(
        world.store.listTaskInstances({ expansionId: map.expansionId, afterIndex: -2, limit: 10 }),
      )
      expect(instance).toMatchObject({ state: "failed", tryNumber: 1, error })
      expect(await foldAll(world.store)).toBe(1)
      expect(await map.view()).toMatchObject({ failed: 1, deferred: 0 })
    })

    it("spends a try: the next one starts at the beginning, after its delay", async () => {
      const { world, map, lease, fail } = await setup(open)
      const [trigger] = await lease("t")
      const [done] = await fail([
        { triggerId: trigger!.triggerId, state: "up_for_retry", retryDelayMs: 5000 },
      ])
      expect(done).toMatchObject({ isPageFinished: false })
      expect(await statesOf(world.store, map.expansionId)).toEqual({ 0: "up_for_retry" })
      expect(await claim(world.store)).toEqual([])
      await world.elapse(6000)
      expect(await claimOne(world.store)).toMatchObject({ tryNumber: 2, resumes: null })
      const tries = await runEffect(world.store.taskTries({ expansionId: map.expansionId, mapIndex: 0 }))
      expect(tries).toMatchObject([{ tryNumber: 1, error }])
    })

    it("fails several of a page and of several pages at once", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      for (const size of [3, 2]) {
        await map.commit(items(size))
        const lease = await claimOne(world.store)
        await complete(world.store, lease, { exceptions: indexesOf(lease).map((index) => deferred(index)) })
      }
      const { lease, fail } = verbsOf(world)
      const triggers = await lease("t")
      const done = await fail(triggers.slice(1))
      expect(done.filter(({ isPageFinished }) => isPageFinished)).toHaveLength(2)
      expect(await map.view()).toMatchObject({ failed: 4, deferred: 1 })
      await fail(triggers.slice(0, 1))
      expect(await foldAll(world.store)).toBe(2)
    })

    it("fails nothing when an event was first, nor the other way round", async () => {
      const { lease, fail, fire } = await setup(open, { deferrals: [{}, {}] })
      const [one, two] = await lease("t")
      await fire(one!)
      expect(await fail([one!])).toEqual([])
      await fail([two!])
      expect(await fire(two!)).toEqual([])
    })

    it("is not believed of a triggerer that does not watch it any more", async () => {
      const { world, lease, fail } = await setup(open)
      const [trigger] = await lease("dead")
      await world.elapse(leaseMs + 1000)
      expect(await lease("heir")).toHaveLength(1)
      expect(await fail([trigger!], "dead")).toEqual([])
      expect(await fail([trigger!], "heir")).toHaveLength(1)
    })
  })

  describe("a timeout", () => {
    it("is due at its time, the longest first, whoever watches the trigger", async () => {
      const { world, timeouts, lease } = await setup(open, {
        deferrals: [{ timeoutMs: 20_000 }, { timeoutMs: null }, { timeoutMs: 10_000 }],
      })
      await lease("t")
      expect(await timeouts()).toEqual([])
      await world.elapse(21_000)
      expect((await timeouts()).map(({ mapIndex }) => mapIndex)).toEqual([2, 0])
      expect(await timeouts(1)).toHaveLength(1)
    })
  })
}

function watchingContract(open: OpenStore): void {
  describe("watching triggers", () => {
    const many = (count: number) => Array.from({ length: count }, () => ({}))

    it("takes no more than the capacity, held ones included", async () => {
      const { lease } = await setup(open, { deferrals: many(10) })
      expect(await lease("t", 4)).toHaveLength(4)
      expect(await lease("t", 4)).toEqual([])
      expect(await lease("t", 6)).toHaveLength(2)
    })

    it("takes no more than a share of what is free while others live", async () => {
      const { world, lease } = await setup(open, { deferrals: many(12) })
      for (const triggererId of ["b", "c"])
        await runEffect(world.store.renewTriggers({ triggererId, triggerIds: [], leaseSeconds }))
      const [a, b, c] = [await lease("a"), await lease("b"), await lease("c")]
      expect([a.length, b.length, c.length]).toEqual([4, 3, 2])
      const all = [...a, ...b, ...c].map(({ triggerId }) => triggerId)
      expect(new Set(all).size).toBe(9)
    })

    it("gives each to one, however many ask at once", async () => {
      const { lease } = await setup(open, { deferrals: many(30) })
      const taken = (await Promise.all(["a", "b", "c", "d"].map((id) => lease(id)))).flat()
      expect(new Set(taken.map(({ triggerId }) => triggerId)).size).toBe(taken.length)
    })

    it("neither takes timers nor triggers that wait for a run: nobody has to watch them", async () => {
      const { lease } = await setup(open, {
        deferrals: [
          { trigger: { kind: "delay", ms: 1 } },
          { trigger: { kind: "run", dagId: "d", runId: "r" } },
          {},
        ],
      })
      expect((await lease("t")).map(({ mapIndex }) => mapIndex)).toEqual([2])
    })

    it("passes from a dead triggerer to a live one, and not before it is dead", async () => {
      const { world, lease } = await setup(open, { deferrals: many(4) })
      const { store } = world
      const held = (await lease("dead")).map(({ triggerId }) => triggerId)
      const renew = (triggererId: string) =>
        runEffect(store.renewTriggers({ triggererId, triggerIds: held, leaseSeconds }))
      expect(await lease("heir")).toEqual([])
      await world.elapse(leaseMs - 5000)
      expect(ascending((await renew("dead")).kept.map(Number))).toEqual(ascending(held.map(Number)))
      await world.elapse(leaseMs - 5000)
      expect(await lease("heir")).toEqual([])
      await world.elapse(leaseMs)
      expect(await lease("heir")).toHaveLength(4)
      // It comes back, and learns that nothing is left to it.
      expect(await renew("dead")).toEqual({ kept: [], unknown: [] })
      expect((await renew("heir")).kept).toHaveLength(4)
    })

    it("tells a triggerer what is its own, and it does not know of", async () => {
      const { world, lease } = await setup(open, { deferrals: many(3) })
      const [first, ...others] = await lease("t")
      const triggerIds = [first!.triggerId]
      const renewed = world.store.renewTriggers({ triggererId: "t", triggerIds, leaseSeconds })
      const { kept, unknown } = await runEffect(renewed)
      expect(kept).toEqual(triggerIds)
      const byId = (a: WaitingTrigger, b: WaitingTrigger) => Number(a.triggerId) - Number(b.triggerId)
      expect(unknown.toSorted(byId)).toEqual(others.toSorted(byId))
    })

    it("passes at once from one that is known to be dead", async () => {
      const { world, lease } = await setup(open, { deferrals: many(2) })
      await lease("dead")
      await runEffect(world.store.forgetWorker({ workerId: "dead" }))
      expect(await lease("heir")).toHaveLength(2)
    })

    it("is given back at once by one that stops", async () => {
      const { world, lease } = await setup(open, { deferrals: many(3) })
      await lease("a")
      await runEffect(world.store.releaseTriggers({ triggererId: "a" }))
      expect(await lease("b")).toHaveLength(3)
    })

    it("ends with the event: who watches it learns that it is gone", async () => {
      const { world, lease, fire } = await setup(open, { deferrals: many(2) })
      const held = await lease("t")
      await fire(held[0]!)
      const triggerIds = held.map(({ triggerId }) => triggerId)
      const kept = world.store.renewTriggers({ triggererId: "t", triggerIds, leaseSeconds })
      expect((await runEffect(kept)).kept).toEqual([held[1]!.triggerId])
    })
  })
}

function parkingContract(open: OpenStore): void {
  describe("a cancelled run", () => {
    const timer = { trigger: { kind: "delay" as const, ms: 1000 } }
    const cancel = ({ store }: StoreHarness, map: OpenMap) =>
      runEffect(store.cancelDagRun({ dagRunId: map.dagRunId, note: "stop", actor: "tester" }))

    it("waits for nothing: what it waited for fires, fails and is watched no more", async () => {
      const { world, map, lease, fire, fail, fireTimers, timeouts } = await setup(open, {
        deferrals: [{}, timer, { timeoutMs: 1000 }],
      })
      const held = await lease("t")
      await cancel(world, map)
      await world.elapse(5000)
      expect(await fireTimers()).toEqual({ fired: 0, nextInMs: null })
      expect(await timeouts()).toEqual([])
      expect(await fire(held[0]!)).toEqual([])
      expect(await fail([held[1]!])).toEqual([])
      const triggerIds = held.map(({ triggerId }) => triggerId)
      expect(
        await runEffect(world.store.renewTriggers({ triggererId: "t", triggerIds, leaseSeconds })),
      ).toEqual({ kept: [], unknown: [] })
      expect(await lease("u")).toEqual([])
    })

    it("waits on when it is resumed; what came due meanwhile comes at once", async () => {
      const { world, map, lease, fire, fireTimers, timeouts } = await setup(open, {
        deferrals: [{}, timer, { timeoutMs: 1000 }],
      })
      await lease("t")
      await cancel(world, map)
      await world.elapse(5000)
      await runEffect(world.store.resumeDagRun({ dagRunId: map.dagRunId, actor: "tester" }))
      expect(await statesOf(world.store, map.expansionId)).toEqual({
        0: "deferred",
        1: "deferred",
        2: "deferred",
      })
      expect(await fireTimers()).toMatchObject({ fired: 1 })
      expect((await timeouts()).map(({ mapIndex }) => mapIndex)).toEqual([2])
      const [again] = await lease("u")
      expect(await fire(again!)).toHaveLength(1)
      expect(ascending((await claimAll(world.store)).flatMap(indexesOf))).toEqual([0, 1])
    })

    it("keeps the event of an instance that was waiting for a slot", async () => {
      const { world, map, lease, fire } = await setup(open)
      const [trigger] = await lease("t")
      await fire(trigger!, "7")
      await cancel(world, map)
      expect(await claimAll(world.store)).toEqual([])
      await runEffect(world.store.resumeDagRun({ dagRunId: map.dagRunId, actor: "tester" }))
      expect(JSON.parse(resumeOf(await claimOne(world.store))!)).toMatchObject({ event: 7 })
    })
  })
}
