import { loopOf } from "../../dag/loop-of.ts"
import type { SerializedDag, SerializedTask } from "../../dag/serialized-dag.ts"
import { isFinalExpansionState } from "../../state/expansion.ts"
import type { ExpansionView } from "../../store/expansion-store.ts"
import { tasksBelow } from "../redrive/below.ts"

/** What becomes of a task when a stream above it is extended. */
export type ExtensionEffect =
  | { readonly taskId: string; readonly does: "go on" | "begin anew" }
  | { readonly taskId: string; readonly does: "stay"; readonly reason: string }

/** What is to be done so that a stream goes on, or why it cannot. */
export type ExtensionPlan =
  | { readonly refusal: string }
  | {
      readonly refusal: null
      /** The expansion that is extended: for a source that another task pulls, that task's. */
      readonly expansionId: string
      /** The expansions that go on, sources fused into them included. */
      readonly expansionIds: readonly string[]
      /** In the order of the DAG, the extended task first. */
      readonly effects: readonly ExtensionEffect[]
    }

/** The tasks of a run that has ended, and how they stand. */
interface Ended {
  readonly dag: SerializedDag
  readonly views: readonly ExpansionView[]
}

/** Operators after which a reader has all that it wants: more at its stream's end changes nothing. */
const satisfied: ReadonlySet<string> = new Set(["take", "takeWhile"])

/** Operators to which more at the end of one side is more in the middle of what they give. */
const joins: ReadonlySet<string> = new Set(["concat", "zip"])

/**
 * Plans how a task's stream goes on where its source ended, and with it what reads it.
 *
 * Maps that stream from it go on, each at its own position; what waits for the end of one of these begins anew. A reader
 * that could not go on exactly (a chunk was given out short, a zip has dropped what was left over) refuses the whole.
 */
export function planExtension(run: Ended, taskId: string): ExtensionPlan {
  const root = rootOf(run, taskId)
  if (typeof root === "string") return { refusal: root }
  const refusal = refusalOf(root)
  if (refusal !== null) return { refusal }
  const { goingOn, staying } = readersOf(run, root.task.taskId)
  const anew = tasksBelow(run.dag, run.views, { reopened: [root.task.taskId, ...goingOn], readAnew: [] })
  const followers = goingOn.filter((reader) => !anew.has(reader))
  for (const reader of followers) {
    const stoppedBy = joinOf(run.dag, reader) ?? viewOf(run, reader)?.stoppedBy ?? null
    if (stoppedBy !== null) return { refusal: inexact(reader, stoppedBy, "its tasks") }
  }
  const together = [...fusedSourcesOf(root.task), root.task.taskId, ...followers]
  return {
    refusal: null,
    expansionId: root.view.expansionId,
    expansionIds: together.flatMap((each) => viewOf(run, each)?.expansionId ?? []),
    effects: [
      ...[root.task.taskId, ...followers].map((each): ExtensionEffect => ({ taskId: each, does: "go on" })),
      ...[...staying].flatMap(([each, reason]): ExtensionEffect[] =>
        anew.has(each) ? [] : [{ taskId: each, does: "stay", reason }],
      ),
      ...run.dag.tasks.flatMap((task): ExtensionEffect[] =>
        anew.has(task.taskId) ? [{ taskId: task.taskId, does: "begin anew" }] : [],
      ),
    ],
  }
}

interface Root {
  readonly task: SerializedTask
  readonly view: ExpansionView
}

/** The task whose own stream is meant; or why there is none. */
function rootOf({ dag, views }: Ended, taskId: string): Root | string {
  const named = dag.tasks.find((each) => each.taskId === taskId)
  const reader =
    named?.kind === "fused" ? dag.edges.find((edge) => edge.upstream === taskId)?.downstream : taskId
  const task = dag.tasks.find((each) => each.taskId === reader)
  const view = views.find((each) => each.taskId === reader)
  if (task === undefined || view === undefined) return `the run has no task "${taskId}"`
  const loop = loopOf(dag, task.taskId)
  if (loop !== undefined)
    return `"${taskId}" is of loop "${loop.loopId}", which has ended as its until says. Fix: start a new run`
  if (task.kind === "task")
    return `task "${taskId}" is not mapped, so it has no stream. Fix: name a map or a source`
  if (task.kind === "source" || task.mapping?.leaves.some((leaf) => leaf.kind === "fused") === true)
    return { task, view }
  const roots = sourcesAbove(dag, task.taskId)
  return roots.length > 0
    ? `task "${taskId}" reads what other tasks leave, and has all of it. Fix: extend ${roots.map((id) => `"${id}"`).join(" or ")}, and it goes on with it`
    : `task "${taskId}" maps a list that is known: nothing can follow it. Fix: start a new run`
}

