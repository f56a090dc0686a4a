import { z } from "@hono/zod-openapi"
import type { DagRunSummary } from "@sluice/core/store"
import { dagVersionSchema, toDagVersion } from "./dag-version.ts"
import { dagRunStates, dagRunTypes, triggeredBys } from "./enums.ts"
import { instant, instantOf, secondsBetween } from "./instant.ts"

const nullableInstant = instant.nullable()

/** A run. */
export const dagRunSchema = z
  .object({
    dag_run_id: z.string(),
    dag_id: z.string(),
    logical_date: nullableInstant,
    queued_at: nullableInstant,
    start_date: nullableInstant,
    end_date: nullableInstant,
    duration: z.number().nullable(),
    data_interval_start: nullableInstant,
    data_interval_end: nullableInstant,
    run_after: instant,
    last_scheduling_decision: nullableInstant,
    run_type: z.enum(dagRunTypes),
    state: z.enum(dagRunStates),
    triggered_by: z.enum(triggeredBys).nullable(),
    triggering_user_name: z.string().nullable(),
    conf: z.record(z.string(), z.unknown()).nullable(),
    note: z.string().nullable(),
    dag_versions: z.array(dagVersionSchema),
    bundle_version: z.string().nullable(),
    dag_display_name: z.string(),
    partition_key: z.string().nullable(),
    // What Airflow has not: a run that was ended by hand can be taken up again.
    is_cancelled: z.boolean(),
    // It waits until its file is parsed anew, or ended since that failed: then it can be taken up again as well.
    awaits_parse: z.boolean(),
    // A list gives no conf of more than 16 KiB (`conf` is null then), and says here where it is.
    conf_ref: z.string().nullable(),
  })
  .openapi("DAGRunResponse")

/** A list of runs: counted, or by cursor. */
export const dagRunsSchema = z
  .object({
    dag_runs: z.array(dagRunSchema),
    total_entries: z.int().optional(),
    next_cursor: z.string().nullable().optional(),
    previous_cursor: z.string().nullable().optional(),
  })
  .openapi("DAGRunCollectionResponse")

/** The wire's form of a run. */
export function toDagRun(run: DagRunSummary): z.infer<typeof dagRunSchema> {
  return {
    dag_run_id: run.runId,
    dag_id: run.dagId,
    logical_date: instantOf(run.logicalDate),
    queued_at: instantOf(run.queuedAt),
    start_date: instantOf(run.startedAt),
    end_date: instantOf(run.endedAt),
    duration: secondsBetween(run.startedAt, run.endedAt),
    data_interval_start: instantOf(run.dataIntervalStart),
    data_interval_end: instantOf(run.dataIntervalEnd),
    run_after: instantOf(run.runAfter),
    last_scheduling_decision: null,
    run_type: run.runType,
    state: run.state,
    triggered_by: run.triggeredBy,
    triggering_user_name: run.triggeringUser,
    conf: confOf(run),
    note: run.note,
    dag_versions: [toDagVersion(run.version)],
    bundle_version: run.version.bundleHash,
    dag_display_name: run.dagId,
    partition_key: null,
    is_cancelled: run.isCancelled,
    awaits_parse: run.awaitsParse,
    conf_ref: run.isConfLeftOut
      ? `/api/v2/dags/${encodeURIComponent(run.dagId)}/dagRuns/${encodeURIComponent(run.runId)}`
      : null,
  }
}

function confOf({ conf }: DagRunSummary): Record<string, unknown> | null {
  if (typeof conf !== "object" || conf === null || Array.isArray(conf)) return null
  return Object.fromEntries(Object.entries(conf))
}
