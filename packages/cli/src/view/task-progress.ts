import type { SerializedDag, SerializedTask } from "@sluice/core/dag"
import type { ExpansionState } from "@sluice/core/state"
import type { ExpansionView } from "@sluice/core/store"
import type { Snapshot } from "../run/watch-run.ts"
import type { ProgressHistory } from "./history.ts"
import { type Surroundings, waitsFor, windowUse, type WindowUse } from "./waiting.ts"

/** A task of a run, as its line shows it. Null: does not apply. */
export interface TaskProgress {
  readonly taskId: string
  readonly kind: SerializedTask["kind"]
  readonly state: ExpansionState
  /** Pages that were read: from the source, or of another task's results. */
  readonly pulls: number | null
  readonly created: number | null
  /** Items that got no instance because their key had come before. */
  readonly duplicates: number | null
  readonly running: number | null
  /** Deferred instances: their events have not come. */
  readonly deferred: number | null
  readonly done: number | null
  readonly failed: number | null
  readonly skipped: number | null
  readonly upstreamFailed: number | null
  readonly window: WindowUse | null
  readonly itemsPerSecond: number | null
  readonly waitsFor: string | null
}

/** Makes the lines of a snapshot, in the order of the DAG. */
export function taskProgress(
  dag: SerializedDag,
  snapshot: Snapshot,
  history: ProgressHistory,
): TaskProgress[] {
  const expansions = new Map(snapshot.expansions.map((view) => [view.taskId, view]))
  const around: Surroundings = {
    dag,
    expansions,
    pullAgeMs: (taskId) => history.pullAgeMs(taskId),
    now: new Date(),
  }
  return dag.tasks.flatMap((task) => {
    const view = expansions.get(task.taskId)
    if (view === undefined) return []
    return task.kind === "fused" ? [fusedLine(task, view, around)] : [line(task, view, around, history)]
  })
}

function line(
  task: SerializedTask,
  view: ExpansionView,
  around: Surroundings,
  history: ProgressHistory,
): TaskProgress {
  const isSource = task.kind === "source"
  const hasFusedSource = task.mapping?.leaves.some((leaf) => leaf.kind === "fused") === true
  const note = waitsFor(task, view, around)
  return {
    taskId: task.taskId,
    kind: task.kind,
    state: view.state,
    pulls: task.kind === "task" ? null : view.pulls,
    created: view.created,
    duplicates: isSource ? null : view.duplicates,
    running: isSource ? null : view.running,
    deferred: isSource ? null : view.deferred,
    done: isSource ? null : view.success,
    failed: isSource ? null : view.failed,
    skipped: isSource ? null : view.skipped,
    upstreamFailed: isSource ? null : view.upstreamFailed,
    window: windowUse(view),
    itemsPerSecond: isSource || task.kind === "task" ? null : history.rateOf(task.taskId),
    // Said once, on the line of the source that it pulls.
    waitsFor: hasFusedSource && view.state === "open" ? null : note,
  }
}

/** A source that its only reader pulls itself has no instances: what it waits for is in its reader's row. */
function fusedLine(task: SerializedTask, view: ExpansionView, around: Surroundings): TaskProgress {
  const reader = around.dag.tasks.find((other) =>
    other.mapping?.leaves.some((leaf) => leaf.kind === "fused" && leaf.taskId === task.taskId),
  )
  const readerView = reader === undefined ? undefined : around.expansions.get(reader.taskId)
  return {
    taskId: task.taskId,
    kind: task.kind,
    state: view.state,
    pulls: readerView?.pulls ?? null,
    created: null,
    duplicates: null,
    running: null,
    deferred: null,
    done: null,
    failed: null,
    skipped: null,
    upstreamFailed: null,
    window: null,
    itemsPerSecond: null,
    waitsFor:
      view.state === "waiting" || reader === undefined || readerView === undefined
        ? waitsFor(task, view, around)
        : readerView.state === "open"
          ? waitsFor(reader, readerView, around)
          : null,
  }
}
