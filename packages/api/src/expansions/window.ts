import type { SerializedDag, SerializedTask } from "@sluice/core/dag"
import { isFinalExpansionState } from "@sluice/core/state"
import type { ExpansionView } from "@sluice/core/store"

/** What a task of a run can wait for. */
export const waits = [
  "upstream",
  "resume",
  "pull_retry",
  "instances",
  "consumers",
  "source",
  "instance_retries",
  "events",
] as const

/** What a task of a run waits for. */
export type Wait = (typeof waits)[number]

/** How much of a map's window is used; null for what has none. */
export interface WindowUse {
  /** Instances that exist and have not ended. */
  readonly unfinished: number
  /** Results that the slowest consumer has not taken; null: nobody holds the stream back. */
  readonly unconsumed: number | null
  readonly room: number
}

/** Says how a window is used: the fuller of what is unfinished and what is not taken. */
export function windowUse(view: ExpansionView): WindowUse | null {
  if (view.window === null) return null
  // A shared source has pages and no instances: only what its readers have not taken counts.
  const unfinished = view.kind === "source" ? 0 : view.created - endedOf(view)
  const unconsumed = view.consumed === null ? null : view.created - view.consumed
  return { unfinished, unconsumed, room: Math.max(0, view.window - Math.max(unfinished, unconsumed ?? 0)) }
}

/** How many instances have ended. */
export function endedOf({ success, failed, skipped, upstreamFailed }: ExpansionView): number {
  return success + failed + skipped + upstreamFailed
}

/** What a task of a run waits for, besides its running instances; null: nothing, or it has ended. */
export function waitOf(view: ExpansionView, task: SerializedTask): Wait | null {
  if (isFinalExpansionState(view.state)) return null
  if (view.state === "waiting") return "upstream"
  if (view.isRunningPaused) return "resume"
  if (view.state === "open" && task.mapping !== null) return waitOfPull(view, task.mapping.pageSize)
  if (view.running > 0) return null
  if (view.deferred > 0) return "events"
  return view.retrying > 0 ? "instance_retries" : null
}

function waitOfPull(view: ExpansionView, pageSizeOfTask: number): Wait {
  if (view.isPullingPaused) return "resume"
  if (view.pullAfter !== null) return "pull_retry"
  const use = windowUse(view)
  const size = view.window ?? 1
  // It is pulled only while there is room for a whole page.
  if (use === null || use.room >= Math.min(view.pageSize ?? pageSizeOfTask, size)) return "source"
  return (use.unconsumed ?? 0) > use.unfinished ? "consumers" : "instances"
}

/** The tasks that a waiting task waits for: those that must have ended, or a stream that must have begun. */
export function unfinishedUpstreams(
  dag: SerializedDag,
  taskId: string,
  views: readonly ExpansionView[],
): string[] {
  const stateOf = new Map(views.map((view) => [view.taskId, view.state]))
  const upstreams = dag.edges
    .filter((edge) => edge.downstream === taskId)
    .filter((edge) => {
      const state = stateOf.get(edge.upstream) ?? "waiting"
      return edge.kind === "complete" ? !isFinalExpansionState(state) : state === "waiting"
    })
    .map((edge) => edge.upstream)
  return [...new Set(upstreams)]
}
