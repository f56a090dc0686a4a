import { withItems } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import { requireFunction } from "./arguments.ts"
import { visitItems } from "./visit-items.ts"

/** Gives a stream of what `fn` makes of each item. An async `fn` runs for one item at a time, in order. */
export function map<A, B>(source: PagedStream<A>, fn: (item: A) => B | PromiseLike<B>): PagedStream<B> {
  requireFunction("map", fn)
  return {
    start: source.start,
    async pull(cursor, scope) {
      const page = await source.pull(cursor, scope)
      const mapped: B[] = []
      await visitItems(page.items, mapped, fn, (value) => mapped.push(value) > 0, scope.signal)
      return withItems(page, mapped)
    },
    close: (scope) => source.close(scope),
  }
}
