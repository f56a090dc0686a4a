import { Effect } from "effect"
import type { SerializedTask } from "../../dag/serialized-dag.ts"
import { type ExpansionState, isFinalExpansionState } from "../../state/expansion.ts"
import type { DagVersion } from "../definition-store.ts"
import { DuplicateDagRun, NotFound } from "../errors.ts"
import { expansionIdOf } from "../ids.ts"
import { type DagRunRow, listedConfBytesMax, type RunStore } from "../run-store.ts"
import { cancelRun, resumeRun, timeoutOf } from "./cancel.ts"
import { noOutcomes } from "./counts.ts"
import { hasRoom, limitsOf } from "./dags.ts"
import {
  type DagRecord,
  type ExpansionRecord,
  type MemoryState,
  type RunRecord,
  markDue,
  noResume,
} from "./state.ts"

/** Runs over a memory state. */
export function runs(state: MemoryState): RunStore {
  return {
    createDagRun: (options) => Effect.suspend(() => createDagRun(state, options)),
    dagRun: ({ dagId, runId }) =>
      Effect.suspend(() => found(state.runsByName.get(nameOf(dagId, runId)), `${dagId}/${runId}`)),
    dagRunById: (dagRunId) => Effect.suspend(() => found(state.runsById.get(dagRunId), dagRunId)),
    listDagRuns: (options) => Effect.sync(() => listDagRuns(state, options)),
    cancelDagRun: ({ dagRunId, ...options }) =>
      Effect.sync(() => {
        const run = state.runsById.get(dagRunId)
        return run !== undefined && cancelRun(state, run, options)
      }),
    resumeDagRun: ({ dagRunId, actor }) =>
      Effect.sync(() => {
        const run = state.runsById.get(dagRunId)
        return run !== undefined && resumeRun(state, run, actor)
      }),
    runCounts: (dagRunId) =>
      Effect.sync(() => {
        const expansions = state.runsById.get(dagRunId)?.expansions ?? []
        return {
          hasUnfinished: expansions.some(isUnfinished),
          leavesFailed: expansions.filter(isFailedLeaf).length,
          reopenings: state.runsById.get(dagRunId)?.reopenings ?? 0,
        }
      }),
    finishDagRun: (options) => Effect.sync(() => finishDagRun(state, options)),
    stalledRuns: ({ limit }) =>
      Effect.sync(() =>
        state.runs
          .filter((run) => run.state === "running" && !run.expansions.some(isUnfinished))
          .slice(0, limit)
          .map((run) => run.id),
      ),
  }
}

type CreateOptions = Parameters<RunStore["createDagRun"]>[0]

function createDagRun(
  state: MemoryState,
  options: CreateOptions,
): Effect.Effect<DagRunRow, DuplicateDagRun | NotFound> {
  const dag = state.dags.get(options.dagId)
  if (dag === undefined) return Effect.fail(new NotFound({ what: "dag", id: options.dagId }))
  const name = nameOf(options.dagId, options.runId)
  if (state.runsByName.has(name)) {
    return Effect.fail(new DuplicateDagRun({ dagId: options.dagId, runId: options.runId }))
  }
  return Effect.succeed(toRow(addRun(state, dag, options)))
}

type RunOptions = Omit<CreateOptions, "dagId"> & { readonly runAfter?: Date; readonly backfillId?: string }

/** Makes a run with its expansions; it starts at once if there is room for it. */
export function addRun(state: MemoryState, dag: DagRecord, options: RunOptions): RunRecord {
  const run = newRun(state, dag, options)
  state.runs.push(run)
  state.runsById.set(run.id, run)
  state.runsByName.set(nameOf(run.dagId, run.runId), run)
  if (!run.awaitsParse) addExpansions(state, run)
  return run
}

/** Gives a run the tasks of its version. */
export function addExpansions(state: MemoryState, run: RunRecord): void {
  for (const task of run.version.dag.tasks) addExpansion(state, run, task)
  const dag = state.dags.get(run.dagId)
  const maxActiveTasks = dag === undefined ? null : limitsOf(dag).maxActiveTasks
  for (const expansion of run.expansions) expansion.maxActiveTasks = maxActiveTasks
}

function newRun(state: MemoryState, dag: DagRecord, options: RunOptions): RunRecord {
  const now = new Date(state.now())
  state.lastRunNumber += 1
  const version = versionOf(state, dag, options)
  const awaitsParse = options.parsedVersionId === undefined && isParsedFirst(dag)
  // The planner makes a backfill's run when there is room for it.
  const starts = !awaitsParse && (options.runType === "backfill" || hasRoom(state, dag))
  return {
    id: String(state.lastRunNumber),
    dagId: dag.current.dagId,
    runId: options.runId,
    dagVersionId: version.id,
    awaitsParse,
    state: starts ? "running" : "queued",
    runType: options.runType,
    conf: options.conf,
    logicalDate: options.logicalDate,
    dataIntervalStart: options.dataInterval?.start ?? null,
    dataIntervalEnd: options.dataInterval?.end ?? null,
    runAfter: options.runAfter ?? options.logicalDate ?? now,
    queuedAt: now,
    startedAt: starts ? now : null,
    endedAt: null,
    note: options.note ?? null,
    isCancelled: false,
    backfillId: options.backfillId ?? null,
    triggeredBy: options.triggeredBy ?? null,
    triggeringUser: options.triggeringUser ?? null,
    timeoutAt: starts ? timeoutOf(version.dag, now) : null,
    version,
    expansions: [],
    reopenings: 0,
  }
}

function versionOf(state: MemoryState, dag: DagRecord, { parsedVersionId }: RunOptions): DagVersion {
  const version = parsedVersionId === undefined ? dag.current : state.versions.get(parsedVersionId)
  if (version === undefined) throw new Error(`no DAG version has the id ${parsedVersionId}`)
  return version
}

