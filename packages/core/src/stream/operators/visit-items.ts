import { isThenable } from "../abortable.ts"
import { isGap } from "../gap.ts"

/**
 * Asks a user's function about each item of a page in order, and hands the answers to `take`.
 *
 * Gaps are copied into `out` without asking. Everything happens at once as long as the function is synchronous; from
 * the first promise on, items are awaited one at a time. When `take` returns false the rest is left alone.
 */
export function visitItems<A, R>(
  items: readonly A[],
  out: unknown[],
  ask: (item: A) => R | PromiseLike<R>,
  take: (answer: R, item: A) => boolean,
  signal: AbortSignal,
): Promise<void> | undefined {
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as A
    if (isGap(item)) {
      out.push(item)
      continue
    }
    const answer = ask(item)
    if (isThenable(answer)) return visitRest({ items, out, ask, take, signal }, index, answer)
    if (!take(answer, item)) return undefined
  }
  return undefined
}

interface Visit<A, R> {
  readonly items: readonly A[]
  readonly out: unknown[]
  readonly ask: (item: A) => R | PromiseLike<R>
  readonly take: (answer: R, item: A) => boolean
  readonly signal: AbortSignal
}

async function visitRest<A, R>(visit: Visit<A, R>, at: number, first: PromiseLike<unknown>): Promise<void> {
  const { items, out, ask, take, signal } = visit
  if (!take((await first) as R, items[at] as A)) return
  for (let index = at + 1; index < items.length; index++) {
    signal.throwIfAborted()
    const item = items[index] as A
    if (isGap(item)) out.push(item)
    else if (!take(await ask(item), item)) return
  }
}
