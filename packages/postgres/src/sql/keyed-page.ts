/**
 * What `commitPage` adds to its statement where items have keys.
 *
 * Which of a page's items are new is found in the statement that commits them: of equal keys in the page the first
 * counts, and none that `item_key` has. Whoever commits holds the epoch, and an earlier holder's commit is either seen
 * here or refused, so nobody adds a key in between; if two ever did, the primary key would refuse the second page whole.
 */
import type { Sql } from "./row.ts"

/** A page whose items have keys, in the order of the stream. */
export interface KeyedPage {
  readonly expansionId: string
  /** The items as one text, joined as `commitPage` joins them. */
  readonly items: string
  readonly keys: readonly (string | null)[]
  readonly labels: readonly (string | null)[] | null
  /** What each gap ends as; null for an item. */
  readonly gapStates: readonly (string | null)[]
}

/** CTEs: `fresh` holds the items that are new with their positions among these, and `tally.n` is how many there are. */
export function freshItems(sql: Sql, page: KeyedPage) {
  return sql`, given as materialized (
      select item, key, label, gap, place, row_number() over (partition by key order by place) as occurrence
      from unnest(
        string_to_array(${page.items}::text, chr(1), chr(2)), ${[...page.keys]}::text[],
        ${page.labels === null ? null : [...page.labels]}::text[], ${[...page.gapStates]}::text[]
      ) with ordinality as g (item, key, label, gap, place)
    ), fresh as materialized (
      select item, key, label, gap, (row_number() over (order by place))::int - 1 as position
      from given
      where key is null or (
        occurrence = 1 and not exists (
          select from item_key
          where item_key.expansion_id = ${page.expansionId}::bigint and item_key.key = given.key
        )
      )
    ), tally as materialized (
      select count(*)::int as n from fresh
    )`
}

/** The new items, their keys and labels, as the page's arrays. */
export function freshArrays(sql: Sql) {
  return sql`(select array_agg(item order by position) from fresh),
        (select array_agg(key order by position) from fresh), (
          select case when count(label) > 0 then array_agg(label order by position) end from fresh
        )`
}

/** CTEs: the rows of the new items' keys, and of the gaps among them. */
export function freshRows(sql: Sql) {
  return sql`, named as (
      insert into item_key (expansion_id, map_index, key)
      select moved.id, moved.next_index - tally.n + fresh.position, fresh.key
      from moved, tally, fresh
      where fresh.key is not null
    ), gapped as (
      insert into task_instance (expansion_id, map_index, state, try_number, started_at, ended_at)
      select moved.id, moved.next_index - tally.n + fresh.position, fresh.gap::task_instance_state, 0, now(), now()
      from moved, tally, fresh
      where fresh.gap is not null
    )`
}
