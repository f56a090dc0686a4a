import { countedCursor } from "../bad-cursor.ts"
import { lastPage, stoppedPage } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import { requireStream } from "./arguments.ts"

/** Gives the items of the first stream, then those of the second, and so on. Each is opened when its turn comes. */
export function concat<A>(...streams: readonly PagedStream<A>[]): PagedStream<A> {
  for (const stream of streams) requireStream("concat", stream)
  return {
    start: [0, streams[0]?.start ?? null],
    async pull(cursor, scope) {
      const [turn, at] = countedCursor("concat", cursor)
      const current = streams[turn]
      if (current === undefined) return stoppedPage([], "concat")
      const page = await current.pull(at, scope.child(`${turn}`))
      if (page.next !== null) {
        const next = [turn, page.next]
        return page.waiting ? { items: page.items, next, waiting: true } : { items: page.items, next }
      }
      await scope.child(`${turn}`).close()
      const following = streams[turn + 1]
      // What the streams before the last one have by then would come too late.
      if (following === undefined)
        return streams.length === 1
          ? lastPage(page, page.items, (resume) => [turn, resume])
          : stoppedPage(page.items, "concat")
      return { items: page.items, next: [turn + 1, following.start] }
    },
    async close(scope) {
      await Promise.all(streams.map((_, turn) => scope.child(`${turn}`).close()))
    },
  }
}
