import { Effect } from "effect"
import type { ControlStore, EventRow } from "../control-store.ts"
import { NotFound } from "../errors.ts"
import type { EventFilter, EventStore } from "../event-store.ts"
import { compareKeys, fitsPatterns, isOneOf, isWithin, sliceOf, type SortKey } from "./filters.ts"
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

/** The event log over a memory state. */
export function events(state: MemoryState): EventStore {
  return {
    event: (id) =>
      Effect.suspend(() => {
        const row = state.events.find((one) => one.id === id)
        return row === undefined ? Effect.fail(new NotFound({ what: "event", id })) : Effect.succeed(row)
      }),
    searchEvents: ({ filter, orderBy, skip, limit }) =>
      Effect.sync(() => {
        const isDescending = [
          ...orderBy.map((order) => order.isDescending),
          orderBy[0]?.isDescending ?? false,
        ]
        const keysOf = (row: EventRow) => [...orderBy.map(({ by }) => sortKeys[by](row)), sortKeys.id(row)]
        const found = state.events
          .filter((row) => fits(row, filter))
          .sort((a, b) => compareKeys(keysOf(a), keysOf(b), isDescending))
        return sliceOf(found, { skip, limit })
      }),
    pageEvents: ({ filter, isDescending, after, limit }) =>
      Effect.sync(() => {
        const found = state.events.filter((row) => fits(row, filter))
        const left = (isDescending ? found.toReversed() : found).filter(({ id }) => {
          if (after === null) return true
          return isDescending ? Number(id) < Number(after) : Number(id) > Number(after)
        })
        return left.slice(0, limit)
      }),
  }
}

const sortKeys: Readonly<
  Record<Parameters<EventStore["searchEvents"]>[0]["orderBy"][number]["by"], (row: EventRow) => SortKey>
> = {
  id: (row) => Number(row.id),
  at: (row) => row.at.getTime(),
  dag_id: (row) => row.dagId,
  run_id: (row) => row.runId,
  task_id: (row) => row.taskId,
  event: (row) => row.event,
  actor: (row) => row.actor,
}

function fits(row: EventRow, filter: EventFilter): boolean {
  return (
    (filter.dagId ?? row.dagId) === row.dagId &&
    (filter.runId ?? row.runId) === row.runId &&
    (filter.taskId ?? row.taskId) === row.taskId &&
    (filter.mapIndex ?? row.mapIndex) === row.mapIndex &&
    (filter.actor ?? row.actor) === row.actor &&
    isOneOf<string>(row.event, filter.events) &&
    !(filter.exceptEvents ?? []).includes(row.event) &&
    fitsPatterns(row.dagId, filter.dagIdPatterns) &&
    fitsPatterns(row.runId, filter.runIdPatterns) &&
    fitsPatterns(row.taskId, filter.taskIdPatterns) &&
    fitsPatterns(row.actor, filter.actorPatterns) &&
    fitsPatterns(row.event, filter.eventPatterns) &&
    isWithin(row.at, filter.at)
  )
}
