import type { TriggerFailure, WaitingTrigger } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/** A waiting trigger; numbers as text. */
export type WaitingRow = Omit<WaitingTrigger, "mapIndex"> & { mapIndex: string }

const waitingColumns = (sql: Sql) => sql`
  trigger.id as trigger_id, trigger.expansion_id, trigger.map_index, trigger.try_number, trigger.base_try, trigger.spec as trigger
`

/** The expansions in which anything may fire: a trigger that was in use while its run was cancelled is not parked. */
const isLive = (sql: Sql) => sql`expansion.state in ('open', 'draining')`

/** A timer that comes before its timeout fires, however late it is looked at. */
const firesFirst = (sql: Sql) => sql`
  (trigger.timeout_at is null or trigger.fire_at <= trigger.timeout_at)
`

/**
 * The rest of a statement that fires the triggers of its `due (id, event)`: each is gone, and its instance offered again in
 * its try, with what it goes on with. Gives their ids.
 */
const fireDue = (sql: Sql) => sql`
  fired as (
    delete from trigger using due where trigger.id = due.id
    returning trigger.*, due.event
  ), resumed as (
    update task_instance
    set state = 'scheduled',
        value = json_build_object('resume', fired.resume, 'state', fired.state, 'event', fired.event)
    from fired
    where task_instance.expansion_id = fired.expansion_id and task_instance.map_index = fired.map_index
      and task_instance.state = 'deferred'
  ), offered as (
    insert into offer (
      expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
    )
    select fired.expansion_id, map_index, 1, page_first, now(), try_number, fired.base_try, true, false,
      not home.is_claimable
    from fired
    join (${homesOf(sql, "fired")}) home on home.id = fired.expansion_id and home.state <> 'waiting'
  )
`

/**
 * The expansions of the triggers that are gone, locked so that nobody pauses, stops or resumes them before the offers of
 * this statement are there. One that begins anew meanwhile gets none.
 */
const homesOf = (sql: Sql, gone: "fired" | "gone") => sql`
  select id, state, is_claimable from expansion
  where id in (select expansion_id from ${sql(gone)})
  order by id
  for key share
`

/** Fires timers that are due; says how many, and when the next timer or timeout is. */
export async function fireTimers(
  sql: Sql,
  limit: number,
): Promise<{ fired: number; nextInMs: number | null }> {
  const rows = await sql<{ fired: number; nextInMs: number | null }[]>`
    with due as materialized (
      select trigger.id, 'null'::json as event
      from trigger
      join expansion on expansion.id = trigger.expansion_id and ${isLive(sql)}
      where trigger.fire_at <= now() and not trigger.is_parked and ${firesFirst(sql)}
      order by trigger.fire_at
      limit ${limit}
      for update of trigger skip locked
    ), ${fireDue(sql)}
    select (select count(*)::int from fired) as fired,
      (
        select extract(epoch from fire_at - now())::float8 * 1000 from trigger
        where not is_parked and fire_at > now() and ${firesFirst(sql)}
        order by fire_at
        limit 1
      ) as next_in_ms
  `
  return rows[0] ?? { fired: 0, nextInMs: null }
}

/**
 * Fires triggers that wait for runs that have ended. Walks the index from run to run, so its cost is that of the runs that are
 * waited for, however many instances wait for each.
 */
export async function fireEndedRuns(sql: Sql, limit: number): Promise<number> {
  const rows = await sql`
    with recursive awaited as (
      (
        select run_dag_id, run_id from trigger
        where run_id is not null and not is_parked
        order by run_dag_id, run_id
        limit 1
      )
      union all
      select following.run_dag_id, following.run_id
      from awaited
      cross join lateral (
        select trigger.run_dag_id, trigger.run_id from trigger
        where trigger.run_id is not null and not trigger.is_parked
          and (trigger.run_dag_id, trigger.run_id) > (awaited.run_dag_id, awaited.run_id)
        order by trigger.run_dag_id, trigger.run_id
        limit 1
      ) following
    ), due as materialized (
      select trigger.id,
        json_build_object('dagId', dag_run.dag_id, 'runId', dag_run.run_id, 'state', dag_run.state) as event
      from awaited
      join dag_run on dag_run.dag_id = awaited.run_dag_id and dag_run.run_id = awaited.run_id
        and dag_run.state in ('success', 'failed')
      join trigger on trigger.run_dag_id = awaited.run_dag_id and trigger.run_id = awaited.run_id
        and not trigger.is_parked
      join expansion on expansion.id = trigger.expansion_id and ${isLive(sql)}
      limit ${limit}
      for update of trigger skip locked
    ), ${fireDue(sql)}
    select id from fired
  `
  return rows.length
}

