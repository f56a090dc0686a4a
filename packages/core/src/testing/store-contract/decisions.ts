import { describe, expect, it } from "vitest"
import type { ExpansionState } from "../../state/expansion.ts"
import { completeEdge, fusedSource, mapped, sharedSource, streamEdge } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  claim,
  claimOne,
  complete,
  createRun,
  decide,
  factsOf,
  failed,
  foldAll,
  items,
  openMap,
  openStream,
  openWorld,
  settle,
  skipped,
  viewOf,
} from "./world.ts"

const refused = { isDone: false }
const noSetups = { setups: 0, setupSuccess: 0, setupSkipped: 0 }

/** Deciding on expansions from their facts, and folding pages into those. */
export function decisionContract(open: OpenStore): void {
  describe("decisions", () => {
    it("clear what was due, whether or not they move the expansion", async () => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, { tasks: [{ taskId: "a" }, { taskId: "b" }] })
      await decide(world.store, ids["a"]!, null)
      await decide(world.store, ids["b"]!, "skipped")
      expect(await runEffect(world.store.dueExpansions({ limit: 10 }))).toEqual([])
    })

    it("are refused when the facts have moved on", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { ids } = await createRun(world, {
        tasks: [{ taskId: "a" }, { taskId: "b", triggerRule: "always" }],
        edges: [completeEdge("a", "b")],
      })
      const expansionId = ids["b"]!
      const { seq } = (await factsOf(store, expansionId))!
      await decide(store, ids["a"]!, "skipped")
      const late = { expansionId, seq, from: "waiting" } as const
      expect(await runEffect(store.decideExpansion({ ...late, to: "draining" }))).toMatchObject(refused)
      expect(await runEffect(store.decideExpansion({ ...late, to: null }))).toMatchObject(refused)
      const facts = (await factsOf(store, expansionId))!
      expect(facts).toMatchObject({ state: "waiting", upstream: { skipped: 1 } })
    })

    it("are refused when the state is another", async () => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, { tasks: [mapped("a")] })
      const { seq } = (await factsOf(world.store, ids["a"]!))!
      const wrong = { expansionId: ids["a"]!, seq, from: "open", to: "draining" } as const
      expect(await runEffect(world.store.decideExpansion(wrong))).toMatchObject(refused)
    })

    it("are taken from one of many who decide on the same facts", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { ids } = await createRun(world, {
        tasks: [{ taskId: "a" }, { taskId: "b" }],
        edges: [completeEdge("a", "b")],
      })
      const { seq } = (await factsOf(store, ids["a"]!))!
      const decision = { expansionId: ids["a"]!, seq, from: "waiting", to: "skipped" } as const
      const all = Array.from({ length: 8 }, () => runEffect(store.decideExpansion(decision)))
      expect((await Promise.all(all)).filter(({ isDone }) => isDone)).toHaveLength(1)
      expect((await factsOf(store, ids["b"]!))!.upstream.skipped).toBe(1)
    })

    it("never leave the table of transitions", async () => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, { tasks: [{ taskId: "a" }] })
      const { seq } = (await factsOf(world.store, ids["a"]!))!
      const wrong = { expansionId: ids["a"]!, seq, from: "waiting", to: "success" } as const
      await expect(runEffect(world.store.decideExpansion(wrong))).rejects.toThrow(/waiting.*success/)
      expect(await factsOf(world.store, ids["a"]!)).toMatchObject({ state: "waiting" })
    })

    it("are asked for in bounded slices", async () => {
      const world = await openWorld(open)
      await createRun(world, { tasks: Array.from({ length: 7 }, (_, i) => ({ taskId: `t${i}` })) })
      expect(await runEffect(world.store.dueExpansions({ limit: 3 }))).toHaveLength(3)
    })
  })

  describe("an unmapped task that starts", () => {
    it("gets its one instance, at map index -1 and without input", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, { tasks: [{ taskId: "a" }] })
      await decide(store, ids["a"]!, "draining")
      expect(await viewOf(store, run.id, ids["a"]!)).toMatchObject({ created: 1, exhausted: true })
      expect(await factsOf(store, ids["a"]!)).toBeUndefined()
      const lease = await claimOne(store)
      expect(lease).toMatchObject({ firstIndex: -1, count: 1, remaining: 1, items: null, recorded: [] })
      await complete(store, lease, { values: '[{"rows":3}]' })
      await foldAll(store)
      expect(await factsOf(store, ids["a"]!)).toMatchObject({ state: "draining", created: 1, success: 1 })
      const value = store.xcom({ expansionId: ids["a"]!, mapIndex: -1, key: "return_value" })
      expect(JSON.parse(await runEffect(value))).toEqual({ rows: 3 })
    })
  })

  describe("a stream that opens", () => {
    it("tells those who read it while it runs, and nobody else", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [sharedSource("list"), mapped("load"), { taskId: "report" }],
        edges: [streamEdge("list", "load"), completeEdge("list", "report")],
      })
      await decide(store, ids["list"]!, "open")
      expect(await factsOf(store, ids["load"]!)).toMatchObject({ upstream: { total: 1, opened: 1 } })
      expect(await factsOf(store, ids["report"]!)).toBeUndefined()
      expect((await viewOf(store, run.id, ids["list"]!)).openedAt).toBeInstanceOf(Date)
    })

    it("does not tell its readers again when it ends", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [sharedSource("list"), mapped("load"), { taskId: "report" }],
        edges: [streamEdge("list", "load"), completeEdge("list", "report")],
      })
      const source = await openStream(store, run.id, ids["list"]!)
      await source.commit(items(1), { exhausted: true })
      await decide(store, ids["list"]!, "success")
      expect((await factsOf(store, ids["load"]!))!.upstream).toMatchObject({ opened: 1, success: 0 })
      expect((await factsOf(store, ids["report"]!))!.upstream).toMatchObject({ opened: 0, success: 1 })
      expect((await source.view()).endedAt).toBeInstanceOf(Date)
    })
  })

  describe("a fused source whose reader was faster", () => {
    it("ends when it opens, since the reader has read it to its end", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [fusedSource("list"), mapped("load", { triggerRule: "always" })],
        edges: [streamEdge("list", "load")],
      })
      const load = await openStream(store, run.id, ids["load"]!)
      await load.commit(items(1), { exhausted: true, fusedSources: [0] })
      await decide(store, ids["list"]!, "open")
      expect(await factsOf(store, ids["list"]!)).toMatchObject({ state: "draining", exhausted: true })
    })

    it("ends with its reader, where that did not read it to its end", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [fusedSource("list"), mapped("load")],
        edges: [streamEdge("list", "load")],
      })
      await decide(store, ids["list"]!, "open")
      const load = await openStream(store, run.id, ids["load"]!)
      await load.commit([], { exhausted: true, fusedSources: [] })
      await decide(store, ids["load"]!, "skipped")
      expect(await factsOf(store, ids["list"]!)).toMatchObject({ state: "draining", exhausted: true })
    })
  })

  describe("an expansion that ends", () => {
    const endings = [
      ["skipped", { skipped: 1 }],
      ["upstream_failed", { upstreamFailed: 1 }],
      ["cancelled", { failed: 1 }],
    ] as const
    it.each(endings)("as %s without having opened tells all its downstream", async (to, counted) => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, {
        tasks: [mapped("a"), mapped("b"), { taskId: "c" }],
        edges: [streamEdge("a", "b"), completeEdge("a", "c")],
      })
      await decide(world.store, ids["a"]!, to satisfies ExpansionState)
      const zero = { opened: 0, success: 0, failed: 0, skipped: 0, upstreamFailed: 0, ...noSetups }
      for (const id of [ids["b"]!, ids["c"]!]) {
        expect((await factsOf(world.store, id))!.upstream).toEqual({ total: 1, ...zero, ...counted })
      }
    })

    it.each([
      ["success", { success: 1 }],
      ["failed", { failed: 1 }],
    ] as const)("as %s tells those who waited for it", async (to, counted) => {
      const world = await openWorld(open)
      const { store } = world
      const { ids } = await createRun(world, {
        tasks: [{ taskId: "a" }, { taskId: "b" }],
        edges: [completeEdge("a", "b")],
      })
      await decide(store, ids["a"]!, "draining")
      await complete(store, await claimOne(store))
      await foldAll(store)
      await decide(store, ids["a"]!, to)
      expect((await factsOf(store, ids["b"]!))!.upstream).toMatchObject(counted)
    })

    it("says whether anyone who was told waits still: otherwise it may be the last of its run", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { ids } = await createRun(world, {
        tasks: [{ taskId: "a" }, { taskId: "b" }, { taskId: "early", triggerRule: "always" }],
        edges: [completeEdge("a", "b"), completeEdge("a", "early")],
      })
      const endOf = async (taskId: string) => {
        const { seq, state } = (await factsOf(store, ids[taskId]!))!
        return { expansionId: ids[taskId]!, seq, from: state, to: "skipped" } as const
      }
      const first = await endOf("early")
      expect(await runEffect(store.decideExpansion(first))).toEqual({ isDone: true, isAwaited: false })
      const second = await endOf("a")
      expect(await runEffect(store.decideExpansion(second))).toEqual({ isDone: true, isAwaited: true })
      const late = await runEffect(store.decideExpansion(await endOf("b")))
      expect(late).toEqual({ isDone: true, isAwaited: false })
    })

    it("is one count for each of its edges, and every upstream is counted", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { ids } = await createRun(world, {
        tasks: [{ taskId: "a" }, { taskId: "b" }, { taskId: "c" }],
        edges: [completeEdge("a", "c"), completeEdge("b", "c")],
      })
      await decide(store, ids["a"]!, "skipped")
      await decide(store, ids["b"]!, "upstream_failed")
      expect((await factsOf(store, ids["c"]!))!.upstream).toMatchObject({
        ...{ total: 2, skipped: 1, upstreamFailed: 1 },
      })
    })
  })

  describe("folding", () => {
    it("adds each finished page once, and leaves the unfinished ones", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      for (let i = 0; i < 3; i++) await map.commit(items(4))
      const first = await claimOne(store)
      const second = await claimOne(store)
      await complete(store, first, { exceptions: [failed(0), skipped(1)] })
      await complete(store, second, { indexes: [4, 5] })
      expect(await foldAll(store)).toBe(1)
      expect(await foldAll(store)).toBe(0)
      const counts = { success: 4, failed: 1, skipped: 1, created: 12 }
      expect(await map.view()).toMatchObject(counts)
      expect(await runEffect(store.progress(map.expansionId))).toMatchObject({ finished: 6 })
    })

    it("has the expansion decided when the last page of an exhausted one is in", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(2))
      await map.commit(items(2), { exhausted: true })
      await settle(store)
      await complete(store, await claimOne(store))
      await foldAll(store)
      expect(await factsOf(store, map.expansionId)).toBeUndefined()
      await complete(store, await claimOne(store))
      expect(await factsOf(store, map.expansionId)).toBeUndefined()
      await foldAll(store)
      expect(await factsOf(store, map.expansionId)).toMatchObject({ success: 4, created: 4 })
    })

    it("moves the facts on: what was decided on the old ones is refused", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      await map.commit(items(2), { exhausted: true })
      const { seq } = (await factsOf(store, map.expansionId))!
      await complete(store, await claimOne(store))
      await foldAll(store)
      const late = store.decideExpansion({ ...map, seq, from: "draining", to: null })
      expect(await runEffect(late)).toMatchObject(refused)
      expect(await factsOf(store, map.expansionId)).toMatchObject({ success: 2 })
    })

    it("can be asked for some expansions, and in bounded slices", async () => {
      const world = await openWorld(open)
      const { store } = world
      const maps = [await openMap(world), await openMap(world, { runId: "run-2" })]
      for (const map of maps) for (let i = 0; i < 3; i++) await map.commit(items(1))
      for (let i = 0; i < 3; i++) {
        for (const lease of await claim(store)) await complete(store, lease)
      }
      const mine = { expansionIds: [maps[0]!.expansionId] }
      expect(await runEffect(store.fold({ ...mine, limit: 2 }))).toMatchObject({ pages: 2 })
      expect(await runEffect(store.fold({ ...mine, limit: 2 }))).toMatchObject({ pages: 1 })
      expect(await runEffect(store.fold({ expansionIds: null, limit: 100 }))).toMatchObject({ pages: 3 })
    })

    it("adds each page once when many fold together", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      for (let i = 0; i < 6; i++) await map.commit(items(2), { exhausted: i === 5 })
      for (let i = 0; i < 6; i++) await complete(store, await claimOne(store))
      await Promise.all(Array.from({ length: 6 }, () => foldAll(store)))
      await foldAll(store)
      expect(await factsOf(store, map.expansionId)).toMatchObject({ success: 12, created: 12 })
    })
  })
}
