import type { ControlStore, EventRow } from "../control-store.ts"
import { type ExpansionRecord, type MemoryState, type RunRecord, nextNumber } from "./state.ts"

/** What there is to say of an event besides where it happened. */
type Happening = Pick<EventRow, "actor" | "event" | "detail">

/** Notes what was done to a run. */
export function noteRunEvent(state: MemoryState, run: RunRecord, happening: Happening): void {
  state.events.push(eventOf(state, run, happening))
}

/** Notes what was done about who may do what. */
export function noteIdentityEvent(state: MemoryState, happening: Happening): void {
  state.events.push({ ...elsewhere(state, null), ...happening })
}

/** Notes what was done to one task of a run. */
export function noteExpansionEvent(
  state: MemoryState,
  { id, run, task }: ExpansionRecord,
  happening: Happening,
): void {
  state.events.push({ ...eventOf(state, run, happening), expansionId: id, taskId: task.taskId })
}

/** Notes what was done to a DAG. */
export function noteDagEvent(state: MemoryState, dagId: string, happening: Happening): void {
  state.events.push({ ...elsewhere(state, dagId), ...happening })
}

function elsewhere(state: MemoryState, dagId: string | null) {
  return {
    id: String(nextNumber(state)),
    at: new Date(state.now()),
    dagId,
    dagRunId: null,
    runId: null,
    expansionId: null,
    taskId: null,
    mapIndex: null,
  }
}

function eventOf(state: MemoryState, run: RunRecord, happening: Happening): EventRow {
  return { ...elsewhere(state, run.dagId), dagRunId: run.id, runId: run.runId, ...happening }
}

/** Notes what was done to a task of a run, or to one instance of it. */
export function noteMapEvent(
  state: MemoryState,
  expansion: ExpansionRecord,
  happening: Happening & { readonly mapIndex?: number },
): void {
  const { mapIndex = null, ...rest } = happening
  state.events.push({
    ...eventOf(state, expansion.run, rest),
    expansionId: expansion.id,
    taskId: expansion.task.taskId,
    mapIndex,
  })
}

/** Events, newest first. */
export function listEvents(
  state: MemoryState,
  options: Parameters<ControlStore["listEvents"]>[0],
): EventRow[] {
  const { dagId, dagRunId, expansionId, before, limit } = options
  const asked = state.events.filter(
    (row) =>
      (dagId === undefined || row.dagId === dagId) &&
      (dagRunId === undefined || row.dagRunId === dagRunId) &&
      (expansionId === undefined || row.expansionId === expansionId) &&
      (before === null || Number(row.id) < Number(before)),
  )
  return asked.toReversed().slice(0, limit)
}
