import { describe, expect, it } from "vitest"
import type { EventRow } from "../../store/control-store.ts"
import type { StoreService } from "../../store/store.ts"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
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
