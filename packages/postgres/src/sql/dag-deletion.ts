/**
 * Deleting DAGs.
 *
 * One statement takes the version from the row of the DAG: without one it is not there for anybody, and no run is made of it. It
 * also notes up to which run, version and backfill all is to go. So the DAG may come back at once, under its own row, while its
 * past is still being removed: its runs a few at a time, then what defines it.
 */
import type { Leadership } from "@sluice/core/store"
import { isAwaited, takeAlong } from "./deletion.ts"
import { leading } from "./leader.ts"
import type { Sql } from "./row.ts"

/** Takes a DAG out of sight of which nothing is unfinished; false: it is not there, or something is. */
export async function deleteDag(
  sql: Sql,
  { dagId, actor }: { dagId: string; actor: string },
): Promise<boolean> {
  const rows = await sql`
    with target as materialized (
      select dag_id, file_folder, file_path from dag
      where dag_id = ${dagId} and latest_version_id is not null and queued_runs = 0 and running_runs = 0
        -- The DAG's counters leave out the runs of backfills.
        and not exists (select from dag_run where dag_run.dag_id = dag.dag_id and state = 'queued')
        and not exists (select from dag_run where dag_run.dag_id = dag.dag_id and state = 'running')
        and not exists (select from backfill where backfill.dag_id = dag.dag_id and ended_at is null)
      for update
    ), changed as (
      update dag
      set latest_version_id = null, is_stale = true, is_paused = false, file_folder = null, file_path = null,
          planning = null, is_continuous = false, max_active_runs = default, max_active_tasks = null,
          max_active_runs_set = null, max_active_tasks_set = null, timetable_since = null, last_tick = null,
          plan_seq = plan_seq + 1, next_logical_date = null, next_interval_start = null, next_interval_end = null,
          next_run_at = null, asset_seq = asset_seq + 1, is_asset_due = false
      from target
      where dag.dag_id = target.dag_id
    ), file as (
      -- Its file is looked at again: what it still defines comes back.
      delete from dag_file using target
      where dag_file.folder = target.file_folder and dag_file.path = target.file_path
    ), noted as (
      insert into event_log (dag_id, actor, event) select dag_id, ${actor}, 'dag_deleted' from target
    )
    insert into deleted_dag (dag_id, last_run_id, last_version_number, last_backfill_id)
    select dag_id,
      coalesce((select max(id) from dag_run where dag_run.dag_id = target.dag_id), 0),
      coalesce((select max(version_number) from dag_version where dag_version.dag_id = target.dag_id), 0),
      coalesce((select max(id) from backfill where backfill.dag_id = target.dag_id), 0)
    from target
    on conflict (dag_id) do update
    set last_run_id = excluded.last_run_id, last_version_number = excluded.last_version_number,
        last_backfill_id = excluded.last_backfill_id
    returning dag_id
  `
  return rows.length > 0
}

interface Options {
  readonly leadership: Leadership
  readonly limit: number
}

/** Runs that a statement deletes, for each row that it might remove: a run has some dozen tasks. */
const rowsPerRun = 50

/** Deletes runs of deleted DAGs, but those whose ends are waited for; says how many. */
export async function deleteRunsOfDags(sql: Sql, { leadership, limit }: Options): Promise<number> {
  const runsMax = Math.ceil(limit / rowsPerRun)
  const rows = await sql`
    with leads as materialized (
      ${leading(sql, leadership)}
    ), chosen as materialized (
      select old.id
      from leads
      cross join deleted_dag
      cross join lateral (
        select id from dag_run
        where dag_run.dag_id = deleted_dag.dag_id and id <= deleted_dag.last_run_id
          and state in ('success', 'failed') and not ${isAwaited(sql)}
        order by dag_id, id
        limit ${runsMax}
      ) old
      limit ${runsMax}
    ), gone as (
      delete from dag_run using chosen
      where dag_run.id = chosen.id and dag_run.state in ('success', 'failed')
      returning dag_run.id
    ), ${takeAlong(sql)}
    select id from gone
  `
  return rows.length
}

