import { isEndedState } from "../../state/task-instance.ts"
import type { StoredSlice } from "../expansion-store.ts"
import type { ExpansionRecord, InstanceRow } from "./state.ts"
import { pageAt } from "./page-at.ts"

type Item = StoredSlice["items"][number]

/** Reads a slice of what a mapped task or a shared source has left. */
export function readStream(
  expansion: ExpansionRecord,
  options: { fromIndex: number; limit: number },
): StoredSlice {
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
