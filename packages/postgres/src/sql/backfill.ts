import type {
  BackfillDateRow,
  BackfillMove,
  BackfillRefusal,
  BackfillRow,
  BackfillStore,
  Leadership,
  ReprocessRule,
  Slice,
} from "@sluice/core/store"
import { expansionsOfRun, timeoutAt } from "./dag-run.ts"
import { orderBy } from "./filter.ts"
import { leading } from "./leader.ts"
import { type Sql, toNumber } from "./row.ts"

const columns = (sql: Sql) => sql`
  backfill.id, backfill.dag_id, backfill.from_date, backfill.to_date, backfill.is_reversed, backfill.reprocess,
  backfill.max_active_runs, backfill.conf, backfill.is_paused, backfill.is_cancelled, backfill.created_at,
  backfill.ended_at, backfill.total, backfill.handled, backfill.refused, backfill.running_runs as running,
  backfill.success_runs as success, backfill.failed_runs as failed
`

/** Why a date gets no run, from the state of its newest run and the rule; the same as `refusalOf`. */
const refusal = (sql: Sql, newest: ReturnType<Sql>, rule: ReturnType<Sql>) => sql`
  case
    when ${newest} in ('queued', 'running') then 'in flight'
    when ${newest} = 'success' and ${rule} <> 'completed' then 'already exists'
    when ${newest} = 'failed' and ${rule} = 'none' then 'already exists'
  end
`

/** Says of each date why it would get no run. */
export async function selectRefusals(
  sql: Sql,
  options: { dagId: string; dates: readonly Date[]; reprocess: ReprocessRule },
): Promise<(BackfillRefusal | null)[]> {
  const dates = options.dates.map((date) => date.toISOString())
  const rows = await sql<{ refusal: BackfillRefusal | null }[]>`
    select ${refusal(sql, sql`newest.state`, sql`${options.reprocess}::text`)} as refusal
    from unnest(${dates}::timestamptz[]) with ordinality as asked (logical_date, place)
    left join lateral (
      select state from dag_run
      where dag_id = ${options.dagId} and dag_run.logical_date = asked.logical_date
      order by id desc
      limit 1
    ) newest on true
    order by place
  `
  return rows.map((row) => row.refusal)
}

/** Stores a backfill with its dates; null: the DAG has one, or is not there. */
export async function insertBackfill(
  sql: Sql,
  options: Parameters<BackfillStore["createBackfill"]>[0],
): Promise<BackfillRow | null> {
  const { dates, actor } = options
  const iso = (of: (date: (typeof dates)[number]) => Date) => dates.map((date) => of(date).toISOString())
  const rows = await sql<BackfillRow[]>`
    with changed as (
      insert into backfill (
        dag_id, from_date, to_date, is_reversed, reprocess, max_active_runs, conf, is_dag_paused, total
      )
      select dag_id, ${options.fromDate}, ${options.toDate}, ${options.isReversed}, ${options.reprocess},
        ${options.maxActiveRuns}, ${JSON.stringify(options.conf)}::text::json, is_paused, ${dates.length}
      from dag where dag_id = ${options.dagId} and latest_version_id is not null
      on conflict do nothing
      returning *
    ), dated as (
      insert into backfill_date (backfill_id, ordinal, logical_date, interval_start, interval_end)
      select changed.id, asked.place - 1, asked.logical_date, asked.interval_start, asked.interval_end
      from changed
      cross join unnest(
        ${iso((date) => date.logicalDate)}::timestamptz[], ${iso((date) => date.intervalStart)}::timestamptz[],
        ${iso((date) => date.intervalEnd)}::timestamptz[]
      ) with ordinality as asked (logical_date, interval_start, interval_end, place)
    ), noted as (
      ${noteEvent(sql, actor, "backfill_created")}
    )
    select ${columns(sql)} from changed backfill
  `
  return rows[0] ?? null
}

