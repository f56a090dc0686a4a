import type {
  ExpansionState,
  FailureTolerance,
  FinalExpansionState,
  Gate,
  GateVerdict,
  TriggerRule,
} from "@sluice/core/state"
import type { Decided } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/**
 * Adds the counters of finished pages to their expansions, in one statement; says how many pages, and
 * whether an expansion is due now.
 *
 * A page is folded once: the row lock makes a second folder wait, and then see `folded`.
 */
export async function fold(
  sql: Sql,
  options: { expansionIds: readonly string[] | null; limit: number },
): Promise<{ pages: number; hasDue: boolean }> {
  const mine =
    options.expansionIds === null
      ? sql``
      : sql`and expansion_id = any(${[...options.expansionIds]}::bigint[])`
  const rows = await sql<{ pages: number; isDue: boolean }[]>`
    with finished as materialized (
      select expansion_id, first_index from page
      where not folded and finished = count ${mine}
      order by expansion_id, first_index
      limit ${options.limit}
      for update
    ), marked as (
      update page set folded = true, folded_at = now()
      from finished
      where page.expansion_id = finished.expansion_id and page.first_index = finished.first_index
        and not page.folded
      returning page.expansion_id, page.success, page.failed, page.skipped, page.upstream_failed,
        page.first_ended_at, page.pulls_at_first_end
    ), sums as (
      select expansion_id, count(*)::int as pages, sum(success) as success, sum(failed) as failed,
        sum(skipped) as skipped, sum(upstream_failed) as upstream_failed, min(first_ended_at) as first_ended_at,
        min(pulls_at_first_end) as pulls_at_first_end
      from marked
      group by expansion_id
    )
    update expansion e
    set success = e.success + sums.success,
        failed = e.failed + sums.failed,
        skipped = e.skipped + sums.skipped,
        upstream_failed_instances = e.upstream_failed_instances + sums.upstream_failed,
        first_ended_at = least(e.first_ended_at, sums.first_ended_at),
        pulls_at_first_end = least(e.pulls_at_first_end, sums.pulls_at_first_end),
        seq = e.seq + 1,
        is_due = e.is_due or (
          e.is_exhausted and e.created <= e.success + e.failed + e.skipped + e.upstream_failed_instances
            + sums.success + sums.failed + sums.skipped + sums.upstream_failed
        )
    from sums
    -- What begins anew counts from nothing; its old pages are on their way out.
    where e.id = sums.expansion_id and not e.is_clearing
    returning sums.pages, e.is_due
  `
  return { pages: rows.reduce((total, row) => total + row.pages, 0), hasDue: rows.some((row) => row.isDue) }
}

/** An expansion with the facts to decide on; numbers as text. */
export interface DueRow {
  expansionId: string
  dagRunId: string
  taskId: string
  kind: "task" | "mapped" | "source" | "fused"
  state: ExpansionState
  seq: string
  triggerRule: TriggerRule
  upstreamTotal: number
  upstreamOpened: number
  upstreamSuccess: number
  upstreamFailed: number
  upstreamSkipped: number
  upstreamUpstreamFailed: number
  upstreamSetups: number
  upstreamSetupSuccess: number
  upstreamSetupSkipped: number
  gatesLeft: number
  gateSkips: number
  gateFails: number
  gate: Gate | null
  result: string | null
  isLeaf: boolean
  exhausted: boolean
  streamFailure: "own" | "upstream" | null
  hasRepairs: boolean
  toleratedFailures: FailureTolerance | null
  isStopped: boolean
  failedNow: string | null
  endedNow: string | null
  created: string
  success: string
  failed: string
  skipped: string
  upstreamFailedInstances: string
}

