import { describe, expect, it } from "vitest"
import { completeEdge, fusedSource, mapped, streamEdge } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  ascending,
  claim,
  claimAll,
  claimOne,
  complete,
  createRun,
  decide,
  factsOf,
  failed,
  foldAll,
  indexesOf,
  items,
  openMap,
  openStream,
  openWorld,
  retried,
  settle,
  statesOf,
  viewOf,
} from "./world.ts"

/** Instances that are run again by hand, and what follows from it. */
export function redriveContract(open: OpenStore): void {
  describe("a redrive", () => {
    it("offers each instance again with its own input, the next try and its retries anew", async () => {
      const { world, map } = await failedMap(open)
      expect(await redrive(world, map, [1, 2, 3])).toEqual([1, 3])
      expect(await statesOf(world.store, map.expansionId)).toMatchObject({ 1: "up_for_retry", 2: "success" })
      const leases = await claimAll(world.store, { sizeDefault: 10 })
      expect(leases).toMatchObject([
        { indexes: [1, 3], firstIndex: 1, count: 2, remaining: 2, tryNumber: 2, baseTry: 1, isRetry: true },
      ])
      expect(JSON.parse(leases[0]!.items!)).toEqual([{ n: 1 }, { n: 3 }])
    })

    it("counts tries on from a retry's last, and its base stays when the new tries fail", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(1), { exhausted: true })
      await complete(world.store, await claimOne(world.store), { exceptions: [retried(0)] })
      await world.elapse(2000)
      await complete(world.store, await claimOne(world.store), { exceptions: [failed(0)] })
      await redrive(world, map, [0])
      const again = await claimOne(world.store)
      expect(again).toMatchObject({ tryNumber: 3, baseTry: 2 })
      await complete(world.store, again, { exceptions: [retried(0)] })
      await world.elapse(2000)
      const last = await claimOne(world.store)
      expect(last).toMatchObject({ tryNumber: 4, baseTry: 2 })
      await runEffect(world.store.release({ ...last, workerId: "worker-1", split: false }))
      expect(await claimOne(world.store)).toMatchObject({ tryNumber: 4, baseTry: 2 })
      const tries = await runEffect(world.store.taskTries({ ...map, mapIndex: 0 }))
      expect(tries.map(({ tryNumber, state }) => [tryNumber, state])).toEqual([
        [1, "failed"],
        [2, "failed"],
        [3, "failed"],
      ])
    })

    it("drops what the attempt left, and keeps in the history how it ended", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(2), { exhausted: true })
      const pushed = { mapIndex: 0, key: "url", value: '"old"' }
      const kept = { mapIndex: 1, key: "url", value: '"kept"' }
      await complete(world.store, await claimOne(world.store), { xcoms: [pushed, kept] })
      expect(await redrive(world, map, [0], ["success"])).toEqual([0])
      for (const key of ["url", "return_value"]) {
        await expect(runEffect(world.store.xcom({ ...map, mapIndex: 0, key }))).rejects.toThrow()
      }
      expect(await runEffect(world.store.xcom({ ...map, mapIndex: 1, key: "url" }))).toBe('"kept"')
      const [before] = await runEffect(world.store.taskTries({ ...map, mapIndex: 0 }))
      expect(before).toMatchObject({ tryNumber: 1, state: "success", error: null, endedAt: expect.any(Date) })
      await complete(world.store, await claimOne(world.store), { values: '["new"]', indexes: [0] })
      expect(await runEffect(world.store.xcom({ ...map, mapIndex: 0, key: "return_value" }))).toBe('"new"')
    })

    it("takes counters back, of pages that are folded and of those that are not", async () => {
      const { world, map } = await failedMap(open)
      expect(await map.view()).toMatchObject({ success: 3, failed: 2 })
      await redrive(world, map, [1])
      expect(await map.view()).toMatchObject({ created: 5, success: 3, failed: 1, retrying: 1 })
      await redrive(world, map, [3])
      expect(await map.view()).toMatchObject({ success: 3, failed: 0, retrying: 2 })
      expect(await runEffect(world.store.progress(map.expansionId))).toMatchObject({ finished: 3 })
      for (const lease of await claimAll(world.store)) await complete(world.store, lease)
      await foldAll(world.store)
      expect(await map.view()).toMatchObject({ success: 5, failed: 0, retrying: 0 })
    })

    it("is heard once by those who ask at once", async () => {
      const { world, map } = await failedMap(open)
      const answers = await Promise.all(Array.from({ length: 6 }, () => redrive(world, map, [1, 3])))
      expect(ascending(answers.flat())).toEqual([1, 3])
      expect((await claimAll(world.store)).flatMap(indexesOf)).toEqual([1, 3])
    })

    it("is in the event log, with who did it", async () => {
      const { world, map } = await failedMap(open)
      await redrive(world, map, [1, 3])
      await redrive(world, map, [1, 3])
      const events = await runEffect(world.store.listEvents({ ...map, before: null, limit: 10 }))
      expect(events).toHaveLength(1)
      expect(events[0]).toMatchObject({
        actor: "ada",
        event: "redriven",
        taskId: "load",
        detail: { instances: 2, first: 1, last: 3 },
      })
    })

    it("passes over gaps, which have no input, and what has not ended", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit([null, ...items(1)], {
        gaps: [{ position: 0, state: "skipped" }],
      })
      expect(await redrive(world, map, [0, 1, 7], ["skipped", "success", "failed"])).toEqual([])
    })

    it("runs what a stopped map had failed and never begun, and is not stopped again", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(4))
      const lease = await claimOne(store, { sizeDefault: 2 })
      await complete(store, lease, { exceptions: [failed(1)] })
      const reason = { type: "TooManyFailures", message: "1 failed", stack: null }
      const stop = { expansionId: map.expansionId, tolerance: null, reason, actor: "sluice" }
      expect(await runEffect(store.stopMap(stop))).toBe(true)
      expect(await statesOf(store, map.expansionId)).toMatchObject({
        1: "failed",
        2: "skipped",
        3: "skipped",
      })
      expect(await redrive(world, map, [0, 1, 2, 3], ["failed", "skipped"])).toEqual([1, 2, 3])
      await runEffect(store.closeStopped(map.expansionId))
      const again = await claimAll(store)
      expect(ascending(again.flatMap(indexesOf))).toEqual([1, 2, 3])
      for (const each of again) await complete(store, each)
      expect(await map.view()).toMatchObject({ success: 4, streamError: { type: "TooManyFailures" } })
    })

    it("leaves a cancelled run alone", async () => {
      const { world, map } = await failedMap(open)
      await runEffect(world.store.cancelDagRun({ dagRunId: map.dagRunId, note: "no", actor: "test" }))
      expect(await redrive(world, map, [1])).toEqual([])
      expect(await reopen(world, map.dagRunId)).toEqual({ reopened: [], reset: [] })
    })

    it("leaves an ended expansion ended until the run is reopened, and a reader where it is", async () => {
      const { world, ids, run } = await endedRun(open)
      const { store } = world
      await redrive(world, { expansionId: ids["a"]! }, [1])
      expect(await claimAll(store)).toEqual([])
      const read = { expansionId: ids["a"]!, fromIndex: 1, limit: 10 }
      expect(await runEffect(store.readStream(read))).toMatchObject({ items: [], exhausted: false })
      expect(await viewOf(store, run.id, ids["a"]!)).toMatchObject({ state: "failed" })
      expect(await runEffect(store.dagRunById(run.id))).toMatchObject({ state: "failed" })
    })
  })

  describe("reopening a run", () => {
    it("sets what was redriven and the run going, and what waited for it back to waiting", async () => {
      const { world, ids, run } = await endedRun(open)
      const { store } = world
      await redrive(world, { expansionId: ids["a"]! }, [1])
      const done = await reopen(world, run.id)
      expect(done).toEqual({ reopened: [ids["a"]], reset: [ids["reduce"], ids["last"]] })
      expect(await runEffect(store.dagRunById(run.id))).toMatchObject({ state: "running", endedAt: null })
      const views = await runEffect(store.expansionsOfRun(run.id))
      expect(views.map(({ state }) => state)).toEqual(["draining", "waiting", "waiting"])
      expect(await reopen(world, run.id)).toEqual({ reopened: [], reset: [] })
    })

    it("lets nothing start before what it had is gone, and then all of it ends anew", async () => {
      const { world, ids, run } = await endedRun(open)
      const { store } = world
      await redrive(world, { expansionId: ids["a"]! }, [1])
      await reopen(world, run.id)
      expect(await factsOf(store, ids["reduce"]!)).toBeUndefined()
      await clearAll(world)
      expect(await factsOf(store, ids["reduce"]!)).toMatchObject({
        state: "waiting",
        created: 0,
        upstream: { total: 1, success: 0, failed: 0, upstreamFailed: 0 },
      })
      await complete(store, await claimOne(store), { indexes: [1] })
      await foldAll(store)
      await decide(store, ids["a"]!, "success")
      expect((await factsOf(store, ids["reduce"]!))!.upstream).toMatchObject({ success: 1, failed: 0 })
      await decide(store, ids["reduce"]!, "draining")
      const lease = await claimOne(store)
      expect(lease).toMatchObject({ firstIndex: -1, tryNumber: 2, baseTry: 1, isRetry: false, generation: 1 })
      await complete(store, lease)
      await foldAll(store)
      await decide(store, ids["reduce"]!, "success")
      expect((await factsOf(store, ids["last"]!))!.upstream).toMatchObject({ success: 1, upstreamFailed: 0 })
      const tries = await runEffect(store.taskTries({ expansionId: ids["reduce"]!, mapIndex: -1 }))
      expect(tries.map(({ tryNumber, state }) => [tryNumber, state])).toEqual([[1, "failed"]])
    })

    it("takes the leases of what begins anew, whose workers can record nothing more", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [mapped("a"), { taskId: "done", triggerRule: "all_done" }],
        edges: [completeEdge("a", "done")],
      })
      await failA(world, run.id, ids["a"]!)
      await decide(store, ids["done"]!, "draining")
      const lease = await claimOne(store)
      await redrive(world, { expansionId: ids["a"]! }, [1])
      expect(await reopen(world, run.id)).toEqual({ reopened: [ids["a"]], reset: [ids["done"]] })
      await expect(complete(store, lease)).rejects.toThrow()
      expect(
        await runEffect(store.renew({ workerId: "worker-1", leaseIds: [lease.leaseId], leaseSeconds: 30 })),
      ).toEqual([])
    })

    it("does not count what had ended, and was not yet counted, before it began anew", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [mapped("a"), { taskId: "done", triggerRule: "all_done" }],
        edges: [completeEdge("a", "done")],
      })
      await failA(world, run.id, ids["a"]!)
      await decide(store, ids["done"]!, "draining")
      await complete(store, await claimOne(store))
      await redrive(world, { expansionId: ids["a"]! }, [1])
      await reopen(world, run.id)
      await foldAll(store)
      await clearAll(world)
      const views = await runEffect(store.expansionsOfRun(run.id))
      expect(views[1]).toMatchObject({ state: "waiting", created: 0, success: 0, failed: 0 })
    })

    it("begins a map below with its own source anew, and keeps its tries apart from those before", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [mapped("a"), fusedSource("s"), mapped("b", { triggerRule: "all_done" })],
        edges: [completeEdge("a", "b"), streamEdge("s", "b")],
      })
      await decide(store, ids["s"]!, "open")
      await failA(world, run.id, ids["a"]!)
      const b = await openStream(store, run.id, ids["b"]!)
      await b.commit(items(4), { keys: ["x", "y", "z", "x"], exhausted: true, fusedSources: [1] })
      await complete(store, await claimOne(store), { exceptions: [retried(1)] })
      await redrive(world, { expansionId: ids["a"]! }, [1])
      expect(await reopen(world, run.id)).toEqual({ reopened: [ids["a"]], reset: [ids["s"], ids["b"]] })
      await clearAll(world)
      expect((await factsOf(store, ids["b"]!))!.upstream).toMatchObject({ opened: 0, failed: 0 })
      expect(await b.view()).toMatchObject({
        created: 0,
        success: 0,
        retrying: 0,
        cursor: null,
        openedAt: null,
      })
      await complete(store, await claimOne(store), { indexes: [1] })
      await foldAll(store)
      await decide(store, ids["a"]!, "success")
      await decide(store, ids["s"]!, "open")
      const anew = await openStream(store, run.id, ids["b"]!)
      await anew.commit(items(2), { keys: ["y", "x"], exhausted: true, fusedSources: [1] })
      expect(await anew.view()).toMatchObject({ created: 2, duplicates: 0 })
      const lease = await claimOne(store)
      expect(lease).toMatchObject({ firstIndex: 0, count: 2, tryNumber: 2, baseTry: 1 })
      await complete(store, lease)
      const tries = await runEffect(store.taskTries({ expansionId: ids["b"]!, mapIndex: 1 }))
      expect(tries.map(({ tryNumber, state }) => [tryNumber, state])).toEqual([[1, "failed"]])
    })

    it("begins anew what reads a stream that is read anew, and what reads that", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [mapped("a"), mapped("b"), mapped("c")],
        edges: [streamEdge("a", "b"), streamEdge("b", "c")],
      })
      await failA(world, run.id, ids["a"]!)
      const b = await openStream(store, run.id, ids["b"]!)
      await b.commit(items(2), { consumed: [{ ordinal: 0, index: 2 }] })
      await openStream(store, run.id, ids["c"]!)
      await redrive(world, { expansionId: ids["a"]! }, [0, 1, 2], ["failed", "success"])
      const call = store.reopenRun({ dagRunId: run.id, resetsDownstream: true, readAnew: [ids["a"]!] })
      expect(await runEffect(call)).toEqual({ reopened: [ids["a"]], reset: [ids["b"], ids["c"]] })
      await clearAll(world)
      expect((await factsOf(store, ids["b"]!))!.upstream).toMatchObject({ opened: 1 })
      expect((await factsOf(store, ids["c"]!))!.upstream).toMatchObject({ opened: 0 })
      expect(await viewOf(store, run.id, ids["a"]!)).toMatchObject({ state: "draining", consumed: 0 })
    })

    it("leaves what is downstream as it is when asked to, and still counts how its upstream stands", async () => {
      const { world, ids, run } = await endedRun(open)
      const { store } = world
      await redrive(world, { expansionId: ids["a"]! }, [1])
      const call = store.reopenRun({ dagRunId: run.id, resetsDownstream: false, readAnew: [] })
      expect(await runEffect(call)).toEqual({ reopened: [ids["a"]], reset: [] })
      expect(await viewOf(store, run.id, ids["reduce"]!)).toMatchObject({ state: "failed" })
      await complete(store, await claimOne(store), { indexes: [1] })
      await foldAll(store)
      await decide(store, ids["a"]!, "success")
      // What is downstream counts as ever, so that a later redrive finds it right.
      await redrive(world, { expansionId: ids["a"]! }, [1], ["success"])
      await reopen(world, run.id)
      await clearAll(world)
      expect((await factsOf(store, ids["reduce"]!))!.upstream).toMatchObject({ success: 0, failed: 0 })
    })

    it("makes void what was decided of the run before", async () => {
      const { world, ids, run } = await endedRun(open)
      const { store } = world
      const before = await runEffect(store.runCounts(run.id))
      await redrive(world, { expansionId: ids["a"]! }, [1])
      await runEffect(store.reopenRun({ dagRunId: run.id, resetsDownstream: false, readAnew: [] }))
      await complete(store, await claimOne(store), { indexes: [1] })
      await foldAll(store)
      await decide(store, ids["a"]!, "success")
      const { reopenings } = await runEffect(store.runCounts(run.id))
      const late = { dagRunId: run.id, state: "failed", reopenings: before.reopenings } as const
      expect(await runEffect(store.finishDagRun(late))).toBe(false)
      expect(await runEffect(store.finishDagRun({ ...late, reopenings }))).toBe(true)
    })

    it("happens once, whoever asks at the same time", async () => {
      const { world, ids, run } = await endedRun(open)
      await redrive(world, { expansionId: ids["a"]! }, [1])
      const all = await Promise.all(Array.from({ length: 5 }, () => reopen(world, run.id)))
      expect(all.flatMap(({ reopened }) => reopened)).toEqual([ids["a"]])
      await clearAll(world)
      expect((await factsOf(world.store, ids["reduce"]!))!.upstream).toMatchObject({ failed: 0 })
    })
  })
}

