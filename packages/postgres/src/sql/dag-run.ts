import type { DataInterval, Json } from "@sluice/core"
import type { DagRunRow, DagRunTriggeredBy, DagRunType } from "@sluice/core/store"
import type { DagRunState } from "@sluice/core/state"
import { listedConfBytesMax, timedOutNote } from "@sluice/core/store"
import { noteRunEvent } from "./event.ts"
import type { Sql } from "./row.ts"

/** What a run is read as. */
export const runColumns = (sql: Sql) => sql`${rowColumns(sql)}, conf, false as is_conf_left_out`

/** What a run is listed as. */
const listedColumns = (sql: Sql) => sql`
  ${rowColumns(sql)}, ${sql.unsafe(`${listedConf.conf} as conf, ${listedConf.isLeftOut} as is_conf_left_out`)}
`

const rowColumns = (sql: Sql) => sql`
  id, dag_id, run_id, dag_version_id, state, run_type, logical_date, data_interval_start, data_interval_end,
  run_after, queued_at, started_at, ended_at, awaits_parse, note,
  is_cancelled, triggered_by, triggering_user, timeout_at, backfill_id
`

/** The conf where it is small, and whether it is not. Its size is known without reading it, since it is stored as it is. */
export const listedConf = {
  conf: `case when pg_column_size(dag_run.conf) <= ${listedConfBytesMax} then dag_run.conf end`,
  isLeftOut: `pg_column_size(dag_run.conf) > ${listedConfBytesMax}`,
}

/** What a run is made with. */
export interface NewDagRun {
  dagId: string
  runId: string
  runType: DagRunType
  conf: Json
  logicalDate: Date | null
  dataInterval?: DataInterval | null
  note?: string | null
  triggeredBy?: DagRunTriggeredBy
  triggeringUser?: string
  parsedVersionId?: string
}

/**
 * Makes a run of the newest version of a DAG, with a waiting expansion for each task.
 *
 * It starts at once when the DAG is not paused and has room for it, and otherwise waits behind those that wait. The row
 * of the DAG is locked first, so two at once do not both take the last place. No row comes back where the DAG is unknown
 * or the run id is taken.
 */
export async function insertDagRun(sql: Sql, options: NewDagRun): Promise<DagRunRow | null> {
  const { dataInterval, parsedVersionId = null } = options
  const rows = await sql<DagRunRow[]>`
    with target as materialized (
      select dag.dag_id, dag_version.id as version_id, ${timeoutAt(sql)} as timeout_at,
        ${hasRoom(sql)} and not awaits_parse as has_room, awaits_parse
      from dag
      join dag_version on dag_version.id = coalesce(${parsedVersionId}::bigint, dag.latest_version_id)
      cross join lateral (select dag.is_parsed_first and ${parsedVersionId === null}::boolean as awaits_parse) parse
      where dag.dag_id = ${options.dagId}
      for no key update of dag
    ), run as (
      insert into dag_run (
        dag_id, run_id, dag_version_id, awaits_parse, state, run_type, conf, logical_date, data_interval_start, data_interval_end,
        run_after, started_at, timeout_at, note, triggered_by, triggering_user
      )
      select dag_id, ${options.runId}, version_id, awaits_parse,
        (case when has_room then 'running' else 'queued' end)::dag_run_state, ${options.runType},
        ${JSON.stringify(options.conf)}::text::json, ${options.logicalDate},
        ${dataInterval?.start ?? null}, ${dataInterval?.end ?? null},
        coalesce(${options.logicalDate}, now()), case when has_room then now() end, case when has_room then timeout_at end,
        ${options.note ?? null}, ${options.triggeredBy ?? null}, ${options.triggeringUser ?? null}
      from target
      on conflict (dag_id, run_id) do nothing
      returning *
    ), ${expansionsOfRun(sql)}
    select ${runColumns(sql)} from run
  `
  return rows[0] ?? null
}

/**
 * The CTEs that give each run of the CTE `run` its expansions, unless it waits for a parse. Nothing of a queued run is due
 * before it starts.
 */
