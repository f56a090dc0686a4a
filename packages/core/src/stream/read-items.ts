import { isGap } from "./gap.ts"
import { memoryCodec } from "./item-codec.ts"
import type { Page } from "./page.ts"
import type { PagedStream } from "./paged-stream.ts"
import { readPages } from "./read-pages.ts"
import type { ReadOptions } from "./read-pages.ts"

/**
 * Reads a stream item by item, without its gaps: someone who collects results wants those that are there.
 *
 * Cursors stay in this process, so items of any kind may pass through `chunk`, `zip` and `flatMap`.
 */
export function readItems<A>(stream: PagedStream<A>, options: ReadOptions = {}): AsyncIterableIterator<A> {
  return new ItemIterator(readPages(stream, { ...options, codec: options.codec ?? memoryCodec }))
}

// Written by hand because a generator costs several times as much for an item that is already here.
class ItemIterator<A> implements AsyncIterableIterator<A> {
  readonly #pages: AsyncIterableIterator<Page<A>>
  #items: readonly A[] = []
  #at = 0
  #reading: Promise<unknown> | null = null
  #hasEnded = false

  constructor(pages: AsyncIterableIterator<Page<A>>) {
    this.#pages = pages
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<A, undefined>> {
    if (this.#reading !== null) return this.#queue()
    const ready = this.#take()
    return ready === null ? this.#queue() : Promise.resolve(ready)
  }

  async return(): Promise<IteratorResult<A, undefined>> {
    this.#finish()
    await this.#pages.return?.()
    return { done: true, value: undefined }
  }

  #take(): IteratorResult<A, undefined> | null {
    while (this.#at < this.#items.length) {
      const value = this.#items[this.#at++] as A
      if (!isGap(value)) return { done: false, value }
    }
    return this.#hasEnded ? { done: true, value: undefined } : null
  }

  // Calls that come before the last one was answered wait for their turn, as a generator's would.
  #queue(): Promise<IteratorResult<A, undefined>> {
    const turn = (this.#reading ?? Promise.resolve()).then(() => this.#read())
    const settled = turn.then(ignore, ignore).then(() => {
      if (this.#reading === settled) this.#reading = null
    })
    this.#reading = settled
    return turn
  }

  async #read(): Promise<IteratorResult<A, undefined>> {
    while (true) {
      const ready = this.#take()
      if (ready !== null) return ready
      await this.#readPage()
    }
  }

  async #readPage(): Promise<void> {
    try {
      const { done, value } = await this.#pages.next()
      if (done === true) this.#finish()
      else if (!this.#hasEnded) {
        this.#items = value.items
        this.#at = 0
      }
    } catch (error) {
      this.#finish()
      throw error
    }
  }

  #finish(): void {
    this.#hasEnded = true
    this.#items = []
    this.#at = 0
  }
}

function ignore(): void {}
