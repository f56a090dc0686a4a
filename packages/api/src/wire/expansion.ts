import { z } from "@hono/zod-openapi"
import type { SerializedDag, SerializedTask } from "@sluice/core/dag"
import { expansionTransitions, type ExpansionState } from "@sluice/core/state"
import type { DagRunSummary, ExpansionView } from "@sluice/core/store"
import { endedOf, unfinishedUpstreams, waitOf, waits, windowUse } from "../expansions/window.ts"
import { instant, instantOf } from "./instant.ts"

const states = Object.keys(expansionTransitions) as [ExpansionState, ...ExpansionState[]]
const nullableInstant = instant.nullable()
const errorSchema = z.object({ type: z.string(), message: z.string() })

/** How many failures a map goes on with. */
export const toleranceSchema = z.object({
  count: z.int().min(0).nullable(),
  ratio: z.number().min(0).max(1).nullable(),
  min_sample: z.int().min(1),
})

/** How far one task of a run has been unrolled. */
export const expansionSchema = z
  .object({
    dag_id: z.string(),
    dag_run_id: z.string(),
    task_id: z.string(),
    kind: z.enum(["task", "mapped", "source", "fused"]),
    state: z.enum(states),
    is_pulling_paused: z.boolean(),
    is_running_paused: z.boolean(),
    discovered: z.int(),
    exhausted: z.boolean(),
    total: z.int().nullable(),
    duplicates: z.int(),
    instances: z.object({
      scheduled: z.int(),
      running: z.int(),
      up_for_retry: z.int(),
      deferred: z.int(),
      success: z.int(),
      failed: z.int(),
      skipped: z.int(),
      upstream_failed: z.int(),
    }),
    pulls: z.int(),
    pages: z.int(),
    cursor: z.string().nullable(),
    window: z.int().nullable(),
    window_use: z
      .object({
        unfinished: z.int(),
        unconsumed: z.int().nullable(),
        room: z.int(),
        unfinished_peak: z.int(),
      })
      .nullable(),
    page_size: z.int().nullable(),
    concurrency: z.int().nullable(),
    tolerated_failures: toleranceSchema.nullable(),
    waits_for: z.enum(waits).nullable(),
    waits_for_tasks: z.array(z.string()),
    pull_failures: z.int(),
    pull_after: nullableInstant,
    stream_error: errorSchema.nullable(),
    stop_reason: errorSchema.nullable(),
    start_date: nullableInstant,
    first_result_date: nullableInstant,
    pulls_at_first_result: z.int().nullable(),
    end_date: nullableInstant,
  })
  .openapi("ExpansionResponse")

/** The tasks of a run, and how far each has been unrolled. */
export const expansionsSchema = z
  .object({ expansions: z.array(expansionSchema), total_entries: z.int() })
  .openapi("ExpansionCollectionResponse")

/** What an expansion is shown with. */
export interface ShownExpansion {
  readonly run: DagRunSummary
  readonly dag: SerializedDag
  readonly task: SerializedTask
  readonly view: ExpansionView
  readonly views: readonly ExpansionView[]
}

/** The wire's form of an expansion. The total is not known before the stream has ended. */
export function toExpansion({
  run,
  dag,
  task,
  view,
  views,
}: ShownExpansion): z.infer<typeof expansionSchema> {
  const wait = waitOf(view, task)
  const use = windowUse(view)
  const { toleratedFailures: tolerance } = view
  return {
    dag_id: run.dagId,
    dag_run_id: run.runId,
    task_id: view.taskId,
    kind: view.kind,
    state: view.state,
    is_pulling_paused: view.isPullingPaused,
    is_running_paused: view.isRunningPaused,
    discovered: view.created,
    exhausted: view.exhausted,
    total: view.exhausted ? view.created : null,
    duplicates: view.duplicates,
    instances: instancesOf(view),
    pulls: view.pulls,
    pages: view.pages,
    cursor: view.cursor,
    window: view.window,
    window_use: use === null ? null : { ...use, unfinished_peak: view.unfinishedPeak },
    page_size: view.pageSize,
    concurrency: view.concurrency,
    tolerated_failures:
      tolerance === null
        ? null
        : { count: tolerance.count, ratio: tolerance.ratio, min_sample: tolerance.minSample },
    waits_for: wait,
    waits_for_tasks: wait === "upstream" ? unfinishedUpstreams(dag, view.taskId, views) : [],
    pull_failures: view.pullFailures,
    pull_after: instantOf(view.pullAfter),
    stream_error: errorOf(view.streamError),
    stop_reason: errorOf(view.stopReason),
    start_date: instantOf(view.openedAt),
    first_result_date: instantOf(view.firstSuccessAt),
    pulls_at_first_result: view.pullsAtFirstSuccess,
    end_date: instantOf(view.endedAt),
  }
}

/** The instances of an expansion by state. */
export function instancesOf(view: ExpansionView) {
  const { running, retrying, deferred, success, failed, skipped, upstreamFailed } = view
  // A shared source stores items, which are instances of nobody.
  const isSource = view.kind === "source" || view.kind === "fused"
  return {
    scheduled: isSource ? 0 : Math.max(0, view.created - endedOf(view) - running - retrying - deferred),
    running,
    up_for_retry: retrying,
    deferred,
    success: isSource ? 0 : success,
    failed: isSource ? 0 : failed,
    skipped: isSource ? 0 : skipped,
    upstream_failed: isSource ? 0 : upstreamFailed,
  }
}

function errorOf(error: ExpansionView["streamError"]) {
  return error === null ? null : { type: error.type, message: error.message }
}
