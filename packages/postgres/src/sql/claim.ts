import { type ClaimPosition, offersQuota } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/** How many expansions with open pages, or with offers, one look for work goes through in turn; and as many runs beyond them. */
const candidatesMax = 64

/** No page is more urgent: the least that the column holds. */
const urgencyMin = -2_147_483_648

/** How many looks one claim takes that find nothing which may run now. */
const looksMax = 8

/** A claimed range with its inputs; numbers as text. */
interface RangeRow {
  /** Null for a range of gaps alone: it was passed over, and there may be more behind it. */
  leaseId: string | null
  expansionId: string
  firstIndex: string
  count: number
  remaining: number
  tryNumber: number
  baseTry: number
  isRetry: boolean
  generation: number
  items: string | null
  recorded: string[] | null
  indexes: string[] | null
  isIsolated: boolean
  wasOffered: boolean
  /** Zero for a range of gaps alone. */
  waitedMs: number
  isLimited: boolean
  resumes: (string | null)[] | null
}

/** A range that somebody has a lease of now. */
export type HeldRow = RangeRow & { leaseId: string }

/** Where a look for work ended; null: it saw all there is behind where it began. */
interface PositionRow {
  pastUrgency: number | null
  pastExpansion: string | null
  pastOffers: string | null
}

/** A range that a look for work found, or none. */
interface LookRow extends Omit<RangeRow, "expansionId">, PositionRow {
  expansionId: string | null
}

/** What to claim for whom: see `LeaseStore.claim`. */
interface ClaimQuery {
  workerId: string
  limit: number
  leaseSeconds: number
  sizeDefault: number
  sizeIds: readonly string[]
  sizes: readonly number[]
  heldIds: readonly string[]
  held: readonly number[]
  after: string | null
  offersAfter: string | null
  offersFirst: boolean
  past: ClaimPosition | null
}

/** Claims work; says how far it looked when it found none and there may be more. */
export async function claim(
  sql: Sql,
  query: ClaimQuery,
): Promise<{ leases: HeldRow[]; past: ClaimPosition | null }> {
  let { past } = query
  for (let looks = 1; ;) {
    const { ranges, past: seenTo } = await look(sql, { ...query, past })
    const leases = ranges.filter(isHeld)
    if (leases.length > 0) return { leases, past: null }
    // Ranges of gaps alone are passed over, a few at a time, until there is work or nothing more.
    if (ranges.length > 0) continue
    past = seenTo
    if (past === null || looks++ === looksMax) return { leases, past }
  }
}

function isHeld(range: RangeRow): range is HeldRow {
  return range.leaseId !== null
}

/** Whether it is limited how many instances of a task run at once: by itself, its run or DAG, or its pool. */
const isLimited = (sql: Sql) => sql`
  (expansion.concurrency is not null or expansion.deferred_max is not null
    or expansion.max_active_tasks is not null or expansion.dag_concurrency is not null
    or its_pool.name is null or its_pool.slots is not null)
`

/** What an expansion of the CTE that it stands in may take, and with whom it shares that. */
const roomOfExpansion = (sql: Sql) => sql`
  left join pool its_pool on its_pool.name = expansion.pool
  cross join lateral (
    select case when ${isLimited(sql)} then free_room(expansion, its_pool) else 2147483647 end as free,
      ${isLimited(sql)} as is_limited,
      case when its_pool.slots is not null then its_pool.name end as shared_pool,
      case when expansion.max_active_tasks is not null then expansion.dag_run_id end as shared_run,
      case when expansion.dag_concurrency is not null then expansion.task_id end as shared_task
  ) room
`

/**
 * Whether two CTEs' rows share a limit. Of those that do, the first alone is served by one claim: what it leaves is not known
 * before it is taken. Asked of the limited alone, one by one: windows over all would cost every claim their sorts.
 */
const sharesLimit = (sql: Sql, one: string, other: string) => sql`
  (${sql(one)}.expansion_id = ${sql(other)}.expansion_id or ${sql(one)}.shared_pool = ${sql(other)}.shared_pool
    or ${sql(one)}.shared_run = ${sql(other)}.shared_run or ${sql(one)}.shared_task = ${sql(other)}.shared_task)
`

/**
 * The CTE of its name: candidates with the leases that would be held by the expansion, its run, and its DAG, if all before it
 * got one. `place` orders them so that shares are equal: see `LeaseStore.claim`.
 */
