/**
 * Retention: each statement walks a key from where the last one ended, looks at a bounded number of rows, and removes those
 * that have been there for long enough.
 */
import type { ExpireOptions, Expired, RetentionStore } from "@sluice/core/store"
import { isAwaited, takeAlong } from "./deletion.ts"
import { leading } from "./leader.ts"
import type { Sql } from "./row.ts"

/** The most DAGs that one statement looks at. */
const dagsMax = 100

/**
 * Takes ended runs out of sight that need not be kept any more. A DAG costs a look at its oldest run, and at as many as it keeps
 * by their number.
 */
export async function expireRuns(
  sql: Sql,
  { leadership, keep, after, limit }: Parameters<RetentionStore["expireRuns"]>[0],
): Promise<Expired> {
  const own = (name: "days" | "count") => sql`
    case when dag.planning->>'keepRuns' is null then ${keep?.[name] ?? null}::int
      else (dag.planning->'keepRuns'->>${name}::text)::int end`
  const [row] = await sql<{ removed: number; looked: number; last: string | null }[]>`
    with leads as materialized (
      ${leading(sql, leadership)}
    ), looked as materialized (
      select dag.dag_id, ${own("days")} as days, ${own("count")} as count
      from leads
      cross join dag
      where dag.dag_id > ${after} and dag.latest_version_id is not null
      order by dag.dag_id
      limit ${dagsMax}
    ), chosen as materialized (
      select distinct old.id
      from looked
      cross join lateral (
        (
          select dag_run.id, dag_run.dag_id, dag_run.run_id from dag_run
          where dag_run.dag_id = looked.dag_id and dag_run.ended_at is not null
            and dag_run.ended_at <= now() - make_interval(days => looked.days)
          order by dag_run.dag_id, dag_run.ended_at
          limit ${limit}
        )
        union all
        (
          select dag_run.id, dag_run.dag_id, dag_run.run_id from dag_run
          where looked.count is not null and dag_run.dag_id = looked.dag_id and dag_run.ended_at is not null
          order by dag_run.dag_id desc, dag_run.ended_at desc, dag_run.id desc
          offset looked.count
          limit ${limit}
        )
      ) old
      join dag_run on dag_run.id = old.id
      where not ${isAwaited(sql)}
      limit ${limit}
    ), gone as (
      delete from dag_run using chosen
      where dag_run.id = chosen.id and dag_run.state in ('success', 'failed')
      returning dag_run.id, dag_run.dag_id
    ), ${takeAlong(sql)}, noted as (
      insert into event_log (dag_id, actor, event, detail)
      select dag_id, 'sluice', 'dag_runs_expired', json_build_object('runs', count(*)) from gone group by dag_id
    )
    select (select count(*)::int from gone) as removed, (select count(*)::int from looked) as looked,
      (select max(dag_id) from looked) as last
  `
  if (row === undefined) return { removed: 0, next: null }
  // Where so many went as may, there may be more of the same DAGs.
  const hasMore = row.removed >= limit
  return { removed: row.removed, next: hasMore ? after : row.looked < dagsMax ? null : row.last }
}

/** Removes the oldest entries of the event log; they are in the order of their time. */
export async function expireEvents(sql: Sql, options: ExpireOptions): Promise<Expired> {
  const rows = await sql`
    with leads as materialized (
      ${leading(sql, options.leadership)}
    ), oldest as materialized (
      select id, at from event_log where exists (select from leads) order by id limit ${options.limit}
    )
    delete from event_log using oldest
    where event_log.id = oldest.id and oldest.at <= now() - make_interval(days => ${options.days}::int)
    returning event_log.id
  `
  return { removed: rows.length, next: rows.length < options.limit ? null : "" }
}