export function expansionsOfRun(sql: Sql) {
  return sql`
    expansions as (
      insert into expansion (
        id, dag_run_id, dag_version_id, ordinal, task_id, kind, is_due, is_leaf, decides_run, trigger_rule, priority,
        concurrency, dag_concurrency, max_active_tasks, deferred_max, pool, pool_slots, upstream_total, upstream_setups, gates_left, window_size, page_size, page_bytes_max,
        max_items,
        is_pulling_paused, tolerated_failures
      )
      select
        run.id * 4096 + task.ordinal, run.id, run.dag_version_id, task.ordinal, task.task_id, task.kind,
        run.state = 'running' and (upstreams.total = 0 or task.trigger_rule = 'always'),
        not exists (
          select from edge where edge.dag_version_id = run.dag_version_id and edge.upstream = task.ordinal
        ),
        task.decides_run, task.trigger_rule, task.priority, task.concurrency, task.dag_concurrency,
        dag.max_active_tasks, task.deferred_max, task.pool, task.pool_slots, upstreams.total,
        upstreams.setups, task.gates_above,
        task.window_size, task.page_size, task.page_bytes_max, task.max_items, task.is_paused, task.tolerated_failures
      from run
      join dag on dag.dag_id = run.dag_id
      join task on task.dag_version_id = run.dag_version_id and not run.awaits_parse
      cross join lateral (
        select count(*) as total, count(*) filter (where edge.is_setup) as setups from edge
        where edge.dag_version_id = run.dag_version_id and edge.downstream = task.ordinal
      ) upstreams
    ), positions as (
      insert into stream_position (upstream_id, consumer_id, holds_back)
      select run.id * 4096 + edge.upstream, run.id * 4096 + edge.downstream, edge.holds_back
      from run
      join edge on edge.dag_version_id = run.dag_version_id and edge.kind = 'stream' and not run.awaits_parse
    )
  `
}

/** Whether a DAG has a version that can be run. */
export async function dagExists(sql: Sql, dagId: string): Promise<boolean> {
  const rows = await sql`select from dag where dag_id = ${dagId} and latest_version_id is not null`
  return rows.length > 0
}

/** A run by its DAG and run id. */
export async function selectDagRun(
  sql: Sql,
  options: { dagId: string; runId: string },
): Promise<DagRunRow | null> {
  const rows = await sql<DagRunRow[]>`
    select ${runColumns(sql)} from dag_run where dag_id = ${options.dagId} and run_id = ${options.runId}
  `
  return rows[0] ?? null
}

/** A run by its number. */
export async function selectDagRunById(sql: Sql, dagRunId: string): Promise<DagRunRow | null> {
  const rows = await sql<DagRunRow[]>`select ${runColumns(sql)} from dag_run where id = ${dagRunId}`
  return rows[0] ?? null
}

/** Runs, newest first, before an id. */
export function selectDagRuns(
  sql: Sql,
  options: { dagId?: string; states?: readonly DagRunState[]; before?: string; limit: number },
): Promise<DagRunRow[]> {
  return sql<DagRunRow[]>`
    select ${listedColumns(sql)}
    from dag_run
    where true
      ${options.dagId === undefined ? sql`` : sql`and dag_id = ${options.dagId}`}
      ${options.states === undefined ? sql`` : sql`and state = any(${[...options.states]}::text[]::dag_run_state[])`}
      ${options.before === undefined ? sql`` : sql`and id < ${options.before}`}
    order by id desc
    limit ${options.limit}
  `
}

/**
 * Ends an unfinished run by hand: O(expansions + leases + deferred instances + open pages).
 *
 * Leases become parked offers, so that `resume` knows what was in flight.
 */
export async function cancelDagRun(
  sql: Sql,
  options: { dagRunId: string; note: string; actor: string },
): Promise<boolean> {
  const { note, actor } = options
  const rows = await sql`
    with run as (
      update dag_run
      set state = 'failed', ended_at = now(), note = ${note}, is_cancelled = true
      where id = ${options.dagRunId} and state in ('queued', 'running')
      returning id, dag_id, run_id
    ), noted as (
      ${noteRunEvent(sql, { actor, event: "dag_run_cancelled", detail: { note } })}
    ), ${endRuns(sql)}
  `
  return rows.length > 0
}

/** Fails runs whose time is over, in the way of a cancel; gives their numbers. Reads only what is over. */
export async function timeOutRuns(sql: Sql, limit: number): Promise<string[]> {
  const happening = { actor: "sluice", event: "dag_run_timed_out", detail: { note: timedOutNote } } as const
  const rows = await sql<{ id: string }[]>`
    with over as materialized (
      select id from dag_run
      where state = 'running' and timeout_at is not null and timeout_at <= now()
      order by timeout_at
      limit ${limit}
      for update skip locked
    ), run as (
      update dag_run
      set state = 'failed', ended_at = now(), note = ${timedOutNote}, is_cancelled = true
      from over
      where dag_run.id = over.id
      returning dag_run.id, dag_id, run_id
    ), noted as (
      ${noteRunEvent(sql, happening)}
    ), ${endRuns(sql)}
  `
  return rows.map((row) => row.id)
}

/** Cancels what is unfinished of the runs in the CTE `run`, and gives their ids: the end of a statement. */
function endRuns(sql: Sql) {
  return sql`unfinished as materialized (
      select expansion.id from expansion
      join run on expansion.dag_run_id = run.id
      where expansion.state in ('waiting', 'open', 'draining')
      order by expansion.id
      for update of expansion
    ), stopped as (
      update expansion
      -- The epoch as well: whoever pulled it may not notice before it is resumed, and must not keep what it has let go of.
      set state = 'cancelled', is_due = false, seq = seq + 1, ended_at = now(), epoch = epoch + 1, runner_id = null,
          runner_expires_at = '-infinity'
      from unfinished
      where expansion.id = unfinished.id
      returning expansion.id
    )
    select run.id, (select revoke_leases(array(select id from stopped))) from run
  `
}

