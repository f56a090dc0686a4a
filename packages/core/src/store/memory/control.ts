import { Effect } from "effect"
import { isFinalExpansionState } from "../../state/expansion.ts"
import type { Json } from "../../json.ts"
import type { ControlStore } from "../control-store.ts"
import { type NotAllowed, NotFound } from "../errors.ts"
import { mapEventName, mapRefusal } from "../map-change.ts"
import { listEvents, noteMapEvent } from "./events.ts"
import { timeOutRuns } from "./cancel.ts"
import { type ExpansionRecord, type MemoryState, expansionOf, markDue } from "./state.ts"
import { cancelMap, closeUnstarted, stopMap } from "./stop.ts"

/** Control of what runs, over a memory state. */
export function control(state: MemoryState): ControlStore {
  return {
    changeMap: (options) => Effect.suspend(() => changeMap(state, options)),
    cancelMap: (options) => Effect.suspend(() => cancelMap(state, options)),
    stopMap: (options) => Effect.sync(() => stopMap(state, options)),
    closeStopped: (expansionId) => Effect.sync(() => closeUnstarted(state, expansionOf(state, expansionId))),
    reviewMaps: ({ expansionIds }) => Effect.sync(() => reviewMaps(state, expansionIds)),
    // Whether something may run is read off its expansion.
    sweep: () => Effect.succeed(0),
    timeOutRuns: ({ limit }) => Effect.sync(() => timeOutRuns(state, limit)),
    listEvents: (options) => Effect.sync(() => listEvents(state, options)),
  }
}

type ChangeOptions = Parameters<ControlStore["changeMap"]>[0]

function changeMap(
  state: MemoryState,
  { expansionId, actor, change }: ChangeOptions,
): Effect.Effect<boolean, NotAllowed | NotFound> {
  const expansion = state.expansions.get(expansionId)
  if (expansion === undefined) return Effect.fail(new NotFound({ what: "expansion", id: expansionId }))
  const { kind, taskId } = expansion.task
  const refusal = mapRefusal({ taskId, kind, state: expansion.state }, change)
  if (refusal !== null) return Effect.fail(refusal)
  const before = settingsOf(expansion)
  Object.assign(expansion, definedOf(change))
  const detail = differences(before, settingsOf(expansion))
  if (Object.keys(detail).length === 0) return Effect.succeed(false)
  noteMapEvent(state, expansion, { actor, event: mapEventName(change), detail })
  // What has failed already may be too many for the new limit.
  if (change.toleratedFailures !== undefined) markDue(state, expansion)
  return Effect.succeed(true)
}

function definedOf<A extends object>(values: A): Partial<A> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<A>
}

function reviewMaps(state: MemoryState, expansionIds: readonly string[]): void {
  for (const id of expansionIds) {
    const expansion = state.expansions.get(id)
    if (expansion?.isWatched === true && !isFinalExpansionState(expansion.state)) markDue(state, expansion)
  }
}

type Settings = Readonly<Record<string, Json>>

/** What can be changed of a map, under the names of the event log. */
function settingsOf(expansion: ExpansionRecord): Settings {
  return {
    is_pulling_paused: expansion.isPullingPaused,
    is_running_paused: expansion.isRunningPaused,
    window: expansion.window,
    page_size: expansion.pageSize,
    concurrency: expansion.concurrency,
    tolerated_failures: expansion.toleratedFailures as Json,
  }
}

function differences(before: Settings, after: Settings): { [name: string]: Json } {
  const changed = Object.keys(after).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  )
  return Object.fromEntries(
    changed.map((name) => [name, { from: before[name] ?? null, to: after[name] ?? null }]),
  )
}
