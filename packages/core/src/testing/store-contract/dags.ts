import { describe, expect, it } from "vitest"
import type { SerializedPlanning } from "../../time/timetable.ts"
import type { StoreService } from "../../store/store.ts"
import { serializedDag } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import { decide, newRun, openWorld, register } from "./world.ts"

const tasks = [{ taskId: "first" }, { taskId: "second" }]
const edges = [{ upstream: "first", downstream: "second" }]

/** Registers a DAG of two tasks. */
function define(store: StoreService, planning: Partial<SerializedPlanning> = {}, dagId = "limited") {
  return register(store, serializedDag({ dagId, tasks, edges, planning }))
}

const make = (store: StoreService, runId: string) => newRun(store, { dagId: "limited", runId })
const admit = (store: StoreService, limit = 100) => runEffect(store.admitDagRuns({ limit }))

/** The states of a DAG's runs in the order in which they were made, in a letter each. */
async function states(store: StoreService, dagId = "limited"): Promise<string> {
  const runs = await runEffect(store.listDagRuns({ dagId, limit: 1000 }))
  return runs
    .map((run) => run.state[0])
    .toReversed()
    .join("")
}

/** Ends a run: its tasks are skipped, one after the other. */
async function end({ store }: StoreHarness, runId: string): Promise<void> {
  const run = await runEffect(store.dagRun({ dagId: "limited", runId }))
  for (const { taskId } of tasks) {
    const views = await runEffect(store.expansionsOfRun(run.id))
    await decide(store, views.find((view) => view.taskId === taskId)!.expansionId, "skipped")
  }
  expect(await runEffect(store.finishDagRun({ dagRunId: run.id, state: "success", reopenings: 0 }))).toBe(
    true,
  )
}

