import { countedCursor } from "../bad-cursor.ts"
import { isGap } from "../gap.ts"
import { type Cursor, lastPage } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"

/** Gives each item with its index, from 0. A gap takes an index and stays a gap. */
export function enumerate<A>(source: PagedStream<A>): PagedStream<[index: number, item: A]> {
  return {
    start: [0, source.start],
    async pull(cursor, scope) {
      const [from, at] = countedCursor("enumerate", cursor)
      const page = await source.pull(at, scope)
      const items = page.items.map((item, place) => (isGap(item) ? item : [from + place, item])) as [
        number,
        A,
      ][]
      const after = (cursor: Cursor) => [from + items.length, cursor]
      if (page.next === null) return lastPage(page, items, after)
      const next = after(page.next)
      return page.waiting ? { items, next, waiting: true } : { items, next }
    },
    close: (scope) => source.close(scope),
  }
}
