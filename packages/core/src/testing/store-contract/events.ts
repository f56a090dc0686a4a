import { describe, expect, it } from "vitest"
import type { EventRow } from "../../store/control-store.ts"
import type { StoreService } from "../../store/store.ts"
import type { EventFilter } from "../../store/event-store.ts"
import { mapped } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import { createRun, newRun, openWorld } from "./world.ts"

const actor = "ada@host"

/** The event log: who did what to runs. */
export function eventContract(open: OpenStore): void {
  describe("the event log", () => {
    it("tells who cancelled a run and who resumed it, when, and with what words", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { tasks: [{ taskId: "a" }] })
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "too dear", actor }))
      await runEffect(store.resumeDagRun({ dagRunId: run.id, actor: "bob@host" }))
      const where = {
        dagId: run.dagId,
        dagRunId: run.id,
        runId: run.runId,
        expansionId: null,
        mapIndex: null,
      }
      expect(await listed(store, { dagRunId: run.id })).toMatchObject([
        { ...where, actor: "bob@host", event: "dag_run_resumed", detail: null, at: expect.any(Date) },
        { ...where, actor, event: "dag_run_cancelled", detail: { note: "too dear" }, at: expect.any(Date) },
      ])
    })

    it("tells nothing of what was refused", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { tasks: [{ taskId: "a" }] })
      await runEffect(store.resumeDagRun({ dagRunId: run.id, actor }))
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "", actor }))
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "again", actor }))
      expect(await listed(store, {})).toHaveLength(1)
    })

    it("is searched by who, what, where and when, in any order, and counted", async () => {
      const { store, all } = await openEvents(open)
      const search = async (options: Partial<Parameters<StoreService["searchEvents"]>[0]>) => {
        const asked = { filter: {}, orderBy: [], skip: 0, limit: 10, ...options }
        const { rows, total } = await runEffect(store.searchEvents(asked))
        return [rows.map((row) => all.findIndex(({ id }) => id === row.id)), total]
      }
      expect(await search({})).toEqual([[0, 1, 2, 3], 4])
      expect(await search({ orderBy: [{ by: "id", isDescending: true }], skip: 1, limit: 2 })).toEqual([
        [2, 1],
        4,
      ])
      expect(await search({ skip: 9 })).toEqual([[], 4])
      expect(await search({ orderBy: [{ by: "actor", isDescending: true }] })).toEqual([[3, 1, 2, 0], 4])
      // What is about no run comes last, whichever way.
      for (const isDescending of [true, false])
        expect((await search({ orderBy: [{ by: "run_id", isDescending }] }))[0]).toEqual(
          isDescending ? [2, 1, 0, 3] : [0, 1, 2, 3],
        )
      for (const by of ["at", "dag_id", "task_id", "event"] as const)
        expect((await search({ orderBy: [{ by, isDescending: false }] }))[1]).toBe(4)
      expect(await runEffect(store.event(all[2]!.id))).toEqual(all[2])
      expect(await failureOf(store.event("999999"))).toMatchObject({ _tag: "NotFound" })
    })

    it.each<[EventFilter, number[]]>([
      [{ dagId: "other" }, [2, 3]],
      [{ runId: "run-1" }, [0, 1]],
      [{ taskId: "a" }, [1]],
      [{ mapIndex: 3 }, []],
      [{ actor }, [0, 2]],
      [{ events: ["dag_run_cancelled", "dag_paused"] }, [2, 3]],
      [{ events: [] }, []],
      [{ exceptEvents: ["dag_run_cancelled"] }, [0, 1, 3]],
      [{ dagIdPatterns: ["OTH%"] }, [2, 3]],
      [{ runIdPatterns: ["%2"] }, [2]],
      [{ taskIdPatterns: ["_"] }, [1]],
      [{ actorPatterns: ["ada@%", "zoe"] }, [0, 2, 3]],
      [{ eventPatterns: ["map%"] }, [1]],
      [{ at: { gte: new Date(0) } }, [0, 1, 2, 3]],
      [{ at: { lt: new Date(0) } }, []],
    ])("of %j has %j", async (filter, expected) => {
      const { store, all } = await openEvents(open)
      const places = (rows: readonly EventRow[]) =>
        rows.map((row) => all.findIndex(({ id }) => id === row.id))
      const { rows, total } = await runEffect(store.searchEvents({ filter, orderBy: [], skip: 0, limit: 10 }))
      expect([places(rows), total]).toEqual([expected, expected.length])
      for (const isDescending of [false, true]) {
        const page = { filter, isDescending, limit: 10 }
        const wanted = isDescending ? expected.toReversed() : expected
        const first = await runEffect(store.pageEvents({ ...page, after: null }))
        expect(places(first)).toEqual(wanted)
        const [head] = first
        if (head === undefined) continue
        expect(places(await runEffect(store.pageEvents({ ...page, after: head.id })))).toEqual(
          wanted.slice(1),
        )
      }
    })

    it("is read newest first, a page at a time, for all runs, a DAG or a run", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run } = await createRun(world, { tasks: [] })
      const { run: other } = await createRun(world, { dagId: "other", tasks: [] })
      const last = await newRun(store, { dagId: "other", runId: "run-2" })
      for (const { id } of [run, other, last]) {
        await runEffect(store.cancelDagRun({ dagRunId: id, note: "", actor }))
      }
      const all = await listed(store, {})
      expect(runsOf(all)).toEqual([last.id, other.id, run.id])
      const rest = await listed(store, { before: all[0]!.id, limit: 1 })
      expect(runsOf(rest)).toEqual([other.id])
      expect(runsOf(await listed(store, { dagId: "other" }))).toEqual([last.id, other.id])
      expect(runsOf(await listed(store, { dagRunId: other.id }))).toEqual([other.id])
      expect(await listed(store, { dagId: "nobody" })).toEqual([])
    })
  })
}

/** Events, all of them unless a test asks for less. */
export function listed(
  store: StoreService,
  options: Partial<Parameters<StoreService["listEvents"]>[0]>,
): Promise<readonly EventRow[]> {
  return runEffect(store.listEvents({ before: null, limit: 100, ...options }))
}

function runsOf(events: readonly EventRow[]): (string | null)[] {
  return events.map(({ dagRunId }) => dagRunId)
}

/** Four events, the oldest first: of two runs, a map and a DAG. */
async function openEvents(open: OpenStore) {
  const world = await openWorld(open)
  const { store } = world
  const { run, ids } = await createRun(world, { tasks: [mapped("a")] })
  await createRun(world, { dagId: "other", tasks: [] })
  const second = await newRun(store, { dagId: "other", runId: "run-2" })
  await runEffect(store.setDagRunNote({ dagRunId: run.id, note: "x", actor }))
  await runEffect(store.changeMap({ expansionId: ids["a"]!, actor: "bob", change: { window: 7 } }))
  await runEffect(store.cancelDagRun({ dagRunId: second.id, note: "", actor }))
  await runEffect(store.setDagPaused({ dagId: "other", isPaused: true, actor: "zoe" }))
  const all = (await listed(store, {})).toReversed()
  return { store, all }
}
