import type { DagLimits, DagRow, TaskChange } from "@sluice/core/store"
import type { PlannedRun } from "@sluice/core/time"
import { timeoutAt } from "./dag-run.ts"
import type { Sql } from "./row.ts"

const columns = (sql: Sql) => sql`
  dag.dag_id, dag.latest_version_id, dag.is_paused, dag.is_stale, dag.queued_runs, dag.running_runs, dag.created_at,
  dag_version.serialized->>'parse' as parse, dag.awaiting_runs, dag.file_path,
  dag_version.serialized->>'schedule' as schedule, dag_version.serialized->'planning' as planning,
  dag.max_active_runs, dag.max_active_tasks,
  dag.timetable_since, dag.last_tick, ${nextRunColumns(sql)}
`

/** The next scheduled run of a DAG as columns; see `toPlannedRun`. */
export const nextRunColumns = (sql: Sql) => sql`
  dag.next_logical_date as logical_date, dag.next_interval_start as interval_start,
  dag.next_interval_end as interval_end, case when dag.next_interval_end is not null then dag.next_run_at end as run_at
`

/** A planned run as columns; nulls where there is none. */
export type PlannedColumns = { [Column in keyof PlannedRun]: PlannedRun[Column] | null }

/** A DAG as it is read. */
export type DagColumns = Omit<DagRow, "nextRun"> & PlannedColumns

/** Puts the columns of a planned run together. */
export function toPlannedRun(row: PlannedColumns): PlannedRun | null {
  const { logicalDate, intervalStart, intervalEnd, runAt } = row
  if (logicalDate === null || intervalStart === null || intervalEnd === null || runAt === null) return null
  return { logicalDate, intervalStart, intervalEnd, runAt }
}

/** A DAG that has a version. */
export async function selectDag(sql: Sql, dagId: string): Promise<DagColumns | null> {
  const rows = await sql<DagColumns[]>`
    select ${columns(sql)} from dag
    join dag_version on dag_version.id = dag.latest_version_id
    where dag.dag_id = ${dagId}
  `
  return rows[0] ?? null
}

/** DAGs in the order of their ids, after one. */
export function selectDags(
  sql: Sql,
  options: { after: string | null; limit: number },
): Promise<DagColumns[]> {
  return sql<DagColumns[]>`
    select ${columns(sql)} from dag
    join dag_version on dag_version.id = dag.latest_version_id
    ${options.after === null ? sql`` : sql`where dag.dag_id > ${options.after}`}
    order by dag.dag_id
    limit ${options.limit}
  `
}

/** Pauses a DAG or lets it go on, and notes who did; null: there is no such DAG. */
export async function updateDagPaused(
  sql: Sql,
  options: { dagId: string; isPaused: boolean; actor: string },
): Promise<boolean | null> {
  const rows = await sql<{ isChanged: boolean }[]>`
    with changed as (
      update dag set is_paused = ${options.isPaused}
      where dag_id = ${options.dagId} and is_paused <> ${options.isPaused} and latest_version_id is not null
      returning dag_id
    ), backfills as (
      update backfill set is_dag_paused = ${options.isPaused}
      from changed
      where backfill.dag_id = changed.dag_id and backfill.ended_at is null
    ), noted as (
      insert into event_log (dag_id, actor, event)
      select dag_id, ${options.actor}, ${options.isPaused ? "dag_paused" : "dag_unpaused"} from changed
    )
    select exists (select from changed) as is_changed from dag where dag_id = ${options.dagId} and latest_version_id is not null
  `
  return rows[0]?.isChanged ?? null
}