/** Removes the next asset events that every DAG has been told of, and that none still waits with. */
export function expireAssetEvents(sql: Sql, options: ExpireOptions): Promise<Expired> {
  return expireNext(sql, options, {
    looked: sql`select id, asset_id, turn, at as since from asset_event`,
    removal: sql`
      delete from asset_event using old
      where asset_event.id = old.id and old.turn is not null
        and not exists (
          select from asset_queue
          where asset_queue.asset_id = old.asset_id
            and old.id between asset_queue.first_event_id and asset_queue.last_event_id
        )
      returning asset_event.id`,
  })
}

/** The most runs that one statement looks at for their logs. */
const loggedRunsMax = 20

/** Removes logs of the runs that ended first and still have some. Until all that one statement finds is gone, the next finds it again. */
export async function expireLogs(sql: Sql, { leadership, days, limit }: ExpireOptions): Promise<Expired> {
  const [row] = await sql<{ removed: number; looked: number }[]>`
    with leads as materialized (
      ${leading(sql, leadership)}
    ), looked as materialized (
      select id from dag_run
      where has_logs and ended_at is not null and ended_at <= now() - make_interval(days => ${days}::int)
        and exists (select from leads)
      order by ended_at
      limit ${loggedRunsMax}
      for update skip locked
    ), found as materialized (
      select line.place
      from looked
      cross join lateral (
        select ctid as place from log
        where log.expansion_id between looked.id * 4096 and looked.id * 4096 + 4095
        order by log.expansion_id, log.id
        limit ${limit}
      ) line
      limit ${limit}
    ), gone as (
      delete from log where ctid = any(array(select place from found))
    ), emptied as (
      update dag_run set has_logs = false
      from looked
      where dag_run.id = looked.id and (select count(*) from found) < ${limit}::int
    )
    select (select count(*)::int from found) as removed, (select count(*)::int from looked) as looked
  `
  const { removed, looked } = row ?? { removed: 0, looked: 0 }
  return { removed, next: removed >= limit || looked === loggedRunsMax ? "" : null }
}

/** Removes the next backfills that have ended and that no run is of. */
export function expireBackfills(sql: Sql, options: ExpireOptions): Promise<Expired> {
  return expireNext(sql, options, {
    looked: sql`select id, created_at as since from backfill`,
    removal: sql`
      delete from backfill using old
      where backfill.id = old.id and backfill.ended_at is not null
        and not exists (select from dag_run where dag_run.backfill_id = backfill.id)
      returning backfill.id`,
  })
}

/** Removes the next versions that no run has, but each DAG's newest. */
export function expireVersions(sql: Sql, options: ExpireOptions): Promise<Expired> {
  return expireNext(sql, options, {
    looked: sql`select id, created_at as since from dag_version`,
    removal: sql`
      delete from dag_version using old
      where dag_version.id = old.id
        and not exists (select from dag where dag.latest_version_id = dag_version.id)
        and not exists (select from dag_run where dag_run.dag_version_id = dag_version.id)
      returning dag_version.id, dag_version.bundle_hash`,
    after: sql`, released as (
      insert into released_bundle (hash) select distinct bundle_hash from gone on conflict do nothing
    )`,
  })
}

/** Looks at the next rows by their ids, and removes of the old ones those that may go. The walk ends where they are not old any more. */
async function expireNext(
  sql: Sql,
  { leadership, days, after: seen, limit }: ExpireOptions,
  {
    looked,
    removal,
    after = sql``,
  }: Record<"looked" | "removal", ReturnType<Sql>> & { after?: ReturnType<Sql> },
): Promise<Expired> {
  const [row] = await sql<{ removed: number; old: number; last: string | null }[]>`
    with leads as materialized (
      ${leading(sql, leadership)}
    ), looked as materialized (
      ${looked} where exists (select from leads) and id > ${seen === "" ? "0" : seen} order by id limit ${limit}
    ), old as materialized (
      select * from looked where since <= now() - make_interval(days => ${days}::int)
    ), gone as (${removal})${after}
    select (select count(*)::int from gone) as removed, (select count(*)::int from old) as old,
      (select max(id) from old) as last
  `
  if (row === undefined) return { removed: 0, next: null }
  return { removed: row.removed, next: row.old < limit ? null : row.last }
}