/** DAGs, and how many of their runs run at once. */
export function dagContract(open: OpenStore): void {
  describe("a DAG", () => {
    it("is seen with its planning and its unfinished runs", async () => {
      const { store } = await openWorld(open)
      const { dagVersionId } = await define(store, { maxActiveRuns: 1, catchup: true })
      await make(store, "a")
      await make(store, "b")
      expect(await runEffect(store.dag("limited"))).toMatchObject({
        dagId: "limited",
        latestVersionId: dagVersionId,
        isPaused: false,
        isStale: false,
        schedule: null,
        planning: { catchup: true, maxActiveRuns: 1 },
        queuedRuns: 1,
        runningRuns: 1,
      })
      await expect(runEffect(store.dag("none"))).rejects.toMatchObject({ _tag: "NotFound" })
    })

    it("is listed in the order of ids", async () => {
      const { store } = await openWorld(open)
      for (const dagId of ["b", "a", "c"]) await define(store, {}, dagId)
      const ids = async (after: string | null, limit: number) =>
        (await runEffect(store.listDags({ after, limit }))).map((dag) => dag.dagId)
      expect(await ids(null, 2)).toEqual(["a", "b"])
      expect(await ids("b", 2)).toEqual(["c"])
    })
  })

  describe("maxActiveRuns", () => {
    it("lets further runs wait, and start in their order as others end", async () => {
      const world = await openWorld(open)
      const { store } = world
      await define(store, { maxActiveRuns: 2 })
      for (const runId of ["a", "b", "c", "d", "e"]) await make(store, runId)
      expect(await states(store)).toBe("rrqqq")
      expect(await admit(store)).toBe(0)
      await end(world, "b")
      expect(await states(store)).toBe("rsqqq")
      expect(await admit(store)).toBe(1)
      expect(await states(store)).toBe("rsrqq")
      await end(world, "a")
      await end(world, "c")
      expect(await admit(store)).toBe(2)
      expect(await states(store)).toBe("sssrr")
    })

    it("makes nothing of a queued run due before it starts", async () => {
      const world = await openWorld(open)
      const { store } = world
      await define(store, { maxActiveRuns: 1 })
      await make(store, "a")
      const queued = await make(store, "b")
      expect(queued).toMatchObject({ state: "queued", startedAt: null })
      const dueOf = async (dagRunId: string) =>
        (await runEffect(store.dueExpansions({ limit: 100 })))
          .filter((due) => due.dagRunId === dagRunId)
          .map((due) => due.taskId)
      expect(await dueOf(queued.id)).toEqual([])
      await end(world, "a")
      await admit(store)
      expect(await dueOf(queued.id)).toEqual(["first"])
      const started = await runEffect(store.dagRunById(queued.id))
      expect(started).toMatchObject({ state: "running", startedAt: expect.any(Date) as Date })
    })

    it("does not let a new run pass those that wait", async () => {
      const world = await openWorld(open)
      await define(world.store, { maxActiveRuns: 1 })
      for (const runId of ["a", "b"]) await make(world.store, runId)
      await end(world, "a")
      await make(world.store, "c")
      expect(await states(world.store)).toBe("sqq")
    })

    it("counts as the newest version has it", async () => {
      const { store } = await openWorld(open)
      await define(store, { maxActiveRuns: 1 })
      for (const runId of ["a", "b", "c", "d"]) await make(store, runId)
      await define(store, { maxActiveRuns: 3 })
      expect(await admit(store)).toBe(2)
      await define(store, { maxActiveRuns: 1 })
      expect(await states(store)).toBe("rrrq")
      expect(await admit(store)).toBe(0)
    })

    it("gives the place of a cancelled run to the next, and none to a cancelled one that waits", async () => {
      const { store } = await openWorld(open)
      await define(store, { maxActiveRuns: 1 })
      const [a, b] = [await make(store, "a"), await make(store, "b")]
      await make(store, "c")
      for (const run of [b, a]) {
        await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "not needed", actor: "test" }))
      }
      expect(await admit(store)).toBe(1)
      expect(await states(store)).toBe("ffr")
      // By hand it goes on at once, past the limit.
      await runEffect(store.resumeDagRun({ dagRunId: b.id, actor: "test" }))
      expect(await states(store)).toBe("frr")
      expect(await admit(store)).toBe(0)
    })

    it("never lets more runs run, whoever makes, ends and starts them at once", async () => {
      const { store } = await openWorld(open)
      await define(store, { maxActiveRuns: 3 })
      const names = Array.from({ length: 12 }, (_, place) => `run-${place}`)
      await Promise.all(names.map((runId) => make(store, runId)))
      for (let ended = 0; ended < names.length;) {
        const running = await runEffect(
          store.listDagRuns({ dagId: "limited", states: ["running"], limit: 100 }),
        )
        expect(running).toHaveLength(Math.min(3, names.length - ended))
        await Promise.all([
          ...running.map((run) =>
            runEffect(store.cancelDagRun({ dagRunId: run.id, note: "ended", actor: "test" })),
          ),
          ...[1, 2, 3].map(() => admit(store)),
        ])
        ended += running.length
        await admit(store)
      }
      expect(await states(store)).toBe("f".repeat(names.length))
    })

    it("starts runs of several DAGs in one turn, as many as are asked for", async () => {
      const { store } = await openWorld(open)
      for (const dagId of ["a", "b", "c"]) {
        await define(store, { maxActiveRuns: 1 }, dagId)
        await runEffect(store.setDagPaused({ dagId, isPaused: true, actor: "test" }))
        for (const runId of ["1", "2"]) await newRun(store, { dagId, runId })
        await runEffect(store.setDagPaused({ dagId, isPaused: false, actor: "test" }))
      }
      expect(await admit(store, 2)).toBe(2)
      expect([await states(store, "a"), await states(store, "b"), await states(store, "c")]).toEqual([
        "rq",
        "rq",
        "qq",
      ])
    })
  })

  describe("a paused DAG", () => {
    it("lets runs wait until it goes on; what runs goes on to its end", async () => {
      const world = await openWorld(open)
      const { store } = world
      await define(store)
      await make(store, "a")
      const pause = (isPaused: boolean) =>
        runEffect(store.setDagPaused({ dagId: "limited", isPaused, actor: "ada" }))
      expect(await pause(true)).toBe(true)
      expect(await pause(true)).toBe(false)
      await make(store, "b")
      expect(await states(store)).toBe("rq")
      expect(await admit(store)).toBe(0)
      await end(world, "a")
      expect(await admit(store)).toBe(0)
      expect(await pause(false)).toBe(true)
      expect(await admit(store)).toBe(1)
      expect(await states(store)).toBe("sr")
      const events = await runEffect(store.listEvents({ dagId: "limited", before: null, limit: 10 }))
      expect(events.map(({ event, actor, dagRunId }) => ({ event, actor, dagRunId }))).toEqual([
        { event: "dag_unpaused", actor: "ada", dagRunId: null },
        { event: "dag_paused", actor: "ada", dagRunId: null },
      ])
      const unknown = runEffect(store.setDagPaused({ dagId: "none", isPaused: true, actor: "ada" }))
      await expect(unknown).rejects.toMatchObject({ _tag: "NotFound" })
    })
  })
}
