import { describe, expect, it } from "vitest"
import type { Lease } from "../../store/lease-store.ts"
import { mapped, serializedDag } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  claim,
  claimAll,
  claimOne,
  complete,
  createRun,
  decide,
  items,
  newRun,
  openMap,
  type OpenMap,
  openStream,
  openWorld,
  register,
  type RunFixture,
} from "./world.ts"

const actor = "root@box"
const countOf = (leases: readonly Lease[]) => leases.reduce((sum, { count }) => sum + count, 0)

/** Limits over the tasks of a run, over the runs of a DAG, and how urgent a task is: from the file and by hand. */
export function limitContract(open: OpenStore): void {
  describe("a limit on what runs", () => {
    it("over all runs of a DAG counts the same task in each of them, and in no other DAG", async () => {
      const world = await openWorld(open)
      const task = { dagConcurrency: 3 }
      for (const runId of ["a", "b"]) await (await openMap(world, { runId, task })).commit(items(4))
      const other = await openMap(world, { dagId: "other", runId: "c", task })
      const held = await claimAll(world.store, { sizeDefault: 2 })
      expect(countOf(held)).toBe(3)
      expect(held.every(({ isLimited }) => isLimited)).toBe(true)
      await other.commit(items(9))
      expect(countOf(await claimAll(world.store, { sizeDefault: 9 }))).toBe(3)
    })

    it("of one run counts all of its tasks, and no other run", async () => {
      const world = await openWorld(open)
      const dag = serializedDag({
        dagId: "two",
        tasks: [{ taskId: "x" }, { taskId: "y" }, { taskId: "z" }],
        planning: { maxActiveTasks: 2 },
      })
      await register(world.store, dag)
      for (const runId of ["a", "b"]) {
        const { id } = await newRun(world.store, { dagId: "two", runId })
        for (const { expansionId } of await runEffect(world.store.expansionsOfRun(id)))
          await decide(world.store, expansionId, "draining")
      }
      const held = await claimAll(world.store)
      expect(held).toHaveLength(4)
      await complete(world.store, held[0]!)
      expect(countOf(await claimAll(world.store))).toBe(1)
    })

    it("that is set by hand counts at once, for all runs that come, whatever a newer version says", async () => {
      const world = await openWorld(open)
      const { store } = world
      const dag = (description: string) => ({
        ...serializedDag({ dagId: "d", tasks: [mapped("map")], planning: { maxActiveRuns: 2 } }),
        description,
      })
      await register(store, dag("first"))
      const first = await mapOf(world, await newRun(store, { dagId: "d", runId: "r1" }))
      await first.commit(items(9))
      const limits = { maxActiveRuns: 1, maxActiveTasks: 2 }
      expect(await runEffect(store.setDagLimits({ dagId: "d", ...limits, actor }))).toMatchObject(limits)
      expect(countOf(await claimAll(store, { sizeDefault: 9 }))).toBe(2)
      await register(store, dag("second"))
      expect(await runEffect(store.dag("d"))).toMatchObject(limits)
      expect(await newRun(store, { dagId: "d", runId: "r2" })).toMatchObject({ state: "queued" })
      const asInFile = { maxActiveRuns: null, maxActiveTasks: null }
      expect(await runEffect(store.setDagLimits({ dagId: "d", ...asInFile, actor }))).toMatchObject({
        maxActiveRuns: 2,
        maxActiveTasks: null,
      })
      expect(await claimOne(store, { sizeDefault: 9 })).toMatchObject({ count: 7, isLimited: false })
      expect(await runEffect(store.admitDagRuns({ limit: 9 }))).toBe(1)
      const events = await runEffect(store.listEvents({ dagId: "d", before: null, limit: 9 }))
      expect(events.map(({ event, detail }) => [event, detail])).toEqual([
        ["dag_limits_set", asInFile],
        ["dag_limits_set", limits],
      ])
      expect(await failureOf(store.setDagLimits({ dagId: "none", actor }))).toMatchObject({
        _tag: "NotFound",
      })
    })

    it("of a task is changed in every unfinished run, and not in those that come", async () => {
      const world = await openWorld(open)
      const { store } = world
      const maps = []
      for (const runId of ["a", "b"]) maps.push(await openMap(world, { runId }))
      for (const map of maps) await map.commit(items(9))
      const of = { dagId: "fixture", taskId: "load", actor }
      expect(await runEffect(store.changeTask({ ...of, concurrency: 2, dagConcurrency: 3 }))).toBe(2)
      expect((await maps[0]!.view()).concurrency).toBe(2)
      expect(countOf(await claimAll(store, { sizeDefault: 9 }))).toBe(3)
      expect(await runEffect(store.changeTask({ ...of, concurrency: null, dagConcurrency: null }))).toBe(2)
      expect(countOf(await claimAll(store, { sizeDefault: 9 }))).toBe(15)
      expect((await (await openMap(world, { runId: "c" })).view()).concurrency).toBeNull()
      expect(await failureOf(store.changeTask({ ...of, taskId: "none", priority: 1 }))).toMatchObject({
        _tag: "NotFound",
        what: "task",
      })
    })

    it("gives way to a task that was made more urgent, with the pages it has", async () => {
      const world = await openWorld(open)
      const { ids } = await twoMaps(world)
      const of = { dagId: "fixture", taskId: "late", actor }
      const next = async () => (await claim(world.store, { limit: 1, sizeDefault: 1 }))[0]!.expansionId
      expect(await next()).toBe(ids["early"])
      expect(await runEffect(world.store.changeTask({ ...of, priority: 9 }))).toBe(1)
      expect(await next()).toBe(ids["late"])
    })
  })
}

/** A run of two maps with a page each. */
async function twoMaps(world: StoreHarness): Promise<RunFixture> {
  const fixture = await createRun(world, { tasks: [mapped("early"), mapped("late")] })
  for (const id of Object.values(fixture.ids))
    await (await openStream(world.store, fixture.run.id, id)).commit(items(5))
  return fixture
}

/** The one map of a run, open. */
async function mapOf({ store }: StoreHarness, run: RunFixture["run"]): Promise<OpenMap> {
  const [map] = await runEffect(store.expansionsOfRun(run.id))
  return openStream(store, run.id, map!.expansionId)
}
