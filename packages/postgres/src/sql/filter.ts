import type postgres from "postgres"
import type { Range } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/** A piece of a statement. */
export type Piece = postgres.PendingQuery<postgres.Row[]>

/** `and <expression> ilike any (...)`; nothing where no patterns are given. */
export function likeAny(sql: Sql, expression: Piece, patterns: readonly string[] | undefined): Piece {
  return patterns === undefined ? sql`` : sql`and ${expression} ilike any (${[...patterns]}::text[])`
}

/** `and <expression> = any (...)`; nothing where no list is given. */
export function oneOf(sql: Sql, expression: Piece, list: readonly string[] | undefined): Piece {
  return list === undefined ? sql`` : sql`and ${expression} = any (${[...list]}::text[])`
}

/** Bounds of an instant. */
export function within(sql: Sql, expression: Piece, range: Range<Date> | undefined): Piece {
  if (range === undefined) return sql``
  const { gte, gt, lte, lt } = range
  return sql`
    ${gte === undefined ? sql`` : sql`and ${expression} >= ${gte}`}
    ${gt === undefined ? sql`` : sql`and ${expression} > ${gt}`}
    ${lte === undefined ? sql`` : sql`and ${expression} <= ${lte}`}
    ${lt === undefined ? sql`` : sql`and ${expression} < ${lt}`}
  `
}

/** Bounds of a number. */
export function withinNumbers(sql: Sql, expression: Piece, range: Range<number> | undefined): Piece {
  if (range === undefined) return sql``
  const { gte, gt, lte, lt } = range
  return sql`
    ${gte === undefined ? sql`` : sql`and ${expression} >= ${gte}::float8`}
    ${gt === undefined ? sql`` : sql`and ${expression} > ${gt}::float8`}
    ${lte === undefined ? sql`` : sql`and ${expression} <= ${lte}::float8`}
    ${lt === undefined ? sql`` : sql`and ${expression} < ${lt}::float8`}
  `
}

/** `order by` over some expressions; what has no value comes last, whichever way the order runs. */
export function orderBy(sql: Sql, keys: readonly { expression: Piece; isDescending: boolean }[]): Piece {
  return keys.reduce(
    (sofar, { expression, isDescending }, place) =>
      sql`${sofar} ${place === 0 ? sql`order by` : sql`,`} ${expression} ${isDescending ? sql`desc` : sql`asc`} nulls last`,
    sql``,
  )
}
