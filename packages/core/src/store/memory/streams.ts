import { isEndedState } from "../../state/task-instance.ts"
import type { StoredSlice } from "../expansion-store.ts"
import {
  type IndexRange,
  rangesAheadMax,
  type TakenIndexes,
  takeRange,
  untakenFrom,
} from "../../index-ranges.ts"
import { sumOf } from "./counts.ts"
import type { ExpansionRecord, InstanceRow, PageRecord } from "./state.ts"
import { pageAt } from "./page-at.ts"

type Item = StoredSlice["items"][number]

/** Reads a slice of what a mapped task or a shared source has left. */
export function readStream(
  expansion: ExpansionRecord,
  options: { fromIndex: number; ahead?: readonly IndexRange[]; limit: number },
): StoredSlice {
  // What it left before it begins anew is nobody's.
  if (expansion.isClearing)
    return { items: [], nextIndex: options.fromIndex, exhausted: false, isBroken: false }
  const { ahead } = options
  if (ahead !== undefined) return readCompleted(expansion, { ...options, ahead })
  const itemAt = expansion.task.kind === "source" ? sourceItemAt : resultAt
  const items: Item[] = []
  for (let index = options.fromIndex; items.length < options.limit; index++) {
    const item = itemAt(expansion, index)
    if (item === null) break
    items.push(item)
  }
  const nextIndex = options.fromIndex + items.length
  // What a cancelled map has not ended it never will: its stream ends at the first hole.
  const exhausted = isEnd(expansion, nextIndex) || (expansion.isCancelled && items.length === 0)
  const isBroken = exhausted && expansion.streamFailure !== null
  return { items, nextIndex, exhausted, isBroken }
}

/** Reads what is left of the first finished page of which anything is. */
function readCompleted(
  expansion: ExpansionRecord,
  { fromIndex, ahead, limit }: { fromIndex: number; ahead: readonly IndexRange[]; limit: number },
): StoredSlice {
  const taken = { nextIndex: fromIndex, ahead }
  const page = expansion.pages.find(
    (each) => isCompleted(each) && leftOf(taken, each) < endOf(each) && mayTake(taken, each),
  )
  const from = page === undefined ? fromIndex : leftOf(taken, page)
  const to = page === undefined ? fromIndex : Math.min(endOf(page), from + limit)
  const items = Array.from({ length: to - from }, (_, place) => resultAt(expansion, from + place) ?? "null")
  const after = to > from ? takeRange(taken, [from, to]) : taken
  const exhausted = isEnd(expansion, after.nextIndex) || (expansion.isCancelled && items.length === 0)
  return { items, ...after, exhausted, isBroken: exhausted && expansion.streamFailure !== null }
}

function isCompleted(page: PageRecord): boolean {
  return sumOf(page.counts) === page.count
}

function endOf({ firstIndex, count }: PageRecord): number {
  return firstIndex + count
}

function leftOf(taken: TakenIndexes, page: PageRecord): number {
  return untakenFrom(taken, [page.firstIndex, endOf(page)])
}

/** With many ranges ahead, what comes next in order has to come first. */
function mayTake({ nextIndex, ahead }: TakenIndexes, page: PageRecord): boolean {
  return ahead.length < rangesAheadMax || page.firstIndex <= nextIndex
}

/** A stream that was never opened and never will be ends before its first item. */
function isEnd(expansion: ExpansionRecord, nextIndex: number): boolean {
  if (expansion.exhausted) return nextIndex >= expansion.created
  return expansion.openedAt === null && endedUnopened.has(expansion.state)
}

const endedUnopened: ReadonlySet<string> = new Set(["cancelled", "upstream_failed", "skipped"])

function sourceItemAt(expansion: ExpansionRecord, index: number): Item | null {
  const page = pageAt(expansion, index)
  return page?.items?.[index - page.firstIndex] ?? null
}

function resultAt(expansion: ExpansionRecord, index: number): Item | null {
  const row = expansion.rows.get(index)
  return row === undefined ? null : itemOf(row)
}

/** What an instance left, as its consumer meets it; null while it has not ended. */
function itemOf(row: InstanceRow): Item | null {
  if (!isEndedState(row.state)) return null
  if (row.state === "success") return row.value ?? "null"
  return { gap: row.state === "skipped" ? "skipped" : "upstream_failed" }
}
