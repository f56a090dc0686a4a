import type { Deferral, EmittedAssetEvent, PushedXCom } from "@sluice/core/host"
import type { TriggerSpec } from "@sluice/core/dag"
import type { RecordedException } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/** What `complete` tells of the lease it shrank. */
export interface CompletedRow {
  remaining: number
  isPageFinished: boolean
  isExhausted: boolean
  isDue: boolean
  isWatched: boolean
}

/**
 * Records that every instance of a whole lease succeeded: one row each, in one statement, only while the lease holds.
 *
 * This is the hot path: a plain insert, no conflict clause (it would cost a second log record a row), results
 * passed on as the text they came in.
 */
export async function completeWhole(
  sql: Sql,
  options: { workerId: string; leaseId: string; values: string },
): Promise<CompletedRow | null> {
  const rows = await sql<CompletedRow[]>`
    with held as materialized (
      delete from lease using expansion
      where lease.id = ${options.leaseId} and lease.worker_id = ${options.workerId}
        and lease.remaining = lease.count and expansion.id = lease.expansion_id and expansion.state in ('open', 'draining')
      returning lease.expansion_id, lease.page_first, lease.first_index, lease.count, lease.try_number,
        lease.claimed_at, expansion.pulls, expansion.is_exhausted, expansion.is_watched
    ), recorded as (
      insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number, value)
      select held.expansion_id, held.first_index + outcome.place - 1, held.claimed_at, now(), 'success',
        held.try_number, outcome.value
      from held, json_array_elements(${options.values}::text::json) with ordinality as outcome (value, place)
    )
    update page
    set success = page.success + held.count, finished = page.finished + held.count,
        first_ended_at = coalesce(page.first_ended_at, now()),
        pulls_at_first_end = coalesce(page.pulls_at_first_end, held.pulls)
    from held
    where page.expansion_id = held.expansion_id and page.first_index = held.page_first
    returning 0 as remaining, page.finished = page.count as is_page_finished, held.is_exhausted, false as is_due,
      held.is_watched
  `
  return rows[0] ?? null
}

/** Outcomes of some instances of a lease. */
export interface PartOptions {
  workerId: string
  leaseId: string
  isRetry: boolean
  remainingBefore: number
  indexes: readonly number[]
  values: string
  startedMs: readonly number[]
  endedMs: readonly number[]
  exceptions: readonly RecordedException[]
  xcoms: readonly PushedXCom[]
  assetEvents: readonly EmittedAssetEvent[]
  leaseSeconds: number
}

/**
 * Records outcomes of some instances of a lease, of whatever kind, only while the lease holds.
 *
 * A row that waits for a retry, or to be resumed, is updated; any other row that is there already stays, and would be a bug.
 * The lease shrinks by what was recorded, and is gone with its last instance.
 */
