import type { Cursor } from "./page.ts"
import { describeValue } from "./describe-value.ts"

/** A stream was asked to go on from a cursor that it cannot have made. No retry can mend it. */
export class BadCursor extends Error {
  override readonly name = "BadCursor"
  readonly retryable = false
}

/** Throws the `BadCursor` of one stream. */
export function refuseCursor(stream: string, cursor: unknown): never {
  throw new BadCursor(
    `${stream} cannot go on from ${describeValue(cursor)}: it did not make this cursor. ` +
      `The pipeline was probably changed since the cursor was stored; start the stream from its beginning.`,
  )
}

/** Gives a cursor that is a count or an index, or throws a `BadCursor`. */
export function countCursor(stream: string, cursor: unknown): number {
  return typeof cursor === "number" && Number.isSafeInteger(cursor) && cursor >= 0
    ? cursor
    : refuseCursor(stream, cursor)
}

/** Gives a cursor that is a pair of a count and the source's cursor, or throws a `BadCursor`. */
export function countedCursor(stream: string, cursor: Cursor): readonly [number, Cursor] {
  const [count, at] = Array.isArray(cursor) ? (cursor as readonly Cursor[]) : []
  if (at === undefined) return refuseCursor(stream, cursor)
  return [countCursor(stream, count), at]
}
