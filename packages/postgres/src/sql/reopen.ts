import type { Json } from "@sluice/core"
import type { RewoundLoop } from "@sluice/core/store"
import { timeoutAt } from "./dag-run.ts"
import type { Sql } from "./row.ts"

/** What was moved, by expansion id. */
interface Reopened {
  readonly reopened: string[]
  readonly reset: string[]
}

/** An expansion that was moved, and where to. */
interface MovedRow {
  id: string
  isReset: boolean
}

/**
 * Lets the ended expansions of a run go on of which instances were taken back; with `resetsDownstream` whatever waits for
 * their ends, and has started, begins anew.
 */
export function reopenRun(
  sql: Sql,
  options: {
    dagRunId: string
    resetsDownstream: boolean
    readAnew: readonly string[]
    rewound?: readonly RewoundLoop[]
  },
): Promise<Reopened> {
  return reopen(sql, { rewound: [], ...options, extended: null })
}

/**
 * Opens the named streams of an ended run again where they can be gone on from, all of them or none; whatever waits for
 * their ends, and has started, begins anew.
 */
export function extendStreams(
  sql: Sql,
  { dagRunId, ...extended }: { dagRunId: string } & ExtendedStreams,
): Promise<Reopened> {
  return reopen(sql, { dagRunId, resetsDownstream: true, readAnew: [], rewound: [], extended })
}

/** Streams that are to go on, and what the event log says of it. */
interface ExtendedStreams {
  readonly expansionIds: readonly string[]
  /** The one that was asked for. */
  readonly expansionId: string
  readonly actor: string
  readonly detail: Json
}

/** Which of a run's ended expansions go on: those of which instances were taken back, or the named ones, if all of them can. */
function goingOn(sql: Sql, extended: ExtendedStreams | null) {
  if (extended === null) return sql`select * from stood where is_ended and has_unfinished`
  const ids = sql`${[...extended.expansionIds]}::bigint[]`
  return sql`
      select * from stood
      where id = any(${ids}) and (
        select count(*) from stood where id = any(${ids}) and is_ended and can_go_on
      ) = cardinality(${ids})`
}

/** Writes what was done to a run's streams, if anything was. */
function noteExtension(sql: Sql, { expansionId, actor, detail }: ExtendedStreams) {
  return sql`, noted as (
      insert into event_log (dag_id, dag_run_id, run_id, expansion_id, task_id, actor, event, detail)
      select dag_run.dag_id, dag_run.id, dag_run.run_id, e.id, e.task_id, ${actor}, 'extended',
        ${JSON.stringify(detail)}::text::json
      from expansion e
      join dag_run on dag_run.id = e.dag_run_id
      where e.id = ${expansionId} and exists (select from moving)
    )`
}

/** Writes in which loops was gone back, if anything was done. */
function noteRewound(sql: Sql, rewound: readonly RewoundLoop[]) {
  const columns = rewound.map(({ detail, ...loop }) => ({ ...loop, detail: JSON.stringify(detail) }))
  return sql`, noted as (
      insert into event_log (dag_id, dag_run_id, run_id, expansion_id, task_id, actor, event, detail)
      select dag_run.dag_id, dag_run.id, dag_run.run_id, e.id, e.task_id, asked.actor, asked.event, asked.detail::json
      from unnest(
        ${columns.map((one) => one.expansionId)}::bigint[], ${columns.map((one) => one.actor)}::text[],
        ${columns.map((one) => one.event)}::text[], ${columns.map((one) => one.detail)}::text[]
      ) as asked (expansion_id, actor, event, detail)
      join expansion e on e.id = asked.expansion_id
      join dag_run on dag_run.id = e.dag_run_id
      where exists (select from moving)
    )`
}

/**
 * One statement, O(tasks): the run's expansions are locked first, so that what is read of them is how they stand. What a
 * task has told its downstream is taken back as a difference, since others may tell theirs meanwhile. A map that begins
 * anew takes the source along that it pulls itself, and work the setups that were undone, with their teardowns; what was
 * cancelled by hand stays so.
 *
 * A step of a loop that is rewound keeps its first pages, of one item each, unless something else has it begin anew as a
 * whole. Pages are locked before expansions, as a fold does it: those that go, and those that no fold has counted yet,
 * which are counted here, since no fold counts in what is being cleared.
 */
