import type { Json } from "../json.ts"

/** Where a stream goes on: opaque to everyone but the stream that made it. It must survive JSON. */
export type Cursor = Json

/**
 * A batch of consecutive items of a stream, with the cursor that follows them.
 *
 * `next: null` says that the stream is exhausted. `waiting` says that nothing more can be had *now* (an upstream
 * has not produced it yet): the caller should come back with the same `next` when the upstream has moved.
 */
export interface Page<A> {
  readonly items: readonly A[]
  readonly next: Cursor | null
  readonly waiting?: true
  /**
   * Beside `next: null`: what must be known to go on from this end later, when the source has more. Absent: the last pull
   * is made again from its cursor, and gives first what it gave before.
   */
  readonly end?: StreamEnd
}

/**
 * How a stream has ended: it can be gone on from at a cursor, or an operator ended it in a way that cannot be gone on
 * from (`take` has all that it wants, a short `chunk` is given out).
 */
export type StreamEnd = { readonly resume: Cursor } | { readonly stoppedBy: string }

// A registered symbol, so that a page is known as one even when a bundle carries its own copy of this module.
const pageBrand = Symbol.for("sluice.page")

class MadePage<A> implements Page<A> {
  readonly items: readonly A[]
  readonly next: Cursor | null
  /** What the author gave as `resume`; undefined: nothing. */
  readonly resume: Cursor | undefined
  constructor(items: readonly A[], next: Cursor | null, resume: Cursor | undefined) {
    this.items = items
    this.next = next
    this.resume = resume
  }
}
Object.defineProperty(MadePage.prototype, pageBrand, { value: true })

/** What may be said of a source's last page. */
export interface LastPageOptions {
  /** The cursor at which to go on when the source is extended later, such as a delta link. */
  readonly resume?: Cursor
}

/**
 * Makes a page: these items, and the cursor of the page that follows them (`null`: no more).
 *
 * The last page may say where to go on when there is more one day (`sluice maps extend`). Without that, it is read again
 * then, and its items are skipped by count: right for a source that only appends.
 *
 * @example
 * yield page(body.value, body.nextLink ?? null)
 * @example
 * yield page(body.value, null, { resume: body.deltaLink })
 */
export function page<A>(items: readonly A[], next: Cursor | null, options: LastPageOptions = {}): Page<A> {
  return new MadePage(items, next, options.resume)
}

/** Says whether a value was made by `page()`, by any copy of this module. */
export function isPage(value: unknown): value is Page<unknown> {
  return typeof value === "object" && value !== null && pageBrand in value
}

/** Gives the same page with other items: its cursor, its `waiting` mark and its end stay. */
export function withItems<A>(from: Page<unknown>, items: readonly A[]): Page<A> {
  if (from.next === null) return lastPage(from, items)
  return from.waiting ? { items, next: from.next, waiting: true } : { items, next: from.next }
}

/** Makes the last page of a stream that ends with its input; `wrap` makes the stream's own cursor of the input's. */
export function lastPage<A>(
  input: Page<unknown>,
  items: readonly A[],
  wrap: (resume: Cursor) => Cursor = (resume) => resume,
): Page<A> {
  const { end } = input
  if (end === undefined) return { items, next: null }
  return { items, next: null, end: "resume" in end ? { resume: wrap(end.resume) } : end }
}

/** Makes the last page of a stream that an operator has ended, and that cannot be gone on from. */
export function stoppedPage<A>(items: readonly A[], stoppedBy: string): Page<A> {
  return { items, next: null, end: { stoppedBy } }
}