const inFairOrder = (sql: Sql, { name, of, after }: { name: string; of: string; after: string }) => sql`
  ${sql(`${name}_expansions`)} as (
    select candidate.*, run.dag_id, coalesce(held_expansion.leases, 0) as of_expansion,
      candidate.expansion_id <= ${after}::bigint as is_round_later
    from ${sql(of)} candidate
    join dag_run run on run.id = candidate.dag_run_id
    left join held_expansion on held_expansion.expansion_id = candidate.expansion_id
  ), ${sql(`${name}_runs`)} as (
    select own.*, coalesce(held_run.leases, 0) + row_number() over (
      partition by own.urgency, own.dag_run_id order by of_expansion, is_round_later, own.expansion_id
    ) as of_run
    from ${sql(`${name}_expansions`)} own
    left join held_run on held_run.dag_run_id = own.dag_run_id
  ), ${sql(`${name}_dags`)} as (
    select own.*, coalesce(held_dag.leases, 0) + row_number() over (
      partition by own.urgency, own.dag_id order by of_run, is_round_later, own.expansion_id
    ) as of_dag
    from ${sql(`${name}_runs`)} own
    left join held_dag on held_dag.dag_id = own.dag_id
  ), ${sql(name)} as materialized (
    select own.*, row_number() over (order by urgency, of_dag, is_round_later, expansion_id) as place
    from ${sql(`${name}_dags`)} own
  )`

/**
 * Leases ranges of work to one worker: what was offered again and open pages, each with its share, by urgency, in equal shares
 * between DAGs, runs and expansions.
 *
 * A single statement, so a crash leaves each index either claimable or leased. The walk jumps from expansion to
 * expansion along the index of claimable pages, so its cost does not grow with pages or instances. A locked
 * page is passed over: another worker is taking from it. Where it is limited how much may run, advisory locks
 * keep two claims from both seeing the same room (`free_room`).
 */
