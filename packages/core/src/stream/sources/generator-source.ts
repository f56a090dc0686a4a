import { BadPage, requirePage } from "../bad-page.ts"
import { countCursor, refuseCursor } from "../bad-cursor.ts"
import { ItemCollector } from "../item-collector.ts"
import { OpenIterator, startIterator } from "../open-iterator.ts"
import { requireFunction } from "../operators/arguments.ts"
import { isPage, lastPage } from "../page.ts"
import type { Cursor, Page } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { PullScope } from "../pull-scope.ts"
import { sourceName } from "../source-leaf.ts"
import type { SourceOptions } from "../source-leaf.ts"
import { OpenSource, pullOpenSource, readItems, skipItems } from "./open-source.ts"
import type { SourceDriver } from "./open-source.ts"

/** What a source's function is called with when it is opened. */
export interface SourceArgs<C = Cursor> {
  /** Where to start: what the last committed page gave as `next`, or undefined at the beginning. */
  readonly cursor: C | undefined
  /** Aborts when the source is closed while it is busy, or when the run is stopped. */
  readonly signal: AbortSignal
  /** How many items the reader would like in a page, now: read it again for each page, since it changes. */
  readonly pageSize: number
  /** What the runner gives its sources besides. */
  readonly context: Readonly<Record<string, unknown>>
}

/** What a generator's stream consists of: the items of its pages, or the bare items it yields. */
export type YieldedItem<Y> = Y extends Page<infer A> ? A : Y

/**
 * Makes a stream of an async generator that yields `page(items, next)`, or bare items.
 *
 * With pages, the generator is re-opened anywhere by giving it back a cursor. With bare items it is re-opened by
 * replay: from its beginning, skipping as many items as were taken. Which of the two it is, its first value decides.
 */
export function generatorSource<Y, C extends Cursor = Cursor>(
  fn: (args: SourceArgs<C>) => AsyncIterable<Y> | Iterable<Y>,
  options: SourceOptions = {},
): PagedStream<YieldedItem<Y>> {
  requireFunction("A source", fn)
  const driver = new GeneratorDriver(fn as (args: SourceArgs) => unknown, options)
  const stream: PagedStream<YieldedItem<Y>> = {
    start: "start",
    pull: (cursor, scope) => pullOpenSource(stream, driver, cursor, scope) as Promise<Page<YieldedItem<Y>>>,
    close: (scope) => scope.release(stream),
  }
  return stream
}

/** `{ page }` goes on at the author's cursor, `{ replay }` after as many bare items. */
type GeneratorCursor = "start" | { readonly page: Cursor } | { readonly replay: number }

class GeneratorDriver implements SourceDriver {
  readonly options: SourceOptions
  readonly #name: string
  readonly #fn: (args: SourceArgs) => unknown

  constructor(fn: (args: SourceArgs) => unknown, options: SourceOptions) {
    this.#fn = fn
    this.options = options
    this.#name = sourceName(options)
  }

  open(cursor: Cursor, scope: PullScope): OpenSource {
    const at = this.#parse(cursor)
    const controller = new AbortController()
    let source: OpenSource | null = null
    const args: SourceArgs = {
      cursor: typeof at === "object" && "page" in at ? at.page : undefined,
      signal: controller.signal,
      get pageSize() {
        return source?.pageSize ?? scope.pageSize
      },
      context: scope.context,
    }
    const iterator = startIterator(this.#fn(args), this.#name)
    source = new OpenSource(
      new OpenIterator(iterator, controller, scope.signal),
      scope.pageSize,
      this.options,
    )
    return source
  }

  async read(source: OpenSource, cursor: Cursor, scope: PullScope): Promise<Page<unknown>> {
    if (source.collector !== null) return readItems(source, source.collector, scope, replayCursor)
    const at = this.#parse(cursor)
    if (typeof at === "object" && "replay" in at) {
      source.collector = new ItemCollector(source.iterator, this.#requireItem)
      await skipItems(source, at.replay, scope, this.#requireItem)
      return readItems(source, source.collector, scope, replayCursor)
    }
    return this.#readFirstOrPage(source, at === "start", scope)
  }

  async #readFirstOrPage(source: OpenSource, isStart: boolean, scope: PullScope): Promise<Page<unknown>> {
    const result = await source.iterator.next()
    if (result.done === true) return { items: [], next: null }
    if (isStart && !isPage(result.value)) {
      source.collector = new ItemCollector(source.iterator, this.#requireItem)
      source.collector.putBack(result.value)
      return readItems(source, source.collector, scope, replayCursor)
    }
    const read = requirePage(result.value, this.#name)
    const after = (cursor: Cursor) => ({ page: cursor })
    return read.next === null
      ? lastPage(read, read.items, after)
      : { items: read.items, next: after(read.next) }
  }

  readonly #requireItem = (value: unknown): unknown => {
    if (!isPage(value)) return value
    throw new BadPage(
      `${this.#name} yielded a page among bare items: yield page(items, next) each time, or items each time.`,
    )
  }

  #parse(cursor: Cursor): GeneratorCursor {
    if (cursor === "start") return cursor
    if (typeof cursor !== "object" || cursor === null) return refuseCursor(this.#name, cursor)
    if ("page" in cursor) return { page: cursor.page }
    if ("replay" in cursor) {
      return { replay: countCursor(this.#name, cursor.replay) }
    }
    return refuseCursor(this.#name, cursor)
  }
}

function replayCursor(taken: number): Cursor {
  return { replay: taken }
}
