import { describe, expect, it } from "vitest"
import { completeEdge, fusedSource, mapped, sharedSource, streamEdge } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  type OpenMap,
  claim,
  claimOne,
  complete,
  createRun,
  decide,
  factsOf,
  foldAll,
  items,
  leaseMs,
  leaseSeconds,
  openMap,
  openStream,
  openWorld,
  page,
  settle,
  statesOf,
  viewOf,
} from "./world.ts"

const error = { type: "FetchError", message: "503", stack: "at source.ts:3" }

/** Pages: committed, with gaps, from shared and fused sources; streams that end or break. */
export function pageContract(open: OpenStore): void {
  describe("pages", () => {
    it("move cursor, indexes and instances together", async () => {
      const world = await openWorld(open)
      const map = await openMap(world, { task: { mapping: { window: 50, pageSize: 7, maxItems: 99 } } })
      const progress = await map.commit(items(3), { cursor: '{"page":2}' })
      expect(progress).toEqual({
        state: "open",
        isPullingPaused: false,
        window: 50,
        pageSize: 7,
        pageBytesMax: 1_000_000,
        maxItems: 99,
        created: 3,
        finished: 0,
        consumed: null,
      })
      expect(await runEffect(world.store.progress(map.expansionId))).toEqual(progress)
      const view = await map.view()
      expect(view).toMatchObject({ created: 3, pulls: 1, pages: 1, exhausted: false })
      expect(JSON.parse(view.cursor!)).toEqual({ page: 2 })
    })

    it("go on at the index where the page before ended", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(3))
      await map.commit(items(2))
      const first = await claimOne(world.store)
      const second = await claimOne(world.store)
      expect([first.firstIndex, first.count, second.firstIndex, second.count]).toEqual([0, 3, 3, 2])
      expect(Object.keys(await statesOf(world.store, map.expansionId))).toEqual(["0", "1", "2", "3", "4"])
    })

    it("without items move the cursor alone", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit([], { cursor: "5", pulls: 4 })
      expect(await map.view()).toMatchObject({ created: 0, pulls: 4, pages: 0, cursor: "5" })
      expect(await claim(world.store)).toEqual([])
    })

    it("are refused under an epoch that has passed, and leave nothing behind", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(2), { cursor: '"p1"' })
      await world.elapse(leaseMs + 1000)
      const [taken] = await runEffect(store.leaseExpansions({ runnerId: "other", limit: 1, leaseSeconds }))
      const late = store.commitPage(page({ ...map, items: items(5), exhausted: true }))
      expect(await failureOf(late)).toMatchObject({ _tag: "LeaseLost", held: "expansion" })
      expect(await map.view()).toMatchObject({ created: 2, pulls: 1, state: "open", exhausted: false })
      const next = await runEffect(store.commitPage(page({ ...taken!, items: items(1) })))
      expect(next.created).toBe(3)
    })

    it("are taken late while nobody else has the right", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await world.elapse(leaseMs + 1000)
      expect((await map.commit(items(1))).created).toBe(1)
    })

    it("are refused after the last one", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(1), { exhausted: true })
      const more = world.store.commitPage(page({ ...map, items: items(1) }))
      expect(await failureOf(more)).toMatchObject({ _tag: "LeaseLost" })
      expect((await map.view()).created).toBe(1)
    })

    it("end the stream with the last one, and have the expansion decided", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(2))
      expect(await factsOf(world.store, map.expansionId)).toBeUndefined()
      const progress = await map.commit(items(1), { exhausted: true })
      expect(progress).toMatchObject({ state: "draining", created: 3 })
      expect(await factsOf(world.store, map.expansionId)).toMatchObject({
        ...{ state: "draining", exhausted: true, created: 3, success: 0, streamFailure: null },
      })
    })

    it("remember the most that was unfinished after any of them", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(5))
      await complete(world.store, await claimOne(world.store))
      await map.commit(items(3))
      expect((await map.view()).unfinishedPeak).toBe(5)
      const progress = await map.commit(items(4))
      expect(progress).toMatchObject({ created: 12, finished: 5 })
      expect((await map.view()).unfinishedPeak).toBe(7)
    })
  })

  describe("gaps", () => {
    it("are recorded with the page, in their own state", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      const gaps = [
        { position: 0, state: "skipped" },
        { position: 2, state: "upstream_failed" },
      ] as const
      const progress = await map.commit([null, "1", null, "3"], { gaps })
      expect(progress).toMatchObject({ created: 4, finished: 2 })
      expect(await map.view()).toMatchObject({ skipped: 1, upstreamFailed: 1, running: 0 })
      expect(await statesOf(world.store, map.expansionId)).toEqual({
        ...{ 0: "skipped", 1: "scheduled", 2: "upstream_failed", 3: "scheduled" },
      })
    })

    it("are named in the lease that covers them, and not run", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(['"a"', null, '"c"'])
      const lease = await claimOne(world.store)
      expect(lease).toMatchObject({ firstIndex: 0, count: 3, remaining: 2, recorded: [1] })
      const inputs = JSON.parse(lease.items!) as unknown[]
      expect([inputs.length, inputs[0], inputs[2]]).toEqual([3, "a", "c"])
      const done = await complete(world.store, lease, { values: '["x","z"]' })
      expect(done).toMatchObject({ remaining: 0, isPageFinished: true })
      const value = world.store.xcom({ ...map, mapIndex: 2, key: "return_value" })
      expect(JSON.parse(await runEffect(value))).toBe("z")
      expect(await map.view()).toMatchObject({ success: 2, upstreamFailed: 1 })
    })

    it("alone make no lease, and finish their page", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit([null, null], { exhausted: true })
      expect(await claim(world.store)).toEqual([])
      expect(await foldAll(world.store)).toBe(1)
      expect(await factsOf(world.store, map.expansionId)).toMatchObject({ upstreamFailed: 2, created: 2 })
    })

    it("do not stand in the way of what comes after them", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit([null, null, null, "3", null, "5"])
      const indexes: number[] = []
      // A range of nothing but gaps is passed over: whoever claims gets work while there is any.
      for (let i = 0; i < 2; i++) {
        const leases = await claim(world.store, { sizeDefault: 1 })
        expect(leases.every(({ remaining }) => remaining > 0)).toBe(true)
        for (const lease of leases) {
          indexes.push(...range(lease).filter((index) => !lease.recorded.includes(index)))
        }
      }
      expect(indexes).toEqual([3, 5])
    })
  })

  describe("pages of sources", () => {
    it("of a shared source are done when they are stored: no instance runs for them", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, { tasks: [sharedSource("list")] })
      const source = await openStream(store, run.id, ids["list"]!)
      const progress = await source.commit(items(3))
      expect(progress).toMatchObject({ created: 3, finished: 3 })
      expect(await claim(store)).toEqual([])
      expect(await foldAll(store)).toBe(0)
      await source.commit(items(2), { exhausted: true })
      expect(await source.view()).toMatchObject({ created: 5, success: 5, running: 0 })
      expect(await factsOf(store, ids["list"]!)).toMatchObject({ created: 5, success: 5, exhausted: true })
      expect(await statesOf(store, ids["list"]!)).toEqual({})
    })

    it("of a fused source belong to its consumer, and end with it", async () => {
      const { world, ids, map, dagRunId } = await setupFused(open)
      await settle(world.store)
      await map.commit(items(2))
      expect(await factsOf(world.store, ids["list"]!)).toBeUndefined()
      await map.commit(items(1), { exhausted: true, fusedSources: [0] })
      const facts = await factsOf(world.store, ids["list"]!)
      expect(facts).toMatchObject({ kind: "fused", state: "draining", exhausted: true, streamFailure: null })
      expect(await viewOf(world.store, dagRunId, ids["list"]!)).toMatchObject({ created: 0 })
    })
  })

  describe("a fused source", () => {
    const fused = {
      tasks: [fusedSource("list"), { taskId: "other" }, mapped("load")],
      edges: [streamEdge("list", "load"), completeEdge("other", "load")],
    }

    it("ends when its reader ends without having been opened", async () => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, fused)
      await decide(world.store, ids["list"]!, "open")
      expect(await factsOf(world.store, ids["list"]!)).toBeUndefined()
      await decide(world.store, ids["load"]!, "skipped")
      expect(await factsOf(world.store, ids["list"]!)).toMatchObject({ state: "draining", exhausted: true })
    })

    it("ends at once when its reader has ended before it is opened", async () => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, fused)
      await decide(world.store, ids["other"]!, "upstream_failed")
      await decide(world.store, ids["load"]!, "upstream_failed")
      await decide(world.store, ids["list"]!, "open")
      expect(await factsOf(world.store, ids["list"]!)).toMatchObject({ state: "draining", exhausted: true })
    })
  })

  describe("a stream that breaks", () => {
    it("ends where it stood, with its error, and is decided", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(2))
      const end = { ...map, error, failure: "own", failedSource: null, fusedSources: [] } as const
      await runEffect(world.store.breakStream(end))
      expect(await map.view()).toMatchObject({ state: "draining", exhausted: true, streamError: error })
      expect(await factsOf(world.store, map.expansionId)).toMatchObject({ streamFailure: "own", created: 2 })
      expect(await claim(world.store)).toHaveLength(1)
      expect(await failureOf(world.store.breakStream(end))).toMatchObject({ _tag: "LeaseLost" })
    })

    it("puts the failure on the fused source that broke", async () => {
      const { world, ids, map, dagRunId } = await setupFused(open)
      await settle(world.store)
      const end = { ...map, error, failure: "upstream", failedSource: 0, fusedSources: [0] } as const
      await runEffect(world.store.breakStream(end))
      expect(await factsOf(world.store, ids["load"]!)).toMatchObject({ streamFailure: "upstream" })
      expect(await factsOf(world.store, ids["list"]!)).toMatchObject({
        streamFailure: "own",
        exhausted: true,
      })
      expect(await viewOf(world.store, dagRunId, ids["list"]!)).toMatchObject({ streamError: error })
    })
  })

  describe("consumption", () => {
    it("is what the slowest consumer that holds the stream back has taken", async () => {
      const { world, maps, source } = await setupConsumers(open)
      const consumed = async () => (await runEffect(world.store.progress(source.expansionId))).consumed
      await source.commit(items(8))
      expect(await consumed()).toBe(0)
      await maps["fast"]!.commit(items(6), { consumed: [{ ordinal: 0, index: 6 }] })
      expect(await consumed()).toBe(0)
      await maps["slow"]!.commit(items(2), { consumed: [{ ordinal: 0, index: 2 }] })
      expect(await consumed()).toBe(2)
      expect((await source.view()).consumed).toBe(2)
    })

    it("does not wait for consumers that take no more", async () => {
      const { world, maps, source } = await setupConsumers(open)
      const consumed = async () => (await runEffect(world.store.progress(source.expansionId))).consumed
      await source.commit(items(8))
      await maps["fast"]!.commit(items(6), { consumed: [{ ordinal: 0, index: 6 }] })
      await maps["slow"]!.commit(items(2), { consumed: [{ ordinal: 0, index: 2 }], exhausted: true })
      expect(await consumed()).toBe(6)
      await maps["fast"]!.commit([], { exhausted: true })
      expect(await consumed()).toBeNull()
    })

    it("counts a consumer that has not started as one that has taken nothing", async () => {
      const world = await openWorld(open)
      const { run, ids } = await createRun(world, {
        tasks: [sharedSource("list"), mapped("load")],
        edges: [streamEdge("list", "load")],
      })
      const source = await openStream(world.store, run.id, ids["list"]!)
      expect((await source.commit(items(4))).consumed).toBe(0)
    })
  })
}

function range(lease: { firstIndex: number; count: number }): number[] {
  return Array.from({ length: lease.count }, (_, i) => lease.firstIndex + i)
}

async function setupFused(open: OpenStore) {
  const world = await openWorld(open)
  const { run, ids } = await createRun(world, {
    tasks: [fusedSource("list"), mapped("load")],
    edges: [streamEdge("list", "load")],
  })
  await decide(world.store, ids["list"]!, "open")
  const map = await openStream(world.store, run.id, ids["load"]!)
  return { world, ids, map, dagRunId: run.id }
}

/** A source with two consumers that hold it back and one that does not. */
async function setupConsumers(open: OpenStore) {
  const world = await openWorld(open)
  const consumers = ["fast", "slow", "free"]
  const { run, ids } = await createRun(world, {
    tasks: [sharedSource("list"), ...consumers.map((taskId) => mapped(taskId))],
    edges: consumers.map((taskId) => streamEdge("list", taskId, taskId !== "free")),
  })
  const source = await openStream(world.store, run.id, ids["list"]!)
  const maps: Record<string, OpenMap> = {}
  for (const taskId of consumers) maps[taskId] = await openStream(world.store, run.id, ids[taskId]!)
  return { world, source, maps }
}
