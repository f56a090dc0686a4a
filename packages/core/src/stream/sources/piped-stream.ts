import { AsyncIterableX } from "ix/asynciterable/asynciterablex"
import { stoppedPage } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import { readItems } from "../read-items.ts"
import type { ReadOptions } from "../read-pages.ts"
import { replaySource } from "./replay-source.ts"

/**
 * Makes a stream of what ix operators give over another stream.
 *
 * They keep no cursor, so it is re-opened by replay: the upstream is read from its beginning, and as many results as
 * were taken are skipped. Gaps of the upstream are left out, since the operators do not know them.
 */
export function pipedStream<A, B>(
  upstream: PagedStream<A>,
  apply: (items: AsyncIterableX<A>) => AsyncIterable<B>,
): PagedStream<B> {
  const replayed = replaySource(({ signal, scope, interrupt }) => {
    const { pageSize, reader, context } = scope
    return apply(new StreamItems(upstream, signal, { pageSize, reader, context, onWaiting: interrupt }))
  })
  return {
    ...replayed,
    async pull(cursor, scope) {
      const page = await replayed.pull(cursor, scope)
      // What the operators held back, nobody knows.
      return page.next === null ? stoppedPage(page.items, "pipe") : page
    },
  }
}

class StreamItems<A> extends AsyncIterableX<A> {
  readonly #stream: PagedStream<A>
  readonly #signal: AbortSignal
  readonly #options: ReadOptions

  constructor(stream: PagedStream<A>, signal: AbortSignal, options: ReadOptions) {
    super()
    this.#stream = stream
    this.#signal = signal
    this.#options = options
  }

  // Some ix operators forget to close their sources, so what is still open closes with the signal of the whole pipe.
  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterator<A> {
    const signals = signal === undefined ? [this.#signal] : [this.#signal, signal]
    return readItems(this.#stream, { ...this.#options, signal: signals })
  }
}
