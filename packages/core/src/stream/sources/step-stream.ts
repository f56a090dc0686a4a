import { countCursor } from "../bad-cursor.ts"
import { narrowScope } from "../narrow-scope.ts"
import type { Page } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { PullScope } from "../pull-scope.ts"

/** What streams that keep step hold at an index: one value, or gap, of each; or why there is none. */
export type Step = { readonly values: readonly unknown[] } | "waiting" | "exhausted"

/**
 * Gives what `combine` makes of one item, or gap, of each stream at a time. The streams hold stored items, by index.
 *
 * Its cursor is the next index and nothing else: it can be gone on from, or gone back to, by whoever knows an index. One
 * item is read at a time, for streams of which there is never more than one to be had, as in a loop.
 */
export function stepStream(
  inputs: readonly PagedStream<unknown>[],
  combine: (values: unknown[]) => unknown,
): PagedStream<unknown> {
  return {
    start: 0,
    async pull(cursor, scope) {
      const index = countCursor("The steps of a loop", cursor)
      const step = await readStep(inputs, index, scope)
      if (step === "waiting") return { items: [], next: index, waiting: true }
      if (step === "exhausted") return endAt(index)
      return { items: [combine([...step.values])], next: index + 1 }
    },
    close: async () => {},
  }
}

/** Ends a stream of steps, to be gone on from at the same index. */
export function endAt(index: number): Page<never> {
  return { items: [], next: null, end: { resume: index } }
}

/** Reads what streams hold at an index. One that has ended before it ends them all. */
export async function readStep(
  inputs: readonly PagedStream<unknown>[],
  index: number,
  scope: PullScope,
): Promise<Step> {
  const one = narrowScope(scope, 1)
  const pages = await Promise.all(inputs.map((input) => input.pull(index, one)))
  if (pages.every(({ items }) => items.length > 0)) return { values: pages.map(({ items }) => items[0]) }
  return pages.some(({ items, next }) => items.length === 0 && next === null) ? "exhausted" : "waiting"
}
