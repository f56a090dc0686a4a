import { refuseCursor } from "../bad-cursor.ts"
import { isGap } from "../gap.ts"
import { narrowScope } from "../narrow-scope.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { PullScope } from "../pull-scope.ts"

/**
 * Gives the last item of a stored stream that has ended, with its index; nothing of an empty one, nor where a gap is last.
 *
 * The stream may have at most `lengthMax` items. It reads as many of them as `lengthMax` has binary digits.
 */
export function lastItem<A>(
  input: PagedStream<A>,
  lengthMax: number,
): PagedStream<readonly [index: number, item: A]> {
  return {
    start: 0,
    async pull(cursor, scope) {
      if (cursor !== 0) refuseCursor("The last item of a stream", cursor)
      const last = await searchLast(input, lengthMax, narrowScope(scope, 1))
      return { items: last === null || isGap(last[1]) ? [] : [last], next: null }
    },
    close: async () => {},
  }
}

async function searchLast<A>(input: PagedStream<A>, lengthMax: number, scope: PullScope) {
  let found: readonly [index: number, item: A] | null = null
  // Somewhere in this range the stream ends: what lies before it is there.
  let [from, to] = [0, lengthMax]
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    const { items } = await input.pull(middle, scope)
    const [item] = items
    if (items.length === 0) to = middle
    else [found, from] = [[middle, item as A], middle + 1]
  }
  return found
}