type Redrive = Parameters<StoreHarness["store"]["redriveInstances"]>[0]

function redrive(
  { store }: StoreHarness,
  { expansionId }: { readonly expansionId: string },
  indexes: readonly number[],
  states: Redrive["states"] = ["failed"],
  followers: Redrive["followers"] = [],
): Promise<readonly number[]> {
  return runEffect(
    store.redriveInstances({ expansionId, indexes, states, followers, actor: "ada", event: "redriven" }),
  )
}

function reopen({ store }: StoreHarness, dagRunId: string) {
  return runEffect(store.reopenRun({ dagRunId, resetsDownstream: true, readAnew: [] }))
}

/** Removes what begins anew, in the smallest steps. */
async function clearAll({ store }: StoreHarness): Promise<void> {
  while (await runEffect(store.clearPages({ limit: 1 }))) continue
}

/** A map whose first page is folded and whose second is not; 1 and 3 failed. */
async function failedMap(open: OpenStore) {
  const world = await openWorld(open)
  const map = await openMap(world)
  await map.commit(items(3))
  await complete(world.store, await claimOne(world.store), { exceptions: [failed(1)] })
  await foldAll(world.store)
  await map.commit(['{"n":3}', '{"n":4}'], { exhausted: true })
  await complete(world.store, await claimOne(world.store), { exceptions: [failed(3)] })
  return { world, map }
}

