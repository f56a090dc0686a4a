/**
 * Redrive and clear: runs instances of a task again on the inputs they have, and then what is downstream of them.
 *
 * In steps of at most `redrivenMax` instances, each atomic. While they are taken back the map stays as it is, and only then
 * the run goes on, all at once; so a run that has ended stays ended until everything is chosen, and whoever dies in
 * between has lost nothing: the same again finishes it. The source is never touched.
 */
import { Effect } from "effect"
import { loopOf } from "../../dag/loop-of.ts"
import { followersOf } from "../../dag/followers.ts"
import type { SerializedDag, SerializedTask } from "../../dag/serialized-dag.ts"
import { followingMaps, resolveAll } from "../../expansion/repair.ts"
import { NotFound, RedriveRefused } from "../../store/errors.ts"
import type { StoreError } from "../../store/errors.ts"
import type { ExpansionView } from "../../store/expansion-store.ts"
import type { TaskInstanceView } from "../../store/read-store.ts"
import { redrivableStates, type RedrivableState, type RewoundLoop } from "../../store/redrive-store.ts"
import type { DagRunRow } from "../../store/run-store.ts"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"
import { tasksBelow } from "./below.ts"
import { refusalOfStep, rewind } from "./rewind.ts"
import { undoneFor } from "./undone.ts"
import { beforeFirst, selectInstances, type InstanceSelection, type SelectedChunk } from "./selection.ts"

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

/** What is to be cleared: tasks, mapped or not, on the inputs they have. */
export interface ClearOptions extends Pick<RedriveOptions, "dagRunId" | "downstream" | "isDryRun" | "actor"> {
  readonly tasks: readonly {
    readonly taskId: string
    /** Both ends count; all of them when it is left out. */
    readonly indexes?: { readonly from: number; readonly to: number }
  }[]
  /** Only instances that failed. */
  readonly onlyFailed: boolean
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
  const target = yield* findTarget(store, { ...options, isWhole: false })
  const { report, rewound } = yield* runAgain(store, target, { ...options, isWhole: false })
  if (!options.isDryRun) yield* letGoOn(store, { ...options, readAnew: [], rewound })
  return report
})

/**
 * Runs tasks again on the inputs they have, and what is downstream of them; says what that is, or would be. Where a whole
 * map is cleared, the maps that read it begin anew; of some instances those that follow run again, as in a redrive.
 */
export const clear = Effect.fnUntraced(function* (store: StoreService, options: ClearOptions) {
  const { tasks, onlyFailed, ...common } = options
  const targets: Target[] = []
  // All or none are refused, before anything is done.
  for (const { taskId, indexes } of tasks)
    targets.push(
      yield* findTarget(store, { ...options, taskId, isWhole: !onlyFailed && indexes === undefined }),
    )
  const reports: RedriveReport[] = []
  const readAnew: string[] = []
  const rewound: RewoundLoop[] = []
  for (const [nth, target] of targets.entries()) {
    const indexes = tasks[nth]?.indexes
    const isWhole = !onlyFailed && indexes === undefined
    const states: readonly RedrivableState[] = onlyFailed ? ["failed"] : redrivableStates
    const select = { states, ...(indexes && { fromIndex: indexes.from, toIndex: indexes.to }) }
    const request = { ...common, taskId: target.task.taskId, select, event: "cleared", isWhole } as const
    const { report, rewound: gone } = yield* runAgain(store, target, request)
    reports.push(report)
    rewound.push(...gone)
    if (isWhole && options.downstream && report.selected > 0 && gone.length === 0)
      readAnew.push(target.view.expansionId)
  }
  if (!options.isDryRun) yield* letGoOn(store, { ...options, readAnew, rewound })
  return reports
})

/** A redrive or a part of a clear; of a whole task nothing follows by index. */
type Request = RedriveOptions & { readonly isWhole: boolean }

const runAgain = Effect.fnUntraced(function* (store: StoreService, target: Target, request: Request) {
  const loop = loopOf(target.dag, request.taskId)
  if (loop !== undefined) return yield* rewind(store, { ...target, loop }, request)
  const tally = yield* request.isDryRun
    ? countSelected(store, target, request)
    : takeBack(store, target, request)
  const { selected } = tally
  const report: RedriveReport = {
    taskId: request.taskId,
    selected,
    downstream: selected > 0 && request.downstream ? downstreamOf(target, tally, request.isWhole) : [],
    notes: notesOn(target, selected),
  }
  return { report, rewound: [] }
})

