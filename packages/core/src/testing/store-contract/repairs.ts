import { describe, expect, it } from "vitest"
import type { FollowingMap, Repair, Repaired } from "../../store/redrive-store.ts"
import { completeEdge, mapped, streamEdge } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  type OpenMap,
  claim,
  claimAll,
  complete,
  createRun,
  decide,
  factsOf,
  failed,
  foldAll,
  indexesOf,
  leaseSeconds,
  openStream,
  openWorld,
  page,
  retried,
  settle,
  statesOf,
  viewOf,
} from "./world.ts"

/** Maps below a redriven one: instances that follow, one by one. */
export function repairContract(open: OpenStore): void {
  describe("repairs", () => {
    it("hold what follows, down a chain, until its upstream has ended, and then give it its new input", async () => {
      const chain = await endedChain(open)
      const { world, ids } = chain
      await redriveA(chain, [1], "failed")
      expect(await resolve(chain, "b")).toEqual([1])
      expect(await resolve(chain, "c")).toEqual([1])
      await reopen(chain)
      expect(await statesOf(world.store, ids["b"]!)).toMatchObject({ 0: "success", 1: "up_for_retry" })
      expect(await viewOf(world.store, chain.runId, ids["b"]!)).toMatchObject({
        state: "draining",
        upstreamFailed: 0,
      })
      expect(await take(chain, "b")).toEqual([])
      await runAll(chain)
      await world.elapse(2_000)
      const [repair] = await take(chain, "b")
      expect(repair).toMatchObject({ mapIndex: 1, upstreamIndex: 1, left: '"r1"', failures: 0 })
      expect(await take(chain, "c")).toEqual([])
      expect(await settleAs(chain, repair!, { kind: "item", item: '"new"', label: null })).toBe(true)
      const [lease] = await claimAll(world.store)
      expect(lease).toMatchObject({
        expansionId: ids["b"],
        firstIndex: 1,
        count: 1,
        isRetry: true,
        tryNumber: 1,
      })
      expect(JSON.parse(lease!.items!)).toEqual(["new"])
      await complete(world.store, lease!)
      await world.elapse(2_000)
      const [next] = await take(chain, "c")
      expect(next).toMatchObject({ mapIndex: 1, left: '"r1"' })
      await settleAs(chain, next!, { kind: "item", item: '"newer"', label: null })
      await runAll(chain)
      await foldAll(world.store)
      for (const taskId of ["a", "b", "c"]) {
        const { expansionId } = (await factsOf(world.store, ids[taskId]!))!
        expect(await factsOf(world.store, expansionId)).toMatchObject({
          hasRepairs: false,
          success: 3,
          failed: 0,
        })
      }
    })

    it("keep a map from ending, and its run, while it has any", async () => {
      const chain = await endedChain(open)
      const { world, ids } = chain
      await redriveA(chain, [1], "failed")
      await reopen(chain)
      await settle(world.store)
      expect(await runEffect(world.store.runCounts(chain.runId))).toMatchObject({ hasUnfinished: true })
      await runAll(chain)
      await foldAll(world.store)
      await decide(world.store, ids["a"]!, "success")
      expect(
        await runEffect(world.store.finishDagRun({ dagRunId: chain.runId, state: "success", reopenings: 0 })),
      ).toBe(false)
      await resolve(chain, "b")
      expect(await factsOf(world.store, ids["b"]!)).toMatchObject({ hasRepairs: true })
      const maps = await runEffect(world.store.mapsToRepair({ after: null, limit: 10 }))
      expect(maps.map(({ expansionId, hasUnresolved }) => [expansionId, hasUnresolved])).toEqual([
        [ids["b"], false],
        [ids["c"], true],
      ])
      const rest = await runEffect(world.store.mapsToRepair({ after: ids["b"]!, limit: 10 }))
      expect(rest.map(({ expansionId }) => expansionId)).toEqual([ids["c"]])
    })

    it("make a gap a gap again where the upstream fails again, and can be made good by the next redrive", async () => {
      const chain = await endedChain(open)
      const { world, ids } = chain
      await redriveA(chain, [1], "failed")
      await resolve(chain, "b")
      await reopen(chain)
      const [lease] = await claimAll(world.store)
      await complete(world.store, lease!, { exceptions: [failed(1)], indexes: [] })
      await world.elapse(2_000)
      const [repair] = await take(chain, "b")
      expect(repair).toMatchObject({ left: { gap: "upstream_failed" } })
      await settleAs(chain, repair!, { kind: "gap", state: "upstream_failed" })
      expect(await statesOf(world.store, ids["b"]!)).toMatchObject({ 1: "upstream_failed" })
      expect(await viewOf(world.store, chain.runId, ids["b"]!)).toMatchObject({
        success: 2,
        upstreamFailed: 1,
      })
      await redriveA(chain, [1], "failed")
      expect(await resolve(chain, "b")).toEqual([1])
    })

    it("end an instance whose item is left out, or cannot be made, and try again where they may", async () => {
      const chain = await endedChain(open)
      const { world, ids } = chain
      await redriveA(chain, [0, 1], "failed", "success")
      expect(await resolve(chain, "b")).toEqual([0, 1])
      await reopen(chain)
      await runAll(chain)
      await world.elapse(2_000)
      const [first, second] = await take(chain, "b")
      const error = { type: "Error", message: "no", stack: null }
      expect(await settleAs(chain, first!, { kind: "failed", error, retryDelayMs: 5_000 })).toBe(true)
      expect(await settleAs(chain, second!, { kind: "dropped" })).toBe(true)
      expect(await take(chain, "b")).toEqual([])
      await world.elapse(6_000)
      const [again] = await take(chain, "b")
      expect(again).toMatchObject({ mapIndex: first!.mapIndex, failures: 1 })
      await settleAs(chain, again!, { kind: "failed", error, retryDelayMs: null })
      const states = await statesOf(world.store, ids["b"]!)
      expect([states[first!.mapIndex], states[second!.mapIndex]]).toEqual(["failed", "skipped"])
      await foldAll(world.store)
      expect(await factsOf(world.store, ids["b"]!)).toMatchObject({
        success: 1,
        failed: 1,
        skipped: 1,
        hasRepairs: false,
      })
      // There is no input to run these again with.
      const states_ = ["failed", "skipped"] as const
      const call = world.store.redriveInstances({
        ...options(chain, "b", []),
        indexes: [0, 1, 2],
        states: states_,
      })
      expect(await runEffect(call)).toEqual([])
    })

    it("run an instance again whose upstream had succeeded, and keep the attempt before", async () => {
      const chain = await endedChain(open)
      const { world, ids } = chain
      await redriveA(chain, [0], "success")
      expect(await resolve(chain, "b")).toEqual([0])
      expect(await resolve(chain, "c")).toEqual([0])
      await reopen(chain)
      await runAll(chain)
      await world.elapse(2_000)
      const [repair] = await take(chain, "b")
      await settleAs(chain, repair!, { kind: "item", item: '"again"', label: null })
      const [lease] = await claimAll(world.store)
      expect(lease).toMatchObject({ firstIndex: 0, tryNumber: 2, baseTry: 1 })
      await complete(world.store, lease!)
      const tries = await runEffect(world.store.taskTries({ expansionId: ids["b"]!, mapIndex: 0 }))
      expect(tries).toMatchObject([{ tryNumber: 1, state: "success" }])
    })

    it("refuse an input that was made before the last redrive", async () => {
      const chain = await endedChain(open)
      const { world } = chain
      await redriveA(chain, [0], "success")
      await resolve(chain, "b")
      await reopen(chain)
      await runAll(chain)
      await world.elapse(2_000)
      const [stale] = await take(chain, "b")
      await redriveA(chain, [0], "success")
      expect(await settleAs(chain, stale!, { kind: "item", item: '"old"', label: null })).toBe(false)
      expect(await claimAll(world.store)).toMatchObject([{ expansionId: chain.ids["a"] }])
    })

    it("are settled once, whoever has them", async () => {
      const chain = await endedChain(open)
      await redriveA(chain, [1], "failed")
      await resolve(chain, "b")
      await reopen(chain)
      await runAll(chain)
      await chain.world.elapse(2_000)
      const [repair] = await take(chain, "b")
      expect(await take(chain, "b")).toEqual([])
      await chain.world.elapse(leaseSeconds * 1000 + 1_000)
      const [taken] = await take(chain, "b")
      const item = { kind: "item", item: "1", label: null } as const
      const all = await Promise.all([repair!, taken!, taken!].map((one) => settleAs(chain, one, item)))
      expect(all.filter(Boolean)).toHaveLength(1)
      expect(await claimAll(chain.world.store)).toHaveLength(1)
    })

    it("find a gap again where a pipeline has left items out", async () => {
      const { chain, world, store, ids, a, b } = await openReader(open)
      await a.commit(["0", "1", "2"], { exhausted: true })
      await completeMap(world, a, { exceptions: [failed(2)] })
      const origin = { ordinal: 0, index: 2 }
      await b.commit(['"of 0"', null], {
        exhausted: true,
        gaps: [{ position: 1, state: "upstream_failed", origin }],
      })
      const asked = { expansionId: ids["b"]!, upstreamId: ids["a"]!, isAligned: false, indexes: [0, 1, 2] }
      expect(await runEffect(store.followingIndexes(asked))).toEqual([1])
      const sifted = [{ ordinal: 1, isAligned: false }]
      await redriveA(chain, [0, 2], ["failed", "success"], sifted)
      expect(await resolve(chain, "b")).toEqual([1])
      expect(await runEffect(store.followingIndexes(asked))).toEqual([])
      await runAll({ ...chain, only: "a" })
      await world.elapse(2_000)
      const [repair] = await take(chain, "b")
      expect(repair).toMatchObject({ mapIndex: 1, upstreamIndex: 2 })
      await settleAs(chain, repair!, { kind: "gap", state: "skipped" })
      expect(await runEffect(store.followingIndexes(asked))).toEqual([1])
    })

    it("let go of a runner that may have read what is not so any more", async () => {
      const { chain, world, store, ids, a, b } = await openReader(open)
      await a.commit(["0", "1"], { exhausted: true })
      await completeMap(world, a, { exceptions: [failed(1)] })
      await redriveA(chain, [1], "failed")
      expect(await failureOf(store.commitPage(page({ ...b, items: ["0", null] })))).toMatchObject({
        _tag: "LeaseLost",
      })
      // It has taken nothing of it yet, and will read the new one.
      expect(await runEffect(store.mapsToRepair({ after: null, limit: 10 }))).toEqual([])
      const held = await runEffect(store.leaseExpansions({ runnerId: "other", limit: 10, leaseSeconds }))
      expect(held.map(({ expansionId }) => expansionId)).toEqual([ids["b"]])
    })

    it("leave what runs with its old input until it has ended, and take back what waits for a retry", async () => {
      const { chain, world, store, a, b } = await openReader(open)
      await a.commit(["0", "1", "2"], { exhausted: true })
      await completeMap(world, a)
      await b.commit(["0", "1", "2"], { exhausted: true })
      const [lease] = await claim(store)
      await complete(store, lease!, { exceptions: [retried(1, 50_000)], indexes: [0] })
      await redriveA(chain, [1, 2], "success")
      expect(await resolve(chain, "b")).toEqual([1])
      await complete(store, lease!, { indexes: [2] })
      await world.elapse(2_000)
      expect(await resolve(chain, "b")).toEqual([2])
      await runAll(chain)
      await world.elapse(2_000)
      const repairs = await take(chain, "b")
      for (const repair of repairs)
        await settleAs(chain, repair, { kind: "item", item: '"new"', label: null })
      const again = await claimAll(store)
      expect(again.flatMap(indexesOf)).toEqual([1, 2])
      for (const { tryNumber, items, count } of again) {
        expect(tryNumber).toBe(2)
        expect(JSON.parse(items!)).toEqual(Array.from({ length: count }, () => "new"))
      }
      expect(await b.view()).toMatchObject({ success: 1, created: 3 })
    })

    it("are gone with a map that begins anew", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [
          mapped("a"),
          { taskId: "r", triggerRule: "all_done" },
          mapped("b", { triggerRule: "all_done" }),
        ],
        edges: [completeEdge("a", "r"), streamEdge("a", "b"), completeEdge("r", "b")],
      })
      const a = await openStream(store, run.id, ids["a"]!)
      await a.commit(["0", "1"], { exhausted: true })
      await completeMap(world, a, { exceptions: [failed(1)] })
      await decide(store, ids["a"]!, "failed")
      await decide(store, ids["r"]!, "draining")
      await runAll({ world, ids, runId: run.id })
      await foldAll(store)
      await decide(store, ids["r"]!, "success")
      const b = await openStream(store, run.id, ids["b"]!)
      await b.commit(["0", null], { exhausted: true })
      const chain = { world, ids, runId: run.id }
      await redriveA(chain, [1], "failed", undefined, [{ ordinal: 2, isAligned: true }])
      await resolve(chain, "b")
      await reopen(chain)
      expect(await runEffect(store.mapsToRepair({ after: null, limit: 10 }))).toEqual([])
      expect(await viewOf(store, run.id, ids["b"]!)).toMatchObject({ state: "waiting", created: 0 })
    })
  })
}

