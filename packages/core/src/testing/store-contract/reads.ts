import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { LogEntry } from "../../host/host-pool.ts"
import { mapped } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  claimOne,
  complete,
  createRun,
  failed,
  foldAll,
  items,
  openMap,
  openWorld,
  retried,
  viewOf,
} from "./world.ts"

/** Views, instances, tries, logs. */
export function readContract(open: OpenStore): void {
  describe("views of expansions", () => {
    it("start with nothing done", async () => {
      const world = await openWorld(open)
      const { run, ids } = await createRun(world, {
        tasks: [{ taskId: "a" }, mapped("b", { mapping: { window: 42, paused: true } })],
      })
      expect(await viewOf(world.store, run.id, ids["a"]!)).toMatchObject({ ordinal: 0, window: null })
      expect(await viewOf(world.store, run.id, ids["b"]!)).toEqual({
        expansionId: ids["b"],
        taskId: "b",
        ordinal: 1,
        kind: "mapped",
        state: "waiting",
        window: 42,
        pageSize: 10,
        concurrency: null,
        isPullingPaused: true,
        isRunningPaused: false,
        toleratedFailures: null,
        stopReason: null,
        pulls: 0,
        pages: 0,
        created: 0,
        duplicates: 0,
        running: 0,
        success: 0,
        failed: 0,
        skipped: 0,
        upstreamFailed: 0,
        retrying: 0,
        deferred: 0,
        exhausted: false,
        stoppedBy: null,
        cursor: null,
        consumed: null,
        pullFailures: 0,
        pullAfter: null,
        streamError: null,
        openedAt: null,
        firstSuccessAt: null,
        pullsAtFirstSuccess: null,
        unfinishedPeak: 0,
        endedAt: null,
      })
    })

    it("count the same before and after a fold", async () => {
      const world = await openWorld(open)
      const map = await openMap(world)
      await map.commit(items(3))
      await complete(world.store, await claimOne(world.store), { exceptions: [failed(1)] })
      const before = await map.view()
      expect(await foldAll(world.store)).toBe(1)
      expect(await map.view()).toEqual(before)
    })
  })

  describe("lists of instances", () => {
    it("show every instance, whether or not it has a row", async () => {
      const { list } = await setup(open)
      expect((await list({})).map(({ mapIndex, state }) => [mapIndex, state])).toEqual([
        [0, "success"],
        [1, "failed"],
        [2, "up_for_retry"],
        [3, "upstream_failed"],
        [4, "running"],
        [5, "scheduled"],
      ])
    })

    it("go on after an index, in bounded slices", async () => {
      const { list } = await setup(open)
      const indexes = async (afterIndex: number, limit: number) =>
        (await list({ afterIndex, limit })).map(({ mapIndex }) => mapIndex)
      expect(await indexes(-2, 2)).toEqual([0, 1])
      expect(await indexes(1, 3)).toEqual([2, 3, 4])
      expect(await indexes(4, 3)).toEqual([5])
      expect(await indexes(5, 3)).toEqual([])
    })

    it("can be of some states only, recorded or not", async () => {
      const { list } = await setup(open)
      const states = ["running", "failed", "scheduled"] as const
      expect((await list({ states })).map(({ mapIndex }) => mapIndex)).toEqual([1, 4, 5])
      expect((await list({ states, afterIndex: 1, limit: 1 })).map(({ mapIndex }) => mapIndex)).toEqual([4])
      expect(await list({ states: ["skipped"] })).toEqual([])
    })

    it("tell what is known of each", async () => {
      const { list, map } = await setup(open)
      const [success, failure, retry, gap, running, scheduled] = await list({})
      expect(success).toMatchObject({
        expansionId: map.expansionId,
        taskId: "load",
        tryNumber: 1,
        error: null,
      })
      expect(failure).toMatchObject({ error: { type: "Error", message: "it broke" } })
      expect(retry).toMatchObject({ tryNumber: 1, error: { message: "it broke" } })
      expect(gap).toMatchObject({ tryNumber: 0, error: null })
      expect(running).toMatchObject({ tryNumber: 1, endedAt: null })
      expect(scheduled).toMatchObject({ tryNumber: 0, startedAt: null, endedAt: null })
    })
  })

  describe("pages of an expansion", () => {
    it("are told in the order of their indexes, each with how far it is", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      for (const count of [2, 3, 1]) await map.commit(items(count))
      const { expansionId } = map
      const list = (options: Partial<Parameters<typeof store.listPages>[0]> = {}) =>
        runEffect(store.listPages({ expansionId, after: -2, limit: 10, ...options }))
      await complete(store, await claimOne(store), { exceptions: [failed(1)] })
      await foldAll(store)
      await claimOne(store, { sizeDefault: 2 })
      const untouched = { claimed: 0, success: 0, failed: 0, skipped: 0, upstreamFailed: 0 }
      const date = expect.any(Date) as Date
      expect(await list()).toEqual([
        {
          ...untouched,
          ...{ firstIndex: 0, count: 2, claimed: 2, success: 1, failed: 1 },
          ...{ isFolded: true, createdAt: date, firstSuccessAt: date, foldedAt: date },
        },
        {
          ...untouched,
          ...{
            firstIndex: 2,
            count: 3,
            claimed: 2,
            isFolded: false,
            createdAt: date,
            firstSuccessAt: null,
            foldedAt: null,
          },
        },
        {
          ...untouched,
          firstIndex: 5,
          count: 1,
          isFolded: false,
          createdAt: date,
          firstSuccessAt: null,
          foldedAt: null,
        },
      ])
      const firsts = async (options: Partial<Parameters<typeof store.listPages>[0]>) =>
        (await list(options)).map(({ firstIndex }) => firstIndex)
      expect(await firsts({ limit: 2 })).toEqual([0, 2])
      expect(await firsts({ after: 2 })).toEqual([5])
      expect(await firsts({ isOpenOnly: true })).toEqual([2, 5])
      expect(await firsts({ after: 5 })).toEqual([])
    })

    it("are found by the indexes that they hold, each once", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      for (const count of [2, 3, 1]) await map.commit(items(count))
      const { expansionId } = map
      const at = async (...indexes: number[]) =>
        (await runEffect(store.pagesAt({ expansionId, indexes }))).map(({ firstIndex }) => firstIndex)
      expect(await at(5, 1, 0, 3, 4)).toEqual([0, 2, 5])
      expect(await at(3)).toEqual([2])
      expect(await at(6, 1_000_000, -1)).toEqual([])
      expect(await at()).toEqual([])
    })
  })

  describe("items of a map", () => {
    it("are read one by one; where there is none, none is found", async () => {
      const world = await openWorld(open)
      const { store } = world
      const map = await openMap(world)
      for (const count of [2, 3]) await map.commit(items(count))
      const { expansionId } = map
      const all = await Promise.all(
        [0, 1, 2, 3, 4].map((mapIndex) => runEffect(store.itemAt({ expansionId, mapIndex }))),
      )
      expect(all).toEqual([...items(2), ...items(3)])
      const failure = await runEffect(store.itemAt({ expansionId, mapIndex: 5 }).pipe(Effect.flip))
      expect(failure).toMatchObject({ _tag: "NotFound" })
    })
  })

  describe("logs", () => {
    const line = (message: string, mapIndex: number | null): LogEntry => ({
      ...{ mapIndex, tryNumber: 1, at: 1_700_000_000_123, level: "info", message, fields: { n: [1] } },
    })

    it("come back as they were written, oldest first, a slice at a time", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { expansionId } = await openMap(world)
      const append = (messages: string[]) =>
        runEffect(store.appendLogs({ expansionId, entries: messages.map((message) => line(message, 0)) }))
      await append(["a", "b", "c"])
      await append(["d", "e"])
      await append([])
      const first = await runEffect(store.readLogs({ expansionId, after: null, limit: 3 }))
      const { id: _id, ...entry } = first[0]!
      expect(entry).toEqual(line("a", 0))
      const second = await runEffect(store.readLogs({ expansionId, after: first.at(-1)!.id, limit: 3 }))
      expect([...first, ...second].map(({ message }) => message).join("")).toBe("abcde")
    })

    it("can be of one instance, and are of one expansion", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { expansionId } = await openMap(world)
      const other = await openMap(world, { runId: "run-2" })
      const entries = [line("page", null), line("zero", 0), line("one", 1), line("zero again", 0)]
      await runEffect(store.appendLogs({ expansionId, entries }))
      await runEffect(store.appendLogs({ ...other, entries: [line("other", 0)] }))
      const read = async (options: { mapIndex?: number }) =>
        (await runEffect(store.readLogs({ expansionId, after: null, limit: 10, ...options }))).map(
          ({ message }) => message,
        )
      expect(await read({ mapIndex: 0 })).toEqual(["zero", "zero again"])
      expect(await read({})).toEqual(["page", "zero", "one", "zero again"])
    })
  })
}

/** Six instances, each in another state. */
async function setup(open: OpenStore) {
  const world = await openWorld(open)
  const { store } = world
  const map = await openMap(world)
  await map.commit(["0", "1", "2", null, "4", "5"])
  const lease = await claimOne(store, { sizeDefault: 3 })
  await complete(store, lease, { exceptions: [failed(1), retried(2)] })
  await claimOne(store, { sizeDefault: 2 })
  const list = (options: Partial<Parameters<typeof store.listTaskInstances>[0]>) =>
    runEffect(
      store.listTaskInstances({ expansionId: map.expansionId, afterIndex: -2, limit: 10, ...options }),
    )
  return { world, map, list }
}
