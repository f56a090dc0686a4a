import { describeValue } from "./describe-value.ts"

/**
 * How long closing waits for a source that is still busy with its last `next()`: `return()` runs only after it. A
 * source that heeds its signal needs far less; one that does not is left to end by itself.
 */
export const closeGraceMs = 1_000

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>

/**
 * An iterator that a source keeps open: it knows whether it is busy and whether it has ended, and closes once.
 *
 * Its own signal aborts when it is closed: first, if it is busy or the scope was aborted, so that it can stop early;
 * else after its `finally` blocks have run.
 */
export class OpenIterator {
  readonly #iterator: AnyIterator
  readonly #controller: AbortController
  readonly #scopeSignal: AbortSignal
  #isBusy = false
  #hasEnded = false
  #closing: Promise<void> | null = null

  constructor(iterator: AnyIterator, controller: AbortController, scopeSignal: AbortSignal) {
    this.#iterator = iterator
    this.#controller = controller
    this.#scopeSignal = scopeSignal
  }

  /** Reads the next value. Calls must not overlap. */
  async next(): Promise<IteratorResult<unknown>> {
    this.#isBusy = true
    try {
      const result = await this.#iterator.next()
      if (result.done === true) this.#hasEnded = true
      return result
    } catch (error) {
      this.#hasEnded = true
      throw error
    } finally {
      this.#isBusy = false
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#isBusy || this.#scopeSignal.aborted) this.#abort()
    try {
      if (!this.#hasEnded) await this.#end()
    } finally {
      this.#abort()
    }
  }

  async #end(): Promise<void> {
    const wasBusy = this.#isBusy
    this.#hasEnded = true
    const ended = this.#iterator.return?.()
    if (wasBusy) await settledWithin(ended, closeGraceMs)
    else await ended
  }

  #abort(): void {
    if (this.#controller.signal.aborted) return
    this.#controller.abort(this.#scopeSignal.aborted ? this.#scopeSignal.reason : undefined)
  }
}

/** Starts what a source's function gave: an async or a plain iterable. Strings are refused, since nobody means them. */
export function startIterator(iterable: unknown, source: string): AnyIterator {
  if (typeof iterable === "object" && iterable !== null) {
    if (Symbol.asyncIterator in iterable) return (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    if (Symbol.iterator in iterable) return (iterable as Iterable<unknown>)[Symbol.iterator]()
  }
  throw new TypeError(
    `${source} gave ${describeValue(iterable)}, which cannot be iterated: ` +
      `write it as an async generator (async function*) or give an AsyncIterable or Iterable.`,
  )
}

async function settledWithin(work: unknown, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
