import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import type { TaskFixture } from "./dag-fixture.ts"
import type { ContractOptions, OpenStore, StoreHarness } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  type OpenMap,
  claimAll,
  claimOne,
  complete,
  factsOf,
  foldAll,
  leaseSeconds,
  openMap,
  openWorld,
  page,
  runner,
  statesOf,
} from "./world.ts"

/** Items that are named by what they are, and what people see of them. */
export function keyContract(open: OpenStore, options: ContractOptions): void {
  describe("keys", () => {
    it("leave out of a page what was there before, in the page and in earlier ones", async () => {
      const { map, commit, keysOf } = await setup(open)
      expect(await commit(["a", "b", "a"])).toMatchObject({ created: 2 })
      expect(await commit(["b", "c", "c", "d"])).toMatchObject({ created: 4 })
      expect(await keysOf()).toEqual(["a", "b", "c", "d"])
      expect(await map.view()).toMatchObject({ created: 4, duplicates: 3, pages: 2, pulls: 2 })
    })

    it("keep each input with its index", async () => {
      const { world, commit } = await setup(open)
      await commit(["a", "b", "a", "c"])
      await commit(["c", "d"])
      const leases = await claimAll(world.store)
      const inputs = leases.flatMap((lease) => JSON.parse(lease.items!) as { key: string; at: number }[])
      expect(inputs).toEqual([
        { key: "a", at: 0 },
        { key: "b", at: 1 },
        { key: "c", at: 3 },
        { key: "d", at: 1 },
      ])
    })

    it("move the cursor alone where a page has nothing new", async () => {
      const { world, map, commit } = await setup(open)
      await commit(["a"])
      expect(await commit(["a", "a"], { cursor: '"later"', pulls: 3 })).toMatchObject({ created: 1 })
      expect(await map.view()).toMatchObject({ pages: 1, pulls: 4, cursor: '"later"', duplicates: 2 })
      await complete(world.store, await claimOne(world.store))
      expect(await commit(["a"], { exhausted: true })).toMatchObject({ created: 1, state: "draining" })
      await foldAll(world.store)
      expect(await factsOf(world.store, map.expansionId)).toMatchObject({ created: 1, success: 1 })
    })

    it("are of one expansion", async () => {
      const { world, commit } = await setup(open)
      const other = await openMap(world, { runId: "run-2" })
      await commit(["a"])
      expect(await commitKeys(other, ["a"])).toMatchObject({ created: 1 })
    })

    it("leave gaps alone, each at its index", async () => {
      const { world, map, commit } = await setup(open)
      await commit(["a"])
      const gaps = [
        { position: 1, state: "skipped" },
        { position: 3, state: "upstream_failed" },
      ] as const
      expect(await commit(["a", null, "b", null, "b"], { gaps })).toMatchObject({ created: 4, finished: 2 })
      expect(await statesOf(world.store, map.expansionId)).toEqual({
        0: "scheduled",
        1: "skipped",
        2: "scheduled",
        3: "upstream_failed",
      })
      // What is left of this page is gaps alone: nobody would claim it, and so it is ready to fold.
      expect(await commit(["a", null])).toMatchObject({ created: 5, finished: 3 })
      expect(await foldAll(world.store)).toBe(1)
    })

    it("are found by their index, and their index by them", async () => {
      const { world, map, commit } = await setup(open)
      await commit(["a", "b", null])
      await commit(["b", "ü 😀 \"'{},\\", "NULL"])
      await complete(world.store, await claimOne(world.store, { sizeDefault: 2 }))
      const { expansionId } = map
      const byKey = (key: string) => world.store.instanceByKey({ expansionId, key })
      expect(await runEffect(byKey("b"))).toMatchObject({ mapIndex: 1, key: "b", state: "success" })
      expect(await runEffect(byKey("ü 😀 \"'{},\\"))).toMatchObject({ mapIndex: 3, state: "scheduled" })
      expect(await runEffect(byKey("NULL"))).toMatchObject({ mapIndex: 4 })
      expect(await failureOf(byKey("z"))).toMatchObject({ _tag: "NotFound" })
    })

    it("tell keys apart that differ in anything", async () => {
      const { commit, keysOf } = await setup(open)
      const keys = [
        "a",
        "A",
        "a ",
        " a",
        "é",
        "e\u0301",
        "\u00ad",
        "\u200b",
        "x".repeat(512),
        "😀".repeat(512),
      ]
      await commit([...keys, ...keys])
      expect(await keysOf()).toEqual(keys)
    })

    it("count towards the most items only where they are new", async () => {
      const { map, commit, tryCommit } = await setup(open, { mapping: { maxItems: 3 } })
      await commit(["a", "b"])
      await commit(["b", "a", "b", "c", "c"])
      expect(await failureOf(tryCommit(["a", "d", "e", "d"]))).toMatchObject({
        _tag: "TooManyItems",
        created: 3,
        fresh: 2,
        maxItems: 3,
      })
      expect(await map.view()).toMatchObject({ created: 3, duplicates: 4, pulls: 2 })
      expect(await failureOf(tryCommit(["d"], { epoch: map.epoch + 1 }))).toMatchObject({ _tag: "LeaseLost" })
    })

    it("give exactly the distinct ones, in the order in which they came first, whatever is committed twice or too late", async () => {
      const numRuns = options.slow === true ? 40 : 200
      await fc.assert(fc.asyncProperty(pages, commitEach(open)), { numRuns })
    })
  })

  describe("labels", () => {
    it("are seen with their instances, and go with the items that stay", async () => {
      const { world, map, commit } = await setup(open)
      await commit(["a", "b", "a", "c"], { labels: ["A", null, "again", "C, the {third}"] })
      await commit(["d", "d"], { labels: [null, null] })
      expect(await labelsOf(world, map)).toEqual(["A", null, "C, the {third}", null])
      const { expansionId } = map
      const found = async (options: { label: string; toIndex?: number; states?: readonly ["success"] }) =>
        (
          await runEffect(
            world.store.listTaskInstances({ expansionId, afterIndex: -2, limit: 9, ...options }),
          )
        ).map(({ mapIndex }) => mapIndex)
      expect(await found({ label: "A" })).toEqual([0])
      expect(await found({ label: "{thi" })).toEqual([2])
      expect(await found({ label: "a" })).toEqual([])
      expect(await found({ label: "C", toIndex: 1 })).toEqual([])
      expect(await found({ label: "C", states: ["success"] })).toEqual([])
    })

    it("need no key", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(["0", null, "2"], { labels: ["zero", null, "two"] })
      await map.commit(["3"])
      expect(await labelsOf(world, map)).toEqual(["zero", null, "two", null])
      const views = await runEffect(
        world.store.listTaskInstances({ expansionId: map.expansionId, afterIndex: 1, limit: 1 }),
      )
      expect(views).toMatchObject([{ mapIndex: 2, label: "two", key: null }])
    })
  })
}

