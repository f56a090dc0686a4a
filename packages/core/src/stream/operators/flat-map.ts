import { isThenable } from "../abortable.ts"
import { refuseCursor } from "../bad-cursor.ts"
import { describeValue } from "../describe-value.ts"
import { isGap } from "../gap.ts"
import { carryItems, takeCarried } from "../item-codec.ts"
import type { CarriedItem } from "../item-codec.ts"
import { partialPageMs } from "../item-collector.ts"
import { jsonEquals } from "../json-value.ts"
import { narrowScope } from "../narrow-scope.ts"
import { type Cursor, lastPage, type Page, type StreamEnd } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { OpenResource, PullScope } from "../pull-scope.ts"
import { isSide, sideAfter } from "../side.ts"
import type { Side } from "../side.ts"
import { replaySource } from "../sources/replay-source.ts"
import { isPagedStream, requireFunction } from "./arguments.ts"

/** What an item may be mapped to by `flatMap`: a list, any iterable, or another stream. */
export type Expandable<B> =
  | Iterable<B>
  | AsyncIterable<B>
  | PagedStream<B>
  | { readonly stream: PagedStream<B> }

/**
 * Gives the items of what `fn` makes of each item, one after the other.
 *
 * A page is filled from as many inner streams as it takes, and ends early at an inner stream that has more than one
 * page, or when filling it takes longer than `partialPageMs`. The outer items that were not entered yet, less than one
 * outer page, wait in the cursor. After a cut `fn` is called again for the item that was being read: inner streams go
 * on at their cursor, lists at an index, other iterables by replay.
 */
export function flatMap<A, B>(
  source: PagedStream<A>,
  fn: (item: A) => Expandable<B> | PromiseLike<Expandable<B>>,
): PagedStream<B> {
  requireFunction("flatMap", fn)
  const stream: PagedStream<B> = {
    start: { outer: [source.start], rest: [], inner: null },
    async pull(cursor, scope) {
      const walk = await resume(stream, cursor, fn, scope)
      await walk.refill(source, scope)
      await walk.fill(scope)
      const page = walk.page(scope)
      if (page.next !== null) scope.set(stream, walk)
      return page
    },
    async close(scope) {
      await Promise.all([scope.release(stream), scope.child("inner").close(), scope.child("outer").close()])
    },
  }
  return stream
}

type Mapper<A, B> = (item: A) => Expandable<B> | PromiseLike<Expandable<B>>

/** `outer` is where the next outer page starts, `rest` the items not done; the first is entered at `inner`. */
interface FlatMapCursor {
  readonly outer: Side
  readonly rest: readonly CarriedItem[]
  readonly inner: Side
  /** How the outer stream has ended, where it said so. */
  readonly end?: StreamEnd
}

/** Takes up the open walk if it stands at this cursor; else closes it and makes one that does. */
async function resume<A, B>(owner: object, cursor: Cursor, fn: Mapper<A, B>, scope: PullScope) {
  const open = scope.get<FlatWalk<A, B>>(owner)
  // Whatever fails below, the walk must not be found half way: it is put back only with a finished page.
  await scope.release(owner)
  if (open?.cursor !== undefined && jsonEquals(open.cursor, cursor)) return open
  await scope.child("inner").close()
  const { rest, ...sides } = parse(cursor)
  return new FlatWalk(fn, { ...sides, rest: takeCarried<A>(rest, scope.codec) })
}

class FlatWalk<A, B> implements OpenResource {
  cursor: Cursor | undefined
  readonly #fn: Mapper<A, B>
  #outer: Side
  #rest: readonly A[]
  #inner: Side
  #entered: readonly B[] | PagedStream<B> | null = null
  #isWaiting = false
  #outerEnd: StreamEnd | undefined
  #out: B[] = []

  constructor(fn: Mapper<A, B>, from: { outer: Side; rest: readonly A[]; inner: Side; end?: StreamEnd }) {
    this.#fn = fn
    this.#outer = from.outer
    this.#rest = from.rest
    this.#inner = from.inner
    this.#outerEnd = from.end
  }

  async close(): Promise<void> {}