export async function completePart(sql: Sql, options: PartOptions): Promise<CompletedRow | null> {
  const { exceptions } = options
  const count = (state: string) => exceptions.filter((exception) => exception.state === state).length
  const [failed, skipped, retried] = [count("failed"), count("skipped"), count("up_for_retry")]
  const deferrals = exceptions.flatMap(({ mapIndex, deferral }) =>
    deferral ? { mapIndex, ...deferral } : [],
  )
  const success = options.indexes.length
  const finished = success + failed + skipped
  const done = finished + retried + deferrals.length
  const { isRetry } = options
  const counts = { success, failed, skipped, finished }
  // What may need the scheduler, or leaves an offer: then the expansion is locked first.
  const touched = failed + retried + deferrals.length
  const rows = await sql<CompletedRow[]>`
    with ${touched === 0 ? sql`` : alarmedHome(sql, options, failed > 0)}held as materialized (
      select lease.id, lease.expansion_id, lease.page_first, lease.remaining, lease.try_number, lease.base_try, lease.claimed_at,
        lease.is_isolated, expansion.pulls, expansion.is_exhausted, expansion.is_watched${touched === 0 ? sql`` : sql`, home.is_claimable`}
      from lease
      ${touched === 0 ? sql`` : sql`join home on home.id = lease.expansion_id`}
      join expansion on expansion.id = lease.expansion_id and expansion.state in ('open', 'draining')
      where lease.id = ${options.leaseId} and lease.worker_id = ${options.workerId}
        and lease.remaining = ${options.remainingBefore} and lease.is_retry = ${isRetry}::boolean
        ${touched === 0 ? sql`` : sql`and (select count(*) from alarmed) >= 0`}
      for update of lease
    ), outcome as (
      select o.map_index, 'success' as state, o.value, null::text as error, o.started_ms, o.ended_ms
      from rows from (
        unnest(${[...options.indexes]}::bigint[]),
        json_array_elements(${options.values}::text::json),
        unnest(${[...options.startedMs]}::int[]),
        unnest(${[...options.endedMs]}::int[])
      ) as o (map_index, value, started_ms, ended_ms)
      union all
      select x.map_index, x.state, null, x.error, x.started_ms, x.ended_ms
      from ${exceptionRows(sql, exceptions)}
    ), recorded as (
      insert into task_instance (
        expansion_id, map_index, started_at, ended_at, state, try_number, value, error
      )
      select held.expansion_id, outcome.map_index,
        held.claimed_at + make_interval(secs => coalesce(outcome.started_ms, 0) / 1000.0),
        case when outcome.ended_ms is null then now()
          else held.claimed_at + make_interval(secs => outcome.ended_ms / 1000.0) end,
        outcome.state::task_instance_state, held.try_number, outcome.value, outcome.error::json
      from held, outcome
      on conflict (expansion_id, map_index) do update
      set started_at = excluded.started_at, ended_at = excluded.ended_at, state = excluded.state,
          try_number = excluded.try_number, value = excluded.value, error = excluded.error
      where task_instance.state in ('up_for_retry', 'scheduled')
    )${retried === 0 ? sql`` : retryRows(sql, { exceptions, isRetry })}${deferralRows(sql, { deferrals, isRetry })}${xcomRows(sql, options.xcoms)}${assetEventRows(sql, options.assetEvents)}, shrunk as (
      update lease
      set remaining = lease.remaining - ${done}::int,
          expires_at = now() + make_interval(secs => ${options.leaseSeconds})${isRetry ? sql`, ended = lease.ended || ${endedIn(options)}::bigint[]` : sql``}
      from held
      where lease.id = held.id and lease.remaining > ${done}::int
    ), gone as (
      delete from lease using held where lease.id = held.id and lease.remaining <= ${done}::int
    )${isRetry ? sql`` : pageCounted(sql, counts)}
    select held.remaining - ${done}::int as remaining,
      ${isRetry ? pagesCounted(sql, options) : sql`coalesce((select is_finished from paged), false)`} as is_page_finished,
      held.is_exhausted, held.is_watched,
      ${touched === 0 ? sql`false` : sql`exists (select from alarmed)`} as is_due
    from held
  `
  return rows[0] ?? null
}

function endedIn({ indexes, exceptions }: PartOptions): number[] {
  return [...indexes, ...exceptions.map((exception) => exception.mapIndex)]
}

/** Counts what ended in the page of a range. */
function pageCounted(
  sql: Sql,
  {
    success,
    failed,
    skipped,
    finished,
  }: { success: number; failed: number; skipped: number; finished: number },
) {
  return sql`, paged as (
      update page
      set success = page.success + ${success}::int, failed = page.failed + ${failed}::int, skipped = page.skipped + ${skipped}::int,
          finished = page.finished + ${finished}::int,
          first_ended_at = case when ${finished > 0} then coalesce(page.first_ended_at, now()) else page.first_ended_at end,
          pulls_at_first_end = case when ${finished > 0} then coalesce(page.pulls_at_first_end, held.pulls)
            else page.pulls_at_first_end end
      from held
      where page.expansion_id = held.expansion_id and page.first_index = held.page_first
      returning page.finished = page.count as is_finished
    )`
}

