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

/**
 * Makes a page: these items, and the cursor of the page that follows them (`null`: no more).
 *
 * @example
 * yield page(body.value, body.nextLink ?? null)
 */
export function page<A>(items: readonly A[], next: Cursor | null): Page<A> {
  return { items, next }
}
