import { countCursor } from "../bad-cursor.ts"
import type { Page } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import { requireReader } from "../require-reader.ts"

/**
 * Makes a stream of the results of a mapped task, or of the items of a shared source, in index order.
 *
 * Its cursor is the next index. A page without items that does not move on is `waiting`: the upstream is not so far yet.
 */
export function resultStream<A>(taskId: string): PagedStream<A> {
  return {
    start: 0,
    async pull(cursor, scope) {
      scope.signal.throwIfAborted()
      const fromIndex = countCursor(`The results of task "${taskId}"`, cursor)
      const { signal, pageSize: limit } = scope
      const slice = await requireReader(scope, taskId).readStream({ taskId, fromIndex, limit, signal })
      const items = slice.items as readonly A[]
      if (slice.exhausted) return { items, next: null, end: { resume: slice.nextIndex } }
      const page: Page<A> = { items, next: slice.nextIndex }
      return items.length === 0 && slice.nextIndex === fromIndex ? { ...page, waiting: true } : page
    },
    close: async () => {},
  }
}
