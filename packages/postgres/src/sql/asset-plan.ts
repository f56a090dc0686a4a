import type { DagRunRow, DueAssetDag, Leadership } from "@sluice/core/store"
import { expansionsOfRun, runColumns, hasRoom, timeoutAt } from "./dag-run.ts"
import { leading } from "./leader.ts"
import type { Sql } from "./row.ts"

/** Tells DAGs of events that nobody was told of; no row, and nothing done, where another leads. */
export async function takeAssetEvents(
  sql: Sql,
  options: { leadership: Leadership; limit: number },
): Promise<number | null> {
  const rows = await sql<{ taken: number }[]>`
    with leads as materialized (
      ${leading(sql, options.leadership)}
    )
    select take_asset_events(${options.limit}) as taken from leads
  `
  return rows[0]?.taken ?? null
}

/** DAGs that may have what they wait for, by an index that holds nothing else. */
export function selectDueAssetDags(sql: Sql, limit: number): Promise<DueAssetDag[]> {
  return sql<DueAssetDag[]>`
    select dag_id, planning->'assets' as condition, asset_seq as seq,
      array(
        select asset.name from asset_queue join asset on asset.id = asset_queue.asset_id
        where asset_queue.dag_id = dag.dag_id
        order by asset.name
      ) as queued
    from dag
    where is_asset_plannable
    order by dag_id
    limit ${limit}
  `
}

/**
 * Makes a run for all that a DAG has been told, or notes that this is not enough; no row comes back where it has not moved.
 *
 * Whoever tells a DAG of something changes its `asset_seq` under the lock of its row. So what is read of its queue here is
 * all there is, or the row has moved on and nothing is written.
 */
export async function moveAssetDag(
  sql: Sql,
  options: { leadership: Leadership; dagId: string; seq: number; runId: string | null },
): Promise<{ isMoved: boolean; run: DagRunRow | null }> {
  const { dagId, seq, runId } = options
  const rows = await sql<(DagRunRow | { id: null })[]>`
    with leads as materialized (
      ${leading(sql, options.leadership)}
    ), target as materialized (
      select dag.dag_id, dag.latest_version_id, ${timeoutAt(sql)} as timeout_at,
        ${hasRoom(sql)} and not dag.is_parsed_first as has_room, dag.is_parsed_first
      from leads
      join dag on dag.dag_id = ${dagId} and dag.asset_seq = ${seq} and dag.is_asset_plannable
      join dag_version on dag_version.id = dag.latest_version_id
      for no key update of dag
    ), run as (
      insert into dag_run (
        dag_id, run_id, dag_version_id, awaits_parse, state, run_type, conf, started_at, timeout_at, triggered_by
      )
      select dag_id, ${runId}, latest_version_id, is_parsed_first,
        (case when has_room then 'running' else 'queued' end)::dag_run_state,
        'asset_triggered', '{}', case when has_room then now() end, case when has_room then timeout_at end, 'asset'
      from target
      where ${runId !== null}::boolean
      on conflict (dag_id, run_id) do nothing
      returning *
    ), ${expansionsOfRun(sql)}, consumed as (
      delete from asset_queue using run
      where asset_queue.dag_id = run.dag_id
      returning run.id, asset_queue.*
    ), kept as (
      insert into dag_run_asset (
        dag_run_id, asset_id, first_turn, last_turn, first_event_id, last_event_id, events
      )
      select id, asset_id, first_turn, last_turn, first_event_id, last_event_id, events from consumed
    ), moved as (
      update dag
      set asset_seq = dag.asset_seq + 1,
          is_asset_due = ${runId !== null}::boolean and not exists (select from run)
      from target
      where dag.dag_id = target.dag_id
      returning dag.dag_id as moved_id
    )
    select ${runColumns(sql)} from moved left join run on true
  `
  const row = rows[0]
  if (row === undefined) return { isMoved: false, run: null }
  return { isMoved: true, run: row.id === null ? null : row }
}
