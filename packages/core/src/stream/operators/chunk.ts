import { refuseCursor } from "../bad-cursor.ts"
import { gapAmong } from "../gap.ts"
import { carryItems, takeCarried } from "../item-codec.ts"
import type { CarriedItem } from "../item-codec.ts"
import { type Cursor, lastPage, type Page, stoppedPage } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import { requireCount } from "./arguments.ts"

/**
 * Gives the items in arrays of `size`; the last may be shorter. A chunk with a gap in it becomes one gap.
 *
 * The unfilled rest, fewer than `size` items, waits in the cursor.
 */
export function chunk<A>(source: PagedStream<A>, size: number): PagedStream<A[]> {
  requireCount("chunk", size, 1)
  return {
    start: { at: source.start, rest: [] },
    async pull(cursor, scope) {
      const { at, rest } = parse(cursor)
      const page = await source.pull(at, scope)
      const items = [...takeCarried<A>(rest, scope.codec), ...page.items]
      const isLast = page.next === null
      const whole = isLast ? items.length : items.length - (items.length % size)
      const chunks = cut(items, whole, size)
      if (page.next === null) {
        // A short chunk has been given out, and could not grow any more.
        if (items.length % size > 0) return stoppedPage(chunks, "chunk")
        return lastPage(page, chunks, (resume) => ({ at: resume, rest: [] }))
      }
      const next = { at: page.next, rest: carryItems(items.slice(whole), scope.codec) }
      return page.waiting && chunks.length === 0
        ? { items: chunks, next, waiting: true }
        : ({ items: chunks, next } satisfies Page<A[]>)
    },
    close: (scope) => source.close(scope),
  }
}

function cut<A>(items: readonly A[], end: number, size: number): A[][] {
  const chunks: A[][] = []
  for (let from = 0; from < end; from += size) {
    const part = items.slice(from, from + size)
    chunks.push((gapAmong(part) ?? part) as A[])
  }
  return chunks
}

function parse(cursor: Cursor): { at: Cursor; rest: readonly CarriedItem[] } {
  if (typeof cursor !== "object" || cursor === null || !("rest" in cursor))
    return refuseCursor("chunk", cursor)
  return cursor as { at: Cursor; rest: readonly CarriedItem[] }
}