/** A run with a chain of maps, by task id. */
interface Chain {
  readonly world: StoreHarness
  readonly ids: Readonly<Record<string, string>>
  readonly runId: string
}

const followersOf: Readonly<Record<string, readonly FollowingMap[]>> = {
  a: [{ ordinal: 1, isAligned: true }],
  b: [{ ordinal: 2, isAligned: true }],
  c: [],
}

type State = "failed" | "success" | "skipped"

function options({ ids }: Chain, taskId: string, followers = followersOf[taskId] ?? []) {
  return { expansionId: ids[taskId]!, followers, actor: "ada", event: "redriven" as const }
}

function redriveA(
  chain: Chain,
  indexes: readonly number[],
  states: State | readonly State[],
  more?: State | readonly FollowingMap[],
  followers?: readonly FollowingMap[],
): Promise<readonly number[]> {
  const asked = [states, typeof more === "string" ? more : []].flat() as readonly State[]
  const following = followers ?? (Array.isArray(more) ? (more as readonly FollowingMap[]) : undefined)
  const call = chain.world.store.redriveInstances({
    ...options(chain, "a", following),
    indexes,
    states: asked,
  })
  return runEffect(call)
}

async function resolve({ world, ids }: Chain, taskId: string): Promise<readonly number[]> {
  const followers = ids["c"] === undefined || taskId !== "b" ? [] : followersOf[taskId]!
  const call = world.store.resolveRepairs({ expansionId: ids[taskId]!, followers, limit: 100 })
  return (await runEffect(call)).indexes
}

