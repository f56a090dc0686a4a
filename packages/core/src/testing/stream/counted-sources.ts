import { page } from "../../stream/page.ts"
import type { PagedStream } from "../../stream/paged-stream.ts"
import { generatorSource } from "../../stream/sources/generator-source.ts"
import { unfoldSource } from "../../stream/sources/unfold-source.ts"
import type { SourceLedger } from "./source-ledger.ts"

/** A source whose every reading, opening and closing is written into a ledger. */
export interface CountedSource {
  readonly key: string
  readonly pages: readonly (readonly unknown[])[]
  readonly hasFalseEnd: boolean
  readonly failsAt: number
  readonly ledger: SourceLedger
}

/** The source as a generator of pages. */
export function countedGenerator(source: CountedSource): PagedStream<unknown> {
  const { key, pages, ledger } = source
  return generatorSource<ReturnType<typeof page<unknown>>, number>(
    async function* ({ cursor = 0 }) {
      const opening = ledger.open(key)
      try {
        for (let at = cursor; at < pages.length; at++) {
          readPage(source, at)
          yield page(pages[at]!, nextOf(source, at))
        }
      } finally {
        await Promise.resolve()
        opening.closings++
      }
    },
    { taskId: key },
  )
}

/** The source as an unfold. */
export function countedUnfold(source: CountedSource): PagedStream<unknown> {
  const { key, pages } = source
  return unfoldSource<unknown, number>(
    {
      start: 0,
      pull(at) {
        if (at >= pages.length) return { items: [], next: null }
        readPage(source, at)
        return { items: pages[at]!, next: nextOf(source, at) }
      },
    },
    { taskId: key },
  )
}

/** The source as a generator of bare items. */
export async function* countedItems(source: CountedSource): AsyncGenerator {
  const { key, pages, ledger, failsAt } = source
  const opening = ledger.open(key)
  try {
    for (const [index, item] of pages.flat().entries()) {
      if (index === failsAt) ledger.failOnce(key)
      ledger.readValue(key, index)
      yield item
    }
  } finally {
    opening.closings++
  }
}

/** The source as an iterable written by hand, which tells a `return()` too many from one too few. */
export function countedIterable(source: CountedSource): AsyncIterable<unknown> {
  const { key, pages, ledger, failsAt } = source
  return {
    [Symbol.asyncIterator]() {
      const opening = ledger.open(key)
      const items = pages.flat()
      let index = 0
      return {
        async next() {
          if (index === failsAt && ledger.hasFailures) failAndClose(ledger, key, opening)
          if (index >= items.length) {
            // A `return()` while this was pending has closed it already.
            opening.closings = Math.max(opening.closings, 1)
            return { done: true, value: undefined }
          }
          ledger.readValue(key, index)
          return { done: false, value: items[index++] }
        },
        async return() {
          opening.closings++
          return { done: true, value: undefined }
        },
      }
    },
  }
}

function failAndClose(ledger: SourceLedger, key: string, opening: { closings: number }): void {
  try {
    ledger.failOnce(key)
  } catch (error) {
    opening.closings++
    throw error
  }
}

function readPage({ key, ledger, failsAt }: CountedSource, at: number): void {
  if (at === failsAt) ledger.failOnce(key)
  ledger.readPage(key, at)
}

function nextOf({ pages, hasFalseEnd }: CountedSource, at: number): number | null {
  return at + 1 < pages.length || hasFalseEnd ? at + 1 : null
}
