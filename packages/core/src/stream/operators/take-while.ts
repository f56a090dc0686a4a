import { stoppedPage, withItems } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import { requireFunction } from "./arguments.ts"
import { visitItems } from "./visit-items.ts"

/** Gives the items before the first that `predicate` does not hold for, and closes the source there. */
export function takeWhile<A, B extends A>(
  source: PagedStream<A>,
  predicate: (item: A) => item is B,
): PagedStream<B>
export function takeWhile<A>(source: PagedStream<A>, predicate: (item: A) => unknown): PagedStream<A>
export function takeWhile<A>(source: PagedStream<A>, predicate: (item: A) => unknown): PagedStream<A> {
  requireFunction("takeWhile", predicate)
  return {
    start: source.start,
    async pull(cursor, scope) {
      const page = await source.pull(cursor, scope)
      const taken: A[] = []
      let hasEnded = false
      const keep = (holds: unknown, item: A) => {
        if (holds) taken.push(item)
        else hasEnded = true
        return !hasEnded
      }
      await visitItems(page.items, taken, predicate, keep, scope.signal)
      if (!hasEnded) return withItems(page, taken)
      await source.close(scope)
      return stoppedPage(taken, "takeWhile")
    },
    close: (scope) => source.close(scope),
  }
}