/** Notes what a statement does to the backfills in its CTE `changed`. */
function noteEvent(sql: Sql, actor: string, event: string) {
  return sql`
    insert into event_log (dag_id, actor, event, detail)
    select dag_id, ${actor}, ${event}, json_build_object('backfill_id', id::text) from changed
  `
}

/** The id of a DAG's backfill that has not ended; null: it has none. Undefined: there is no such DAG. */
export async function selectActive(sql: Sql, dagId: string): Promise<string | null | undefined> {
  const rows = await sql<{ id: string | null }[]>`
    select backfill.id from dag
    left join backfill on backfill.dag_id = dag.dag_id and backfill.ended_at is null
    where dag.dag_id = ${dagId} and dag.latest_version_id is not null
  `
  return rows[0]?.id
}

/** A backfill by its id. */
export async function selectBackfill(sql: Sql, id: string): Promise<BackfillRow | null> {
  const rows = await sql<BackfillRow[]>`select ${columns(sql)} from backfill where id = ${id}`
  return rows[0] ?? null
}

/** Backfills, newest first. */
export function selectBackfills(
  sql: Sql,
  options: { dagId?: string; before: string | null; limit: number },
): Promise<BackfillRow[]> {
  const { dagId, before } = options
  return sql<BackfillRow[]>`
    select ${columns(sql)} from backfill
    where true
      ${dagId === undefined ? sql`` : sql`and dag_id = ${dagId}`}
      ${before === null ? sql`` : sql`and id < ${before}`}
    order by id desc
    limit ${options.limit}
  `
}

/** Backfills in the order of their ids, counted. */
export async function selectBackfillSlice(
  sql: Sql,
  options: { dagId?: string; isNewestFirst: boolean; skip: number; limit: number },
): Promise<Slice<BackfillRow>> {
  const { dagId, isNewestFirst: isDescending } = options
  const rows = await sql<(BackfillRow & { fitting: string })[]>`
    with fitting as (
      select * from backfill
      ${dagId === undefined ? sql`` : sql`where dag_id = ${dagId}`}
    )
    select counted.fitting, row.*
    from (select count(*) as fitting from fitting) counted
    left join (
      select ${columns(sql)} from fitting backfill
      ${orderBy(sql, [{ expression: "id", isDescending }])}
      limit ${options.limit} offset ${options.skip}
    ) row on true
    ${orderBy(sql, [{ expression: "row.id", isDescending }])}
  `
  return {
    total: toNumber(rows[0]?.fitting ?? 0),
    // Where nothing is left to show, one row carries the count alone.
    rows: rows.flatMap(({ fitting: _fitting, ...row }) => (row.id === null ? [] : [row])),
  }
}

/** Dates of a backfill in their order. */
export function selectDates(
  sql: Sql,
  options: { backfillId: string; after: number; limit: number },
): Promise<BackfillDateRow[]> {
  return sql<BackfillDateRow[]>`
    select ordinal, logical_date, interval_start, interval_end, dag_run_id, refusal
    from backfill_date
    where backfill_id = ${options.backfillId} and ordinal > ${options.after}
    order by ordinal
    limit ${options.limit}
  `
}

/** Pauses a backfill that has not ended, or lets it go on; null: there is none. */
export async function updateBackfillPaused(
  sql: Sql,
  options: { backfillId: string; isPaused: boolean; actor: string },
): Promise<boolean | null> {
  const { backfillId, isPaused, actor } = options
  const rows = await sql<{ isChanged: boolean }[]>`
    with changed as (
      update backfill set is_paused = ${isPaused}
      where id = ${backfillId} and ended_at is null and is_paused <> ${isPaused}
      returning id, dag_id
    ), noted as (
      ${noteEvent(sql, actor, isPaused ? "backfill_paused" : "backfill_unpaused")}
    )
    select exists (select from changed) as is_changed from backfill where id = ${backfillId}
  `
  return rows[0]?.isChanged ?? null
}

