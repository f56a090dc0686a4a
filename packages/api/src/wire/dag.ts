import { z } from "@hono/zod-openapi"
import type { DagSummary } from "@sluice/core/store"
import { toAssetExpression } from "./asset.ts"
import { dagVersionSchema, toDagVersion } from "./dag-version.ts"
import { dagRunTypes } from "./enums.ts"
import { instant, instantOf } from "./instant.ts"
import { orNull } from "./text.ts"

/** What stands where Airflow wants a number and there is no bound. */
const unbounded = 2_147_483_647

const nullableInstant = instant.nullable()
const anyObject = z.record(z.string(), z.unknown())

const dagFields = {
  dag_id: z.string(),
  dag_display_name: z.string(),
  is_paused: z.boolean(),
  is_stale: z.boolean(),
  last_parsed_time: nullableInstant,
  last_parse_duration: z.number().nullable(),
  last_expired: nullableInstant,
  bundle_name: z.string().nullable(),
  bundle_version: z.string().nullable(),
  relative_fileloc: z.string().nullable(),
  fileloc: z.string(),
  description: z.string().nullable(),
  timetable_summary: z.string().nullable(),
  timetable_description: z.string().nullable(),
  timetable_partitioned: z.boolean(),
  // Clients from 3.3 on want these two; whoever is older passes over them.
  timetable_periodic: z.boolean(),
  is_backfillable: z.boolean(),
  tags: z.array(z.object({ name: z.string(), dag_id: z.string(), dag_display_name: z.string() })),
  max_active_tasks: z.int(),
  max_active_runs: z.int().nullable(),
  max_consecutive_failed_dag_runs: z.int(),
  has_task_concurrency_limits: z.boolean(),
  has_import_errors: z.boolean(),
  next_dagrun_logical_date: nullableInstant,
  next_dagrun_data_interval_start: nullableInstant,
  next_dagrun_data_interval_end: nullableInstant,
  next_dagrun_run_after: nullableInstant,
  allowed_run_types: z.array(z.enum(dagRunTypes)).nullable(),
  owners: z.array(z.string()),
  file_token: z.string(),
  // What Airflow has not: whether the file is parsed anew for every run.
  parse: z.enum(["on-change", "every-run"]),
}

/** A DAG in a list. */
export const dagSchema = z.object(dagFields).openapi("DAGResponse")

/** A list of DAGs. */
export const dagsSchema = z
  .object({ dags: z.array(dagSchema), total_entries: z.int() })
  .openapi("DAGCollectionResponse")

/** A DAG with all that is known of it but its tasks. */
export const dagDetailsSchema = z
  .object({
    ...dagFields,
    catchup: z.boolean(),
    dag_run_timeout: z.string().nullable(),
    asset_expression: anyObject.nullable(),
    doc_md: z.string().nullable(),
    start_date: nullableInstant,
    end_date: nullableInstant,
    is_paused_upon_creation: z.boolean().nullable(),
    params: anyObject.nullable(),
    render_template_as_native_obj: z.boolean(),
    template_search_path: z.array(z.string()).nullable(),
    timezone: z.string().nullable(),
    last_parsed: nullableInstant,
    default_args: anyObject.nullable(),
    owner_links: z.record(z.string(), z.string()).nullable(),
    is_favorite: z.boolean(),
    active_runs_count: z.int(),
    concurrency: z.int(),
    latest_dag_version: orNull(dagVersionSchema),
  })
  .openapi("DAGDetailsResponse")

/** The wire's form of a DAG. */
export function toDag(dag: DagSummary): z.infer<typeof dagSchema> {
  const { dagId, version, planning, nextRun: next } = dag
  const isPeriodic = ["cron", "delta", "events"].includes(planning.timetable.kind)
  return {
    dag_id: dagId,
    dag_display_name: dagId,
    is_paused: dag.isPaused,
    is_stale: dag.isStale,
    last_parsed_time: instantOf(version.createdAt),
    last_parse_duration: null,
    last_expired: null,
    bundle_name: null,
    bundle_version: version.bundleHash,
    relative_fileloc: dag.filePath,
    fileloc: dag.filePath ?? "",
    description: dag.description,
    timetable_summary: dag.schedule,
    timetable_description: dag.schedule,
    timetable_partitioned: false,
    timetable_periodic: isPeriodic,
    // A timetable that ticks has ticked in the past as well.
    is_backfillable: isPeriodic,
    tags: dag.tags.map((name) => ({ name, dag_id: dagId, dag_display_name: dagId })),
    max_active_tasks: dag.maxActiveTasks ?? unbounded,
    max_active_runs: dag.maxActiveRuns,
    // No number of failed runs pauses a DAG: Airflow's 0.
    max_consecutive_failed_dag_runs: 0,
    has_task_concurrency_limits: dag.hasConcurrencyLimits,
    has_import_errors: dag.hasImportErrors,
    next_dagrun_logical_date: instantOf(next?.logicalDate ?? null),
    next_dagrun_data_interval_start: instantOf(next?.intervalStart ?? null),
    next_dagrun_data_interval_end: instantOf(next?.intervalEnd ?? null),
    next_dagrun_run_after: instantOf(next?.runAt ?? null),
    allowed_run_types: null,
    owners: [],
    file_token: Buffer.from(dagId).toString("base64url"),
    parse: dag.parse,
  }
}

/** The wire's form of a DAG with its details. */
export function toDagDetails(dag: DagSummary): z.infer<typeof dagDetailsSchema> {
  const { planning } = dag
  return {
    ...toDag(dag),
    catchup: planning.catchup,
    dag_run_timeout: null,
    asset_expression: planning.assets === null ? null : toAssetExpression(planning.assets),
    doc_md: null,
    start_date: planning.startDate,
    end_date: planning.endDate,
    is_paused_upon_creation: null,
    params: null,
    render_template_as_native_obj: false,
    template_search_path: null,
    timezone: planning.timetable.kind === "cron" ? (planning.timetable.crons[0]?.timezone ?? null) : null,
    last_parsed: instantOf(dag.version.createdAt),
    default_args: null,
    owner_links: null,
    is_favorite: false,
    active_runs_count: dag.activeRuns,
    concurrency: unbounded,
    latest_dag_version: toDagVersion(dag.version),
  }
}