/** Counts what ended of instances that were each offered by themselves, in their pages. */
function pagesCounted(sql: Sql, { indexes, exceptions }: PartOptions) {
  const of = (...states: string[]) =>
    exceptions.filter(({ state }) => states.includes(state)).map(({ mapIndex }) => mapIndex)
  return sql`count_ended(
      held.expansion_id, held.pulls, ${[...indexes]}::bigint[], ${of("failed")}::bigint[], ${of("skipped")}::bigint[]
    )`
}

/** The page of an instance of the lease in `held`. */
function homePage(sql: Sql, isRetry: boolean, index: ReturnType<Sql>) {
  return isRetry ? sql`page_of(held.expansion_id, ${index})` : sql`held.page_first`
}

/**
 * Locks the expansion before the lease and the page, and tells the scheduler where it has to look: at failures that have
 * a limit, at the retry of a map that was stopped. Nothing of this is done where everything succeeded.
 */
function alarmedHome(sql: Sql, options: { workerId: string; leaseId: string }, hasFailed: boolean) {
  return sql`home as materialized (
      ${homeOf(sql, options)}
    ), alarmed as (
      update expansion
      set is_due = true, seq = seq + 1,
          is_watched = is_watched or (${hasFailed}::boolean and tolerated_failures->>'ratio' is not null)
      from home
      where expansion.id = home.id and home.is_running and (home.is_stopped or (${hasFailed}::boolean and home.is_limited))
      returning expansion.id
    ), `
}

function exceptionRows(sql: Sql, exceptions: readonly RecordedException[]) {
  return sql`unnest(
    ${exceptions.map((x) => x.mapIndex)}::bigint[],
    ${exceptions.map((x) => x.state)}::text[],
    ${exceptions.map((x) => (x.error === null ? null : JSON.stringify(x.error))) as string[]}::text[],
    ${exceptions.map((x) => x.startedMs)}::int[],
    ${exceptions.map((x) => x.endedMs)}::int[],
    ${exceptions.map((x) => (x.retryDelayMs ?? 0) / 1000)}::float8[]
  ) as x (map_index, state, error, started_ms, ended_ms, delay_seconds)`
}

function retryRows(
  sql: Sql,
  { exceptions, isRetry }: { exceptions: readonly RecordedException[]; isRetry: boolean },
) {
  return sql`, tried as (
      insert into task_try (expansion_id, map_index, try_number, started_at, ended_at, state, error)
      select held.expansion_id, x.map_index, held.try_number,
        held.claimed_at + make_interval(secs => x.started_ms / 1000.0),
        held.claimed_at + make_interval(secs => x.ended_ms / 1000.0), 'failed', x.error::json
      from held, ${exceptionRows(sql, exceptions)}
      where x.state = 'up_for_retry'
    ), offered as (
      insert into offer (
        expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
      )
      select held.expansion_id, x.map_index, 1, ${homePage(sql, isRetry, sql`x.map_index`)}, now() + make_interval(secs => x.delay_seconds),
        held.try_number + 1, held.base_try, true, held.is_isolated, not held.is_claimable
      from held, ${exceptionRows(sql, exceptions)}
      where x.state = 'up_for_retry'
    )`
}

