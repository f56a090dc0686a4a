import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { expansionIdOf } from "../../store/ids.ts"
import { completeEdge, mapped, serializedDag, streamEdge } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import { createRun, decide, factsOf, newRun, openWorld, register } from "./world.ts"

const one = [{ taskId: "only" }]

/** Runs: made, listed, ended. */
export function runContract(open: OpenStore): void {
  describe("runs", () => {
    it("starts a run at once, with what it was given", async () => {
      const { store } = await openWorld(open)
      await register(store, serializedDag({ dagId: "users", tasks: one }))
      const logicalDate = new Date("2026-01-02T03:04:05.678Z")
      const conf = { since: null, tags: ["a", "b"], deep: { "": 1.5 } }
      const run = await runEffect(
        store.createDagRun({ dagId: "users", runId: "r", runType: "scheduled", conf, logicalDate }),
      )
      expect(run).toMatchObject({ state: "running", runType: "scheduled", conf, logicalDate, endedAt: null })
      expect(run).toMatchObject({ isCancelled: false, note: null })
      expect(await runEffect(store.dagRun({ dagId: "users", runId: "r" }))).toEqual(run)
      expect(await runEffect(store.dagRunById(run.id))).toEqual(run)
    })

    it("gives each task a waiting expansion whose id is made of the run's and its ordinal", async () => {
      const world = await openWorld(open)
      const { run } = await createRun(world, { tasks: [{ taskId: "a" }, mapped("b")] })
      const views = await runEffect(world.store.expansionsOfRun(run.id))
      expect(views.map(({ expansionId, taskId, kind, state }) => [expansionId, taskId, kind, state])).toEqual(
        [
          [expansionIdOf(run.id, 0), "a", "task", "waiting"],
          [expansionIdOf(run.id, 1), "b", "mapped", "waiting"],
        ],
      )
    })

    it("has tasks decided at first that wait for nothing, or always run", async () => {
      const { store, ...world } = await openWorld(open)
      const { ids } = await createRun(
        { store, ...world },
        {
          tasks: [{ taskId: "a" }, { taskId: "b" }, { taskId: "c", triggerRule: "always" }, { taskId: "d" }],
          edges: [
            completeEdge("a", "b"),
            completeEdge("b", "c"),
            completeEdge("a", "d"),
            completeEdge("b", "d"),
          ],
        },
      )
      const due = await runEffect(store.dueExpansions({ limit: 10 }))
      expect(due.map(({ taskId }) => taskId)).toEqual(["a", "c"])
      expect(await factsOf(store, ids["a"]!)).toMatchObject({ upstream: { total: 0 }, isLeaf: false })
      expect(await factsOf(store, ids["c"]!)).toMatchObject({ upstream: { total: 1 }, isLeaf: true })
    })

    it("refuses a run id that the DAG has used, and takes it for another DAG", async () => {
      const world = await openWorld(open)
      await createRun(world, { dagId: "users", runId: "r", tasks: one })
      const again = world.store.createDagRun({
        ...{ dagId: "users", runId: "r", runType: "manual", conf: {}, logicalDate: null },
      })
      expect(await failureOf(again)).toMatchObject({ _tag: "DuplicateDagRun", dagId: "users", runId: "r" })
      await createRun(world, { dagId: "groups", runId: "r", tasks: one })
      expect(await runEffect(world.store.listDagRuns({ limit: 10 }))).toHaveLength(2)
    })

    it("makes one run of many that are asked for under one id together", async () => {
      const { store } = await openWorld(open)
      await register(store, serializedDag({ dagId: "users", tasks: one }))
      const create = store.createDagRun({
        ...{ dagId: "users", runId: "r", runType: "manual", conf: {}, logicalDate: null },
      })
      const made = await Promise.all(Array.from({ length: 8 }, () => runEffect(Effect.option(create))))
      expect(made.filter(({ _tag }) => _tag === "Some")).toHaveLength(1)
    })

    it("says what it does not have", async () => {
      const { store } = await openWorld(open)
      const create = store.createDagRun({
        ...{ dagId: "none", runId: "r", runType: "manual", conf: {}, logicalDate: null },
      })
      expect(await failureOf(create)).toMatchObject({ _tag: "NotFound" })
      expect(await failureOf(store.dagRun({ dagId: "none", runId: "r" }))).toMatchObject({ _tag: "NotFound" })
      expect(await failureOf(store.dagRunById("987654"))).toMatchObject({ _tag: "NotFound" })
      expect(await runEffect(store.cancelDagRun({ dagRunId: "987654", note: "", actor: "tester" }))).toBe(
        false,
      )
      expect(await runEffect(store.resumeDagRun({ dagRunId: "987654", actor: "tester" }))).toBe(false)
    })

    it("keeps a run on the version it started with", async () => {
      const world = await openWorld(open)
      const { run } = await createRun(world, { dagId: "users", tasks: one })
      await register(world.store, serializedDag({ dagId: "users", tasks: [...one, { taskId: "more" }] }))
      expect((await runEffect(world.store.dagRunById(run.id))).dagVersionId).toBe(run.dagVersionId)
      expect(await runEffect(world.store.expansionsOfRun(run.id))).toHaveLength(1)
    })

    it("lists runs newest first, a slice at a time", async () => {
      const { store } = await openWorld(open)
      await register(store, serializedDag({ dagId: "users", tasks: one }))
      // More than nine, so that ids of different lengths are compared as numbers.
      for (let i = 0; i < 12; i++) await newRun(store, { dagId: "users", runId: `r${i}` })
      const first = await runEffect(store.listDagRuns({ limit: 5 }))
      const second = await runEffect(store.listDagRuns({ limit: 5, before: first.at(-1)!.id }))
      const third = await runEffect(store.listDagRuns({ limit: 5, before: second.at(-1)!.id }))
      const listed = [...first, ...second, ...third].map(({ runId }) => runId)
      expect(listed).toEqual(Array.from({ length: 12 }, (_, i) => `r${11 - i}`))
    })

    it("lists the runs of one DAG, or in some states", async () => {
      const world = await openWorld(open)
      const { run } = await createRun(world, { dagId: "users", tasks: [] })
      await createRun(world, { dagId: "groups", tasks: one })
      await runEffect(world.store.finishDagRun({ dagRunId: run.id, state: "success", reopenings: 0 }))
      const list = async (options: { dagId?: string; states?: readonly ("success" | "running")[] }) =>
        (await runEffect(world.store.listDagRuns({ ...options, limit: 10 }))).map(({ dagId }) => dagId)
      expect(await list({ dagId: "users" })).toEqual(["users"])
      expect(await list({ states: ["running"] })).toEqual(["groups"])
      expect(await list({ states: ["success", "running"] })).toEqual(["groups", "users"])
      expect(await list({ dagId: "users", states: ["running"] })).toEqual([])
    })

    it("counts the leaves that failed, and not what failed above a leaf that did not", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [{ taskId: "a" }, { taskId: "b" }, { taskId: "c" }],
        edges: [completeEdge("a", "b")],
      })
      expect(await runEffect(store.runCounts(run.id))).toMatchObject({ hasUnfinished: true, leavesFailed: 0 })
      await decide(store, ids["a"]!, "upstream_failed")
      expect(await runEffect(store.runCounts(run.id))).toMatchObject({ hasUnfinished: true, leavesFailed: 0 })
      await decide(store, ids["b"]!, "skipped")
      await decide(store, ids["c"]!, "upstream_failed")
      expect(await runEffect(store.runCounts(run.id))).toMatchObject({
        hasUnfinished: false,
        leavesFailed: 1,
      })
    })

    it("ends a run once", async () => {
      const world = await openWorld(open)
      const { run, ids } = await createRun(world, { tasks: [{ taskId: "a" }] })
      const finish = (state: "success" | "failed") =>
        runEffect(world.store.finishDagRun({ dagRunId: run.id, state, reopenings: 0 }))
      // What was true before a cancel and a resume must not end a run that goes on.
      expect(await finish("success")).toBe(false)
      await decide(world.store, ids["a"]!, "skipped")
      expect(await finish("success")).toBe(true)
      expect(await finish("failed")).toBe(false)
      const ended = await runEffect(world.store.dagRunById(run.id))
      expect(ended).toMatchObject({ state: "success", isCancelled: false })
      expect(ended.endedAt).toBeInstanceOf(Date)
    })

    it("finds running runs of which nothing is unfinished", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, {
        tasks: [{ taskId: "a" }, mapped("b")],
        edges: [streamEdge("a", "b")],
      })
      const stalled = () => runEffect(store.stalledRuns({ limit: 10 }))
      await decide(store, ids["a"]!, "skipped")
      expect(await stalled()).toEqual([])
      await decide(store, ids["b"]!, "skipped")
      expect(await stalled()).toEqual([run.id])
      await runEffect(store.finishDagRun({ dagRunId: run.id, state: "success", reopenings: 0 }))
      expect(await stalled()).toEqual([])
    })
  })
}
