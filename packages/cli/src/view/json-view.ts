import type { DagRunRow, ExpansionView } from "@sluice/core/store"
import { failureLine, type ShownResult } from "./summary.ts"
import { readableValue } from "./readable-value.ts"
import { endedCount } from "./history.ts"

/** A run as programs read it. */
export function runJson(run: DagRunRow) {
  return {
    dag_id: run.dagId,
    run_id: run.runId,
    state: run.state,
    is_cancelled: run.isCancelled,
    awaits_parse: run.awaitsParse,
    run_type: run.runType,
    conf: run.conf,
    is_conf_left_out: run.isConfLeftOut,
    logical_date: run.logicalDate,
    queued_at: run.queuedAt,
    started_at: run.startedAt,
    ended_at: run.endedAt,
    note: run.note,
  }
}

/** A task of a run as programs read it. */
export function expansionJson(view: ExpansionView) {
  return {
    task_id: view.taskId,
    kind: view.kind,
    state: view.state,
    is_pulling_paused: view.isPullingPaused,
    is_running_paused: view.isRunningPaused,
    pulls: view.pulls,
    pages: view.pages,
    created: view.created,
    duplicates: view.duplicates,
    running: view.running,
    success: view.success,
    failed: view.failed,
    skipped: view.skipped,
    upstream_failed: view.upstreamFailed,
    retrying: view.retrying,
    deferred: view.deferred,
    unfinished: view.kind === "source" ? 0 : view.created - endedCount(view),
    unfinished_peak: view.unfinishedPeak,
    window: view.window,
    page_size: view.pageSize,
    concurrency: view.concurrency,
    exhausted: view.exhausted,
    consumed: view.consumed,
    pull_failures: view.pullFailures,
    pull_after: view.pullAfter,
    stream_error: view.streamError,
    tolerated_failures:
      view.toleratedFailures === null
        ? null
        : {
            count: view.toleratedFailures.count,
            ratio: view.toleratedFailures.ratio,
            min_sample: view.toleratedFailures.minSample,
          },
    stop_reason: view.stopReason,
    opened_at: view.openedAt,
    first_success_at: view.firstSuccessAt,
    pulls_at_first_success: view.pullsAtFirstSuccess,
    ended_at: view.endedAt,
  }
}

/** How a run ended, as programs read it. */
export function resultJson(result: ShownResult) {
  const { run, outcome, expansions, failures, value } = result
  const startedAt = run.startedAt ?? run.queuedAt
  return {
    type: "summary",
    outcome,
    seconds: run.endedAt === null ? null : (run.endedAt.getTime() - startedAt.getTime()) / 1000,
    ...runJson(run),
    tasks: expansions.map(expansionJson),
    errors: failures.map((failure) => ({
      task_id: failure.taskId,
      map_index: failure.mapIndex,
      item: failure.item,
      try_number: failure.tryNumber,
      ...failure.error,
      line: failureLine(failure),
    })),
    result: value === null ? null : { task_id: value.taskId, value: readableValue(value.encoded) },
  }
}
