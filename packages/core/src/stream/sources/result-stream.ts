import { countCursor, refuseCursor } from "../bad-cursor.ts"
import type { TakenIndexes } from "../../index-ranges.ts"
import type { Cursor, Page } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { PullScope } from "../pull-scope.ts"
import { requireReader } from "../require-reader.ts"

/**
 * Makes a stream of the results of a mapped task, or of the items of a shared source, in index order.
 *
 * Its cursor is the next index, or, where pages are taken as they are completed, what was taken so far. A page without items that does not move on is `waiting`: the upstream is not so far yet.
 */
export function resultStream<A>(taskId: string): PagedStream<A> {
  return {
    start: 0,
    async pull(cursor, scope) {
      scope.signal.throwIfAborted()
      if (!scope.isOrdered) return pullCompleted<A>(taskId, cursor, scope)
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

/** Pulls a page of what has been completed; the cursor says what was taken so far. */
async function pullCompleted<A>(taskId: string, cursor: Cursor, scope: PullScope): Promise<Page<A>> {
  const { nextIndex: fromIndex, ahead } = takenBefore(taskId, cursor)
  const { signal, pageSize: limit } = scope
  const slice = await requireReader(scope, taskId).readStream({ taskId, fromIndex, ahead, limit, signal })
  const items = slice.items as readonly A[]
  const after = { nextIndex: slice.nextIndex, ahead: (slice.ahead ?? []).map(([from, to]) => [from, to]) }
  if (slice.exhausted) return { items, next: null, end: { resume: after } }
  return items.length === 0 ? { items, next: cursor, waiting: true } : { items, next: after }
}

function takenBefore(taskId: string, cursor: Cursor): TakenIndexes {
  if (cursor === 0) return { nextIndex: 0, ahead: [] }
  if (typeof cursor === "object" && cursor !== null && "nextIndex" in cursor && "ahead" in cursor)
    return cursor as unknown as TakenIndexes
  return refuseCursor(`The completed results of task "${taskId}"`, cursor)
}
