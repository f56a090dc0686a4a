import type postgres from "postgres"
import type { OrderBy, Range, Slice } from "@sluice/core/store"
import { type Sql, toNumber } from "./row.ts"

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

/** `order by` what was asked for, by the names of expressions, and then by what tells equals apart. */
export function orderByNames<Name extends string>(
  sql: Sql,
  asked: readonly OrderBy<Name>[],
  expressions: Readonly<Record<Name, Piece>>,
  last: { expression: Piece; isDescending: boolean },
): Piece {
  const keys = asked.map(({ by, isDescending }) => ({ expression: expressions[by], isDescending }))
  return orderBy(sql, [...keys, last])
}

/** A statement for a slice of the rows that `from` gives, in this order, counted: reads all that fit. See `sliceOf`. */
export function countedSlice<Row extends object>(
  sql: Sql,
  options: { columns: Piece; from: Piece; order: Piece; limit: number; skip: number },
): Promise<Counted<Row>[]> {
  const { columns, from, order, limit, skip } = options
  return sql<Counted<Row>[]>`
    select counted.total, row.*
    from (select count(*) as total from ${from}) counted
    left join (
      select row_number() over (${order}) as place, ${columns}
      from ${from}
      ${order}
      limit ${limit} offset ${skip}
    ) row on true
    order by row.place
  `
}

/** A row of a slice: the total, and a row of the list where the slice has any. */
export type Counted<A> = { total: string } & (A | { [K in keyof A]: null })

/** A slice from rows that each carry the total; where the slice is empty one row carries it alone. */
export function sliceOf<A extends object, B>(
  found: readonly Counted<A>[],
  key: keyof A,
  read: (row: A) => B,
): Slice<B> {
  const isRow = (row: Counted<A>): row is { total: string } & A => row[key] !== null
  return { total: toNumber(found[0]?.total ?? 0), rows: found.filter(isRow).map((row) => read(row)) }
}