function deferralRows(
  sql: Sql,
  {
    deferrals,
    isRetry,
  }: { deferrals: readonly (Deferral & { readonly mapIndex: number })[]; isRetry: boolean },
) {
  if (deferrals.length === 0) return sql``
  const secondsOf = (ms: number | null) => (ms === null ? null : ms / 1000)
  const ofKind = <K extends TriggerSpec["kind"], A>(
    kind: K,
    read: (spec: Extract<TriggerSpec, { kind: K }>) => A,
  ) =>
    deferrals.map(({ trigger }) =>
      trigger.kind === kind ? read(trigger as Extract<TriggerSpec, { kind: K }>) : null,
    )
  return sql`, deferred as (
      insert into trigger (
        expansion_id, map_index, page_first, try_number, base_try, spec, resume, state, fire_at, timeout_at, run_dag_id, run_id,
        is_watched
      )
      select held.expansion_id, d.map_index, ${homePage(sql, isRetry, sql`d.map_index`)}, held.try_number, held.base_try, d.spec::json, d.resume, d.state::json,
        coalesce(to_timestamp(d.at_seconds), now() + make_interval(secs => d.delay_seconds)),
        now() + make_interval(secs => d.timeout_seconds), d.run_dag_id, d.run_id,
        coalesce(d.at_seconds, d.delay_seconds) is null and d.run_id is null
      from held, unnest(
        ${deferrals.map((d) => d.mapIndex)}::bigint[], ${deferrals.map((d) => JSON.stringify(d.trigger))}::text[],
        ${deferrals.map((d) => d.resume)}::text[], ${deferrals.map((d) => d.state)}::text[],
        ${ofKind("time", (spec) => secondsOf(spec.at)) as number[]}::float8[],
        ${ofKind("delay", (spec) => secondsOf(spec.ms)) as number[]}::float8[],
        ${deferrals.map((d) => secondsOf(d.timeoutMs)) as number[]}::float8[],
        ${ofKind("run", (spec) => spec.dagId) as string[]}::text[],
        ${ofKind("run", (spec) => spec.runId) as string[]}::text[]
      ) as d (
        map_index, spec, resume, state, at_seconds, delay_seconds, timeout_seconds, run_dag_id, run_id
      )
    )`
}

function xcomRows(sql: Sql, xcoms: readonly PushedXCom[]) {
  return xcoms.length === 0
    ? sql``
    : sql`, pushed as (
      insert into xcom (expansion_id, map_index, key, value)
      select held.expansion_id, x.map_index, x.key, x.value::json
      from held, unnest(
        ${xcoms.map((x) => x.mapIndex)}::bigint[], ${xcoms.map((x) => x.key)}::text[], ${xcoms.map((x) => x.value)}::text[]
      ) as x (map_index, key, value)
      on conflict (expansion_id, map_index, key) do update set value = excluded.value
    )`
}

function assetEventRows(sql: Sql, events: readonly EmittedAssetEvent[]) {
  return events.length === 0
    ? sql``
    : sql`, emitted as (
      insert into asset_event (asset_id, extra, source_dag_id, source_run_id, source_task_id, source_map_index)
      select asset.id, e.extra::json, dag_run.dag_id, dag_run.run_id, expansion.task_id, e.map_index
      from held
      join expansion on expansion.id = held.expansion_id
      join dag_run on dag_run.id = expansion.dag_run_id
      cross join unnest(
        ${events.map((e) => e.mapIndex)}::bigint[], ${events.map((e) => e.asset)}::text[], ${events.map((e) => e.extra)}::text[]
      ) as e (map_index, name, extra)
      join asset on asset.name = e.name
    )`
}

