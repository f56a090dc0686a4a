import type { Range } from "../catalog-store.ts"

/** Whether a text fits one of some patterns as SQL's `ilike` would say; without patterns everything fits. */
export function fitsPatterns(text: string | null, patterns: readonly string[] | undefined): boolean {
  if (patterns === undefined) return true
  return text !== null && patterns.some((pattern) => likeExpression(pattern).test(text))
}

function likeExpression(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\(.)|[%_]|[^]/g, (token, escaped: string | undefined) => {
    if (escaped !== undefined) return escapeExpression(escaped)
    if (token === "%") return "[^]*"
    return token === "_" ? "[^]" : escapeExpression(token)
  })
  return new RegExp(`^${source}$`, "i")
}

function escapeExpression(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

/** Whether a value lies within bounds; one that is not there lies within none. */
export function isWithin<A extends number | Date>(value: A | null, range: Range<A> | undefined): boolean {
  if (range === undefined) return true
  if (value === null) return Object.values(range).every((bound) => bound === undefined)
  const { gte, gt, lte, lt } = range
  return (
    (gte === undefined || value >= gte) &&
    (gt === undefined || value > gt) &&
    (lte === undefined || value <= lte) &&
    (lt === undefined || value < lt)
  )
}

/** Whether a value is one of a list; without a list it always is. */
export function isOneOf<A>(value: A, list: readonly A[] | undefined): boolean {
  return list === undefined || list.includes(value)
}

/** What rows are ordered by. */
export type SortKey = string | number | boolean | null

/** Compares rows key by key; what has no value comes last, whichever way the order runs. */
export function compareKeys(
  a: readonly SortKey[],
  b: readonly SortKey[],
  isDescending: readonly boolean[],
): number {
  for (const [place, left] of a.entries()) {
    const right = b[place] ?? null
    if (left === right) continue
    if (left === null) return 1
    if (right === null) return -1
    const sign = left < right ? -1 : 1
    return isDescending[place] === true ? -sign : sign
  }
  return 0
}

/** A slice of a list, with its length. */
export function sliceOf<A>(all: readonly A[], options: { skip: number; limit: number }) {
  return { rows: all.slice(options.skip, options.skip + options.limit), total: all.length }
}
