import type { OpenIterator } from "./open-iterator.ts"

/**
 * How long a page with some items waits for more. A source that is slower than this gives shorter pages instead of
 * late ones.
 */
export const partialPageMs = 100

/** The items that one page was filled with. */
export interface Collected {
  readonly items: readonly unknown[]
  /** True when the iterator has ended and nothing is left. */
  readonly hasEnded: boolean
  /** True when `interrupt` cut the wait short and there was nothing. */
  readonly isWaiting: boolean
}

/**
 * Fills pages with the single items of an iterator.
 *
 * A page is ready when it is full, when the iterator ends, or `partialPageMs` after its first item. In the last case
 * one `next()` is still pending: its item is kept for the next page. An error comes after the items before it.
 */
export class ItemCollector {
  readonly #iterator: OpenIterator
  readonly #accept: (value: unknown) => unknown
  #items: unknown[] = []
  #isAsking = false
  #hasEnded = false
  #failure: { readonly error: unknown } | null = null
  #limit = 0
  #ready: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null
  #wasInterrupted = false

  /** `accept` sees each value before it becomes an item, and may throw to refuse it. */
  constructor(iterator: OpenIterator, accept: (value: unknown) => unknown) {
    this.#iterator = iterator
    this.#accept = accept
  }

  /** Puts back a value that was read before the collector existed. */
  putBack(value: unknown): void {
    this.#items.push(this.#accept(value))
  }

  /** Collects the next page of at most `limit` items. Calls must not overlap. */
  async take(limit: number): Promise<Collected> {
    this.#limit = limit
    this.#wasInterrupted = false
    await new Promise<void>((resolve) => {
      this.#ready = resolve
      this.#advance()
    })
    const items = this.#items.splice(0, limit)
    if (items.length === 0 && this.#failure !== null) throw this.#failure.error
    const isWaiting = this.#wasInterrupted && items.length === 0 && !this.#hasEnded
    return { items, hasEnded: this.#hasEnded && this.#items.length === 0, isWaiting }
  }

  /** Makes a page that is being collected ready now, with what it has. */
  interrupt(): void {
    if (this.#ready === null) return
    this.#wasInterrupted = true
    this.#finishPage()
  }

  /** Forgets the timer; the iterator is closed by whoever opened it. */
  close(): void {
    if (this.#ready !== null) this.#finishPage()
  }

  #advance(): void {
    if (this.#ready === null) return
    if (this.#items.length >= this.#limit || this.#hasEnded || this.#failure !== null)
      return this.#finishPage()
    if (this.#items.length > 0) this.#timer ??= setTimeout(() => this.#finishPage(), partialPageMs)
    this.#ask()
  }

  #ask(): void {
    if (this.#isAsking) return
    this.#isAsking = true
    this.#iterator.next().then(
      (result) => this.#receive(result),
      (error: unknown) => this.#fail(error),
    )
  }

  #receive(result: IteratorResult<unknown>): void {
    this.#isAsking = false
    try {
      if (result.done === true) this.#hasEnded = true
      else this.#items.push(this.#accept(result.value))
    } catch (error) {
      this.#failure = { error }
    }
    this.#advance()
  }

  #fail(error: unknown): void {
    this.#isAsking = false
    this.#failure = { error }
    this.#advance()
  }

  #finishPage(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const ready = this.#ready
    this.#ready = null
    ready?.()
  }
}