/** Fires triggers whose events have come; gives the ids of those that were still there. */
export async function fireTriggers(
  sql: Sql,
  options: { triggerIds: readonly string[]; events: readonly string[] },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    with due as materialized (
      select trigger.id, happened.event::json as event
      from unnest(${[...options.triggerIds]}::bigint[], ${[...options.events]}::text[]) as happened (id, event)
      join trigger on trigger.id = happened.id and not trigger.is_parked
      join expansion on expansion.id = trigger.expansion_id and ${isLive(sql)}
      for update of trigger
    ), ${fireDue(sql)}
    select id from fired
  `
  return rows.map((row) => row.id)
}

/** Triggers whose time is over. */
export function selectDueTimeouts(sql: Sql, limit: number): Promise<WaitingRow[]> {
  return sql<WaitingRow[]>`
    select ${waitingColumns(sql)}
    from trigger
    join expansion on expansion.id = trigger.expansion_id and ${isLive(sql)}
    where trigger.timeout_at <= now() and not trigger.is_parked
      and (trigger.fire_at is null or not ${firesFirst(sql)})
    order by trigger.timeout_at
    limit ${limit}
  `
}

/** What failing a trigger did to its page. */
export interface FailedTriggerRow {
  triggerId: string
  expansionId: string
  isPageFinished: boolean
  isExhausted: boolean
}

/** Fails the tries of instances whose triggers are still there: they end, or are offered for their next try. */
export function failTriggers(
  sql: Sql,
  options: { triggererId: string | null; failures: readonly TriggerFailure[] },
): Promise<FailedTriggerRow[]> {
  const { triggererId, failures } = options
  return sql<FailedTriggerRow[]>`
    with gone as (
      delete from trigger
      using unnest(
        ${failures.map((failure) => failure.triggerId)}::bigint[],
        ${failures.map((failure) => failure.state)}::text[],
        ${failures.map((failure) => JSON.stringify(failure.error))}::text[],
        ${failures.map((failure) => (failure.retryDelayMs ?? 0) / 1000)}::float8[]
      ) as failure (id, state, error, delay_seconds), expansion
      where trigger.id = failure.id and not trigger.is_parked
        and (${triggererId}::text is null or trigger.owner_id = ${triggererId}::text)
        and expansion.id = trigger.expansion_id and ${isLive(sql)}
      returning trigger.id, trigger.expansion_id, trigger.map_index, trigger.page_first, trigger.try_number,
        trigger.base_try, failure.state as outcome, failure.error::json as error, failure.delay_seconds, expansion.pulls,
        expansion.is_exhausted
    ), home as materialized (${homesOf(sql, "gone")}), alarmed as (
      -- A failure may be one too many. Before the page is written, as when a lease is completed.
      update expansion
      set is_due = true, seq = seq + 1, is_watched = is_watched or tolerated_failures->>'ratio' is not null
      where id in (select expansion_id from gone where outcome = 'failed') and tolerated_failures is not null
        and (select count(*) from home) > 0
      returning id
    ), recorded as (
      update task_instance
      set state = gone.outcome::task_instance_state, ended_at = now(), error = gone.error
      from gone
      where task_instance.expansion_id = gone.expansion_id and task_instance.map_index = gone.map_index
        and task_instance.state = 'deferred'
      returning task_instance.expansion_id, task_instance.map_index, task_instance.started_at
    ), tried as (
      insert into task_try (expansion_id, map_index, try_number, started_at, ended_at, state, error)
      select gone.expansion_id, gone.map_index, gone.try_number, recorded.started_at, now(), 'failed', gone.error
      from gone
      join recorded on recorded.expansion_id = gone.expansion_id and recorded.map_index = gone.map_index
      where gone.outcome = 'up_for_retry'
    ), offered as (
      insert into offer (
        expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
      )
      select gone.expansion_id, map_index, 1, page_first, now() + make_interval(secs => delay_seconds),
        try_number + 1, gone.base_try, true, false, not home.is_claimable
      from gone
      join home on home.id = gone.expansion_id and home.state <> 'waiting'
      where outcome = 'up_for_retry'
    ), counted as (
      update page
      set failed = page.failed + ended.count, finished = page.finished + ended.count,
          first_ended_at = coalesce(page.first_ended_at, now()),
          pulls_at_first_end = coalesce(page.pulls_at_first_end, ended.pulls)
      from (
        select expansion_id, page_first, count(*)::int as count, max(pulls) as pulls
        from gone
        where outcome = 'failed'
        group by expansion_id, page_first
      ) ended
      where page.expansion_id = ended.expansion_id and page.first_index = ended.page_first
        and (select count(*) from alarmed) >= 0
      returning page.expansion_id, page.first_index, page.finished = page.count as is_finished
    )
    select gone.id as trigger_id, gone.expansion_id, coalesce(counted.is_finished, false) as is_page_finished,
      gone.is_exhausted
    from gone
    left join counted on counted.expansion_id = gone.expansion_id and counted.first_index = gone.page_first
  `
}

/** Says that a triggerer is alive, on a condition. */
const beat = (
  sql: Sql,
  options: { triggererId: string; leaseSeconds: number },
  condition: ReturnType<typeof sql>,
) => sql`
  insert into triggerer (id, expires_at)
  select ${options.triggererId}, now() + make_interval(secs => ${options.leaseSeconds})
  where ${condition}
  on conflict (id) do update set expires_at = excluded.expires_at
`

/** Takes a fair share of the triggers that nobody watches, or whose triggerer has died. */
export function leaseTriggers(
  sql: Sql,
  options: { triggererId: string; capacity: number; leaseSeconds: number },
): Promise<WaitingRow[]> {
  const { triggererId, capacity } = options
  return sql<WaitingRow[]>`
    with other as materialized (
      select id, expires_at > now() as is_alive from triggerer where id <> ${triggererId}
    ), alive as materialized (
      select 1 + count(*) filter (where is_alive) as count from other
    ), free as materialized (
      (
        select trigger.id, null::text as owner_id from trigger
        where trigger.owner_id is null and trigger.is_watched and not trigger.is_parked
        order by trigger.id
        limit ${capacity}::int * (select count from alive)
      )
      union all
      (
        select trigger.id, other.id from other
        join trigger on trigger.owner_id = other.id and trigger.is_watched and not trigger.is_parked
        where not other.is_alive
        limit ${capacity}::int * (select count from alive)
      )
    ), me as (
      -- Where there is nothing to take, nothing is written: looking costs no WAL.
      ${beat(sql, options, sql`exists (select from free)`)}
    ), share as materialized (
      select greatest(0, least(
        ${capacity}::int - (
          select count(*) from trigger where owner_id = ${triggererId} and is_watched and not is_parked
        ),
        ceil((select count(*) from free)::numeric / (select count from alive))
      ))::int as size
    ), chosen as materialized (
      select trigger.id
      from free
      join trigger on trigger.id = free.id and trigger.owner_id is not distinct from free.owner_id
        and not trigger.is_parked
      join expansion on expansion.id = trigger.expansion_id and ${isLive(sql)}
      order by free.id
      limit (select size from share)
      for update of trigger skip locked
    ), forgotten as (
      delete from triggerer using other
      where triggerer.id = other.id and not other.is_alive
        and not exists (select from trigger where trigger.owner_id = other.id and is_watched and not is_parked)
    )
    update trigger set owner_id = ${triggererId}
    from chosen
    where trigger.id = chosen.id
    returning ${waitingColumns(sql)}
  `
}

/** Says that a triggerer is alive; gives the triggers that it watches, with whether it knows of them. */
export function renewTriggers(
  sql: Sql,
  options: { triggererId: string; triggerIds: readonly string[]; leaseSeconds: number },
): Promise<(WaitingRow & { isKnown: boolean })[]> {
  return sql<(WaitingRow & { isKnown: boolean })[]>`
    with me as (${beat(sql, options, sql`true`)})
    select trigger.id as trigger_id, trigger.expansion_id, trigger.map_index, trigger.try_number, trigger.base_try,
      case when known.is_known then null else trigger.spec end as trigger, known.is_known
    from trigger
    cross join lateral (select trigger.id = any(${[...options.triggerIds]}::bigint[]) as is_known) known
    join expansion on expansion.id = trigger.expansion_id and ${isLive(sql)}
    where trigger.owner_id = ${options.triggererId} and trigger.is_watched and not trigger.is_parked
  `
}

/** Gives back all that a triggerer watches. */
export async function releaseTriggers(sql: Sql, triggererId: string): Promise<void> {
  await sql`
    with gone as (
      delete from triggerer where id = ${triggererId}
    )
    update trigger set owner_id = null where owner_id = ${triggererId} and is_watched and not is_parked
  `
}