async function reopen(
  sql: Sql,
  options: {
    dagRunId: string
    resetsDownstream: boolean
    readAnew: readonly string[]
    rewound: readonly RewoundLoop[]
    extended: ExtendedStreams | null
  },
): Promise<Reopened> {
  const { extended, rewound } = options
  const steps = rewound.flatMap(({ expansionIds, fromIndex }) =>
    expansionIds.map((id) => ({ id, fromIndex })),
  )
  const runStates = extended === null ? ["running", "success", "failed"] : ["success", "failed"]
  const isExtended = sql`(${extended !== null}::boolean and moving.is_reset is false)`
  const rows = await sql<MovedRow[]>`
    with recursive run as materialized (
      select id from dag_run
      where id = ${options.dagRunId} and state = any(${runStates}::text[]::dag_run_state[]) and not is_cancelled
      for update
    ), rewound as materialized (
      select asked.id, (asked.id % 4096)::int as ordinal, min(asked.from_index) as from_index
      from run
      join unnest(${steps.map((step) => step.id)}::bigint[], ${steps.map((step) => step.fromIndex)}::bigint[])
        as asked (id, from_index) on asked.id between run.id * 4096 and run.id * 4096 + 4095
      group by asked.id
    ), paged as materialized (
      select page.expansion_id, page.first_index, page.folded, page.success, page.failed, page.skipped,
        page.upstream_failed, page.first_index < rewound.from_index as is_kept
      from rewound
      join page on page.expansion_id = rewound.id and (page.first_index >= rewound.from_index or not page.folded)
      order by page.expansion_id, page.first_index
      for update of page
    ), stood as materialized (
      select e.id, e.ordinal, e.task_id, e.dag_version_id, e.kind, e.state, e.opened_at is not null as is_opened,
        e.state in ('success', 'failed', 'skipped', 'upstream_failed') as is_ended,
        e.state not in ('waiting', 'cancelled') as has_started,
        e.verdict_skips, e.verdict_fails,
        e.is_exhausted and e.stream_failure is null and e.stopped_by is null as can_go_on,
        e.kind in ('task', 'mapped')
          and (
            e.created > e.success + e.failed + e.skipped + e.upstream_failed_instances
            or exists (select from repair where repair.expansion_id = e.id)
          ) as has_unfinished
      from run
      join expansion e on e.id between run.id * 4096 and run.id * 4096 + 4095
      where (select count(*) from paged) >= 0
      order by e.id
      for update of e
    ), taken_back as materialized (
      ${goingOn(sql, extended)}
    ), undone as materialized (
      -- The work of setups that a teardown has undone, or is about to: it needs them again.
      select gate_target.target, edge.upstream as setup, edge.downstream as teardown
      from stood teardown
      join edge on edge.dag_version_id = teardown.dag_version_id and edge.downstream = teardown.ordinal
        and edge.is_setup and edge.is_teardown
      join stood setup on setup.ordinal = edge.upstream and setup.has_started
      join gate_target on gate_target.dag_version_id = setup.dag_version_id and gate_target.gate = setup.ordinal
      where teardown.has_started and ${extended === null}::boolean
    ), looped as materialized (
      -- Where a task of a loop begins anew, so does what the loop goes round with.
      select step.ordinal, source.ordinal as source
      from (select distinct dag_version_id from stood) version
      join dag_version on dag_version.id = version.dag_version_id
      cross join json_array_elements(dag_version.serialized->'loops') as loop (said)
      join stood source on source.task_id = loop.said->>'iterations'
      cross join json_array_elements_text(loop.said->'body') as body (task_id)
      join stood step on step.task_id = body.task_id
    ), below as (
      (
        select edge.downstream as ordinal, true as spreads, true as is_whole
        from taken_back
        join edge on edge.dag_version_id = taken_back.dag_version_id and edge.upstream = taken_back.ordinal
          and edge.kind = 'complete'
        where ${options.resetsDownstream}::boolean
        union all
        select taken_back.ordinal, ${options.resetsDownstream}::boolean, true
        from taken_back
        join undone on undone.target = taken_back.ordinal
        union all
        select gate_target.target, true, true
        from taken_back
        join gate_target on gate_target.dag_version_id = taken_back.dag_version_id and gate_target.gate = taken_back.ordinal
        where ${options.resetsDownstream}::boolean
        union all
        select rewound.ordinal, true, false from rewound
        union all
        select edge.downstream, true, true
        from stood
        join edge on edge.dag_version_id = stood.dag_version_id and edge.upstream = stood.ordinal
          and edge.kind = 'stream'
        where stood.id = any(${[...options.readAnew]}::bigint[])
      )
      union
      select next.ordinal, next.spreads,
        below.is_whole or not exists (select from rewound where rewound.ordinal = next.ordinal)
      from below
      join stood on stood.ordinal = below.ordinal and stood.has_started
      cross join lateral (
        -- Those that started, or did not, because of it.
        select edge.downstream as ordinal, true as spreads from edge
        where edge.dag_version_id = stood.dag_version_id and edge.upstream = stood.ordinal
          and below.spreads and (stood.is_ended or (edge.kind = 'stream' and stood.is_opened))
        union all
        select looped.source, true from looped where looped.ordinal = stood.ordinal and below.spreads
        union all
        select gate_target.target, true from gate_target
        where below.spreads and gate_target.dag_version_id = stood.dag_version_id and gate_target.gate = stood.ordinal and stood.is_ended
        union all
        select unnest(array[undone.setup, undone.teardown]), false from undone where undone.target = below.ordinal
        union all
        select source.ordinal, false from edge
        join stood source on source.ordinal = edge.upstream and source.kind = 'fused'
        where edge.dag_version_id = stood.dag_version_id and edge.downstream = stood.ordinal
          and edge.kind = 'stream'
      ) next
    ), moving as materialized (
      select stood.*, true as is_reset from stood
      where stood.has_started and exists (select from below where below.ordinal = stood.ordinal)
      union all
      select taken_back.*, false from taken_back
      where not exists (select from below where below.ordinal = taken_back.ordinal)
    ), kept as materialized (
      select rewound.id, rewound.ordinal, least(rewound.from_index, e.next_index) as from_index, gone.*
      from rewound
      join stood on stood.ordinal = rewound.ordinal
      join expansion e on e.id = rewound.id
      cross join lateral (
        select coalesce(sum(paged.success * sign), 0) as success, coalesce(sum(paged.failed * sign), 0) as failed,
          coalesce(sum(paged.skipped * sign), 0) as skipped,
          coalesce(sum(paged.upstream_failed * sign), 0) as upstream_failed
        from paged
        cross join lateral (select case when is_kept then -1 when folded then 1 else 0 end as sign) signed
        where paged.expansion_id = rewound.id
      ) gone
      where not exists (select from below where below.ordinal = rewound.ordinal and below.is_whole)
    ), counted as (
      update page set folded = true
      from paged
      join kept on kept.id = paged.expansion_id
      where paged.is_kept and page.expansion_id = paged.expansion_id and page.first_index = paged.first_index
    ), untold as (
      select ordinal, sum(success)::int as success, sum(failed)::int as failed, sum(skipped)::int as skipped,
        sum(upstream_failed)::int as upstream_failed, sum(setup_success)::int as setup_success,
        sum(setup_skipped)::int as setup_skipped, sum(opened)::int as opened, sum(gates)::int as gates,
        sum(gate_skips)::int as gate_skips, sum(gate_fails)::int as gate_fails
      from (
        select edge.downstream as ordinal,
          (is_told_end and moving.state = 'success')::int as success,
          (is_told_end and moving.state = 'failed')::int as failed,
          (is_told_end and moving.state = 'skipped')::int as skipped,
          (is_told_end and moving.state = 'upstream_failed')::int as upstream_failed,
          (is_told_end and edge.is_setup and moving.state = 'success')::int as setup_success,
          (is_told_end and edge.is_setup and moving.state = 'skipped')::int as setup_skipped,
          (not is_told_end and moving.is_reset and edge.kind = 'stream')::int as opened,
          0 as gates, 0 as gate_skips, 0 as gate_fails
        from moving
        join edge on edge.dag_version_id = moving.dag_version_id and edge.upstream = moving.ordinal
        cross join lateral (
          select moving.is_ended and (edge.kind = 'complete' or not moving.is_opened) as is_told_end
        ) told
        where is_told_end or (moving.is_reset and edge.kind = 'stream' and moving.is_opened)
        union all
        select target, 0, 0, 0, 0, 0, 0, 0, 1, (target = any(moving.verdict_skips))::int,
          (target = any(moving.verdict_fails))::int
        from moving
        join gate_target on gate_target.dag_version_id = moving.dag_version_id and gate_target.gate = moving.ordinal
        where moving.verdict_skips is not null
      ) told
      group by ordinal
    ), moved as (
      update expansion e
      set upstream_success = e.upstream_success - coalesce(untold.success, 0),
          upstream_failed = e.upstream_failed - coalesce(untold.failed, 0),
          upstream_skipped = e.upstream_skipped - coalesce(untold.skipped, 0),
          upstream_upstream_failed = e.upstream_upstream_failed - coalesce(untold.upstream_failed, 0),
          upstream_setup_success = e.upstream_setup_success - coalesce(untold.setup_success, 0),
          upstream_setup_skipped = e.upstream_setup_skipped - coalesce(untold.setup_skipped, 0),
          upstream_opened = e.upstream_opened - coalesce(untold.opened, 0),
          gates_left = e.gates_left + coalesce(untold.gates, 0),
          gate_skips = e.gate_skips - coalesce(untold.gate_skips, 0),
          gate_fails = e.gate_fails - coalesce(untold.gate_fails, 0),
          verdict_skips = case when moving.ordinal is null then e.verdict_skips end,
          verdict_fails = case when moving.ordinal is null then e.verdict_fails end,
          seq = e.seq + 1,
          state = case when moving.is_reset then 'waiting' when ${isExtended} then 'open'
            when moving.ordinal is not null then 'draining' else e.state end,
          ended_at = case when moving.ordinal is null then e.ended_at end,
          -- What is run again shall run: a limit counts anew.
          stop_reason = case when moving.ordinal is null then e.stop_reason end,
          is_watched = e.is_watched and moving.ordinal is null,
          is_due = e.is_due and moving.is_reset is not true,
          generation = e.generation + coalesce(moving.is_reset, false)::int,
          is_clearing = e.is_clearing or coalesce(moving.is_reset, false),
          -- Whoever pulled it last may still send what was refused when the stream had ended.
          epoch = e.epoch + (moving.is_reset is true or ${isExtended} is true)::int,
          runner_id = case when moving.is_reset then null else e.runner_id end,
          runner_expires_at = case when moving.is_reset then '-infinity' else e.runner_expires_at end,
          clear_from = case when moving.is_reset then coalesce(kept.from_index, -1) else e.clear_from end,
          cursor = case when moving.is_reset then kept.from_index::text when ${isExtended} then e.resume_cursor else e.cursor end,
          resume_cursor = case when moving.is_reset then null else e.resume_cursor end,
          resume_skip = case when moving.is_reset then 0 else e.resume_skip end,
          stopped_by = case when moving.is_reset then null else e.stopped_by end,
          next_index = case when moving.is_reset then coalesce(kept.from_index, 0) else e.next_index end,
          pulls = case when moving.is_reset then 0 else e.pulls end,
          pages = case when moving.is_reset then coalesce(kept.from_index, 0) else e.pages end,
          is_exhausted = e.is_exhausted and moving.is_reset is not true and ${isExtended} is not true,
          pull_failures = case when moving.is_reset then 0 else e.pull_failures end,
          pull_after = case when moving.is_reset then '-infinity' else e.pull_after end,
          stream_failure = case when moving.is_reset then null else e.stream_failure end,
          stream_error = case when moving.is_reset then null else e.stream_error end,
          created = case when moving.is_reset then coalesce(kept.from_index, 0) else e.created end,
          duplicates = case when moving.is_reset then 0 else e.duplicates end,
          success = case when moving.is_reset then coalesce(e.success - kept.success, 0) else e.success end,
          failed = case when moving.is_reset then coalesce(e.failed - kept.failed, 0) else e.failed end,
          skipped = case when moving.is_reset then coalesce(e.skipped - kept.skipped, 0) else e.skipped end,
          upstream_failed_instances = case when moving.is_reset then coalesce(e.upstream_failed_instances - kept.upstream_failed, 0) else e.upstream_failed_instances end,
          unfinished_peak = case when moving.is_reset then 0 else e.unfinished_peak end,
          first_ended_at = case when moving.is_reset then null else e.first_ended_at end,
          pulls_at_first_end = case when moving.is_reset then null else e.pulls_at_first_end end,
          opened_at = case when moving.is_reset then null else e.opened_at end
      from stood
      left join moving on moving.ordinal = stood.ordinal
      left join untold on untold.ordinal = stood.ordinal
      left join kept on kept.ordinal = stood.ordinal
      where e.id = stood.id and (moving.ordinal is not null or untold.ordinal is not null)
      returning e.id
    ), revoked as (
      delete from lease using moving where moving.is_reset and lease.expansion_id = moving.id
    ), positions as (
      update stream_position set consumed = least(stream_position.consumed, coalesce(kept.from_index, 0))
      from moving
      left join kept on kept.ordinal = moving.ordinal
      where moving.is_reset and stream_position.consumer_id = moving.id
    ), repaired as (
      delete from repair using moving
      where moving.is_reset and repair.expansion_id = moving.id
    ), going as (
      update dag_run
      set state = 'running', ended_at = null, reopenings = reopenings + 1,
          -- As when it is resumed: the time that a run may take is not what lies between its end and now.
          timeout_at = case when dag_run.state = 'running' then dag_run.timeout_at else ${timeoutAt(sql)} end
      from run, dag_version
      where dag_run.id = run.id and dag_version.id = dag_run.dag_version_id and exists (select from moving)
    )${extended === null ? sql`` : noteExtension(sql, extended)}${rewound.length === 0 ? sql`` : noteRewound(sql, rewound)}
    select id, is_reset, admit(array(select id from moved)) from moving order by id
  `
  const ids = (isReset: boolean) => rows.filter((row) => row.isReset === isReset).map((row) => row.id)
  return { reopened: ids(false), reset: ids(true) }
}

