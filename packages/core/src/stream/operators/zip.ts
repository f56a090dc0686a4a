import { refuseCursor } from "../bad-cursor.ts"
import { describeValue } from "../describe-value.ts"
import { gapAmong } from "../gap.ts"
import { carryItems, takeCarried } from "../item-codec.ts"
import type { CarriedItem } from "../item-codec.ts"
import { type Cursor, stoppedPage } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { PullScope } from "../pull-scope.ts"
import { isSide, sideAfter } from "../side.ts"
import type { Side } from "../side.ts"
import { requireStream } from "./arguments.ts"

/** Streams to zip: a tuple, or an object. */
export type ZipInputs = readonly PagedStream<unknown>[] | Readonly<Record<string, PagedStream<unknown>>>

/** What zipping gives: a tuple or an object with one item of each stream. */
export type Zipped<T> = { -readonly [K in keyof T]: T[K] extends PagedStream<infer A> ? A : never }

/**
 * Gives the first items of all streams together, then the second, and so on; ends with the shortest and closes the rest.
 *
 * `combine` makes an item, or a gap, of one item or gap of each; by default a gap among them is one of the whole.
 *
 * Each pull asks only the streams of which nothing is left over, and all of these at once. What the longer pages have
 * left over, less than a page of each, waits in the cursor.
 */
export function zip<const T extends ZipInputs>(
  inputs: T,
  combine: (values: unknown[]) => unknown = combiner(inputs),
): PagedStream<Zipped<T>> {
  const streams = streamsOf(inputs)
  const close = async (scope: PullScope) => {
    await Promise.all(streams.map((_, side) => scope.child(`${side}`).close()))
  }
  return {
    start: { at: streams.map((stream) => [stream.start]), surplus: streams.map(() => []) },
    async pull(cursor, scope) {
      const sides = await refillAll(streams, parse(cursor, streams.length, scope), scope)
      const count = Math.min(...sides.map((side) => side.items.length))
      const items = Array.from({ length: count }, (_, place) =>
        combine(sides.map((side) => side.items[place])),
      )
      const rests = sides.map((side) => ({ ...side, items: side.items.slice(count) }))
      if (rests.some((side) => side.at === null && side.items.length === 0)) {
        await close(scope)
        return stoppedPage(items as Zipped<T>[], "zip")
      }
      const next = {
        at: rests.map(({ at }) => at),
        surplus: rests.map((side) => carryItems(side.items, scope.codec)),
      }
      const page = { items: items as Zipped<T>[], next }
      return count === 0 && rests.some((side) => side.isWaiting) ? { ...page, waiting: true } : page
    },
    close,
  }
}

interface ZipSide {
  readonly at: Side
  readonly items: readonly unknown[]
  readonly isWaiting: boolean
}

// Waits for all sides even when one fails, so that no pull is still under way when the scope is closed.
async function refillAll(
  streams: readonly PagedStream<unknown>[],
  sides: readonly ZipSide[],
  scope: PullScope,
): Promise<ZipSide[]> {
  const refills = streams.map((stream, place) => refill(stream, sides[place], scope.child(`${place}`)))
  const results = await Promise.allSettled(refills)
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason
    return result.value
  })
}

async function refill(
  stream: PagedStream<unknown>,
  side: ZipSide | undefined,
  shelf: PullScope,
): Promise<ZipSide> {
  if (side === undefined) throw new RangeError("zip lost one of its sides")
  if (side.at === null || side.items.length > 0) return side
  const page = await stream.pull(side.at[0], shelf)
  return { at: sideAfter(page.next), items: page.items, isWaiting: page.waiting === true }
}

function streamsOf(inputs: ZipInputs): readonly PagedStream<unknown>[] {
  if (typeof inputs !== "object" || inputs === null) {
    throw new TypeError(`zip takes a tuple or an object of streams, and got ${describeValue(inputs)}.`)
  }
  const streams: readonly PagedStream<unknown>[] = Object.values(inputs)
  if (streams.length === 0) throw new RangeError("zip takes at least one stream, and got none.")
  for (const stream of streams) requireStream("zip", stream)
  return streams
}

function combiner(inputs: ZipInputs): (values: unknown[]) => unknown {
  if (Array.isArray(inputs)) return (values) => gapAmong(values) ?? values
  const keys = Object.keys(inputs)
  return (values) => gapAmong(values) ?? Object.fromEntries(keys.map((key, side) => [key, values[side]]))
}

function parse(cursor: Cursor, count: number, scope: PullScope): ZipSide[] {
  if (typeof cursor !== "object" || cursor === null || !("at" in cursor) || !("surplus" in cursor)) {
    return refuseCursor("zip", cursor)
  }
  const { at, surplus } = cursor
  if (!Array.isArray(at) || !Array.isArray(surplus) || at.length !== count || !at.every(isSide)) {
    return refuseCursor("zip", cursor)
  }
  return at.map((side, place) => ({
    at: side,
    items: takeCarried(surplus[place] as readonly CarriedItem[], scope.codec),
    isWaiting: false,
  }))
}