/** Ends a backfill before its time; null: there is none. */
export async function cancelBackfill(
  sql: Sql,
  options: { backfillId: string; actor: string },
): Promise<boolean | null> {
  const rows = await sql<{ isChanged: boolean }[]>`
    with changed as (
      update backfill set is_cancelled = true, ended_at = now()
      where id = ${options.backfillId} and ended_at is null
      returning id, dag_id
    ), noted as (
      ${noteEvent(sql, options.actor, "backfill_cancelled")}
    )
    select exists (select from changed) as is_changed from backfill where id = ${options.backfillId}
  `
  return rows[0]?.isChanged ?? null
}

/** Backfills that can make a run, or end. */
export function selectDueBackfills(sql: Sql, limit: number): Promise<{ id: string; ordinal: number }[]> {
  return sql<{ id: string; ordinal: number }[]>`
    select id, handled as ordinal from backfill where is_due order by id limit ${limit}
  `
}

/** Makes the run of a backfill's next date, or refuses it, or ends the backfill; null: it does not stand there. */
export async function moveBackfill(
  sql: Sql,
  options: { leadership: Leadership; backfillId: string; ordinal: number },
): Promise<BackfillMove | null> {
  const { backfillId, ordinal } = options
  const rows = await sql<{ move: BackfillMove }[]>`
    with leads as materialized (
      ${leading(sql, options.leadership)}
    ), target as materialized (
      select backfill.id, backfill.dag_id, backfill.reprocess, backfill.conf, backfill.handled, backfill.total
      from leads
      join backfill on backfill.id = ${backfillId} and backfill.handled = ${ordinal} and backfill.is_due
      -- is_dag_paused may be behind by one who paused the DAG while the backfill was being stored.
      join dag on dag.dag_id = backfill.dag_id and (not dag.is_paused or backfill.handled = backfill.total)
      for no key update of backfill
    ), verdict as materialized (
      select target.*, day.logical_date, day.interval_start, day.interval_end, dag.latest_version_id,
        dag.is_parsed_first,
        ${timeoutAt(sql)} as timeout_at, ${refusal(sql, sql`newest.state`, sql`target.reprocess`)} as refusal
      from target
      join dag on dag.dag_id = target.dag_id
      join dag_version on dag_version.id = dag.latest_version_id
      join backfill_date day on day.backfill_id = target.id and day.ordinal = target.handled
      left join lateral (
        select state from dag_run
        where dag_run.dag_id = target.dag_id and dag_run.logical_date = day.logical_date
        order by dag_run.id desc
        limit 1
      ) newest on true
    ), run as (
      insert into dag_run (
        dag_id, run_id, dag_version_id, awaits_parse, state, run_type, conf, logical_date, data_interval_start,
        data_interval_end, run_after, started_at, timeout_at, triggered_by, backfill_id
      )
      select dag_id,
        'backfill__' || to_char(logical_date at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '__' || id,
        latest_version_id, is_parsed_first, (case when is_parsed_first then 'queued' else 'running' end)::dag_run_state,
        'backfill', conf, logical_date, interval_start, interval_end, interval_end, case when not is_parsed_first then now() end,
        case when not is_parsed_first then timeout_at end, 'backfill', id
      from verdict
      where refusal is null
      on conflict do nothing
      returning *
    ), ${expansionsOfRun(sql)}, dated as (
      update backfill_date
      set dag_run_id = (select id from run),
          refusal = coalesce(verdict.refusal, case when not exists (select from run) then 'unknown' end)
      from verdict
      where backfill_date.backfill_id = verdict.id and backfill_date.ordinal = verdict.handled
    )
    update backfill
    set handled = least(backfill.handled + 1, backfill.total),
        refused = backfill.refused
          + (target.handled < target.total and not exists (select from run))::int,
        ended_at = case when target.handled = target.total then now() end
    from target
    where backfill.id = target.id
    returning case
      when target.handled = target.total then 'ended'
      when exists (select from run) then 'made'
      else 'refused'
    end as move
  `
  return rows[0]?.move ?? null
}