/** Sets limits of a DAG for its unfinished runs and all that come; says whether there is such a DAG. */
export async function updateDagLimits(
  sql: Sql,
  options: DagLimits & { dagId: string; actor: string },
): Promise<boolean> {
  const { dagId, actor, ...limits } = options
  const { maxActiveRuns: runs, maxActiveTasks: tasks } = limits
  const rows = await sql`
    with before as materialized (
      select dag_id, planning,
        case when ${runs !== undefined}::boolean then ${runs ?? null}::int else max_active_runs_set end as runs_set,
        case when ${tasks !== undefined}::boolean then ${tasks ?? null}::int else max_active_tasks_set end as tasks_set
      from dag
      where dag_id = ${dagId} and latest_version_id is not null
      for no key update
    ), changed as (
      update dag
      set max_active_runs_set = runs_set, max_active_tasks_set = tasks_set,
          max_active_runs = coalesce(runs_set, (before.planning->>'maxActiveRuns')::int),
          max_active_tasks = coalesce(tasks_set, (before.planning->>'maxActiveTasks')::int)
      from before
      where dag.dag_id = before.dag_id
      returning dag.dag_id, dag.max_active_tasks
    ), applied as (
      update expansion set max_active_tasks = changed.max_active_tasks
      from changed
      join dag_run run on run.dag_id = changed.dag_id and run.state in ('queued', 'running')
      where expansion.dag_run_id = run.id and expansion.state in ('waiting', 'open', 'draining')
        and expansion.max_active_tasks is distinct from changed.max_active_tasks
    ), noted as (
      insert into event_log (dag_id, actor, event, detail)
      select dag_id, ${actor}, 'dag_limits_set', ${JSON.stringify(limits)}::text::json from changed
    )
    select dag_id from changed
  `
  return rows.length > 0
}

/** Changes a task in the unfinished runs of its DAG, and says in how many; null: there is no such task. */
export async function updateTask(
  sql: Sql,
  options: TaskChange & { dagId: string; taskId: string; actor: string },
): Promise<number | null> {
  const { dagId, taskId, actor, ...change } = options
  const { concurrency, dagConcurrency, priority } = change
  const [row] = await sql<{ isKnown: boolean; n: number }[]>`
    with changed as (
      update expansion
      set concurrency = case when ${concurrency !== undefined}::boolean then ${concurrency ?? null}::int
            else concurrency end,
          dag_concurrency = case when ${dagConcurrency !== undefined}::boolean then ${dagConcurrency ?? null}::int
            else dag_concurrency end,
          priority = coalesce(${priority ?? null}::int, priority)
      from dag_run run
      where run.dag_id = ${dagId} and run.state in ('queued', 'running') and expansion.dag_run_id = run.id
        and expansion.task_id = ${taskId} and expansion.state in ('waiting', 'open', 'draining')
      returning expansion.id, expansion.priority
    ), known as (
      select from dag
      join task on task.dag_version_id = dag.latest_version_id and task.task_id = ${taskId}
      where dag.dag_id = ${dagId}
    ), noted as (
      insert into event_log (dag_id, task_id, actor, event, detail)
      select ${dagId}, ${taskId}, ${actor}, 'task_changed', ${JSON.stringify(change)}::text::json
      where exists (select from known) or exists (select from changed)
    ), urgent as (
      -- Pages that are committed just now keep the urgency that they were made with.
      update page set urgency = -changed.priority
      from changed
      where page.expansion_id = changed.id and not page.folded and page.claimed < page.count
        and page.urgency <> -changed.priority
    )
    select exists (select from known) or exists (select from changed) as is_known,
      (select count(*)::int from changed) as n
  `
  return row?.isKnown === true ? row.n : null
}

/**
 * Starts queued runs of DAGs that have room for them, the oldest first; says how many.
 *
 * The counters are read from the locked rows of the DAGs, so a DAG's limit holds whoever else starts or ends runs. A run
 * that somebody is ending is passed over: waiting for it here, with the DAG's row held, could block both.
 */
export async function admitDagRuns(sql: Sql, limit: number): Promise<number> {
  const rows = await sql`
    with target as materialized (
      select dag_id, max_active_runs - running_runs as room from dag
      where is_admissible
      order by dag_id
      limit ${limit}
      for no key update skip locked
    ), chosen as materialized (
      select queued.id from target
      cross join lateral (
        select id from dag_run
        where dag_id = target.dag_id and state = 'queued' and not awaits_parse
        order by id
        limit least(target.room, ${limit})
        for no key update skip locked
      ) queued
    ), started as (
      update dag_run set state = 'running', started_at = now(), timeout_at = ${timeoutAt(sql)}
      from chosen
      join dag_run queued on queued.id = chosen.id
      join dag_version on dag_version.id = queued.dag_version_id
      where dag_run.id = chosen.id and dag_run.state = 'queued' and not dag_run.awaits_parse
      returning dag_run.id
    ), begun as (
      update expansion set is_due = true, seq = seq + 1
      from started
      where expansion.dag_run_id = started.id and expansion.state = 'waiting'
        and (expansion.upstream_total = 0 or expansion.trigger_rule = 'always')
    )
    select id from started
  `
  return rows.length
}
