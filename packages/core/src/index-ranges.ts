/** Consecutive indexes: from the first, up to and without the second. */
export type IndexRange = readonly [from: number, to: number]

/** What has been taken of a stream out of its order: everything before `nextIndex`, and ranges ahead of it, ascending. */
export interface TakenIndexes {
  readonly nextIndex: number
  readonly ahead: readonly IndexRange[]
}

/** The most ranges that are taken ahead; then the gap before them must be filled first. They are kept in the cursor. */
export const rangesAheadMax = 500

/** Adds a range of which nothing was taken, and joins what touches. */
export function takeRange({ nextIndex, ahead }: TakenIndexes, range: IndexRange): TakenIndexes {
  const joined: (readonly [number, number])[] = []
  for (const [from, to] of [...ahead, range].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last !== undefined && last[1] === from) joined[joined.length - 1] = [last[0], to]
    else joined.push([from, to])
  }
  const first = joined[0]
  return first?.[0] === nextIndex
    ? { nextIndex: first[1], ahead: joined.slice(1) }
    : { nextIndex, ahead: joined }
}

/** The first index that is taken in `after` and was not before; null where nothing was added. */
export function firstAdded(before: TakenIndexes, after: TakenIndexes): number | null {
  for (const [from, to] of [[0, after.nextIndex] as const, ...after.ahead]) {
    // What was taken of a range before is its first part, or parts that are as long as it together.
    let index = from
    for (const [start, end] of [[0, before.nextIndex] as const, ...before.ahead])
      if (start <= index && index < end) index = end
    if (index < to) return index
  }
  return null
}

/** How many indexes have been taken. */
export function takenCount({ nextIndex, ahead }: TakenIndexes): number {
  return ahead.reduce((sum, [from, to]) => sum + to - from, nextIndex)
}

/** Where what is left of a page begins: a page is taken from its beginning on, so what was taken of it is its first part. */
export function untakenFrom({ nextIndex, ahead }: TakenIndexes, [from, to]: IndexRange): number {
  if (from < nextIndex) return Math.min(nextIndex, to)
  const taken = ahead.find((range) => range[0] <= from && from < range[1])
  return taken === undefined ? from : Math.min(taken[1], to)
}
