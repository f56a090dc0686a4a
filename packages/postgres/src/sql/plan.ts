import type { SerializedPlanning, PlannedRun } from "@sluice/core/time"
import type { DagRunRow, Leadership } from "@sluice/core/store"
import { expansionsOfRun, runColumns, hasRoom, timeoutAt } from "./dag-run.ts"
import type { PlannedColumns } from "./dag.ts"
import { leading } from "./leader.ts"
import type { Sql } from "./row.ts"

/** A plan as it is read; without a due one, only the clock and what comes next. */
export interface DueRow extends PlannedColumns {
  now: Date
  nextAt: Date | null
  dagId: string | null
  planning: SerializedPlanning
  since: Date
  lastTick: Date | null
  seq: number
}

/** Plans that are due, and when the next one comes due. Two looks into an index that holds nothing else. */
export function selectDuePlans(sql: Sql, limit: number): Promise<DueRow[]> {
  return sql<DueRow[]>`
    with due as materialized (
      select dag_id, planning, timetable_since as since, last_tick, plan_seq as seq,
        next_logical_date as logical_date, next_interval_start as interval_start, next_interval_end as interval_end,
        case when next_interval_end is not null then next_run_at end as run_at, next_run_at as since_when
      from dag
      where is_plannable and next_run_at <= now()
      order by next_run_at
      limit ${limit}
    )
    select now() as now, due.*,
      (select min(next_run_at) from dag where is_plannable and next_run_at > now()) as next_at
    from (select) one
    left join due on true
    order by since_when
  `
}

/** Makes a run, or none, and moves the plan of its DAG; no row comes back where it has not moved. */
export async function movePlan(
  sql: Sql,
  options: {
    leadership: Leadership
    dagId: string
    seq: number
    run: (PlannedRun & { readonly runId: string }) | null
    next: PlannedRun | null
  },
): Promise<{ isMoved: boolean; run: DagRunRow | null }> {
  const { dagId, run, next } = options
  const rows = await sql<(DagRunRow | { id: null })[]>`
    with leads as materialized (
      ${leading(sql, options.leadership)}
    ), target as materialized (
      select dag.dag_id, dag.latest_version_id, ${timeoutAt(sql)} as timeout_at,
        ${hasRoom(sql)} and not dag.is_parsed_first as has_room, dag.is_parsed_first
      from leads
      join dag on dag.dag_id = ${dagId} and dag.plan_seq = ${options.seq} and dag.is_plannable
      join dag_version on dag_version.id = dag.latest_version_id
      for no key update of dag
    ), run as (
      insert into dag_run (
        dag_id, run_id, dag_version_id, awaits_parse, state, run_type, conf, logical_date, data_interval_start, data_interval_end,
        run_after, started_at, timeout_at, triggered_by
      )
      select dag_id, ${run?.runId ?? null}, latest_version_id, is_parsed_first,
        (case when has_room then 'running' else 'queued' end)::dag_run_state, 'scheduled', '{}',
        ${run?.logicalDate ?? null}, ${run?.intervalStart ?? null}, ${run?.intervalEnd ?? null}, ${run?.runAt ?? null},
        case when has_room then now() end, case when has_room then timeout_at end, 'timetable'
      from target
      where ${run !== null}::boolean and not exists (
        select from dag_run other
        where other.dag_id = ${dagId} and other.logical_date = ${run?.logicalDate ?? null}
          and other.run_type in ('scheduled', 'backfill')
      )
      on conflict do nothing
      returning *
    ), ${expansionsOfRun(sql)}, moved as (
      update dag
      set plan_seq = plan_seq + 1, last_tick = coalesce(${run?.intervalEnd ?? null}, last_tick),
          next_logical_date = ${next?.logicalDate ?? null}, next_interval_start = ${next?.intervalStart ?? null},
          next_interval_end = ${next?.intervalEnd ?? null}, next_run_at = ${next?.runAt ?? null}
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