/** Whether a run that is made now waits until its file has been parsed anew. */
export function isParsedFirst({ current, file, isStale }: DagRecord): boolean {
  return current.dag.parse === "every-run" && file !== undefined && !isStale
}

function addExpansion(state: MemoryState, run: RunRecord, task: SerializedTask): void {
  const { edges } = run.version.dag
  const total = edges.filter((edge) => edge.downstream === task.taskId).length
  const setups = edges.filter(
    ({ upstream, downstream }) => downstream === task.taskId && isSetup(run, upstream),
  ).length
  const edgesOut = edges.filter((edge) => edge.upstream === task.taskId)
  const expansion = newExpansion(run, task, { total, setups, edgesOut })
  run.expansions[task.ordinal] = expansion
  state.expansions.set(expansion.id, expansion)
  state.unended.add(expansion)
  const isFirst = total === 0 || task.triggerRule === "always"
  if (run.state === "running" && isFirst) markDue(state, expansion)
}

function isSetup({ version }: RunRecord, taskId: string): boolean {
  return version.dag.tasks.some((task) => task.taskId === taskId && task.setupTeardown === "setup")
}

function newExpansion(
  run: RunRecord,
  task: SerializedTask,
  edges: { total: number; setups: number; edgesOut: ExpansionRecord["edgesOut"] },
): ExpansionRecord {
  const id = expansionIdOf(run.id, task.ordinal)
  return {
    id,
    order: Number(id),
    run,
    task,
    edgesOut: edges.edgesOut,
    state: "waiting",
    seq: 0,
    upstream: {
      ...{ total: edges.total, opened: 0, success: 0, failed: 0, skipped: 0, upstreamFailed: 0 },
      ...{ setups: edges.setups, setupSuccess: 0, setupSkipped: 0 },
    },
    gates: { left: task.gatesAbove, skips: 0, fails: 0 },
    verdict: null,
    window: task.mapping?.window ?? null,
    pageSize: task.mapping?.pageSize ?? null,
    priority: task.weight,
    concurrency: task.concurrency,
    dagConcurrency: task.dagConcurrency,
    maxActiveTasks: null,
    isPullingPaused: task.mapping?.paused ?? false,
    isRunningPaused: false,
    toleratedFailures: task.mapping?.toleratedFailures ?? null,
    isWatched: false,
    stopReason: null,
    isCancelled: false,
    epoch: 0,
    heldBy: null,
    heldUntil: 0,
    cursor: null,
    resume: noResume,
    exhausted: false,
    pulls: 0,
    pullFailures: 0,
    pullAfter: null,
    streamFailure: null,
    streamError: null,
    created: 0,
    duplicates: 0,
    keys: new Map(),
    folded: noOutcomes(),
    pages: [],
    unfolded: new Set(),
    roomFrom: 0,
    rows: new Map(),
    tries: new Map(),
    xcoms: new Map(),
    leases: new Set(),
    offers: new Set(),
    triggers: new Set(),
    consumed: new Map(),
    openedAt: null,
    endedAt: null,
    unfinishedPeak: 0,
    generation: 0,
    baseTry: 0,
    isClearing: false,
    clearFrom: -1,
    gapOrigins: new Map(),
    repairs: new Map(),
  }
}

function listDagRuns(state: MemoryState, options: Parameters<RunStore["listDagRuns"]>[0]): DagRunRow[] {
  const { dagId, states, before, limit } = options
  const rows: DagRunRow[] = []
  for (let place = state.runs.length - 1; place >= 0 && rows.length < limit; place--) {
    const run = state.runs[place]
    if (run === undefined || (dagId !== undefined && run.dagId !== dagId)) continue
    if (before !== undefined && Number(run.id) >= Number(before)) continue
    if (states === undefined || states.includes(run.state)) rows.push(toListedRow(run))
  }
  return rows
}

function finishDagRun(state: MemoryState, options: Parameters<RunStore["finishDagRun"]>[0]): boolean {
  const run = state.runsById.get(options.dagRunId)
  if (run?.state !== "running" || run.expansions.some(isUnfinished)) return false
  if (run.reopenings !== options.reopenings) return false
  run.state = options.state
  run.endedAt = new Date(state.now())
  return true
}

function found(run: RunRecord | undefined, id: string): Effect.Effect<DagRunRow, NotFound> {
  return run === undefined ? Effect.fail(new NotFound({ what: "dag_run", id })) : Effect.succeed(toRow(run))
}

/** A run as it is read. */
export function toRow(run: RunRecord): DagRunRow {
  const { version: _version, expansions: _expansions, reopenings: _reopenings, ...row } = run
  return { ...row, isConfLeftOut: false }
}

/** The run as lists have it. */
export function toListedRow(run: RunRecord): DagRunRow {
  const isConfLeftOut = Buffer.byteLength(JSON.stringify(run.conf)) > listedConfBytesMax
  return { ...toRow(run), ...(isConfLeftOut && { conf: null, isConfLeftOut }) }
}

/** JSON, so that no dag id and run id read as another pair. */
export function nameOf(dagId: string, runId: string): string {
  return JSON.stringify([dagId, runId])
}

/** One that has ended may have to go on: instances of it follow others that run again. */
function isUnfinished({ state, repairs }: ExpansionRecord): boolean {
  return !isFinalExpansionState(state) || (state !== "cancelled" && repairs.size > 0)
}

const failedStates: readonly ExpansionState[] = ["failed", "upstream_failed", "cancelled"]

function isFailedLeaf(expansion: ExpansionRecord): boolean {
  return expansion.task.decidesRun && failedStates.includes(expansion.state)
}
