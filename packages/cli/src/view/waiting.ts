import type { SerializedDag, SerializedTask } from "@sluice/core/dag"
import { isFinalExpansionState } from "@sluice/core/state"
import type { ExpansionView } from "@sluice/core/store"
import { count, seconds } from "./numbers.ts"

/** What is needed to say what a task waits for. */
export interface Surroundings {
  readonly dag: SerializedDag
  readonly expansions: ReadonlyMap<string, ExpansionView>
  /** How long the page that is being read takes already, by task. */
  readonly pullAgeMs: (taskId: string) => number
  /** Wall-clock time, for delays. */
  readonly now: Date
}

/** How long a page may take to be read before it is worth a word. */
const slowPullMs = 300

/** Says what a task waits for; null when it waits for nothing but its own instances. */
export function waitsFor(task: SerializedTask, view: ExpansionView, around: Surroundings): string | null {
  if (view.state === "waiting") return waitsForUpstream(task, around)
  if (view.isRunningPaused && !isFinalExpansionState(view.state))
    return view.isPullingPaused ? "paused" : "running is paused"
  if (view.state === "open") return waitsForPage(task, view, around)
  if (view.state === "draining" && view.deferred > 0 && view.running === 0)
    return `waits for the events of ${count(view.deferred)}`
  if (view.state === "draining" && view.retrying > 0 && view.running === 0)
    return `waits for the next try of ${count(view.retrying)}`
  return null
}

function waitsForUpstream(task: SerializedTask, { dag, expansions }: Surroundings): string | null {
  const unfinished = dag.edges
    .filter((edge) => edge.downstream === task.taskId)
    .map((edge) => ({ edge, view: expansions.get(edge.upstream) }))
    .filter(({ edge, view }) =>
      edge.kind === "complete"
        ? view === undefined || !isFinalExpansionState(view.state)
        : view?.state === "waiting",
    )
    .map(({ edge }) => edge.upstream)
  return unfinished.length === 0 ? null : `waits for ${[...new Set(unfinished)].join(", ")}`
}

function waitsForPage(task: SerializedTask, view: ExpansionView, around: Surroundings): string | null {
  if (view.isPullingPaused) return "pulling is paused"
  const retry = waitsForRetry(view, around.now)
  if (retry !== null) return retry
  const full = waitsForRoom(task, view, around)
  if (full !== null) return full
  const leaves = task.mapping?.leaves ?? []
  const upstream = leaves.find((leaf) => leaf.kind === "stream")
  const ageMs = around.pullAgeMs(task.taskId)
  if (upstream?.kind === "stream") {
    return ageMs < slowPullMs ? null : `waits for results of ${upstream.taskId}`
  }
  return ageMs < slowPullMs ? "reads pages" : `reads page ${count(view.pulls + 1)}, ${seconds(ageMs)} so far`
}

function waitsForRetry(view: ExpansionView, now: Date): string | null {
  if (view.pullAfter === null || view.pullAfter <= now) return null
  const inMs = view.pullAfter.getTime() - now.getTime()
  const why = view.streamError === null ? "" : ` after ${view.streamError.type}: ${view.streamError.message}`
  return `retry ${view.pullFailures} in ${seconds(inMs)}${why}`
}

/** What fills a window: instances that have not ended, or results that the next map has not taken. */
export interface WindowUse {
  readonly size: number
  readonly held: number
  readonly by: "unfinished" | "unconsumed"
}

/** How a map's window is filled; null for what has none. */
export function windowUse(view: ExpansionView): WindowUse | null {
  if (view.window === null) return null
  const finished = view.success + view.failed + view.skipped + view.upstreamFailed
  // A shared source has pages and no instances: only what its readers have not taken counts.
  const unfinished = view.kind === "source" ? 0 : view.created - finished
  const unconsumed = view.consumed === null ? 0 : view.created - view.consumed
  return unconsumed > unfinished
    ? { size: view.window, held: unconsumed, by: "unconsumed" }
    : { size: view.window, held: unfinished, by: "unfinished" }
}

/** A source is pulled only while there is room for a whole page. */
function waitsForRoom(task: SerializedTask, view: ExpansionView, { dag }: Surroundings): string | null {
  const use = windowUse(view)
  if (use === null || task.mapping === null) return null
  const room = use.size - use.held
  if (room >= Math.min(view.pageSize ?? task.mapping.pageSize, use.size)) return null
  if (use.by === "unfinished") return `window full: ${count(use.held)} unfinished`
  const readers = dag.edges.filter((edge) => edge.upstream === task.taskId && edge.holdsBack)
  return `window full: ${count(use.held)} not yet taken by ${readers.map((edge) => edge.downstream).join(", ")}`
}
