import { type ExpansionView, pagesAtMax, type PageView, type TaskInstanceView } from "@sluice/core/store"
import type { TaskInstanceState } from "@sluice/core/state"
import { type Sql, toNumber } from "./row.ts"

/** An expansion as people see it; bigints as text. */
export type ExpansionViewRow = {
  [K in keyof ExpansionView]: ExpansionView[K] extends number | null
    ? ExpansionView[K] | string
    : ExpansionView[K]
}

/**
 * How each expansion of a run stands. Reads the expansions' own rows, their open pages and their leases: nothing
 * that grows with what has finished.
 */
export function selectExpansions(sql: Sql, dagRunId: string): Promise<ExpansionViewRow[]> {
  return selectExpansionsOf(sql, [dagRunId])
}

/** How each expansion of some runs stands, in the order of run and task. */
export function selectExpansionsOf(sql: Sql, dagRunIds: readonly string[]): Promise<ExpansionViewRow[]> {
  return sql<ExpansionViewRow[]>`
    select e.id as expansion_id, e.task_id, e.ordinal, e.kind, e.state, e.window_size as window, e.page_size,
      e.concurrency, e.is_pulling_paused, e.is_running_paused, e.pulls,
      e.pages, e.created, e.duplicates, coalesce(leases.running, 0) as running, e.success + coalesce(open.success, 0) as success,
      e.failed + coalesce(open.failed, 0) as failed, e.skipped + coalesce(open.skipped, 0) as skipped,
      e.upstream_failed_instances + coalesce(open.upstream_failed, 0) as upstream_failed,
      (select count(*) from offer where offer.expansion_id = e.id and offer.is_retry) as retrying,
      (select count(*) from trigger where trigger.expansion_id = e.id) as deferred, e.is_exhausted as exhausted,
      e.stopped_by, e.cursor,
      (
        select min(position.consumed) from stream_position position
        join expansion consumer on consumer.id = position.consumer_id
        where position.upstream_id = e.id and position.holds_back and consumer.state in ('waiting', 'open')
      ) as consumed,
      e.pull_failures, case when e.pull_after > now() then e.pull_after end as pull_after, e.stream_error,
      e.tolerated_failures, e.stop_reason,
      e.opened_at, least(e.first_ended_at, open.first_ended_at) as first_success_at,
      least(e.pulls_at_first_end, open.pulls_at_first_end) as pulls_at_first_success, e.unfinished_peak, e.ended_at
    from unnest(${[...dagRunIds]}::bigint[]) run (id)
    join expansion e on e.id between run.id * 4096 and run.id * 4096 + 4095
    left join lateral (
      select sum(success) as success, sum(failed) as failed, sum(skipped) as skipped,
        sum(upstream_failed) as upstream_failed, min(first_ended_at) as first_ended_at,
        min(pulls_at_first_end) as pulls_at_first_end
      from page where page.expansion_id = e.id and not page.folded
    ) open on true
    left join lateral (
      select sum(remaining) as running from lease where lease.expansion_id = e.id
    ) leases on true
    order by e.id
  `
}

/** A task instance as people see it; the index as text. */
export type TaskInstanceRow = Omit<TaskInstanceView, "mapIndex"> & { mapIndex: string }

/**
 * Instances of one expansion in index order: rows where there are any, otherwise what page and lease tell.
 *
 * Walks the pages in order and stops at the limit; a filter for states that pages count passes over pages without any.
 */
export function selectTaskInstances(
  sql: Sql,
  options: {
    expansionId: string
    states?: readonly TaskInstanceState[]
    label?: string
    afterIndex: number
    toIndex?: number
    limit: number
  },
): Promise<TaskInstanceRow[]> {
  const { label, toIndex } = options
  // Without a filter indexes follow each other: no more of a page are looked at than are listed. The first may be -1 or 0.
  const isPlain = label === undefined && options.states === undefined
  const last = isPlain ? options.afterIndex + 1 + options.limit : Number.MAX_SAFE_INTEGER - 1
  const first = Math.max(-1, options.afterIndex + 1)
  const end = Math.min(toIndex ?? last, last) + 1
  return sql<TaskInstanceRow[]>`
    select ${instanceColumns(sql)}
    from expansion
    cross join lateral (
      select seen.*
      from (select ${first}::bigint as first, ${end}::bigint as "end") start
      cross join page
      cross join lateral ${instancesOfPage(sql, ["start.first", "start.end"])} seen
      where page.expansion_id = expansion.id and page.first_index < start.end
        -- From the page on that has the next index: those before it are not even looked at.
        and page.first_index >= (
          select coalesce(max(first_index), -1) from page
          where expansion_id = ${options.expansionId} and first_index <= ${options.afterIndex}::bigint + 1
        )
        and page.first_index + page.count - 1 > ${options.afterIndex}
        ${pagesWith(sql, options.states)}
        ${label === undefined ? sql`` : withLabel(sql, label)}
        ${options.states === undefined ? sql`` : sql`and seen.state = any(${[...options.states]}::text[])`}
      order by page.first_index, seen.map_index
      limit ${options.limit}
    ) seen
    where expansion.id = ${options.expansionId} and expansion.kind in ('task', 'mapped')
    order by seen.map_index
  `
}

