import { isEndedState, type RecordedState } from "@sluice/core/state"
import type { StoredSlice } from "@sluice/core/store"
import type { Sql } from "./row.ts"
import { toNumber } from "./row.ts"

interface StreamHead {
  kind: "task" | "mapped" | "source" | "fused"
  isFinal: boolean
  isExhausted: boolean
  isCancelled: boolean
  isBroken: boolean
  nextIndex: string
}

interface ItemRow {
  mapIndex: string
  state: RecordedState
  value: string | null
}

/**
 * Reads a stream that a task of the run has left, from an index on, as far as it is there without a hole.
 *
 * Two statements: the head first, so that an end seen there is an end of what is read after it.
 */
export async function readStream(
  sql: Sql,
  options: { expansionId: string; fromIndex: number; limit: number },
): Promise<StoredSlice> {
  const heads = await sql<StreamHead[]>`
    select kind, state not in ('waiting', 'open', 'draining') as is_final, is_exhausted, is_cancelled,
      stream_failure is not null as is_broken, next_index
    from expansion
    where id = ${options.expansionId}
  `
  const head = heads[0]
  if (head === undefined) return { items: [], nextIndex: options.fromIndex, exhausted: true, isBroken: true }
  const rows = head.kind === "source" ? await sourceItems(sql, options) : await instanceValues(sql, options)
  const items = contiguous(rows, options.fromIndex)
  const nextIndex = options.fromIndex + items.length
  const isEnd =
    (head.isExhausted && nextIndex >= toNumber(head.nextIndex)) ||
    // What a cancelled map has not ended it never will: its stream ends at the first hole.
    (head.isFinal && (!head.isExhausted || head.isCancelled) && items.length === 0)
  return { items, nextIndex, exhausted: isEnd, isBroken: isEnd && head.isBroken }
}

function instanceValues(sql: Sql, options: { expansionId: string; fromIndex: number; limit: number }) {
  return sql<ItemRow[]>`
    select map_index, state, value::text as value
    from task_instance
    where expansion_id = ${options.expansionId} and map_index >= ${options.fromIndex}
    order by map_index
    limit ${options.limit}
  `
}

/** Items of a shared source's pages; a gap there is a null. */
function sourceItems(sql: Sql, options: { expansionId: string; fromIndex: number; limit: number }) {
  return sql<ItemRow[]>`
    select page.first_index + item.place - 1 as map_index,
      case when item.value is null then 'upstream_failed' else 'success' end as state, item.value
    from (
      select first_index, items from page
      where expansion_id = ${options.expansionId}
        and first_index >= (
          select coalesce(max(first_index), 0) from page
          where expansion_id = ${options.expansionId} and first_index <= ${options.fromIndex}
        )
      order by first_index
      limit ${options.limit}
    ) page
    cross join lateral unnest(page.items) with ordinality as item (value, place)
    where page.first_index + item.place - 1 >= ${options.fromIndex}
    order by map_index
    limit ${options.limit}
  `
}

/** The items up to the first index that has no final row yet. */
function contiguous(rows: readonly ItemRow[], fromIndex: number): StoredSlice["items"] {
  const items: (string | { gap: "upstream_failed" | "skipped" })[] = []
  for (const row of rows) {
    if (toNumber(row.mapIndex) !== fromIndex + items.length || !isEndedState(row.state)) break
    if (row.state === "success") items.push(row.value ?? "null")
    else items.push({ gap: row.state === "skipped" ? "skipped" : "upstream_failed" })
  }
  return items
}