/** Expansions whose facts have changed since they were last decided. */
export function selectDue(sql: Sql, limit: number): Promise<DueRow[]> {
  return sql<DueRow[]>`
    select expansion.id as expansion_id, dag_run_id, expansion.task_id, expansion.kind, expansion.state, seq, expansion.trigger_rule,
      upstream_total, upstream_opened, upstream_success, upstream_failed, upstream_skipped, upstream_upstream_failed,
      upstream_setups, upstream_setup_success, upstream_setup_skipped,
      gates_left, gate_skips, gate_fails, task.gate, own.value::text as result,
      is_leaf, is_exhausted as exhausted, stream_failure, expansion.tolerated_failures, stop_reason is not null as is_stopped,
      exists (select from repair where repair.expansion_id = expansion.id) as has_repairs,
      expansion.failed + open.failed as failed_now,
      success + expansion.failed + skipped + upstream_failed_instances + open.finished as ended_now,
      created, success, expansion.failed, skipped, upstream_failed_instances
    from expansion
    join task on task.dag_version_id = expansion.dag_version_id and task.ordinal = expansion.ordinal
    -- Only of a gate it matters what its instance has returned.
    left join task_instance own on task.gate is not null and expansion.state = 'draining'
      and own.expansion_id = expansion.id and own.map_index = -1
    -- Only a limit on failures asks for how they stand just now.
    left join lateral (
      select coalesce(sum(page.failed), 0) as failed, coalesce(sum(page.finished), 0) as finished
      from page
      where page.expansion_id = expansion.id and not page.folded
    ) open on expansion.tolerated_failures is not null
    where is_due and not is_clearing
    order by expansion.id
    limit ${limit}
  `
}

/** Notes that the facts of an expansion were seen and change nothing. */
export async function noteSeen(
  sql: Sql,
  options: { expansionId: string; seq: string; from: ExpansionState; isWatched?: boolean },
): Promise<boolean> {
  const rows = await sql`
    update expansion set is_due = false, is_watched = ${options.isWatched ?? false}
    where id = ${options.expansionId} and seq = ${options.seq} and state = ${options.from}
    returning id
  `
  return rows.length > 0
}

/** Starts a waiting expansion: an unmapped task gets its one instance, a stream may be pulled; stream readers learn it. */
export async function startExpansion(
  sql: Sql,
  options: { expansionId: string; seq: string; from: ExpansionState; to: "open" | "draining" },
): Promise<boolean> {
  const isInstance = options.to === "draining"
  const rows = await sql`
    with unneeded as materialized (
      -- A fused source whose reader has ended, or read it to its end before it was opened, has nobody who would ever end it.
      select source.kind = 'fused' and not exists (
        select from edge
        join expansion reader on reader.id = source.dag_run_id * 4096 + edge.downstream
        where edge.dag_version_id = source.dag_version_id and edge.upstream = source.ordinal
          and reader.state in ('waiting', 'open', 'draining') and not reader.is_exhausted
      ) as yes
      from expansion source where source.id = ${options.expansionId}
    ), moved as (
      update expansion
      set state = case when unneeded.yes then 'draining' else ${options.to}::expansion_state end,
          is_due = unneeded.yes, seq = seq + 1, opened_at = now(),
          is_exhausted = unneeded.yes or ${isInstance}::boolean, created = expansion.created + ${isInstance ? 1 : 0}::int
      from unneeded
      where id = ${options.expansionId} and seq = ${options.seq} and state = ${options.from}
      returning id, dag_run_id, dag_version_id, ordinal, priority
    ), instance as (
      insert into page (expansion_id, first_index, count, urgency, claimable)
      select id, -1, 1, -priority, true from moved where ${isInstance}::boolean
    ), told as (
      update expansion downstream
      set upstream_opened = downstream.upstream_opened + 1, is_due = true, seq = downstream.seq + 1
      from moved
      join edge on edge.dag_version_id = moved.dag_version_id and edge.upstream = moved.ordinal
        and edge.kind = 'stream'
      where downstream.id = moved.dag_run_id * 4096 + edge.downstream
    )
    select id from moved
  `
  return rows.length > 0
}

/**
 * Ends an expansion and adds its outcome to the counters of each downstream task, in one statement. Says whether one of these
 * waits still.
 */
