import type { Json } from "../../json.ts"
import type { ItemCollector } from "../item-collector.ts"
import { jsonEquals } from "../json-value.ts"
import type { OpenIterator } from "../open-iterator.ts"
import type { Cursor, Page } from "../page.ts"
import type { OpenResource, PullScope } from "../pull-scope.ts"
import { abortable } from "../abortable.ts"
import { blame } from "../source-leaf.ts"
import type { SourceOptions } from "../source-leaf.ts"

/** An iterator that a source keeps open in a scope, with the cursor at which it stands. */
export class OpenSource implements OpenResource {
  readonly iterator: OpenIterator
  /** Where a pull goes on without re-opening; undefined while a pull is under way. */
  cursor: Cursor | undefined
  /** Groups bare items into pages; null for a generator of pages, or while nothing was read. */
  collector: ItemCollector | null = null
  /** How many bare items were given since the iterator's beginning. */
  taken = 0
  /** How many items the page being read should have. */
  pageSize: number
  readonly #options: SourceOptions

  constructor(iterator: OpenIterator, pageSize: number, options: SourceOptions) {
    this.iterator = iterator
    this.pageSize = pageSize
    this.#options = options
  }

  async close(): Promise<void> {
    this.collector?.close()
    try {
      await this.iterator.close()
    } catch (error) {
      throw blame(error, this.#options)
    }
  }
}

/** How to open a source at a cursor, and how to read a page from it. */
export interface SourceDriver {
  readonly options: SourceOptions
  open(cursor: Cursor, scope: PullScope): OpenSource
  read(source: OpenSource, cursor: Cursor, scope: PullScope): Promise<Page<unknown>>
}

/**
 * Pulls a page of a source that stays open between pulls.
 *
 * At the cursor it returned last the open iterator goes on; at any other it is closed, and a new one opened there. An
 * exhausted or failed one is closed at once, so that a retry starts afresh.
 */
export async function pullOpenSource(
  owner: object,
  driver: SourceDriver,
  cursor: Cursor,
  scope: PullScope,
): Promise<Page<unknown>> {
  scope.signal.throwIfAborted()
  try {
    const source = await reopen(owner, driver, cursor, scope)
    source.cursor = undefined
    source.pageSize = scope.pageSize
    const page = await abortable(driver.read(source, cursor, scope), scope.signal)
    if (page.next === null) await scope.release(owner)
    else source.cursor = page.next
    return page
  } catch (error) {
    await scope.release(owner).catch(ignore)
    throw scope.signal.aborted ? error : blame(error, driver.options)
  }
}

async function reopen(
  owner: object,
  driver: SourceDriver,
  cursor: Json,
  scope: PullScope,
): Promise<OpenSource> {
  const open = scope.get<OpenSource>(owner)
  if (open !== undefined) {
    if (open.cursor !== undefined && jsonEquals(open.cursor, cursor)) return open
    await scope.release(owner)
  }
  const source = driver.open(cursor, scope)
  scope.set(owner, source)
  return source
}

/** Reads the next page of bare items; the cursor is how many were taken, wrapped by `cursorOf`. */
export async function readItems(
  source: OpenSource,
  collector: ItemCollector,
  scope: PullScope,
  cursorOf: (taken: number) => Cursor,
): Promise<Page<unknown>> {
  const { items, hasEnded, isWaiting } = await collector.take(scope.pageSize)
  source.taken += items.length
  if (hasEnded) return { items, next: null }
  const next = cursorOf(source.taken)
  return isWaiting ? { items, next, waiting: true } : { items, next }
}

/** Reads over the items that were taken before; an iterator that ends sooner is simply exhausted. */
export async function skipItems(
  source: OpenSource,
  count: number,
  scope: PullScope,
  accept: (value: unknown) => unknown,
): Promise<void> {
  while (source.taken < count) {
    const result = await source.iterator.next()
    scope.signal.throwIfAborted()
    if (result.done === true) return
    accept(result.value)
    source.taken++
  }
}

function ignore(): void {}