/** Whether a run of `dag` that is made now starts at once: nothing waits before it, and there is a place. */
export function hasRoom(sql: Sql) {
  return sql`(not dag.is_paused and dag.queued_runs = 0 and dag.running_runs < dag.max_active_runs)`
}

/** When a run of `dag_version` that begins or goes on now is over its time; null: never. */
export function timeoutAt(sql: Sql) {
  return sql`now() + make_interval(secs => (dag_version.serialized->>'runTimeoutMs')::float8 / 1000)`
}

/** Takes a cancelled run up again where it stood. */
export async function resumeDagRun(sql: Sql, options: { dagRunId: string; actor: string }): Promise<boolean> {
  const { actor } = options
  const rows = await sql`
    with run as (
      update dag_run
      set state = (case when awaits_parse then 'queued' else 'running' end)::dag_run_state, ended_at = null, note = null,
          is_cancelled = false, reopenings = reopenings + 1,
          timeout_at = case when not awaits_parse then ${timeoutAt(sql)} end
      from dag_version
      where dag_run.id = ${options.dagRunId} and state = 'failed' and (is_cancelled or awaits_parse)
        and dag_version.id = dag_run.dag_version_id
      returning dag_run.id, dag_run.dag_id, run_id
    ), noted as (
      ${noteRunEvent(sql, { actor, event: "dag_run_resumed", detail: null })}
    ), revived as (
      update expansion
      set state = (case
            when opened_at is null then 'waiting'
            when is_exhausted then 'draining'
            else 'open'
          end)::expansion_state,
          is_due = true, seq = seq + 1, ended_at = null
      from run
      -- A map that was cancelled by itself stays so.
      where expansion.dag_run_id = run.id and expansion.state = 'cancelled' and not expansion.is_cancelled
      returning expansion.id
    )
    select id, admit(array(select id from revived)) from run
  `
  return rows.length > 0
}

/** Whether instances of a map that has ended follow others that run again: it goes on. What was cancelled does not. */
function hasRepairs(sql: Sql, dagRunId: ReturnType<Sql>) {
  return sql`exists (
        select from repair
        join expansion on expansion.id = repair.expansion_id and expansion.state <> 'cancelled'
        where repair.expansion_id between ${dagRunId} * 4096 and ${dagRunId} * 4096 + 4095
      )`
}

/** What decides whether a run has ended: one look at the unfinished expansions, one at the failed leaves. */
export async function selectRunCounts(
  sql: Sql,
  dagRunId: string,
): Promise<{ hasUnfinished: boolean; leavesFailed: number; reopenings: number }> {
  const rows = await sql<{ hasUnfinished: boolean; leavesFailed: number; reopenings: number }[]>`
    select
      exists (
        select from expansion
        where dag_run_id = ${dagRunId} and state in ('waiting', 'open', 'draining')
      ) or ${hasRepairs(sql, sql`${dagRunId}::bigint`)} as has_unfinished,
      (
        select count(*)::int from expansion
        where id between ${dagRunId}::bigint * 4096 and ${dagRunId}::bigint * 4096 + 4095
          and decides_run and state in ('failed', 'upstream_failed', 'cancelled')
      ) as leaves_failed,
      (select reopenings from dag_run where id = ${dagRunId}) as reopenings
  `
  return rows[0] ?? { hasUnfinished: false, leavesFailed: 0, reopenings: 0 }
}

/** Ends a running run of which nothing is unfinished: a verdict from before a cancel and a resume ends nothing. */
export async function finishDagRun(
  sql: Sql,
  options: { dagRunId: string; state: "success" | "failed"; reopenings: number },
): Promise<boolean> {
  const rows = await sql`
    update dag_run set state = ${options.state}, ended_at = now()
    -- Where it was reopened while this waited for the row, only the row tells: the rest is read as it was before.
    where id = ${options.dagRunId} and state = 'running' and reopenings = ${options.reopenings}
      and not exists (
        select from expansion
        where expansion.dag_run_id = dag_run.id and expansion.state in ('waiting', 'open', 'draining')
      )
      and not ${hasRepairs(sql, sql`dag_run.id`)}
    returning id
  `
  return rows.length > 0
}

/** Running runs without an unfinished expansion. */
export async function selectStalledRuns(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from dag_run
    where state = 'running'
      and not exists (
        select from expansion
        where dag_run_id = dag_run.id and state in ('waiting', 'open', 'draining')
      )
    order by id
    limit ${limit}
  `
  return rows.map((row) => row.id)
}