async function look(
  sql: Sql,
  options: ClaimQuery,
): Promise<{ ranges: RangeRow[]; past: ClaimPosition | null }> {
  const { limit, offersFirst } = options
  const after = options.after ?? "0"
  const offersAfter = options.offersAfter ?? "0"
  const pagesPast = options.past?.pages ?? { urgency: urgencyMin, expansionId: "0" }
  const offersPast = options.past?.offers ?? "0"
  const rows = await sql<LookRow[]>`
    with recursive hint as materialized (
      select * from unnest(${[...options.sizeIds]}::bigint[], ${[...options.sizes]}::int[]) as h (expansion_id, size)
    ), held_expansion as materialized (
      select * from unnest(${[...options.heldIds]}::bigint[], ${[...options.held]}::int[]) as h (expansion_id, leases)
    ), held_run as materialized (
      select expansion_id / 4096 as dag_run_id, sum(leases) as leases from held_expansion group by expansion_id / 4096
    ), held_dag as materialized (
      select run.dag_id, sum(leases) as leases
      from held_run
      join dag_run run on run.id = held_run.dag_run_id
      group by run.dag_id
    ), top as materialized (
      select urgency from page where claimable order by urgency, expansion_id, first_index limit 1
    ), walk_after as (
      -- From the one after the last served on, among the most urgent.
      (
        select page.urgency, page.expansion_id, 1 as step from page
        where page.claimable and page.urgency = (select urgency from top) and page.expansion_id > ${after}::bigint
        order by page.urgency, page.expansion_id
        limit 1
      )
      union all
      select following.urgency, following.expansion_id, walk_after.step + 1
      from walk_after
      cross join lateral (
        select page.urgency, page.expansion_id from page
        where page.claimable and page.urgency = walk_after.urgency and page.expansion_id > walk_after.expansion_id
        order by page.urgency, page.expansion_id
        limit 1
      ) following
      where walk_after.step < ${candidatesMax}::int
    ), seen_after as materialized (
      select max(expansion_id) as last, count(*) as count from walk_after
    ), run_walk as (
      -- Where there are more, the first of each run behind them: many expansions of some runs do not hide the others.
      (
        select page.urgency, page.expansion_id, 1 as step from page, seen_after
        where page.claimable and page.urgency = (select urgency from top) and seen_after.count = ${candidatesMax}::int
          and page.expansion_id >= (seen_after.last / 4096 + 1) * 4096
        order by page.urgency, page.expansion_id
        limit 1
      )
      union all
      select following.urgency, following.expansion_id, run_walk.step + 1
      from run_walk
      cross join lateral (
        select page.urgency, page.expansion_id from page
        where page.claimable and page.urgency = run_walk.urgency
          and page.expansion_id >= (run_walk.expansion_id / 4096 + 1) * 4096
        order by page.urgency, page.expansion_id
        limit 1
      ) following
      where run_walk.step < ${candidatesMax}::int
    ), walk as (
      -- From the first on, or behind what was seen already, and on to the less urgent.
      (
        select page.urgency, page.expansion_id, 1 as step from page
        where page.claimable and (page.urgency, page.expansion_id) > (${pagesPast.urgency}::int, ${pagesPast.expansionId}::bigint)
        order by page.urgency, page.expansion_id
        limit 1
      )
      union all
      select following.urgency, following.expansion_id, walk.step + 1
      from walk
      cross join lateral (
        select page.urgency, page.expansion_id from page
        where page.claimable and (page.urgency, page.expansion_id) > (walk.urgency, walk.expansion_id)
        order by page.urgency, page.expansion_id
        limit 1
      ) following
      where walk.step < ${candidatesMax}::int
    ), seen_to as materialized (
      select urgency as past_urgency, expansion_id as past_expansion from walk where step = ${candidatesMax}::int
    ), seen as (
      select urgency, expansion_id from walk_after
      union
      select urgency, expansion_id from walk
      union
      select urgency, expansion_id from run_walk
    ), offer_walk_after as (
      (
        select expansion_id, 1 as step from offer
        where not is_parked and expansion_id > ${offersAfter}::bigint
        order by expansion_id
        limit 1
      )
      union all
      select following.expansion_id, offer_walk_after.step + 1
      from offer_walk_after
      cross join lateral (
        select offer.expansion_id from offer
        where not offer.is_parked and offer.expansion_id > offer_walk_after.expansion_id
        order by offer.expansion_id
        limit 1
      ) following
      where offer_walk_after.step < ${candidatesMax}::int
    ), offer_walk as (
      (
        select expansion_id, 1 as step from offer
        where not is_parked and expansion_id > ${offersPast}::bigint
        order by expansion_id
        limit 1
      )
      union all
      select following.expansion_id, offer_walk.step + 1
      from offer_walk
      cross join lateral (
        select offer.expansion_id from offer
        where not offer.is_parked and offer.expansion_id > offer_walk.expansion_id
        order by offer.expansion_id
        limit 1
      ) following
      where offer_walk.step < ${candidatesMax}::int
    ), oldest_offer as (
      -- Found however many expansions have offers that are not due.
      select expansion_id from offer where not is_parked and at <= now() order by at limit ${limit}
    ), offering as (
      select expansion_id from offer_walk_after
      union
      select expansion_id from offer_walk
      union
      select expansion_id from oldest_offer
    ), due_offers as materialized (
      -- What has been offered the longest in each.
      select oldest.*, expansion.generation, -expansion.priority as urgency, expansion.dag_run_id, room.free, room.is_limited, room.shared_pool, room.shared_run,
        room.shared_task,
        least(coalesce(hint.size, ${options.sizeDefault}::int), room.free)::int as size
      from offering
      join expansion on expansion.id = offering.expansion_id and expansion.is_claimable
      left join hint on hint.expansion_id = offering.expansion_id
      cross join lateral (
        select offer.expansion_id, offer.first_index, offer.count, offer.page_first, offer.at, offer.try_number,
          offer.base_try, offer.is_retry, offer.is_isolated
        from offer
        where offer.expansion_id = offering.expansion_id and not offer.is_parked and offer.at <= now()
        order by offer.expansion_id, offer.at
        limit 1
        for update skip locked
      ) oldest
      ${roomOfExpansion(sql)}
      where room.free > 0
    ), ${inFairOrder(sql, { name: "ranked_offers", of: "due_offers", after: offersAfter })}, open_map as (
      select seen.urgency, seen.expansion_id, expansion.dag_run_id, expansion.generation, expansion.base_try,
        room.is_limited, room.shared_pool, room.shared_run, room.shared_task, room.free,
        least(coalesce(hint.size, ${options.sizeDefault}::int), room.free)::int as size
      from seen
      join expansion on expansion.id = seen.expansion_id and expansion.is_claimable
      left join hint on hint.expansion_id = seen.expansion_id
      ${roomOfExpansion(sql)}
      where room.free > 0
    ), ${inFairOrder(sql, { name: "ranked", of: "open_map", after })}, queued_offers as materialized (
      select expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, generation,
        is_limited, shared_pool, shared_run, shared_task, free, size, row_number() over (order by place) as place
      from ranked_offers
      where not is_limited or (
        not exists (
          select from ranked_offers before
          where before.place < ranked_offers.place and ${sharesLimit(sql, "before", "ranked_offers")}
        )
        and (
          ${offersFirst}::boolean
          or not exists (select from ranked where ${sharesLimit(sql, "ranked", "ranked_offers")})
        )
      )
      order by place
      limit ${limit}
    ), candidate as materialized (
      select * from ranked
      where not is_limited or (
        not exists (
          select from ranked before
          where before.place < ranked.place and ${sharesLimit(sql, "before", "ranked")}
        )
        and not exists (select from queued_offers where ${sharesLimit(sql, "ranked", "queued_offers")})
      )
      order by place
    ), paged as materialized (
      select page.expansion_id, page.first_index, page.claimed, page.has_records, page.created_at, candidate.place,
        candidate.generation, candidate.base_try, candidate.is_limited,
        case
          -- No crumbs: see shareOfPage.
          when (page.count - page.claimed) * 2 < candidate.size * 3
            then least(page.count - page.claimed, candidate.free)
          else candidate.size
        end::int as size
      from candidate
      cross join lateral (
        select expansion_id, first_index, count, claimed, has_records, created_at from page
        where page.claimable and page.urgency = candidate.urgency and page.expansion_id = candidate.expansion_id
        order by page.urgency, page.expansion_id, page.first_index
        limit 1
        for update skip locked
      ) page
      limit ${limit}
    ), share as materialized (
      -- What one side cannot use of its share, the other has.
      select least(
        (select count(*) from queued_offers),
        greatest(${offersQuota(options)}::int, ${limit}::int - (select count(*) from paged))
      ) as offers
    ), served as materialized (
      select * from queued_offers where place <= (select offers from share)
    ), offered_range as materialized (
      select served.*, least(count, case when is_isolated then free else size end)::int as taken
      from served
      where not is_retry
    ), nearby as materialized (
      -- Others of the same kind with what has been offered the longest: see isGatherable.
      select locked.place
      from served
      cross join lateral (
        select offer.ctid as place from offer
        where offer.expansion_id = served.expansion_id and not is_parked and at <= now() and is_retry
          and offer.try_number = served.try_number and offer.base_try = served.base_try
          and case when served.is_isolated then offer.first_index = served.first_index else not offer.is_isolated end
        order by offer.expansion_id, at
        limit case when served.is_isolated then 1 else served.size end
        for update skip locked
      ) locked
      where served.is_retry
    ), gathered_gone as (
      -- By their places, whatever the planner believes of the table. What was parked and unparked since this statement began
      -- has another place by now: it is not taken, and so nothing may be leased but what this gives back.
      delete from offer where ctid = any(array(select place from nearby))
      returning expansion_id, first_index, page_first, at, try_number, base_try, is_isolated
    ), gathered as materialized (
      select gone.*, served.generation, served.is_limited
      from (
        select expansion_id, try_number, base_try, is_isolated, min(at) as since,
          array_agg(first_index order by first_index) as indexes,
          array_agg(page_first order by first_index) as pages
        from gathered_gone
        group by expansion_id, try_number, base_try, is_isolated
      ) gone
      join served on served.expansion_id = gone.expansion_id
    ), chosen as materialized (
      select * from paged order by place limit ${limit}::int - (select offers from share)
    ), ranges_gone as (
      delete from offer using offered_range s
      where offer.expansion_id = s.expansion_id and offer.first_index = s.first_index and not offer.is_retry
    ), ranges_left as (
      -- A new row and not a new key: a claim that saw the old one would take what is left without removing it.
      insert into offer (
        expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
      )
      select expansion_id, first_index + taken, count - taken, page_first, at, try_number, base_try, false,
        is_isolated, false
      from offered_range
      where taken < count
    ), taken as (
      update page
      set claimed = chosen.claimed + chosen.size,
          claimable = chosen.claimed + chosen.size < page.count
      from chosen
      where page.expansion_id = chosen.expansion_id and page.first_index = chosen.first_index
      returning page.expansion_id
    ), range as materialized (
      select expansion_id, first_index as page_first, first_index + claimed as first_index, size as count,
        base_try + 1 as try_number, base_try, false as is_retry, false as is_isolated, generation, is_limited,
        false as was_offered, created_at as since,
        case when has_records then array(
          select map_index from task_instance
          where task_instance.expansion_id = chosen.expansion_id
            and map_index between chosen.first_index + claimed and chosen.first_index + claimed + size - 1
          order by map_index
        ) end as recorded,
        null::bigint[] as indexes, null::bigint[] as pages
      from chosen
      union all
      select expansion_id, page_first, first_index, taken, try_number, base_try, false, is_isolated, generation,
        is_limited, true, at,
        array(
          select map_index from task_instance
          where task_instance.expansion_id = s.expansion_id
            and map_index between s.first_index and s.first_index + taken - 1
          order by map_index
        ),
        null, null
      from offered_range s
      union all
      select expansion_id, pages[1], indexes[1], cardinality(indexes), try_number, base_try, true, is_isolated,
        generation, is_limited, true, since, null, indexes, pages
      from gathered
    ), leased as (
      insert into lease (
        expansion_id, page_first, first_index, count, remaining, worker_id, try_number, base_try, is_retry,
        is_isolated, pool, pool_slots, expires_at, indexes
      )
      select range.expansion_id, page_first, first_index, count, count - coalesce(cardinality(recorded), 0),
        ${options.workerId}, try_number, range.base_try, is_retry, is_isolated, expansion.pool, expansion.pool_slots,
        now() + make_interval(secs => ${options.leaseSeconds}), indexes
      from range
      join expansion on expansion.id = range.expansion_id
      where count > coalesce(cardinality(recorded), 0)
      returning id, expansion_id, page_first, first_index, count, remaining, try_number, base_try, is_retry, is_isolated
    )
    select seen_to.past_urgency, seen_to.past_expansion,
      (select expansion_id from offer_walk where step = ${candidatesMax}::int) as past_offers,
      leased.id as lease_id, range.expansion_id, leased.first_index, leased.count, leased.remaining,
      leased.try_number, leased.base_try, leased.is_retry, leased.is_isolated, range.generation, range.was_offered,
      range.is_limited, range.recorded, range.indexes,
      -- What was made after this statement began has not waited.
      greatest(extract(epoch from now() - range.since) * 1000, 0)::float8 as waited_ms,
      case when range.indexes is not null then ${resumesOf(sql)} end as resumes,
      case
        when range.indexes is not null then ${gatheredItems(sql)}
        when page.items is not null then
          '[' || array_to_string(
            page.items[leased.first_index - leased.page_first + 1 : leased.first_index - leased.page_first + leased.count],
            ',', 'null'
          ) || ']'
      end as items
    from (values (1)) one
    left join seen_to on true
    left join range on true
    left join leased on range.expansion_id = leased.expansion_id and range.first_index = leased.first_index
      and range.is_retry = leased.is_retry
    left join page on page.expansion_id = leased.expansion_id and page.first_index = leased.page_first
  `
  let past: ClaimPosition | null = null
  const ranges = rows.flatMap(({ pastUrgency, pastExpansion, pastOffers, expansionId, ...range }) => {
    past = toPosition({ pastUrgency, pastExpansion, pastOffers })
    return expansionId === null ? [] : [{ ...range, expansionId }]
  })
  return { ranges, past }
}