  /** Pulls the outer stream if all of its items are done. */
  async refill(source: PagedStream<A>, scope: PullScope): Promise<void> {
    this.#isWaiting = false
    if (this.#rest.length > 0 || this.#outer === null) return
    const page = await source.pull(this.#outer[0], scope.child("outer"))
    this.#outer = sideAfter(page.next)
    this.#outerEnd = page.end
    this.#rest = page.items
    this.#isWaiting = page.waiting === true
  }

  /** Enters outer items until the page is full, an inner stream has more, or it has taken long enough. */
  async fill(scope: PullScope): Promise<void> {
    this.#out = []
    const lateAt = performance.now() + partialPageMs
    let done = 0
    for (const item of this.#rest) {
      if (this.#out.length >= scope.pageSize) break
      let entered = isGap(item) ? [item as B] : (this.#entered ?? this.#enter(item))
      const wasAsync = isThenable(entered)
      if (wasAsync) entered = await entered
      const isDone = Array.isArray(entered)
        ? this.#fillFromList(entered, scope.pageSize)
        : await this.#fillFromStream(entered as PagedStream<B>, scope)
      if (!isDone) break
      done++
      if ((wasAsync || !Array.isArray(entered)) && performance.now() > lateAt) break
    }
    this.#rest = done === 0 ? this.#rest : this.#rest.slice(done)
  }

  /** Gives the page that was filled, with the cursor at which this walk now stands. */
  page(scope: PullScope): Page<B> {
    const items = this.#out
    this.#out = []
    if (this.#rest.length === 0 && this.#outer === null) return this.#lastPage(items)
    const end: { end?: StreamEnd } = this.#outerEnd === undefined ? {} : { end: this.#outerEnd }
    const next = { outer: this.#outer, rest: carryItems(this.#rest, scope.codec), inner: this.#inner, ...end }
    this.cursor = next
    return this.#isWaiting && items.length === 0 ? { items, next, waiting: true } : { items, next }
  }

  /** Where the outer stream says where it goes on, so does this one; its last page cannot be entered twice. */
  #lastPage(items: B[]): Page<B> {
    const end = this.#outerEnd ?? { stoppedBy: "flatMap" }
    return lastPage({ items: [], next: null, end }, items, (resume) => ({
      outer: [resume],
      rest: [],
      inner: null,
    }))
  }

  #enter(item: A) {
    const made = this.#fn(item)
    return isThenable(made) ? made.then((value) => innerOf(value)) : innerOf(made)
  }

  #fillFromList(list: readonly B[], pageSize: number): boolean {
    const from = this.#inner === null ? 0 : Number(this.#inner[0])
    const to = Math.min(list.length, from + pageSize - this.#out.length)
    for (let index = from; index < to; index++) this.#out.push(list[index] as B)
    const isDone = to >= list.length
    this.#entered = isDone ? null : list
    this.#inner = isDone ? null : [to]
    return isDone
  }

  async #fillFromStream(inner: PagedStream<B>, scope: PullScope): Promise<boolean> {
    const at = this.#inner === null ? inner.start : this.#inner[0]
    const shelf = narrowScope(scope.child("inner"), scope.pageSize - this.#out.length)
    const page = await inner.pull(at, shelf)
    for (const item of page.items) this.#out.push(item)
    this.#isWaiting = page.waiting === true
    this.#inner = sideAfter(page.next)
    this.#entered = page.next === null ? null : inner
    if (page.next === null) await shelf.close()
    return page.next === null
  }
}

function innerOf<B>(value: Expandable<B>): readonly B[] | PagedStream<B> {
  if (Array.isArray(value)) return value
  if (typeof value === "object" && value !== null) {
    if ("stream" in value && isPagedStream(value.stream)) return value.stream
    if (isPagedStream(value)) return value
    if (Symbol.asyncIterator in value || Symbol.iterator in value)
      return replaySource(() => value as Iterable<B>)
  }
  throw new TypeError(
    `flatMap takes a function that gives a list, an iterable or a stream, and it gave ${describeValue(value)}.`,
  )
}

function parse(cursor: Cursor): FlatMapCursor {
  if (typeof cursor !== "object" || cursor === null || !("outer" in cursor))
    return refuseCursor("flatMap", cursor)
  const { outer, rest, inner, end } = cursor
  if (!isSide(outer) || !isSide(inner ?? null) || !Array.isArray(rest)) return refuseCursor("flatMap", cursor)
  const sides = { outer, rest: rest as readonly CarriedItem[], inner: (inner ?? null) as Side }
  return end === undefined ? sides : { ...sides, end: end as StreamEnd }
}
