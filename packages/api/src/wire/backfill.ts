import { z } from "@hono/zod-openapi"
import { type BackfillRow, reprocessRules } from "@sluice/core/store"
import { instant, instantOf } from "./instant.ts"

/** Runs made for past dates. */
export const backfillSchema = z
  .object({
    id: z.int().min(0),
    dag_id: z.string(),
    from_date: instant,
    to_date: instant,
    dag_run_conf: z.record(z.string(), z.unknown()).nullable(),
    is_paused: z.boolean(),
    reprocess_behavior: z.enum(reprocessRules),
    max_active_runs: z.int(),
    created_at: instant,
    completed_at: instant.nullable(),
    updated_at: instant,
    dag_display_name: z.string(),
    // What Airflow has not: how far it is.
    run_backwards: z.boolean(),
    is_cancelled: z.boolean(),
    progress: z.object({
      dates: z.int(),
      handled: z.int(),
      refused: z.int(),
      running: z.int(),
      success: z.int(),
      failed: z.int(),
    }),
  })
  .openapi("BackfillResponse")

/** A list of backfills. */
export const backfillsSchema = z
  .object({ backfills: z.array(backfillSchema), total_entries: z.int() })
  .openapi("BackfillCollectionResponse")

/** The wire's form of a backfill. When it last changed is not kept: only that it was made, and that it ended. */
export function toBackfill(row: BackfillRow): z.infer<typeof backfillSchema> {
  const { conf } = row
  return {
    id: Number(row.id),
    dag_id: row.dagId,
    from_date: instantOf(row.fromDate),
    to_date: instantOf(row.toDate),
    dag_run_conf:
      typeof conf === "object" && conf !== null && !Array.isArray(conf)
        ? Object.fromEntries(Object.entries(conf))
        : null,
    is_paused: row.isPaused,
    reprocess_behavior: row.reprocess,
    max_active_runs: row.maxActiveRuns,
    created_at: instantOf(row.createdAt),
    completed_at: instantOf(row.endedAt),
    updated_at: instantOf(row.endedAt ?? row.createdAt),
    dag_display_name: row.dagId,
    run_backwards: row.isReversed,
    is_cancelled: row.isCancelled,
    progress: {
      dates: row.total,
      handled: row.handled,
      refused: row.refused,
      running: row.running,
      success: row.success,
      failed: row.failed,
    },
  }
}