async function take({ world, ids }: Chain, taskId: string): Promise<readonly Repair[]> {
  const call = world.store.takeRepairs({ expansionId: ids[taskId]!, limit: 100, leaseSeconds })
  const { repairs } = await runEffect(call)
  return [...repairs].sort((a, b) => a.mapIndex - b.mapIndex)
}

function settleAs({ world }: Chain, repair: Repair, repaired: Repaired): Promise<boolean> {
  return runEffect(world.store.settleRepair({ repair, repaired }))
}

function reopen({ world, runId }: Chain) {
  return runEffect(world.store.reopenRun({ dagRunId: runId, resetsDownstream: true, readAnew: [] }))
}

/** Runs whatever can be claimed; everything succeeds. */
async function runAll({ world, ids, only }: Chain & { readonly only?: string }): Promise<void> {
  for (const lease of await claimAll(world.store)) {
    if (only === undefined || lease.expansionId === ids[only]) await complete(world.store, lease)
  }
}

async function completeMap(
  { store }: StoreHarness,
  { expansionId }: OpenMap,
  how: Parameters<typeof complete>[2] = {},
): Promise<void> {
  for (const lease of await claimAll(store))
    if (lease.expansionId === expansionId) await complete(store, lease, how)
  await foldAll(store)
}

/** A map that streams from another one, both open and without a page. */
async function openReader(open: OpenStore) {
  const world = await openWorld(open)
  const { store } = world
  const { run, ids } = await createRun(world, {
    tasks: [mapped("a"), mapped("b")],
    edges: [streamEdge("a", "b")],
  })
  const a = await openStream(store, run.id, ids["a"]!)
  const b = await openStream(store, run.id, ids["b"]!)
  const chain: Chain = { world, ids, runId: run.id }
  return { chain, world, store, ids, a, b }
}

/** A failed run of three maps in a chain; the second instance of the first failed. */
async function endedChain(open: OpenStore): Promise<Chain> {
  const world = await openWorld(open)
  const { store } = world
  const { run, ids } = await createRun(world, {
    tasks: [mapped("a"), mapped("b"), mapped("c")],
    edges: [streamEdge("a", "b"), streamEdge("b", "c")],
  })
  const a = await openStream(store, run.id, ids["a"]!)
  await a.commit(["0", "1", "2"], { exhausted: true })
  await completeMap(world, a, { exceptions: [failed(1)] })
  for (const taskId of ["b", "c"]) {
    const map = await openStream(store, run.id, ids[taskId]!)
    await map.commit(["0", null, "2"], { exhausted: true })
    await completeMap(world, map)
  }
  await decide(store, ids["a"]!, "failed")
  await decide(store, ids["b"]!, "upstream_failed")
  await decide(store, ids["c"]!, "upstream_failed")
  expect(await runEffect(store.finishDagRun({ dagRunId: run.id, state: "failed", reopenings: 0 }))).toBe(true)
  return { world, ids, runId: run.id }
}
