import { countCursor } from "../bad-cursor.ts"
import type { Page } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"

/** Makes a stream of a list that is known already. Its cursor is an index. */
export function listStream<A>(items: readonly A[]): PagedStream<A> {
  return {
    start: 0,
    async pull(cursor, scope) {
      scope.signal.throwIfAborted()
      return sliceOf(items, countCursor("A list", cursor), scope.pageSize)
    },
    close: async () => {},
  }
}

/** Gives a page of a list in memory. */
export function sliceOf<A>(items: readonly A[], from: number, limit: number): Page<A> {
  const to = from + limit
  return { items: items.slice(from, to), next: to < items.length ? to : null }
}
