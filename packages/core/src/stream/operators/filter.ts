import { withItems } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import { requireFunction } from "./arguments.ts"
import { visitItems } from "./visit-items.ts"

/** Gives a stream of the items that `predicate` holds for. A page may come out empty. */
export function filter<A, B extends A>(
  source: PagedStream<A>,
  predicate: (item: A) => item is B,
): PagedStream<B>
export function filter<A>(source: PagedStream<A>, predicate: (item: A) => unknown): PagedStream<A>
export function filter<A>(source: PagedStream<A>, predicate: (item: A) => unknown): PagedStream<A> {
  requireFunction("filter", predicate)
  return {
    start: source.start,
    async pull(cursor, scope) {
      const page = await source.pull(cursor, scope)
      const kept: A[] = []
      const keep = (holds: unknown, item: A) => {
        if (holds) kept.push(item)
        return true
      }
      await visitItems(page.items, kept, predicate, keep, scope.signal)
      return withItems(page, kept)
    },
    close: (scope) => source.close(scope),
  }
}