async function setup(open: OpenStore, task: Partial<TaskFixture> = {}) {
  const world = await openWorld(open)
  const map = await openMap(world, { task })
  return {
    world,
    map,
    commit: (keys: Keys, options: CommitOverrides = {}) => commitKeys(map, keys, options),
    tryCommit: (keys: Keys, options: CommitOverrides = {}) =>
      world.store.commitPage(page({ ...map, ...keyedItems(keys), ...options })),
    keysOf: () => keysOf(world, map),
  }
}

type Keys = readonly (string | null)[]
type CommitOverrides = Parameters<OpenMap["commit"]>[1]

/** Commits a page of items with these keys; null stands for a gap. */
function commitKeys(map: OpenMap, keys: Keys, options: CommitOverrides = {}) {
  const { items } = keyedItems(keys)
  return map.commit(items, { keys, ...options })
}

function keyedItems(keys: Keys) {
  return { items: keys.map((key, at) => (key === null ? null : JSON.stringify({ key, at }))), keys }
}

async function keysOf({ store }: StoreHarness, { expansionId }: OpenMap): Promise<(string | null)[]> {
  const views = await runEffect(store.listTaskInstances({ expansionId, afterIndex: -2, limit: 1000 }))
  expect(views.map(({ mapIndex }) => mapIndex)).toEqual(views.map((_, at) => at))
  return views.map(({ key }) => key)
}

async function labelsOf({ store }: StoreHarness, { expansionId }: OpenMap): Promise<(string | null)[]> {
  const views = await runEffect(store.listTaskInstances({ expansionId, afterIndex: -2, limit: 1000 }))
  return views.map(({ label }) => label)
}

/** Few keys, so that there are many duplicates; a page may be sent twice, and the runner may lose its right before it. */
const pages = fc.array(
  fc.record({
    keys: fc.array(fc.option(fc.constantFrom("a", "b", "c", "d", "e", "f", "g"), { freq: 8 }), {
      maxLength: 9,
    }),
    isRepeated: fc.boolean(),
    isTakenOver: fc.boolean(),
  }),
  { maxLength: 12 },
)

type DrawnPage = typeof pages extends fc.Arbitrary<(infer P)[]> ? P : never

function commitEach(open: OpenStore): (drawn: readonly DrawnPage[]) => Promise<void> {
  let world: StoreHarness | null = null
  let number = 0
  onTestFinished(() => world?.close())
  return async (drawn) => {
    const used = (world ??= await open())
    const map = await openMap(used, { runId: `keys-${number++}` })
    let epoch = map.epoch
    const expected: (string | null)[] = []
    let given = 0
    for (const { keys, isRepeated, isTakenOver } of drawn) {
      if (isTakenOver) epoch = await takeOver(used, map, epoch, keys)
      for (let times = isRepeated ? 2 : 1; times > 0; times--) {
        await runEffect(used.store.commitPage(page({ ...map, ...keyedItems(keys), epoch })))
        for (const key of keys) if (key === null || !expected.includes(key)) expected.push(key)
        given += keys.length
      }
    }
    expect(await keysOf(used, map)).toEqual(expected)
    const { created, duplicates } = await map.view()
    expect([created, duplicates]).toEqual([expected.length, given - expected.length])
    await runEffect(
      used.store.cancelDagRun({ dagRunId: map.dagRunId, note: "the test is over", actor: "test" }),
    )
  }
}

/** Another runner takes the expansion; what the first one still sends is refused. */
async function takeOver({ store }: StoreHarness, map: OpenMap, epoch: number, keys: Keys): Promise<number> {
  await runEffect(store.releaseExpansions({ runnerId: runner, held: [{ ...map, epoch }] }))
  const held = await runEffect(store.leaseExpansions({ runnerId: runner, limit: 1000, leaseSeconds }))
  const lease = held.find(({ expansionId }) => expansionId === map.expansionId)!
  const late = store.commitPage(page({ ...map, ...keyedItems(keys), epoch }))
  expect(await failureOf(late)).toMatchObject({ _tag: "LeaseLost" })
  return lease.epoch
}
