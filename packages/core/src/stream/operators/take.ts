import { countedCursor } from "../bad-cursor.ts"
import { type Cursor, lastPage, stoppedPage } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import { requireCount } from "./arguments.ts"

/** Gives the first `count` items, and closes the source as soon as it has them. `take(0)` never opens it. */
export function take<A>(source: PagedStream<A>, count: number): PagedStream<A> {
  requireCount("take", count, 0)
  return {
    start: [count, source.start],
    async pull(cursor, scope) {
      const [left, at] = countedCursor("take", cursor)
      if (left === 0) return stoppedPage([], "take")
      const page = await source.pull(at, scope)
      const items = page.items.length > left ? page.items.slice(0, left) : page.items
      if (items.length === left) {
        await source.close(scope)
        return stoppedPage(items, "take")
      }
      const after = (cursor: Cursor) => [left - items.length, cursor]
      if (page.next === null) return lastPage(page, items, after)
      const next = after(page.next)
      return page.waiting ? { items, next, waiting: true } : { items, next }
    },
    close: (scope) => source.close(scope),
  }
}
