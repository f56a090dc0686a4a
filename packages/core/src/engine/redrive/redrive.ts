/**
 * Redrive and clear: runs instances of a task again on the inputs they have, and then what is downstream of them.
 *
 * In steps of at most `redrivenMax` instances, each atomic. While they are taken back the map stays as it is, and only then
 * the run goes on, all at once; so a run that has ended stays ended until everything is chosen, and whoever dies in
 * between has lost nothing: the same again finishes it. The source is never touched.
 */
import { Effect } from "effect"
import { followersOf } from "../../dag/followers.ts"
import type { SerializedDag, SerializedTask } from "../../dag/serialized-dag.ts"
import { NotFound, RedriveRefused } from "../../store/errors.ts"
import type { StoreError } from "../../store/errors.ts"
import type { ExpansionView } from "../../store/expansion-store.ts"
import type { DagRunRow } from "../../store/run-store.ts"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"
import { tasksBelow } from "./below.ts"
import { beforeFirst, selectInstances, type InstanceSelection } from "./selection.ts"

/** What is to be run again. */
export interface RedriveOptions {
  readonly dagRunId: string
  readonly taskId: string
  readonly select: InstanceSelection
  /** Whether what is downstream runs again as well. */
  readonly downstream: boolean
  /** Counts, and writes nothing. */
  readonly isDryRun: boolean
  /** Who does it, for the event log, and what it is called there. */
  readonly actor: string
  readonly event: "redriven" | "cleared"
}

/** What becomes of a task downstream: it begins anew, some of its instances run again, or nothing, and why. */
export type DownstreamEffect =
  | { readonly taskId: string; readonly runs: "anew" }
  | { readonly taskId: string; readonly runs: "instances"; readonly instances: number }
  | { readonly taskId: string; readonly runs: "nothing"; readonly reason: string }

/** What was, or would be, run again. */
export interface RedriveReport {
  readonly taskId: string
  readonly selected: number
  readonly downstream: readonly DownstreamEffect[]
  /** What whoever asked should know besides, in sentences. */
  readonly notes: readonly string[]
}

/** A task of a run, with all that it takes to run instances of it again. */
interface Target {
  readonly run: DagRunRow
  readonly dag: SerializedDag
  readonly task: SerializedTask
  readonly view: ExpansionView
  readonly views: readonly ExpansionView[]
}

/** Runs the chosen instances again; says what that is, or would be. */
export const redrive = Effect.fnUntraced(function* (store: StoreService, options: RedriveOptions) {
  const target = yield* findTarget(store, options)
  const selected = yield* options.isDryRun
    ? countSelected(store, target, options)
    : takeBack(store, target, options)
  if (!options.isDryRun) yield* letGoOn(store, options)
  const report: RedriveReport = {
    taskId: options.taskId,
    selected,
    downstream: selected > 0 && options.downstream ? downstreamOf(target) : [],
    notes: selected > 0 ? notesOn(target) : [],
  }
  return report
})

const findTarget = Effect.fnUntraced(function* (
  store: StoreService,
  { dagRunId, taskId }: Pick<RedriveOptions, "dagRunId" | "taskId">,
) {
  const run = yield* untilAvailable(store.dagRunById(dagRunId))
  const { dag } = yield* untilAvailable(store.dagVersion(run.dagVersionId))
  const views = yield* untilAvailable(store.expansionsOfRun(dagRunId))
  const task = dag.tasks.find((each) => each.taskId === taskId)
  const view = views.find((each) => each.taskId === taskId)
  if (task === undefined || view === undefined) return yield* new NotFound({ what: "task", id: taskId })
  const refusal = refusalOf(run, view)
  if (refusal !== null) return yield* new RedriveRefused({ taskId, message: refusal })
  const target: Target = { run, dag, task, view, views }
  return target
})

/** Why instances of a task cannot be run again; null: they can. */
function refusalOf(run: DagRunRow, { taskId, kind, state }: ExpansionView): string | null {
  if (run.isCancelled)
    return `run "${run.runId}" was cancelled. Fix: resume it first (sluice run <file> --resume), then say it again`
  if (kind === "source" || kind === "fused")
    return `"${taskId}" is a source: what it gives would change, and with it everything below. Fix: start a new run`
  if (state === "cancelled") return `"${taskId}" was cancelled. Fix: resume it first, then say it again`
  if (state === "waiting") return `"${taskId}" has not started: nothing of it has run yet`
  return null
}

/** Visits the chosen instances in chunks; says how many `each` has counted. */
const overChunks = Effect.fnUntraced(function* (
  store: StoreService,
  { view }: Target,
  { select }: RedriveOptions,
  each: (indexes: readonly number[]) => Effect.Effect<number, StoreError>,
) {
  let count = 0
  for (let after: number | null = beforeFirst; after !== null;) {
    const chunk: { instances: readonly { mapIndex: number }[]; after: number | null } =
      yield* selectInstances(store, view.expansionId, select, after)
    if (chunk.instances.length > 0) count += yield* each(chunk.instances.map(({ mapIndex }) => mapIndex))
    after = chunk.after
  }
  return count
})

function countSelected(store: StoreService, target: Target, options: RedriveOptions) {
  return overChunks(store, target, options, (indexes) => Effect.succeed(indexes.length))
}

function takeBack(store: StoreService, target: Target, options: RedriveOptions) {
  const { expansionId } = target.view
  const { actor, event, select } = options
  const isLive = target.run.state === "running"
  return overChunks(store, target, options, (indexes) =>
    Effect.gen(function* () {
      const call = store.redriveInstances({ expansionId, indexes, states: select.states, actor, event })
      const redriven = yield* untilAvailable(call)
      // In a run that goes on, others may wait for this one already.
      if (isLive && redriven.length > 0) yield* letGoOn(store, options)
      return redriven.length
    }),
  )
}

/** Lets the run go on with what was taken back, and wakes whoever has to do with it. */
const letGoOn = Effect.fnUntraced(function* (
  store: StoreService,
  { dagRunId, downstream }: Pick<RedriveOptions, "dagRunId" | "downstream">,
) {
  yield* untilAvailable(store.reopenRun({ dagRunId, resetsDownstream: downstream }))
  for (const topic of ["work", "due", "open", "progress", "control", "run"] as const) store.wake(topic)
})

function downstreamOf({ dag, task, view, views }: Target): DownstreamEffect[] {
  const anew = tasksBelow(dag, views, [view.taskId])
  const followers = followersOf(dag, task.taskId).filter((follower) => !anew.has(follower.task.taskId))
  return [
    ...followers.map((follower): DownstreamEffect => ({
      taskId: follower.task.taskId,
      runs: "nothing",
      reason: follower.how === null ? follower.reason : "it has read what it reads",
    })),
    ...dag.tasks.flatMap(({ taskId }): DownstreamEffect[] =>
      anew.has(taskId) ? [{ taskId, runs: "anew" }] : [],
    ),
  ]
}

function notesOn({ view }: Target): string[] {
  return view.streamError !== null && view.exhausted
    ? [
        `the stream of "${view.taskId}" broke (${view.streamError.message}), and stays so: the task will end failed again`,
      ]
    : []
}