const findTarget = Effect.fnUntraced(function* (
  store: StoreService,
  { dagRunId, taskId, isWhole, downstream }: Pick<Request, "dagRunId" | "taskId" | "isWhole" | "downstream">,
) {
  const run = yield* untilAvailable(store.dagRunById(dagRunId))
  const { dag } = yield* untilAvailable(store.dagVersion(run.dagVersionId))
  const views = yield* untilAvailable(store.expansionsOfRun(dagRunId))
  const task = dag.tasks.find((each) => each.taskId === taskId)
  const view = views.find((each) => each.taskId === taskId)
  if (task === undefined || view === undefined) return yield* new NotFound({ what: "task", id: taskId })
  const isLooped = loopOf(dag, taskId) !== undefined
  const refusal =
    refusalOf(run, view, isLooped) ??
    refusalOfStep({ dag, views, taskId }, { downstream }) ??
    refusalOfPart({ dag, views, view, isWhole: isWhole || isLooped })
  if (refusal !== null) return yield* new RedriveRefused({ taskId, message: refusal })
  const target: Target = { run, dag, task, view, views }
  return target
})

/** Why instances of a task cannot be run again; null: they can. */
function refusalOf(run: DagRunRow, { taskId, kind, state }: ExpansionView, isLooped: boolean): string | null {
  if (run.isCancelled)
    return `run "${run.runId}" was cancelled. Fix: resume it first (sluice run <file> --resume), then say it again`
  if ((kind === "source" || kind === "fused") && !isLooped)
    return `"${taskId}" is a source: what it gives would change, and with it everything below. Fix: start a new run`
  if (state === "cancelled") return `"${taskId}" was cancelled by itself, and stays so. Fix: start a new run`
  if (state === "waiting") return `"${taskId}" has not started: nothing of it has run yet`
  return null
}

/** Why some instances of a map cannot be run again alone; null: they can. */
function refusalOfPart({
  dag,
  views,
  view: { taskId, kind },
  isWhole,
}: Pick<Target, "dag" | "views" | "view"> & Pick<Request, "isWhole">): string | null {
  const undone = isWhole || kind !== "mapped" ? [] : undoneFor(dag, views, taskId)
  if (undone.length === 0) return null
  return `what "${taskId}" needs was made by a setup that its teardown has undone (${undone.join(", ")}). Fix: clear the whole task (sluice tasks clear), then these run again with it`
}

/** What is counted while the chosen instances are gone through. */
interface Tally {
  selected: number
  /** Instances of each map below that follow. */
  readonly following: Map<string, number>
}

/** Goes through the chosen instances in chunks: counts what follows each, and then does with them what `each` does. */
const overChunks = Effect.fnUntraced(function* (
  store: StoreService,
  target: Target,
  options: Request,
  each: (indexes: readonly number[]) => Effect.Effect<number, StoreError>,
) {
  const { expansionId } = target.view
  const tally: Tally = { selected: 0, following: new Map() }
  for (let after: number | null = beforeFirst; after !== null;) {
    const chunk: SelectedChunk = yield* selectInstances(store, expansionId, options.select, after)
    const { instances } = chunk
    if (options.downstream && !options.isWhole)
      yield* countFollowing(store, target, instances, tally.following)
    if (instances.length > 0) tally.selected += yield* each(instances.map(({ mapIndex }) => mapIndex))
    after = chunk.after
  }
  return tally
})

/** Counts the instances that follow, down the chain of maps. What came of a value, and not of a failure, is looked for only where positions tell. */
const countFollowing = Effect.fnUntraced(function* (
  store: StoreService,
  { dag, views, task }: Target,
  instances: readonly TaskInstanceView[],
  following: Map<string, number>,
) {
  const groups = [
    { hadValue: true, indexes: indexesIn(instances, (state) => state === "success") },
    { hadValue: false, indexes: indexesIn(instances, (state) => state !== "success") },
  ]
  for (const { hadValue, indexes } of groups) {
    const level = [{ taskId: task.taskId, indexes }]
    for (const { taskId, indexes } of level) {
      for (const follower of followersOf(dag, taskId)) {
        if (indexes.length === 0 || follower.how === null || (hadValue && follower.how === "sifted")) continue
        const found = yield* untilAvailable(
          store.followingIndexes({
            expansionId: expansionIn(views, follower.task.taskId),
            upstreamId: expansionIn(views, taskId),
            isAligned: follower.how === "aligned",
            indexes,
          }),
        )
        const { taskId: next } = follower.task
        following.set(next, (following.get(next) ?? 0) + found.length)
        level.push({ taskId: next, indexes: [...found] })
      }
    }
  }
})