/** Each row of a look has it; there is always one. */
function toPosition(row: PositionRow): ClaimPosition | null {
  const { pastUrgency: urgency, pastExpansion: expansionId, pastOffers: offers } = row
  const pages = urgency === null || expansionId === null ? null : { urgency, expansionId }
  return pages === null && offers === null ? null : { pages, offers }
}

/** What those of a lease's instances go on with that were deferred; null where all start at their beginning. */
function resumesOf(sql: Sql) {
  return sql`(
          select case when bool_or(ti.state = 'scheduled') then array_agg(
            case when ti.state = 'scheduled' then ti.value::text end order by place.map_index
          ) end
          from unnest(range.indexes) as place (map_index)
          -- Limited, so that the planner looks each up by its key, and cannot read all for each.
          left join lateral (
            select state, value from task_instance
            where task_instance.expansion_id = range.expansion_id and task_instance.map_index = place.map_index
            limit 1
          ) ti on true
        )`
}

/** The inputs of instances of several pages, each page read once; null for an unmapped task. */
function gatheredItems(sql: Sql) {
  return sql`(
          select '[' || string_agg(
            array_to_string(items_at(page.items, own.places), ',', 'null'), ',' order by own.page_first
          ) || ']'
          from (
            select place.page_first, array_agg(place.map_index - place.page_first + 1 order by place.map_index) as places
            from unnest(range.indexes, range.pages) as place (map_index, page_first)
            group by place.page_first
          ) own
          cross join lateral (
            select items from page
            where page.expansion_id = range.expansion_id and page.first_index = own.page_first
            limit 1
          ) page
        )`
}
