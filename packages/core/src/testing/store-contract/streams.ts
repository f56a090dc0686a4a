import { describe, expect, it } from "vitest"
import { type IndexRange, rangesAheadMax } from "../../index-ranges.ts"
import { mapped, sharedSource } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  claim,
  claimOne,
  complete,
  createRun,
  decide,
  failed,
  items,
  openMap,
  openStream,
  openWorld,
  retried,
  skipped,
} from "./world.ts"

const error = { type: "FetchError", message: "503", stack: null }

/** Reading what another task's stream has left. */
export function streamContract(open: OpenStore): void {
  describe("reading a shared source", () => {
    it("gives its items from any index, over the bounds of pages", async () => {
      const { world, source } = await setupSource(open)
      await source.commit(items(3))
      await source.commit(items(3))
      expect(await read(world, source, { fromIndex: 1, limit: 4 })).toEqual({
        ...{ items: [{ n: 1 }, { n: 2 }, { n: 0 }, { n: 1 }], nextIndex: 5 },
        ...{ exhausted: false, isBroken: false },
      })
      expect(await read(world, source, { fromIndex: 5 })).toMatchObject({ items: [{ n: 2 }], nextIndex: 6 })
      expect(await read(world, source, { fromIndex: 6 })).toMatchObject({ items: [], nextIndex: 6 })
    })

    it("ends with its last item, and not before it", async () => {
      const { world, source } = await setupSource(open)
      await source.commit(items(3), { exhausted: true })
      expect(await read(world, source, { limit: 2 })).toMatchObject({ nextIndex: 2, exhausted: false })
      expect(await read(world, source, { limit: 3 })).toMatchObject({ nextIndex: 3, exhausted: true })
      expect(await read(world, source, { fromIndex: 3 })).toMatchObject({ items: [], exhausted: true })
    })

    it("tells that it broke only where it ends", async () => {
      const { world, source } = await setupSource(open)
      await source.commit(items(3))
      const end = { ...source, error, failure: "own", failedSource: null, fusedSources: [] } as const
      await runEffect(world.store.breakStream(end))
      expect(await read(world, source, { limit: 2 })).toMatchObject({ exhausted: false, isBroken: false })
      expect(await read(world, source, { limit: 9 })).toMatchObject({ exhausted: true, isBroken: true })
    })

    it("finds an empty one at its end", async () => {
      const { world, source } = await setupSource(open)
      expect(await read(world, source)).toMatchObject({ items: [], exhausted: false })
      await source.commit([], { exhausted: true })
      expect(await read(world, source)).toMatchObject({ items: [], nextIndex: 0, exhausted: true })
    })
  })

  describe("reading a mapped task", () => {
    it("gives its results in index order, as far as there is no hole", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(3))
      await map.commit(items(3))
      const first = await claimOne(world.store, { sizeDefault: 2 })
      const second = await claimOne(world.store, { sizeDefault: 1 })
      const third = await claimOne(world.store)
      await complete(world.store, third)
      expect(await read(world, map)).toMatchObject({ items: [], nextIndex: 0 })
      await complete(world.store, first)
      expect(await read(world, map)).toMatchObject({ items: ["r0", "r1"], nextIndex: 2 })
      await complete(world.store, second)
      expect(await read(world, map)).toMatchObject({ items: ["r0", "r1", "r2", "r3", "r4", "r5"] })
      expect(await read(world, map, { fromIndex: 2, limit: 2 })).toMatchObject({
        ...{ items: ["r2", "r3"], nextIndex: 4, exhausted: false },
      })
    })

    it("leaves a gap where an instance failed or was skipped", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      const gaps = [
        { position: 3, state: "skipped" },
        { position: 4, state: "upstream_failed" },
      ] as const
      await map.commit(["0", "1", "2", null, null], { gaps })
      await complete(world.store, await claimOne(world.store), { exceptions: [failed(0), skipped(1)] })
      expect((await read(world, map)).items).toEqual([
        { gap: "upstream_failed" },
        { gap: "skipped" },
        "r2",
        { gap: "skipped" },
        { gap: "upstream_failed" },
      ])
    })

    it("waits at an instance that is to be tried again", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(3))
      await complete(world.store, await claimOne(world.store), { exceptions: [retried(1)] })
      expect(await read(world, map)).toMatchObject({ items: ["r0"], nextIndex: 1 })
      await world.elapse(2000)
      await complete(world.store, await claimOne(world.store))
      expect(await read(world, map)).toMatchObject({ items: ["r0", "r1", "r2"] })
    })

    it("ends when the stream is exhausted and its last result is read", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(2))
      await complete(world.store, await claimOne(world.store))
      expect(await read(world, map)).toMatchObject({ nextIndex: 2, exhausted: false })
      await map.commit(items(1), { exhausted: true })
      expect(await read(world, map)).toMatchObject({ nextIndex: 2, exhausted: false })
      await complete(world.store, await claimOne(world.store))
      expect(await read(world, map, { fromIndex: 2 })).toMatchObject({ items: ["r2"], exhausted: true })
    })

    it("keeps results as they were, whatever is in them", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      const values = [null, "", 0.1, { "": [null], "z b": "'\"\\ \n é 漢 😀" }, [], true]
      await map.commit(items(values.length))
      await complete(world.store, await claimOne(world.store), { values: JSON.stringify(values) })
      expect((await read(world, map)).items).toEqual(values)
    })
  })

  describe("reading a mapped task as it is completed", () => {
    it("gives finished pages, whichever are, and each once", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      for (let page = 0; page < 3; page++) await map.commit(items(3))
      const [first, second, third] = [
        await claimOne(world.store),
        await claimOne(world.store),
        await claimOne(world.store),
      ]
      const nothing = { items: [], nextIndex: 0, ahead: [], exhausted: false }
      expect(await read(world, map, { ahead: [] })).toMatchObject(nothing)
      await complete(world.store, third)
      const two = await read(world, map, { ahead: [], limit: 2 })
      expect(two).toMatchObject({ items: ["r6", "r7"], nextIndex: 0, ahead: [[6, 8]] })
      const rest = await read(world, map, two)
      expect(rest).toMatchObject({ items: ["r8"], nextIndex: 0, ahead: [[6, 9]] })
      expect(await read(world, map, rest)).toMatchObject({ items: [], ahead: [[6, 9]] })
      await complete(world.store, first)
      const whole = await read(world, map, rest)
      expect(whole).toMatchObject({ items: ["r0", "r1", "r2"], nextIndex: 3, ahead: [[6, 9]] })
      await complete(world.store, second, { exceptions: [failed(4)] })
      expect(await read(world, map, whole)).toMatchObject({
        items: ["r3", { gap: "upstream_failed" }, "r5"],
        nextIndex: 9,
        ahead: [],
        exhausted: false,
      })
    })

    it("takes a page only when all of its instances have ended", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(3), { exhausted: true })
      const lease = await claimOne(world.store)
      await complete(world.store, lease, { indexes: [0, 1] })
      expect(await read(world, map, { ahead: [] })).toMatchObject({ items: [], exhausted: false })
      await complete(world.store, lease, { indexes: [2] })
      const all = await read(world, map, { ahead: [] })
      expect(all).toMatchObject({ items: ["r0", "r1", "r2"], nextIndex: 3, exhausted: true })
    })

    it("takes what comes next in order where too much was taken ahead", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(1))
      await map.commit(items(1))
      await claimOne(world.store)
      await complete(world.store, await claimOne(world.store))
      const ahead = Array.from({ length: rangesAheadMax }, (_, n) => [10 + 2 * n, 11 + 2 * n] as const)
      expect(await read(world, map, { ahead })).toMatchObject({ items: [], nextIndex: 0 })
      expect(await read(world, map, { ahead: ahead.slice(1) })).toMatchObject({ items: ["r1"], nextIndex: 0 })
    })
  })

  describe("reading a stream that never opened", () => {
    it("is at its end at once when it never will", async () => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, { tasks: [mapped("a"), sharedSource("b"), mapped("c")] })
      await decide(world.store, ids["a"]!, "skipped")
      await decide(world.store, ids["b"]!, "upstream_failed")
      const ended = { items: [], nextIndex: 0, exhausted: true }
      expect(await read(world, { expansionId: ids["a"]! })).toMatchObject(ended)
      expect(await read(world, { expansionId: ids["b"]! })).toMatchObject(ended)
      expect(await read(world, { expansionId: ids["c"]! })).toMatchObject({ exhausted: false })
    })
  })

  describe("a long stream", () => {
    it("is read whole, slice by slice, each item once", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      for (let i = 0; i < 5; i++) await map.commit(items(9), { exhausted: i === 4 })
      for (let i = 0; i < 5; i++)
        for (const lease of await claim(world.store)) await complete(world.store, lease)
      const seen: unknown[] = []
      for (let at = 0; ;) {
        const slice = await read(world, map, { fromIndex: at, limit: 4 })
        seen.push(...slice.items)
        at = slice.nextIndex
        if (slice.exhausted) break
      }
      expect(seen).toEqual(Array.from({ length: 45 }, (_, i) => `r${i}`))
    })
  })
}

async function setupSource(open: OpenStore) {
  const world = await openWorld(open)
  const { run, ids } = await createRun(world, { tasks: [sharedSource("list")] })
  return { world, source: await openStream(world.store, run.id, ids["list"]!) }
}

/** Reads a slice, its items decoded: how a database writes JSON is its own affair. */
async function read(
  { store }: StoreHarness,
  { expansionId }: { expansionId: string },
  options: { fromIndex?: number; nextIndex?: number; ahead?: readonly IndexRange[]; limit?: number } = {},
) {
  const { nextIndex = 0, fromIndex = nextIndex, limit = 100, ahead } = options
  const asked = { expansionId, fromIndex, limit, ...(ahead !== undefined && { ahead }) }
  const slice = await runEffect(store.readStream(asked))
  const decode = (item: (typeof slice.items)[number]): unknown =>
    typeof item === "string" ? JSON.parse(item) : item
  return { ...slice, items: slice.items.map(decode) }
}