/** Those whose label has a text in it; pages without such a one are not unfolded. */
function withLabel(sql: Sql, label: string) {
  return sql`
    and strpos(seen.label, ${label}) > 0
    and exists (select from unnest(page.labels) one where strpos(one, ${label}) > 0)
  `
}

/**
 * The instances of the row of `page` that is at hand, each with its state as people see it: that of its row, where
 * there is one, otherwise what page and lease tell.
 *
 * `within`, where only some indexes are wanted: two columns at hand, the first index and the one after the last. What is
 * compared with the instances afterwards would look for the row and the lease of each instance of the page first.
 */
export function instancesOfPage(sql: Sql, within?: readonly [from: string, end: string]) {
  const places = within === undefined ? wholePage(sql) : partOfPage(sql, within)
  return sql`(
    select place.map_index, place.key, place.label, ti.try_number, ti.started_at, ti.ended_at, ti.error,
      lease.claimed_at, lease.try_number as lease_try,
      case
        when lease.id is not null and (ti.state is null or (ti.state in ('up_for_retry', 'scheduled') and lease.is_retry))
          then 'running'
        when ti.state is null then 'scheduled'
        else ti.state::text
      end as state
    -- Side by side, so that a page's names are unpacked once and not for each instance.
    from rows from (${places}) as place (map_index, key, label)
    left join task_instance ti on ti.expansion_id = page.expansion_id and ti.map_index = place.map_index
    left join lateral (
      select id, claimed_at, try_number, is_retry from lease
      where lease.expansion_id = page.expansion_id and lease.first_index <= place.map_index
        and case when lease.indexes is null then place.map_index < lease.first_index + lease.count
          else place.map_index = any(lease.indexes) and place.map_index <> all(lease.ended) end
      order by lease.is_retry desc
      limit 1
    ) lease on true
  )`
}

function wholePage(sql: Sql) {
  return sql`
    generate_series(page.first_index, page.first_index + page.count - 1), unnest(page.keys), unnest(page.labels)
  `
}

function partOfPage(sql: Sql, [from, end]: readonly [string, string]) {
  const part = `least(page.count, greatest(0, ${from} - page.first_index))::int + 1
    : least(page.count, ${end} - page.first_index)::int`
  return sql.unsafe(`
    generate_series(greatest(page.first_index, ${from}), least(page.first_index + page.count, ${end}) - 1),
    unnest(page.keys[${part}]), unnest(page.labels[${part}])
  `)
}

/** What is shown of an instance, from `seen` (a row of `instancesOfPage`) and its `expansion`. */
export function instanceColumns(sql: Sql) {
  return sql`
    expansion.id as expansion_id, expansion.task_id, seen.map_index, seen.key, seen.label, seen.state,
    case when seen.state = 'running' then seen.lease_try else coalesce(seen.try_number, 0) end as try_number,
    case when seen.state = 'running' then seen.claimed_at else seen.started_at end as started_at,
    case when seen.state = 'running' then null else seen.ended_at end as ended_at, seen.error
  `
}

/** A page as people see it; bigints as text. */
export type PageViewRow = Omit<PageView, "firstIndex"> & { readonly firstIndex: string }