/** The sources, and the maps that pull one, from which a task's stream comes. */
function sourcesAbove(dag: SerializedDag, taskId: string): string[] {
  const above = new Set([taskId])
  // A set yields what is added while it is walked, so it is its own queue.
  for (const each of above) {
    for (const { upstream, downstream, kind } of dag.edges)
      if (downstream === each && kind === "stream") above.add(upstream)
  }
  return dag.tasks.flatMap((task) =>
    above.has(task.taskId) && (task.kind === "source" || task.kind === "fused") ? [task.taskId] : [],
  )
}

function refusalOf({ task: { taskId }, view }: Root): string | null {
  const { state, openedAt, exhausted, streamError, stopReason, stoppedBy } = view
  if (state === "cancelled") return `"${taskId}" was cancelled. Fix: resume it first, then extend it`
  if (!isFinalExpansionState(state) || openedAt === null || !exhausted)
    return `"${taskId}" is ${state}, and its stream never came to its end. Fix: start a new run`
  if (streamError !== null)
    return `the stream of "${taskId}" broke (${streamError.message}); expected one that came to its end. Fix: start a new run`
  if (stopReason !== null)
    return `"${taskId}" was stopped (${stopReason.message}); expected a stream that came to its end. Fix: start a new run`
  if (stoppedBy === null) return null
  return satisfied.has(stoppedBy)
    ? `"${taskId}" has all that ${stoppedBy}() wants, and would take no more. Fix: start a new run of a DAG with more in ${stoppedBy}()`
    : inexact(taskId, stoppedBy, "the task")
}

function inexact(taskId: string, operator: string, whose: string): string {
  return (
    `"${taskId}" reads through ${operator}(), which cannot go on exactly where it ended: what it gave last would have ` +
    `come out otherwise. Expected a pipeline of map, filter, enumerate, drop, take, takeWhile, or a chunk that came out even. ` +
    `Fix: start a new run, or move ${operator}() into ${whose}`
  )
}

/** The maps that stream from a task, one from the other: those that read on, and those that stay as they are, and why. */
function readersOf(run: Ended, taskId: string): { goingOn: string[]; staying: Map<string, string> } {
  const goingOn = new Set([taskId])
  const staying = new Map<string, string>()
  for (const each of goingOn) {
    for (const { upstream, downstream, kind } of run.dag.edges) {
      if (upstream !== each || kind !== "stream") continue
      const reason = reasonToStay(viewOf(run, downstream), joinOf(run.dag, downstream))
      if (reason === null) goingOn.add(downstream)
      else staying.set(downstream, reason)
    }
  }
  goingOn.delete(taskId)
  return { goingOn: [...goingOn], staying }
}

/** The operator that joins streams in a task's pipeline. */
function joinOf(dag: SerializedDag, taskId: string): string | null {
  const operators = dag.tasks.find((each) => each.taskId === taskId)?.mapping?.operators ?? []
  return operators.find((operator) => joins.has(operator)) ?? null
}

function reasonToStay(view: ExpansionView | undefined, join: string | null): string | null {
  if (view === undefined || view.openedAt === null) return "it never started"
  if (view.state === "cancelled") return "it was cancelled"
  if (view.streamError !== null) return "its stream broke"
  if (view.stopReason !== null) return "it was stopped"
  if (join === null && view.stoppedBy !== null && satisfied.has(view.stoppedBy))
    return `it has all that ${view.stoppedBy}() wants`
  return null
}

function fusedSourcesOf({ mapping }: SerializedTask): string[] {
  return (mapping?.leaves ?? []).flatMap((leaf) => (leaf.kind === "fused" ? [leaf.taskId] : []))
}

function viewOf({ views }: Ended, taskId: string): ExpansionView | undefined {
  return views.find((each) => each.taskId === taskId)
}