export async function endExpansion(
  sql: Sql,
  options: {
    expansionId: string
    seq: string
    from: ExpansionState
    to: FinalExpansionState
    verdict?: GateVerdict
  },
): Promise<Decided> {
  const { to, verdict } = options
  const says = (ordinals: readonly number[] | undefined) =>
    ordinals === undefined ? sql`null` : sql`${[...ordinals]}::int[]`
  const rows = await sql<{ isAwaited: boolean }[]>`
    with changed as (
      update expansion
      set state = ${to}, is_due = false, seq = seq + 1, ended_at = now(), runner_expires_at = '-infinity',
          verdict_skips = ${says(verdict?.skips)}, verdict_fails = ${says(verdict?.fails)}
      where id = ${options.expansionId} and seq = ${options.seq} and state = ${options.from}
      returning dag_run_id, dag_version_id, ordinal, opened_at, verdict_skips, verdict_fails
    ), unneeded as (
      -- A fused source that is open when its reader ends has nobody who would ever pull it to its end.
      update expansion source
      set is_exhausted = true, state = 'draining', is_due = true, seq = source.seq + 1
      from changed
      join edge on edge.dag_version_id = changed.dag_version_id and edge.downstream = changed.ordinal
        and edge.kind = 'stream'
      where source.id = changed.dag_run_id * 4096 + edge.upstream
        and source.kind = 'fused' and source.state = 'open'
    ), told as (
      ${tellDownstream(sql, to)}
    )${to === "success" ? mapEvents(sql) : sql``}
    -- In the state in which the update finds it: one that is being decided now has then decided on what it was told.
    select exists (select from told where state = 'waiting') as is_awaited from changed
  `
  return { isDone: rows.length > 0, isAwaited: rows[0]?.isAwaited ?? false }
}

/** An event of each outlet of a mapped task that ends, in the CTE `changed`: its instances' successes are none. */
function mapEvents(sql: Sql) {
  return sql`, emitted as (
      insert into asset_event (asset_id, extra, source_dag_id, source_run_id, source_task_id, source_map_index)
      select asset.id, '{}', dag_run.dag_id, dag_run.run_id, task.task_id, -1
      from changed
      join task on task.dag_version_id = changed.dag_version_id and task.ordinal = changed.ordinal
        and task.kind = 'mapped' and task.outlets <> '{}'
      join dag_run on dag_run.id = changed.dag_run_id
      cross join unnest(task.outlets) as outlet (name)
      join asset on asset.name = outlet.name
    )`
}

/**
 * Adds how the expansions in the CTE `changed` have ended to the counters of each downstream task, and what they say as
 * gates to those of their targets: one update, since a row is changed once in a statement.
 */
export function tellDownstream(sql: Sql, to: FinalExpansionState) {
  return sql`
      update expansion downstream
      set upstream_success = downstream.upstream_success + ${to === "success" ? 1 : 0}::int * reader.edges,
          upstream_failed = downstream.upstream_failed + ${to === "failed" || to === "cancelled" ? 1 : 0}::int * reader.edges,
          upstream_skipped = downstream.upstream_skipped + ${to === "skipped" ? 1 : 0}::int * reader.edges,
          upstream_upstream_failed = downstream.upstream_upstream_failed
            + ${to === "upstream_failed" ? 1 : 0}::int * reader.edges,
          upstream_setup_success = downstream.upstream_setup_success + ${to === "success" ? 1 : 0}::int * reader.setups,
          upstream_setup_skipped = downstream.upstream_setup_skipped + ${to === "skipped" ? 1 : 0}::int * reader.setups,
          gates_left = downstream.gates_left - reader.gates,
          gate_skips = downstream.gate_skips + reader.skips,
          gate_fails = downstream.gate_fails + reader.fails,
          -- Counted even where it has started or ended: it may begin anew, and must then know.
          is_due = downstream.is_due or downstream.state = 'waiting', seq = downstream.seq + 1
      from (
        select id, sum(edges)::int as edges, sum(setups)::int as setups, sum(gates)::int as gates, sum(skips)::int as skips, sum(fails)::int as fails
        from (
          select changed.dag_run_id * 4096 + edge.downstream as id, 1 as edges, edge.is_setup::int as setups, 0 as gates, 0 as skips, 0 as fails
          from changed
          join edge on edge.dag_version_id = changed.dag_version_id and edge.upstream = changed.ordinal
            and (edge.kind = 'complete' or changed.opened_at is null)
          union all
          select changed.dag_run_id * 4096 + target, 0, 0, 1, (target = any(changed.verdict_skips))::int,
            (target = any(changed.verdict_fails))::int
          from changed
          join gate_target on gate_target.dag_version_id = changed.dag_version_id and gate_target.gate = changed.ordinal
          where changed.verdict_skips is not null
        ) told
        group by id
      ) reader
      where downstream.id = reader.id
      returning downstream.state
  `
}
