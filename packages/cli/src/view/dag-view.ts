import type { BackfillRow, DagRow } from "@sluice/core/store"

const iso = (at: Date | null): string | null => at?.toISOString() ?? null

/** A DAG as `--json` prints it. */
export function dagJson(dag: DagRow) {
  const { planning, nextRun } = dag
  return {
    dag_id: dag.dagId,
    is_paused: dag.isPaused,
    is_stale: dag.isStale,
    file: dag.filePath,
    parse: dag.parse,
    schedule: dag.schedule,
    start_date: planning.startDate,
    end_date: planning.endDate,
    catchup: planning.catchup,
    max_active_runs: dag.maxActiveRuns,
    max_active_tasks: dag.maxActiveTasks,
    queued_runs: dag.queuedRuns,
    runs_awaiting_parse: dag.awaitingRuns,
    running_runs: dag.runningRuns,
    next_dagrun_run_after: iso(nextRun?.runAt ?? null),
    next_dagrun_logical_date: iso(nextRun?.logicalDate ?? null),
    next_dagrun_data_interval_start: iso(nextRun?.intervalStart ?? null),
    next_dagrun_data_interval_end: iso(nextRun?.intervalEnd ?? null),
  }
}

/** A backfill as `--json` prints it. */
export function backfillJson(backfill: BackfillRow) {
  return {
    id: backfill.id,
    dag_id: backfill.dagId,
    from_date: iso(backfill.fromDate),
    to_date: iso(backfill.toDate),
    run_backwards: backfill.isReversed,
    reprocess_behavior: backfill.reprocess,
    max_active_runs: backfill.maxActiveRuns,
    dag_run_conf: backfill.conf,
    is_paused: backfill.isPaused,
    is_cancelled: backfill.isCancelled,
    created_at: iso(backfill.createdAt),
    completed_at: iso(backfill.endedAt),
    dates: backfill.total,
    handled: backfill.handled,
    refused: backfill.refused,
    running: backfill.running,
    success: backfill.success,
    failed: backfill.failed,
  }
}

/** How a backfill stands, in a word. */
export function backfillState({ endedAt, isCancelled, isPaused }: BackfillRow): string {
  if (isCancelled) return "cancelled"
  if (endedAt !== null) return "ended"
  return isPaused ? "paused" : "active"
}

/** How far a backfill is, in a line. */
export function backfillProgress(backfill: BackfillRow): string {
  const { handled, total, running, success, failed, refused } = backfill
  return `${handled} of ${total} dates: ${running} running, ${success} success, ${failed} failed, ${refused} refused`
}
