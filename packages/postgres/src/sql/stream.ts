import { isEndedState, type RecordedState } from "@sluice/core/state"
import type { StoredSlice } from "@sluice/core/store"
import { type IndexRange, rangesAheadMax, takeRange, untakenFrom } from "@sluice/core/stream"
import type { Sql } from "./row.ts"
import { toNumber } from "./row.ts"

interface StreamHead {
  kind: "task" | "mapped" | "source" | "fused"
  isFinal: boolean
  isExhausted: boolean
  isCancelled: boolean
  isBroken: boolean
  isClearing: boolean
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
 * Two statements at most: the head first, so that an end seen there is an end of what is read after it.
 */
export async function readStream(
  sql: Sql,
  options: { expansionId: string; fromIndex: number; ahead?: readonly IndexRange[]; limit: number },
): Promise<StoredSlice> {
  const heads = await sql<StreamHead[]>`
    select kind, state not in ('waiting', 'open', 'draining') as is_final, is_exhausted, is_cancelled,
      stream_failure is not null as is_broken, is_clearing, next_index
    from expansion
    where id = ${options.expansionId}
  `
  const head = heads[0]
  if (head === undefined) return { items: [], nextIndex: options.fromIndex, exhausted: true, isBroken: true }
  // What it left before it begins anew is nobody's.
  if (head.isClearing) return { items: [], nextIndex: options.fromIndex, exhausted: false, isBroken: false }
  const { ahead } = options
  if (ahead !== undefined) return readCompleted(sql, head, { ...options, ahead })
  const items = contiguous(await rowsOf(sql, head, options), options.fromIndex)
  const nextIndex = options.fromIndex + items.length
  const isEnd = isEndAt(head, nextIndex, items.length)
  return { items, nextIndex, exhausted: isEnd, isBroken: isEnd && head.isBroken }
}

/** Who has caught up with a stream looks often: of an index that nothing was made of yet there is nothing to read. */
function rowsOf(sql: Sql, head: StreamHead, options: Parameters<typeof instanceValues>[1]) {
  if (options.fromIndex >= toNumber(head.nextIndex)) return []
  return head.kind === "source" ? sourceItems(sql, options) : instanceValues(sql, options)
}

function isEndAt(head: StreamHead, nextIndex: number, read: number): boolean {
  if (head.isExhausted && nextIndex >= toNumber(head.nextIndex)) return true
  // What a cancelled map has not ended it never will: its stream ends at the first hole.
  return head.isFinal && (!head.isExhausted || head.isCancelled) && read === 0
}

/**
 * Reads what is left of the first finished page of which anything is: pages as they are completed, not in order.
 *
 * Walks the pages from the first index not taken on: those that are unfinished, which the upstream's window bounds, and
 * those taken ahead of one that is, which `rangesAheadMax` bounds.
 */
async function readCompleted(
  sql: Sql,
  head: StreamHead,
  options: { expansionId: string; fromIndex: number; ahead: readonly IndexRange[]; limit: number },
): Promise<StoredSlice> {
  const { expansionId, fromIndex, ahead, limit } = options
  const taken = { nextIndex: fromIndex, ahead }
  const page = await firstCompleted(sql, options)
  const from = page === null ? fromIndex : untakenFrom(taken, page)
  const to = page === null ? fromIndex : Math.min(page[1], from + limit)
  const rows = to > from ? await instanceValues(sql, { expansionId, fromIndex: from, limit: to - from }) : []
  const items = contiguous(rows, from)
  const after = items.length > 0 ? takeRange(taken, [from, from + items.length]) : taken
  const isEnd = isEndAt(head, after.nextIndex, items.length)
  return { items, ...after, exhausted: isEnd, isBroken: isEnd && head.isBroken }
}

async function firstCompleted(
  sql: Sql,
  { expansionId, fromIndex, ahead }: { expansionId: string; fromIndex: number; ahead: readonly IndexRange[] },
): Promise<IndexRange | null> {
  const isFull = ahead.length >= rangesAheadMax
  const rows = await sql<{ firstIndex: string; count: number }[]>`
    select first_index, count from page
    where expansion_id = ${expansionId} and finished = count
      and first_index >= (
        select coalesce(max(first_index), 0) from page
        where expansion_id = ${expansionId} and first_index <= ${fromIndex}
      )
      and first_index + count > ${fromIndex}
      and (${!isFull}::boolean or first_index <= ${fromIndex})
      and not exists (
        select from unnest(
          ${ahead.map(([from]) => from)}::bigint[], ${ahead.map(([, to]) => to)}::bigint[]
        ) as taken (first, after)
        where taken.first <= page.first_index and page.first_index + page.count <= taken.after
      )
    order by first_index
    limit 1
  `
  const [page] = rows
  if (page === undefined) return null
  const first = toNumber(page.firstIndex)
  return [first, first + page.count]
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