/** Runs a map of three to its end, of which the second fails. */
async function failA(world: StoreHarness, dagRunId: string, expansionId: string): Promise<void> {
  const { store } = world
  const a = await openStream(store, dagRunId, expansionId)
  await a.commit(items(3), { exhausted: true })
  const [lease] = (await claim(store)).filter((each) => each.expansionId === expansionId)
  await complete(store, lease!, { exceptions: [failed(1)] })
  await foldAll(store)
  await decide(store, expansionId, "failed")
}

/** A run that has failed: a map, a reduce that ran whatever happened and failed, and a task that so never ran. */
async function endedRun(open: OpenStore) {
  const world = await openWorld(open)
  const { store } = world
  const { run, ids } = await createRun(world, {
    tasks: [mapped("a"), { taskId: "reduce", triggerRule: "all_done" }, { taskId: "last" }],
    edges: [completeEdge("a", "reduce"), completeEdge("reduce", "last")],
  })
  await failA(world, run.id, ids["a"]!)
  await decide(store, ids["reduce"]!, "draining")
  await complete(store, await claimOne(store), { exceptions: [failed(-1)], values: "[]", indexes: [] })
  await foldAll(store)
  await decide(store, ids["reduce"]!, "failed")
  await decide(store, ids["last"]!, "upstream_failed")
  await settle(store)
  expect(await runEffect(store.finishDagRun({ dagRunId: run.id, state: "failed", reopenings: 0 }))).toBe(true)
  return { world, run, ids }
}