function indexesIn(instances: readonly TaskInstanceView[], isMeant: (state: string) => boolean): number[] {
  return instances.flatMap(({ state, mapIndex }) => (isMeant(state) ? [mapIndex] : []))
}

function expansionIn(views: readonly ExpansionView[], taskId: string): string {
  const view = views.find((each) => each.taskId === taskId)
  if (view === undefined) throw new Error(`no task "${taskId}" is in the run`)
  return view.expansionId
}

function countSelected(store: StoreService, target: Target, options: Request) {
  return overChunks(store, target, options, (indexes) => Effect.succeed(indexes.length))
}

const takeBack = Effect.fnUntraced(function* (store: StoreService, target: Target, options: Request) {
  const { dag, run, task, view, views } = target
  const { actor, event, select, downstream, isWhole } = options
  const followers = downstream && !isWhole ? followingMaps(dag, task.taskId) : []
  const { states } = select
  const tally = yield* overChunks(store, target, options, (indexes) =>
    Effect.gen(function* () {
      const { expansionId } = view
      const call = store.redriveInstances({ expansionId, indexes, states, followers, actor, event })
      const redriven = yield* untilAvailable(call)
      // In a run that goes on, others may wait for this one already; but what reads it anew must find all taken back.
      const isAwaited = run.state === "running" && redriven.length > 0 && !isWhole
      if (isAwaited) yield* letGoOn(store, { ...options, readAnew: [], rewound: [] })
      return redriven.length
    }),
  )
  // Tasks are in topological order: what a map takes back its own followers hear of before their turn.
  for (const { taskId } of dag.tasks) {
    if (!tally.following.has(taskId)) continue
    yield* resolveAll(store, { dag, taskId, expansionId: expansionIn(views, taskId) })
  }
  return tally
})

/** Lets the run go on with what was taken back, and wakes whoever has to do with it. */
const letGoOn = Effect.fnUntraced(function* (
  store: StoreService,
  {
    dagRunId,
    downstream,
    readAnew,
    rewound,
  }: Pick<RedriveOptions, "dagRunId" | "downstream"> & {
    readAnew: readonly string[]
    rewound: readonly RewoundLoop[]
  },
) {
  yield* untilAvailable(store.reopenRun({ dagRunId, resetsDownstream: downstream, readAnew, rewound }))
  for (const topic of ["work", "due", "open", "progress", "control", "run"] as const) store.wake(topic)
})

function downstreamOf(
  { dag, task, views }: Target,
  { following }: Tally,
  isWhole: boolean,
): DownstreamEffect[] {
  const followed = [...following].filter(([, instances]) => instances > 0)
  const reopened = [task.taskId, ...followed.map(([taskId]) => taskId)]
  const anew = tasksBelow(dag, views, { reopened, readAnew: isWhole ? [task.taskId] : [] })
  const reasons = unfollowed(dag, reopened)
  return dag.tasks.flatMap(({ taskId }): DownstreamEffect[] => {
    const instances = following.get(taskId) ?? 0
    const reason = reasons.get(taskId)
    if (anew.has(taskId)) return [{ taskId, runs: "anew" }]
    if (instances > 0) return [{ taskId, runs: "instances", instances }]
    return reason === undefined ? [] : [{ taskId, runs: "nothing", reason }]
  })
}

/** Maps below of which no instance can be told to follow, and why. */
function unfollowed(dag: SerializedDag, upstreams: readonly string[]): ReadonlyMap<string, string> {
  const reasons = upstreams
    .flatMap((taskId) => followersOf(dag, taskId))
    .map(
      (follower) =>
        [
          follower.task.taskId,
          follower.how === null
            ? follower.reason
            : follower.how === "sifted"
              ? "filter() shifts items, and only the places of instances that had failed are known"
              : undefined,
        ] as const,
    )
  return new Map(
    reasons.flatMap(([taskId, reason]) => (reason === undefined ? [] : [[taskId, reason] as const])),
  )
}

function notesOn({ view }: Target, selected: number): string[] {
  const { taskId, streamError, exhausted, openedAt } = view
  if (openedAt === null)
    return [
      `"${taskId}" never ran: a task above it decided that. Run again what failed there, and it follows`,
    ]
  if (selected === 0 || streamError === null || !exhausted) return []
  return [
    `the stream of "${taskId}" broke (${streamError.message}), and stays so: the task will end failed again`,
  ]
}
