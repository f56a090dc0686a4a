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
}

// A registered symbol, so that a page is known as one even when a bundle carries its own copy of this module.
const pageBrand = Symbol.for("sluice.page")

class MadePage<A> implements Page<A> {
  readonly items: readonly A[]
  readonly next: Cursor | null
  constructor(items: readonly A[], next: Cursor | null) {
    this.items = items
    this.next = next
  }
}
Object.defineProperty(MadePage.prototype, pageBrand, { value: true })

/**
 * Makes a page: these items, and the cursor of the page that follows them (`null`: no more).
 *
 * @example
 * yield page(body.value, body.nextLink ?? null)
 */
export function page<A>(items: readonly A[], next: Cursor | null): Page<A> {
  return new MadePage(items, next)
}

/** Says whether a value was made by `page()`, by any copy of this module. */
export function isPage(value: unknown): value is Page<unknown> {
  return typeof value === "object" && value !== null && pageBrand in value
}

/** Gives the same page with other items: its cursor and its `waiting` mark stay. */
export function withItems<A>(from: Page<unknown>, items: readonly A[]): Page<A> {
  return from.waiting ? { items, next: from.next, waiting: true } : { items, next: from.next }
}