/**
 * Removes the first pages of an expansion that begins anew, with their instances, from where it begins; it may start once
 * nothing of these is left. Says whether there was anything to do.
 *
 * Another that removes from the same expansion is passed over, so no two wait for each other.
 */
export async function clearPages(sql: Sql, limit: number): Promise<boolean> {
  const rows = await sql`
    with target as materialized (
      select id, clear_from from expansion where is_clearing order by id limit 1 for update skip locked
    ), cleared as materialized (
      select page.expansion_id, page.first_index, page.count, page.keys
      from target
      join page on page.expansion_id = target.id and page.first_index >= target.clear_from
      order by page.first_index
      limit ${limit}
      for update of page
    ), instances as (
      delete from task_instance using cleared
      where task_instance.expansion_id = cleared.expansion_id
        and task_instance.map_index between cleared.first_index and cleared.first_index + cleared.count - 1
      returning task_instance.*
    ), archived as (
      insert into task_try (expansion_id, map_index, try_number, started_at, ended_at, state, error)
      select expansion_id, map_index, try_number, started_at, ended_at, state, error
      from instances
      where try_number > 0 and state in ('success', 'failed', 'skipped')
    ), pushed as (
      delete from xcom using cleared
      where xcom.expansion_id = cleared.expansion_id
        and xcom.map_index between cleared.first_index and cleared.first_index + cleared.count - 1
    ), origins as (
      delete from gap_origin using target where gap_origin.expansion_id = target.id
    ), named as (
      delete from item_key using cleared
      where item_key.expansion_id = cleared.expansion_id and item_key.key = any(cleared.keys)
    ), offers as (
      delete from offer using cleared
      where offer.expansion_id = cleared.expansion_id
        and offer.first_index between cleared.first_index and cleared.first_index + cleared.count - 1
    ), waiting as (
      -- Passed over is one that is just firing: it offers nothing in an expansion that begins anew.
      delete from trigger where id in (
        select trigger.id from cleared
        join trigger on trigger.expansion_id = cleared.expansion_id
          and trigger.map_index between cleared.first_index and cleared.first_index + cleared.count - 1
        for update of trigger skip locked
      )
    ), gone as (
      delete from page using cleared
      where page.expansion_id = cleared.expansion_id and page.first_index = cleared.first_index
    )
    update expansion
    set base_try = greatest(base_try, (select max(try_number) from instances)),
        is_clearing = (select count(*) from cleared) = ${limit}::int,
        is_due = (select count(*) from cleared) < ${limit}::int,
        seq = seq + 1
    from target
    where expansion.id = target.id
    returning expansion.id
  `
  return rows.length > 0
}
