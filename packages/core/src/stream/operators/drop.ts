import { countedCursor } from "../bad-cursor.ts"
import { type Cursor, lastPage } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import { requireCount } from "./arguments.ts"

/** Leaves out the first `count` items. */
export function drop<A>(source: PagedStream<A>, count: number): PagedStream<A> {
  requireCount("drop", count, 0)
  return {
    start: [count, source.start],
    async pull(cursor, scope) {
      const [left, at] = countedCursor("drop", cursor)
      const page = await source.pull(at, scope)
      const dropped = Math.min(left, page.items.length)
      const items = dropped === 0 ? page.items : page.items.slice(dropped)
      const after = (cursor: Cursor) => [left - dropped, cursor]
      if (page.next === null) return lastPage(page, items, after)
      const next = after(page.next)
      return page.waiting ? { items, next, waiting: true } : { items, next }
    },
    close: (scope) => source.close(scope),
  }
}