/** Extends leases of one worker; gives back the ids still held and not cancelled. */
export async function renew(
  sql: Sql,
  options: { workerId: string; leaseIds: readonly string[]; leaseSeconds: number },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update lease
    set expires_at = now() + make_interval(secs => ${options.leaseSeconds})
    from expansion
    where lease.id = any(${[...options.leaseIds]}::bigint[]) and lease.worker_id = ${options.workerId}
      and expansion.id = lease.expansion_id and expansion.state in ('open', 'draining')
    returning lease.id
  `
  return rows.map((row) => row.id)
}

/** Gives a lease back: what is left is offered again at once, isolated where it is split, a range then in two halves. */
export async function release(
  sql: Sql,
  options: { workerId: string; leaseId: string; split: boolean },
): Promise<void> {
  await sql`
    with home as materialized (
      ${homeOf(sql, options)}
    ), gone as (
      delete from lease using home
      where lease.id = ${options.leaseId} and lease.worker_id = ${options.workerId} and lease.expansion_id = home.id
      returning lease.*, home.is_claimable
    ), bounds as (
      select gone.expansion_id, rest.first_index, rest.count, rest.page_first, try_number, base_try, is_retry, is_isolated,
        is_claimable, case when ${options.split}::boolean and rest.count > 1 then rest.count / 2 else rest.count end as left_count
      from gone
      ${leftOf(sql)}
    )
    insert into offer (
      expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
    )
    select expansion_id, first_index, left_count, page_first, now(), try_number, base_try, is_retry,
      is_isolated or ${options.split}::boolean, not is_claimable
    from bounds
    union all
    select expansion_id, first_index + left_count, count - left_count, page_first, now(), try_number, base_try,
      is_retry, is_isolated or ${options.split}::boolean, not is_claimable
    from bounds
    where count > left_count
  `
}

/** Offers a dead worker's leases again and lets go of the expansions it pulled and of the triggers it watched; says how many leases. */
export async function forgetWorker(sql: Sql, workerId: string): Promise<number> {
  const [row] = await sql<{ leases: number }[]>`
    with let_go as (
      update expansion set runner_expires_at = '-infinity', runner_id = null
      where runner_id = ${workerId} and state = 'open'
    ), unwatched as (
      update triggerer set expires_at = '-infinity' where id = ${workerId}
    ), gone as (
      delete from lease where worker_id = ${workerId} returning lease.*
    ), offered as (
      ${offerAgain(sql)}
    )
    select count(*)::int as leases from gone
  `
  return row?.leases ?? 0
}

/** What is left of each lease in `gone`, as `rest`. */
function leftOf(sql: Sql) {
  return sql`cross join lateral left_of(
    gone.expansion_id, gone.first_index, gone.count, gone.page_first, gone.indexes, gone.ended
  ) rest`
}

/** Offers what is left of the leases in `gone` again; parked where their expansion may not be claimed. */
export function offerAgain(sql: Sql) {
  return sql`
    insert into offer (
      expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
    )
    select gone.expansion_id, rest.first_index, rest.count, rest.page_first, now(), try_number, gone.base_try, is_retry,
      is_isolated, not home.is_claimable
    from gone
    ${leftOf(sql)}
    join (
      select id, is_claimable from expansion
      where id in (select expansion_id from gone)
      order by id
      for key share
    ) home on home.id = gone.expansion_id
    returning expansion_id
  `
}

/**
 * The expansion of a lease, locked so that nobody pauses, stops or resumes it before the offers of this statement are
 * there. Others may write in it meanwhile: a page, a fold.
 */
function homeOf(sql: Sql, { workerId, leaseId }: { workerId: string; leaseId: string }) {
  return sql`
    select expansion.id, expansion.is_claimable, expansion.stop_reason is not null as is_stopped,
      expansion.tolerated_failures is not null as is_limited, expansion.state in ('open', 'draining') as is_running
    from lease
    join expansion on expansion.id = lease.expansion_id
    where lease.id = ${leaseId} and lease.worker_id = ${workerId}
    for key share of expansion
  `
}

/** Offers expired leases again; parked where their expansion may not be claimed. */
export async function rescue(sql: Sql, limit: number): Promise<number> {
  const [row] = await sql<{ leases: number }[]>`
    with expired as materialized (
      select id from lease where expires_at < now() order by expires_at limit ${limit} for update skip locked
    ), gone as (
      delete from lease using expired where lease.id = expired.id returning lease.*
    ), offered as (
      ${offerAgain(sql)}
    )
    select count(*)::int as leases from gone
  `
  return row?.leases ?? 0
}