/** Pages of one expansion in the order of their indexes, by their key; open ones by the index of those. */
export function selectPages(
  sql: Sql,
  options: { expansionId: string; after: number; limit: number; isOpenOnly?: boolean },
): Promise<PageViewRow[]> {
  return sql<PageViewRow[]>`
    select first_index, count, claimed, success, failed, skipped, upstream_failed, folded as is_folded, created_at,
      first_ended_at as first_success_at, case when folded then coalesce(folded_at, created_at) end as folded_at
    from page
    where expansion_id = ${options.expansionId} and first_index > ${options.after}
      ${options.isOpenOnly === true ? sql`and not folded` : sql``}
    order by first_index
    limit ${options.limit}
  `
}

/** The pages that hold some indexes: for each index the last page that does not begin after it, by its key. */
export function selectPagesAt(
  sql: Sql,
  { expansionId, indexes }: { expansionId: string; indexes: readonly number[] },
): Promise<PageViewRow[]> {
  return sql<PageViewRow[]>`
    select distinct on (found.first_index)
      found.first_index, found.count, found.claimed, found.success, found.failed, found.skipped, found.upstream_failed,
      found.folded as is_folded, found.created_at, found.first_ended_at as first_success_at,
      case when found.folded then coalesce(found.folded_at, found.created_at) end as folded_at
    from unnest(${indexes.slice(0, pagesAtMax)}::bigint[]) as place (map_index)
    cross join lateral (
      select first_index, count, claimed, success, failed, skipped, upstream_failed, folded, created_at, first_ended_at, folded_at
      from page
      where page.expansion_id = ${expansionId} and page.first_index <= place.map_index
      order by page.first_index desc
      limit 1
    ) found
    where place.map_index < found.first_index + found.count
    order by found.first_index
  `
}

/** The encoded item that stands at an index, or null. */
export async function selectItemAt(
  sql: Sql,
  { expansionId, mapIndex }: { expansionId: string; mapIndex: number },
): Promise<string | null> {
  const rows = await sql<{ item: string | null }[]>`
    select items[${mapIndex}::bigint - first_index + 1] as item
    from page
    where expansion_id = ${expansionId} and first_index <= ${mapIndex}::bigint
    order by first_index desc
    limit 1
  `
  return rows[0]?.item ?? null
}

/** The instance whose item has a key, or null. */
export async function selectInstanceByKey(
  sql: Sql,
  { expansionId, key }: { expansionId: string; key: string },
): Promise<TaskInstanceRow | null> {
  const found = await sql<{ before: string }[]>`
    select map_index - 1 as before from item_key where expansion_id = ${expansionId} and key = ${key}
  `
  if (found[0] === undefined) return null
  const afterIndex = toNumber(found[0].before)
  const rows = await selectTaskInstances(sql, { expansionId, afterIndex, limit: 1 })
  return rows[0] ?? null
}

/**
 * Leaves out pages that have no instance in any of the states, as far as their counters can tell. Where an index has those
 * that may (`page_excepted`, `page_unfolded`), its predicate is said too, so that the others are not even looked at.
 */
function pagesWith(sql: Sql, states: readonly TaskInstanceState[] | undefined) {
  if (states === undefined) return sql``
  const areExceptions = states.every((state) => isCounted(state) && state !== "success")
  return sql`
    ${areExceptions ? sql`and page.failed + page.skipped + page.upstream_failed > 0` : sql``}
    ${states.some(isCounted) ? sql`` : sql`and not page.folded`}
    and (
    (page.finished < page.count and ${states.some((state) => !isCounted(state))}::boolean) or
    (page.success > 0 and ${states.includes("success")}::boolean)
    or (page.failed > 0 and ${states.includes("failed")}::boolean)
    or (page.skipped > 0 and ${states.includes("skipped")}::boolean)
    or (page.upstream_failed > 0 and ${states.includes("upstream_failed")}::boolean)
  )`
}

function isCounted(state: TaskInstanceState): boolean {
  return state === "success" || state === "failed" || state === "skipped" || state === "upstream_failed"
}

/** The encoded value that an instance left under a key. */
export async function selectXCom(
  sql: Sql,
  options: { expansionId: string; mapIndex: number; key: string },
): Promise<string | null> {
  const { expansionId, mapIndex, key } = options
  const rows =
    key === "return_value"
      ? await sql<{ value: string | null }[]>`
          select value::text as value from task_instance
          where expansion_id = ${expansionId} and map_index = ${mapIndex} and state = 'success'
        `
      : await sql<{ value: string | null }[]>`
          select value::text as value from xcom
          where expansion_id = ${expansionId} and map_index = ${mapIndex} and key = ${key}
        `
  return rows[0]?.value ?? null
}
