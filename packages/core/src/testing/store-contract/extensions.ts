import { describe, expect, it } from "vitest"
import { completeEdge, fusedSource, mapped, sharedSource, streamEdge } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  type OpenMap,
  type RunFixture,
  claimAll,
  complete,
  createRun,
  decide,
  factsOf,
  foldAll,
  items,
  leaseSeconds,
  openStream,
  openWorld,
  page,
  runner,
  settle,
  viewOf,
} from "./world.ts"

/** Streams that go on after their end. */
export function extensionContract(open: OpenStore): void {
  describe("extending streams", () => {
    it("opens them where their last pages said, with what is to be skipped, and the run with them", async () => {
      const { world, run, ids } = await endedRun(open)
      const { store } = world
      expect(await extend(world, { run, ids }, ["s", "a", "b"])).toEqual({
        reopened: [ids["s"], ids["a"], ids["b"]],
        reset: [ids["report"], ids["last"]],
      })
      expect(await runEffect(store.dagRunById(run.id))).toMatchObject({ state: "running", endedAt: null })
      const states = (await runEffect(store.expansionsOfRun(run.id))).map(({ state }) => state)
      expect(states).toEqual(["open", "open", "open", "waiting", "waiting"])
      const held = await lease(world)
      expect(held[ids["a"]!]).toMatchObject({ cursor: '"last"', skip: 2 })
      expect(held[ids["b"]!]).toMatchObject({ cursor: "3", skip: 0 })
      expect(await viewOf(store, run.id, ids["a"]!)).toMatchObject({
        created: 3,
        success: 3,
        exhausted: false,
      })
    })

    it("lets them go on, and everything end once more, each counted once", async () => {
      const { world, run, ids } = await endedRun(open)
      const { store } = world
      await extend(world, { run, ids }, ["s", "a", "b"])
      await clearAll(world)
      const held = await lease(world)
      const commit = (task: string, given: readonly string[], options: object) =>
        runEffect(store.commitPage(page({ ...held[ids[task]!]!, items: given, ...options })))
      await commit("a", ["3"], { resume: { cursor: null, skip: 1, stoppedBy: null } })
      expect((await factsOf(store, ids["report"]!))!.upstream).toMatchObject({
        total: 1,
        success: 0,
        failed: 0,
      })
      const last = { cursor: '"later"', skip: 4, stoppedBy: null }
      await commit("a", ["4"], { exhausted: true, fusedSources: [0], resume: last })
      await commit("b", ["3", "4"], { exhausted: true, resume: { cursor: "5", skip: 0, stoppedBy: null } })
      await endAll(world, ids, ["a", "s", "b"])
      expect((await factsOf(store, ids["report"]!))!.upstream).toMatchObject({
        total: 1,
        success: 1,
        failed: 0,
      })
      await runReport(world, ids)
      expect(await viewOf(store, run.id, ids["a"]!)).toMatchObject({
        created: 5,
        success: 5,
        state: "success",
      })
      await runEffect(store.finishDagRun({ dagRunId: run.id, state: "success", reopenings: 1 }))
      await extend(world, { run, ids }, ["s", "a", "b"])
      expect((await lease(world))[ids["a"]!]).toMatchObject({ cursor: '"later"', skip: 4 })
    })

    it("keeps the attempt of what begins anew", async () => {
      const { world, run, ids } = await endedRun(open)
      await extend(world, { run, ids }, ["s", "a", "b"])
      await clearAll(world)
      const of = { expansionId: ids["report"]!, mapIndex: -1 }
      expect(await runEffect(world.store.taskTries(of))).toMatchObject([{ tryNumber: 1, state: "success" }])
    })

    it("does nothing where one of them cannot go on, or the run has not ended", async () => {
      const { world, run, ids } = await endedRun(open, { stoppedBy: "zip" })
      expect(await viewOf(world.store, run.id, ids["b"]!)).toMatchObject({ stoppedBy: "zip" })
      const nothing = { reopened: [], reset: [] }
      expect(await extend(world, { run, ids }, ["s", "a", "b"])).toEqual(nothing)
      expect(await runEffect(world.store.dagRunById(run.id))).toMatchObject({ state: "success" })
      expect((await extend(world, { run, ids }, ["s", "a"])).reopened).toHaveLength(2)
      expect(await extend(world, { run, ids }, ["s", "a"])).toEqual(nothing)
      await runEffect(world.store.cancelDagRun({ dagRunId: run.id, note: "no", actor: "test" }))
      expect(await extend(world, { run, ids }, ["s", "a"])).toEqual(nothing)
    })

    it("does nothing to a stream that broke", async () => {
      const world = await openWorld(open)
      const { run, ids } = await createRun(world, { tasks: [sharedSource("list")] })
      const list = await openStream(world.store, run.id, ids["list"]!)
      await list.commit(items(1))
      const error = { type: "Error", message: "503", stack: null }
      const broken = { ...list, error, failure: "own", failedSource: null, fusedSources: [] } as const
      await runEffect(world.store.breakStream(broken))
      await decide(world.store, ids["list"]!, "failed")
      await runEffect(world.store.finishDagRun({ dagRunId: run.id, state: "failed", reopenings: 0 }))
      expect(await extend(world, { run, ids }, ["list"])).toEqual({ reopened: [], reset: [] })
    })

    it("gives the run its time anew, however long ago it ended", async () => {
      const { world, run, ids } = await endedRun(open, { runTimeoutMs: 60_000 })
      await world.elapse(100_000)
      await extend(world, { run, ids }, ["s", "a", "b"])
      expect(await runEffect(world.store.timeOutRuns({ limit: 10 }))).toEqual([])
      await world.elapse(61_000)
      expect(await runEffect(world.store.timeOutRuns({ limit: 10 }))).toEqual([run.id])
    })

    it("happens once, whoever asks at the same time", async () => {
      const fixture = await endedRun(open)
      const all = await Promise.all(
        Array.from({ length: 5 }, () => extend(fixture.world, fixture, ["s", "a", "b"])),
      )
      expect(all.filter(({ reopened }) => reopened.length > 0)).toHaveLength(1)
    })

    it("refuses what the last runner before still sends", async () => {
      const { world, run, ids, a } = await endedRun(open)
      await extend(world, { run, ids }, ["s", "a", "b"])
      const late = world.store.commitPage(page({ ...a, items: ["9"] }))
      expect(await failureOf(late)).toMatchObject({ _tag: "LeaseLost" })
    })

    it("is in the event log, with who did it", async () => {
      const { world, run, ids } = await endedRun(open)
      await extend(world, { run, ids }, ["s", "a", "b"])
      const events = await runEffect(world.store.listEvents({ dagRunId: run.id, before: null, limit: 10 }))
      expect(events).toMatchObject([
        { event: "extended", actor: "ada", taskId: "a", expansionId: ids["a"], detail: { goes_on: ["a"] } },
      ])
    })
  })
}

