import { Effect } from "effect"
import type { DagRow, DagStore } from "../dag-store.ts"
import { NotFound } from "../errors.ts"
import { timeoutOf } from "./cancel.ts"
import { noteDagEvent } from "./events.ts"
import {
  type DagRecord,
  type ExpansionRecord,
  type MemoryState,
  type RunRecord,
  dateOf,
  markDue,
} from "./state.ts"

/** DAGs over a memory state. */
export function dags(state: MemoryState): DagStore {
  return {
    dag: (dagId) =>
      Effect.suspend(() => {
        const dag = state.dags.get(dagId)
        return dag === undefined ? unknown(dagId) : Effect.succeed(toRow(state, dag))
      }),
    listDags: ({ after, limit }) =>
      Effect.sync(() =>
        [...state.dags.values()]
          .map((dag) => toRow(state, dag))
          .filter(({ dagId }) => after === null || dagId > after)
          .toSorted((a, b) => (a.dagId < b.dagId ? -1 : 1))
          .slice(0, limit),
      ),
    setDagPaused: ({ dagId, isPaused, actor }) =>
      Effect.suspend(() => {
        const dag = state.dags.get(dagId)
        if (dag === undefined) return unknown(dagId)
        if (dag.isPaused === isPaused) return Effect.succeed(false)
        dag.isPaused = isPaused
        noteDagEvent(state, dagId, { actor, event: isPaused ? "dag_paused" : "dag_unpaused", detail: null })
        return Effect.succeed(true)
      }),
    setDagLimits: ({ dagId, actor, ...limits }) =>
      Effect.suspend(() => {
        const dag = state.dags.get(dagId)
        if (dag === undefined) return unknown(dagId)
        Object.assign(dag.limits, limits)
        for (const expansion of unendedOf(state, dagId))
          expansion.maxActiveTasks = limitsOf(dag).maxActiveTasks
        noteDagEvent(state, dagId, { actor, event: "dag_limits_set", detail: limits })
        return Effect.succeed(toRow(state, dag))
      }),
    changeTask: (options) => Effect.suspend(() => changeTask(state, options)),
    admitDagRuns: ({ limit }) => Effect.sync(() => admitDagRuns(state, limit)),
  }
}

/** What limits the runs of a DAG: as set by hand, or as its newest version says. */
export function limitsOf({ limits, current }: DagRecord): {
  maxActiveRuns: number
  maxActiveTasks: number | null
} {
  const { maxActiveRuns, maxActiveTasks } = current.dag.planning
  return {
    maxActiveRuns: limits.maxActiveRuns ?? maxActiveRuns,
    maxActiveTasks: limits.maxActiveTasks ?? maxActiveTasks,
  }
}

function changeTask(
  state: MemoryState,
  { dagId, taskId, actor, ...change }: Parameters<DagStore["changeTask"]>[0],
): Effect.Effect<number, NotFound> {
  const dag = state.dags.get(dagId)
  if (dag === undefined) return unknown(dagId)
  const expansions = unendedOf(state, dagId).filter(({ task }) => task.taskId === taskId)
  const isKnown = dag.current.dag.tasks.some((task) => task.taskId === taskId)
  if (!isKnown && expansions.length === 0) return Effect.fail(new NotFound({ what: "task", id: taskId }))
  for (const expansion of expansions) Object.assign(expansion, change)
  noteDagEvent(state, dagId, { actor, event: "task_changed", detail: { task_id: taskId, ...change } })
  return Effect.succeed(expansions.length)
}

function unendedOf(state: MemoryState, dagId: string): ExpansionRecord[] {
  return [...state.unended].filter(({ run }) => run.dagId === dagId)
}

function unknown(dagId: string): Effect.Effect<never, NotFound> {
  return Effect.fail(new NotFound({ what: "dag", id: dagId }))
}

function toRow(state: MemoryState, record: DagRecord): DagRow {
  const { current, isPaused, isStale, createdAt, plan } = record
  const { dag, dagId } = current
  return {
    dagId,
    latestVersionId: current.id,
    isPaused,
    isStale,
    schedule: dag.schedule,
    planning: dag.planning,
    ...limitsOf(record),
    ...unfinishedRuns(state, dagId),
    parse: dag.parse,
    awaitingRuns: state.runs.filter((run) => run.dagId === dagId && run.state === "queued" && run.awaitsParse)
      .length,
    filePath: record.file?.path ?? null,
    timetableSince: dateOf(plan.since),
    lastTick: plan.lastTick,
    nextRun: plan.next,
    createdAt,
  }
}

/** Counts the unfinished runs of a DAG, backfills aside. */
export function unfinishedRuns(
  state: MemoryState,
  dagId: string,
): { queuedRuns: number; runningRuns: number } {
  const runs = state.runs.filter((run) => run.dagId === dagId && run.runType !== "backfill")
  return {
    queuedRuns: runs.filter((run) => run.state === "queued").length,
    runningRuns: runs.filter((run) => run.state === "running").length,
  }
}

/** Whether a run that is made now starts at once: nothing waits before it, and there is room. */
export function hasRoom(state: MemoryState, dag: DagRecord): boolean {
  const { queuedRuns, runningRuns } = unfinishedRuns(state, dag.current.dagId)
  return !dag.isPaused && queuedRuns === 0 && runningRuns < limitsOf(dag).maxActiveRuns
}

function admitDagRuns(state: MemoryState, limit: number): number {
  const admissible = [...state.dags.values()]
    .map((dag) => ({ dag, ...unfinishedRuns(state, dag.current.dagId) }))
    .map(({ dag, runningRuns }) => ({
      dagId: dag.current.dagId,
      room: dag.isPaused ? 0 : limitsOf(dag).maxActiveRuns - runningRuns,
    }))
    .filter(({ room }) => room > 0)
    .slice(0, limit)
  const started = admissible.flatMap(({ dagId, room }) =>
    state.runs
      .filter((run) => run.dagId === dagId && run.state === "queued" && !run.awaitsParse)
      .slice(0, Math.min(room, limit)),
  )
  for (const run of started) startRun(state, run)
  return started.length
}

function startRun(state: MemoryState, run: RunRecord): void {
  run.state = "running"
  run.startedAt = new Date(state.now())
  run.timeoutAt = timeoutOf(run.version.dag, run.startedAt)
  for (const expansion of run.expansions) {
    const isFirst = expansion.upstream.total === 0 || expansion.task.triggerRule === "always"
    if (expansion.state === "waiting" && isFirst) markDue(state, expansion)
  }
}
