import type { FailureTolerance } from "@sluice/core/state"
import type { TaskError } from "@sluice/core/host"
import { cancelledByHand } from "@sluice/core/store"
import type { MapTarget } from "@sluice/core/store"
import { noteMapEvent } from "./event.ts"
import type { Sql } from "./row.ts"
import { tellDownstream } from "./scheduling.ts"

/**
 * Stops a map whose failures are too many, and closes what has not started (`close_unstarted`).
 *
 * The expansion is locked before anything is changed: whoever adds an offer waits, and then finds it stopped.
 */
export async function stopMap(
  sql: Sql,
  options: {
    expansionId: string
    tolerance: FailureTolerance | null
    reason: TaskError
    actor: string
  },
): Promise<boolean> {
  const { reason, actor } = options
  const tolerance = options.tolerance === null ? null : JSON.stringify(options.tolerance)
  const rows = await sql`
    with target as materialized (
      select id from expansion
      where id = ${options.expansionId} and kind = 'mapped' and state in ('open', 'draining') and stop_reason is null
        and tolerated_failures::jsonb is not distinct from ${tolerance}::text::jsonb
      for update
    ), changed as (
      update expansion
      set stop_reason = ${JSON.stringify(reason)}::text::json,
          stream_failure = coalesce(stream_failure, 'own'),
          is_exhausted = true, state = 'draining', is_due = true, is_watched = false, seq = seq + 1,
          epoch = epoch + 1, runner_id = null, runner_expires_at = '-infinity'
      from target
      where expansion.id = target.id
      returning expansion.id, dag_run_id, dag_version_id, ordinal, task_id
    ), ended_sources as (
      ${endFusedSources(sql)}
    ), noted as (
      ${noteMapEvent(sql, { actor, event: "map_stopped", detail: { reason: reason.message } })}
    )
    select close_unstarted(id) from changed
  `
  return rows.length > 0
}

/** Closes what has come back to a stopped map; says how many instances. */
export async function closeStopped(sql: Sql, expansionId: string): Promise<string> {
  const rows = await sql<{ closed: string }[]>`
    with target as materialized (
      select id from expansion
      where id = ${expansionId} and state = 'draining' and stop_reason is not null
      for update
    )
    select close_unstarted(id) as closed from target
  `
  return rows[0]?.closed ?? "0"
}

/** Marks maps as due that are still watched. */
export async function reviewMaps(sql: Sql, expansionIds: readonly string[]): Promise<void> {
  await sql`
    update expansion set is_due = true, seq = seq + 1
    where id = any(${[...expansionIds]}::bigint[]) and is_watched and state in ('open', 'draining')
  `
}

/** What a map was when it was to be cancelled, and what became of that. */
interface CancelledRow extends MapTarget {
  readonly dagRunId: string
  readonly isDone: boolean
}

/** Cancels one map of a run that goes on, and tells its downstream. Null: there is none of this id. */
export async function cancelMap(
  sql: Sql,
  { expansionId, actor }: { expansionId: string; actor: string },
): Promise<CancelledRow | null> {
  const reason = JSON.stringify(cancelledByHand(actor))
  const rows = await sql<CancelledRow[]>`
    with before as materialized (
      select id, dag_run_id, task_id, kind, state from expansion where id = ${expansionId} for update
    ), changed as (
      update expansion
      set state = 'cancelled', is_cancelled = true, stop_reason = ${reason}::text::json,
          stream_failure = coalesce(stream_failure, 'own'), is_exhausted = true,
          is_due = false, is_watched = false, seq = seq + 1, ended_at = now(),
          epoch = epoch + 1, runner_id = null, runner_expires_at = '-infinity'
      from before
      where expansion.id = before.id and before.kind in ('mapped', 'source')
        and before.state in ('waiting', 'open', 'draining')
      returning expansion.id, expansion.dag_run_id, dag_version_id, ordinal, expansion.task_id, opened_at,
        verdict_skips, verdict_fails
    ), ended_sources as (
      ${endFusedSources(sql)}
    ), told as (
      ${tellDownstream(sql, "cancelled")}
    ), noted as (
      insert into event_log (dag_id, dag_run_id, run_id, expansion_id, task_id, actor, event, detail)
      select run.dag_id, run.id, run.run_id, changed.id, changed.task_id, ${actor}, 'map_cancelled',
        json_build_object('state', before.state)
      from changed
      join before on before.id = changed.id
      join dag_run run on run.id = changed.dag_run_id
    )
    select before.task_id, before.kind, before.state, before.dag_run_id, changed.id is not null as is_done,
      case when changed.id is not null then revoke_leases(array[changed.id]) end
    from before
    left join changed on changed.id = before.id
  `
  return rows[0] ?? null
}

/** Ends the sources that a map in `changed` pulls itself: nobody else ever will. */
function endFusedSources(sql: Sql) {
  return sql`
      update expansion source
      set is_exhausted = true, state = 'draining', is_due = true, seq = source.seq + 1
      from changed
      join edge on edge.dag_version_id = changed.dag_version_id and edge.downstream = changed.ordinal
        and edge.kind = 'stream'
      where source.id = changed.dag_run_id * 4096 + edge.upstream and source.kind = 'fused' and source.state = 'open'
  `
}