type Ended = Pick<RunFixture, "run" | "ids">

function extend({ store }: StoreHarness, { run, ids }: Ended, tasks: readonly string[]) {
  const call = store.extendStreams({
    dagRunId: run.id,
    expansionIds: tasks.map((task) => ids[task]!),
    expansionId: ids["a"] ?? ids[tasks[0]!]!,
    actor: "ada",
    detail: { goes_on: ["a"] },
  })
  return runEffect(call)
}

/** The right to pull all that can be pulled, by expansion. */
async function lease({ store }: StoreHarness) {
  const held = await runEffect(store.leaseExpansions({ runnerId: runner, limit: 100, leaseSeconds }))
  return Object.fromEntries(held.map((one) => [one.expansionId, one]))
}

async function clearAll({ store }: StoreHarness): Promise<void> {
  while (await runEffect(store.clearPages({ limit: 10 }))) continue
}

/** Runs what there is to run, and ends these tasks as successes. */
async function endAll(world: StoreHarness, ids: RunFixture["ids"], tasks: readonly string[]): Promise<void> {
  for (const claimed of await claimAll(world.store)) await complete(world.store, claimed)
  await foldAll(world.store)
  for (const task of tasks) await decide(world.store, ids[task]!, "success")
}

async function runReport(world: StoreHarness, ids: RunFixture["ids"]): Promise<void> {
  for (const task of ["report", "last"]) {
    await decide(world.store, ids[task]!, "draining")
    await endAll(world, ids, [task])
  }
  await settle(world.store)
}

/** A run that has succeeded: a map with its source, a map over its results, a report on that, and what follows it. */
async function endedRun(
  open: OpenStore,
  { stoppedBy = null, ...bounds }: { stoppedBy?: string | null; runTimeoutMs?: number } = {},
): Promise<Ended & { world: StoreHarness; a: OpenMap }> {
  const world = await openWorld(open)
  const { run, ids } = await createRun(world, {
    ...bounds,
    tasks: [fusedSource("s"), mapped("a"), mapped("b"), { taskId: "report" }, { taskId: "last" }],
    edges: [
      ...[streamEdge("s", "a"), streamEdge("a", "b")],
      ...[completeEdge("b", "report"), completeEdge("report", "last")],
    ],
  })
  await decide(world.store, ids["s"]!, "open")
  const a = await openStream(world.store, run.id, ids["a"]!)
  await a.commit(items(1))
  const resume = { cursor: '"last"', skip: 2, stoppedBy: null }
  await a.commit(items(2), { exhausted: true, fusedSources: [0], resume })
  const b = await openStream(world.store, run.id, ids["b"]!)
  await b.commit(items(3), {
    exhausted: true,
    consumed: [{ ordinal: 1, index: 3 }],
    resume: { cursor: "3", skip: 0, stoppedBy },
  })
  await endAll(world, ids, ["s", "a", "b"])
  await runReport(world, ids)
  expect(
    await runEffect(world.store.finishDagRun({ dagRunId: run.id, state: "success", reopenings: 0 })),
  ).toBe(true)
  return { world, run, ids, a }
}