/** The most versions, bundles and backfills that one statement removes: a version may have thousands of tasks. */
const definitionsMax = 20

/**
 * Removes what defined deleted DAGs and is not used any more: versions, then their code, backfills, and at last the rows of the
 * DAGs themselves. Says how many there were.
 */
export async function removeDefinitions(sql: Sql, { leadership }: Options): Promise<number> {
  const leads = leading(sql, leadership)
  const versions = await sql`
    with leads as materialized (${leads}), unused as materialized (
      select version.id
      from leads
      cross join deleted_dag
      join dag on dag.dag_id = deleted_dag.dag_id
      join dag_version version on version.dag_id = deleted_dag.dag_id
        and version.version_number <= deleted_dag.last_version_number
        and version.id is distinct from dag.latest_version_id
      where not exists (select from dag_run where dag_run.dag_version_id = version.id)
      limit ${definitionsMax}
    ), gone as (
      delete from dag_version using unused where dag_version.id = unused.id returning bundle_hash
    )
    insert into released_bundle (hash) select distinct bundle_hash from gone on conflict do nothing
    returning hash
  `
  const bundles = await sql`
    with leads as materialized (${leads}), released as materialized (
      select hash from released_bundle where exists (select from leads) limit ${definitionsMax}
    ), seen as (
      delete from released_bundle using released where released_bundle.hash = released.hash
    ), gone as (
      delete from bundle using released
      where bundle.hash = released.hash
        and not exists (select from dag_version where dag_version.bundle_hash = bundle.hash)
        and not exists (select from dag_file where dag_file.bundle_hash = bundle.hash)
        and not exists (select from bundle other where other.code_hash = bundle.hash)
    )
    select hash from released
  `
  const backfills = await sql`
    with leads as materialized (${leads}), unused as materialized (
      select backfill.id
      from leads
      cross join deleted_dag
      join backfill on backfill.dag_id = deleted_dag.dag_id and backfill.id <= deleted_dag.last_backfill_id
      where not exists (select from dag_run where dag_run.backfill_id = backfill.id)
      limit ${definitionsMax}
    )
    delete from backfill using unused where backfill.id = unused.id
    returning backfill.id
  `
  return versions.length + bundles.length + backfills.length + (await forgetDags(sql, leads))
}

/** Forgets deleted DAGs of whose past nothing is left, with their rows where they have not come back. */
async function forgetDags(sql: Sql, leads: ReturnType<typeof leading>): Promise<number> {
  const past = sql`
    not exists (
      select from dag_run where dag_run.dag_id = deleted_dag.dag_id and dag_run.id <= deleted_dag.last_run_id
    )
    and not exists (
      select from backfill where backfill.dag_id = deleted_dag.dag_id and backfill.id <= deleted_dag.last_backfill_id
    )
    and not exists (
      select from dag_version version
      join dag on dag.dag_id = version.dag_id
      where version.dag_id = deleted_dag.dag_id and version.version_number <= deleted_dag.last_version_number
        and version.id is distinct from dag.latest_version_id
        and not exists (select from dag_run where dag_run.dag_version_id = version.id)
    )`
  const rows = await sql<{ dagId: string }[]>`
    with leads as materialized (${leads})
    delete from deleted_dag where exists (select from leads) and ${past}
    returning dag_id
  `
  const dagIds = rows.map(({ dagId }) => dagId)
  if (dagIds.length === 0) return 0
  // A statement of its own, since it asks for what the one before has deleted. One that is being registered again just now has a
  // version by then, or is left as it is: without one it is in nobody's way.
  await sql`
    delete from dag
    where dag_id = any(${dagIds}::text[]) and latest_version_id is null
      and not exists (select from dag_version where dag_version.dag_id = dag.dag_id)
      and not exists (select from dag_run where dag_run.dag_id = dag.dag_id)
      and not exists (select from backfill where backfill.dag_id = dag.dag_id)
  `
  return dagIds.length
}
