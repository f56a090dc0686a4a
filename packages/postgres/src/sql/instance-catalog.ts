import type { CatalogStore, InstanceRange } from "@sluice/core/store"
import type { TaskInstanceState } from "@sluice/core/state"
import type { Counted } from "./filter.ts"
import { likeAny } from "./filter.ts"
import type { Sql } from "./row.ts"
import { instanceColumns, instancesOfPage, type TaskInstanceRow } from "./view.ts"

/** States of instances that have ended: pages count them. */
const countedStates: readonly TaskInstanceState[] = ["success", "failed", "skipped", "upstream_failed"]

/**
 * How many instances of a page are in one of the states.
 *
 * Counters say it where only ended states are asked for, and on folded pages, where everything has ended. Only on the
 * others, at most a window of them, instances are looked at one by one.
 */
function matching(sql: Sql, states: readonly TaskInstanceState[]) {
  const has = (state: TaskInstanceState) => sql`${states.includes(state)}::boolean`
  const counted = sql`(
    case when ${has("success")} then page.success else 0 end
    + case when ${has("failed")} then page.failed else 0 end
    + case when ${has("skipped")} then page.skipped else 0 end
    + case when ${has("upstream_failed")} then page.upstream_failed else 0 end
  )`
  if (states.every((state) => countedStates.includes(state))) return counted
  return sql`
    case when page.folded then ${counted} else (
      select count(*)::int from ${instancesOfPage(sql)} seen where seen.state = any (${[...states]}::text[])
    ) end
  `
}

/** Pages that can have an instance in one of the states. Only pages that are not folded have unfinished ones. */
function mayMatch(sql: Sql, states: readonly TaskInstanceState[]) {
  return states.some((state) => countedStates.includes(state)) ? sql`` : sql`and not page.folded`
}

/** How many instances of each expansion are in one of the states; those without any are left out. */
export function countInstances(
  sql: Sql,
  { expansionIds, states }: Parameters<CatalogStore["countInstances"]>[0],
): Promise<{ expansionId: string; count: string }[]> {
  return sql<{ expansionId: string; count: string }[]>`
    select expansion.id as expansion_id, counted.count
    from expansion
    cross join lateral (
      select sum(${matching(sql, states)}) as count
      from page
      where page.expansion_id = expansion.id ${mayMatch(sql, states)}
    ) counted
    where expansion.id = any (${[...expansionIds]}::bigint[]) and expansion.kind in ('task', 'mapped')
      and counted.count > 0
  `
}

/** Instances at places among those in the states: pages before are passed over by their counters. */
export function selectInstancesAt(
  sql: Sql,
  options: { ranges: readonly InstanceRange[]; states: readonly TaskInstanceState[] | null },
): Promise<TaskInstanceRow[]> {
  const { ranges, states } = options
  return sql<TaskInstanceRow[]>`
    select ${instanceColumns(sql)}
    from unnest(
      ${ranges.map((range) => range.expansionId)}::bigint[], ${ranges.map((range) => range.skip)}::bigint[],
      ${ranges.map((range) => range.limit)}::int[]
    ) with ordinality as range (expansion_id, skip, count, place)
    join expansion on expansion.id = range.expansion_id and expansion.kind in ('task', 'mapped')
    cross join lateral (
      ${states === null ? byIndex(sql) : byCount(sql, states)}
    ) seen
    order by range.place, seen.map_index
  `
}

/** Every index has its instance, so the place is the index; an unmapped task's one instance has the index -1. */
function byIndex(sql: Sql) {
  return sql`
    select seen.*
    from (
      select begun.first, begun.first + range.count as "end"
      from (select range.skip + case when expansion.kind = 'task' then -1 else 0 end as first) begun
    ) start
    join page on page.expansion_id = range.expansion_id
      and page.first_index >= (
        select coalesce(max(before.first_index), -1) from page before
        where before.expansion_id = range.expansion_id and before.first_index <= start.first
      )
      and page.first_index < start.end
    cross join lateral ${instancesOfPage(sql, ["start.first", "start.end"])} seen
  `
}

function byCount(sql: Sql, states: readonly TaskInstanceState[]) {
  return sql`
    select found.*
    from (
      select seen.*, row_number() over (partition by page.first_index order by seen.map_index) + page.before as place
      from (
        select * from (
          select page.*, sum(page.fitting) over (order by page.first_index) - page.fitting as before
          from (
            select page.expansion_id, page.first_index, page.count, page.keys, page.labels,
              ${matching(sql, states)} as fitting
            from page
            where page.expansion_id = range.expansion_id ${mayMatch(sql, states)}
          ) page
          where page.fitting > 0
        ) page
        where page.before + page.fitting > range.skip and page.before < range.skip + range.count
      ) page
      cross join lateral ${instancesOfPage(sql)} seen
      where seen.state = any (${[...states]}::text[])
    ) found
    where found.place > range.skip and found.place <= range.skip + range.count
  `
}

/** An XCom without its value; the index as text. */
export interface XComEntryRow {
  mapIndex: string
  key: string
  at: Date | null
}

/** What an expansion's instances left, counted: results from the item table, the rest from what was pushed. */
export function selectXComs(
  sql: Sql,
  options: Parameters<CatalogStore["listXComs"]>[0],
): Promise<Counted<XComEntryRow>[]> {
  const { expansionId, mapIndex, keyPatterns } = options
  const ofInstance = mapIndex === null ? sql`` : sql`and map_index = ${mapIndex}`
  return sql<Counted<XComEntryRow>[]>`
    with results as (
      select map_index, 'return_value' as key, ended_at as at
      from task_instance
      where expansion_id = ${expansionId} and state = 'success' and value is not null ${ofInstance}
        ${likeAny(sql, "'return_value'", keyPatterns)}
    ), pushed as (
      select map_index, key, (
        select ended_at from task_instance
        where task_instance.expansion_id = xcom.expansion_id and task_instance.map_index = xcom.map_index
      ) as at
      from xcom
      where expansion_id = ${expansionId} ${ofInstance} ${likeAny(sql, "key", keyPatterns)}
    )
    select counted.total, row.*
    from (select (select count(*) from results) + (select count(*) from pushed) as total) counted
    left join (
      select * from (select * from results union all select * from pushed) entry
      order by map_index, key collate "C"
      limit ${options.limit} offset ${options.skip}
    ) row on true
    order by row.map_index, row.key collate "C"
  `
}
