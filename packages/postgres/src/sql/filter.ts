import type postgres from "postgres"
import type { OrderBy, Range, Slice } from "@sluice/core/store"
import { type Sql, toNumber } from "./row.ts"

/** A piece of a statement. Each one costs about what reading a short row does, so none is made for what is not asked. */
export type Piece = postgres.PendingQuery<postgres.Row[]>

const nothings = new WeakMap<Sql, Piece>()

/** No piece at all. */
export function nothing(sql: Sql): Piece {
  const known = nothings.get(sql) ?? sql``
  nothings.set(sql, known)
  return known
}

/** Expressions of statements are texts of this code, never of a caller. */
const textOf = (sql: Sql, expression: string): Piece => sql.unsafe(expression)

/** `and <expression> ilike any (...)`; nothing where no patterns are given. */
export function likeAny(sql: Sql, expression: string, patterns: readonly string[] | undefined): Piece {
  return patterns === undefined
    ? nothing(sql)
    : sql`and ${textOf(sql, expression)} ilike any (${[...patterns]}::text[])`
}

/** `and <expression> = any (...)`; nothing where no list is given. */
export function oneOf(sql: Sql, expression: string, list: readonly string[] | undefined): Piece {
  return list === undefined ? nothing(sql) : sql`and ${textOf(sql, expression)} = any (${[...list]}::text[])`
}

/** Bounds of an instant. */
export function within(sql: Sql, expression: string, range: Range<Date> | undefined): Piece {
  return bounded(sql, range, (compare, bound) => sql`and ${textOf(sql, `${expression} ${compare}`)} ${bound}`)
}

/** Bounds of a number. */
export function withinNumbers(sql: Sql, expression: string, range: Range<number> | undefined): Piece {
  return bounded(
    sql,
    range,
    (compare, bound) => sql`and ${textOf(sql, `${expression} ${compare}`)} ${bound}::float8`,
  )
}

const comparisons = { gte: ">=", gt: ">", lte: "<=", lt: "<" } as const

function bounded<A>(
  sql: Sql,
  range: Range<A> | undefined,
  condition: (compare: string, bound: A) => Piece,
): Piece {
  let all = nothing(sql)
  for (const name of ["gte", "gt", "lte", "lt"] as const) {
    const bound = range?.[name]
    if (bound !== undefined) all = sql`${all} ${condition(comparisons[name], bound)}`
  }
  return all
}

/** `order by` over some expressions; what has no value comes last, whichever way the order runs. */
export function orderBy(
  sql: Sql,
  keys: readonly { readonly expression: string; readonly isDescending: boolean }[],
): Piece {
  const parts = keys.map(
    ({ expression, isDescending }) => `${expression} ${isDescending ? "desc" : "asc"} nulls last`,
  )
  return textOf(sql, `order by ${parts.join(", ")}`)
}

/** `order by` what was asked for, by the names of expressions, and then by what tells equals apart. */
export function orderByNames<Name extends string>(
  sql: Sql,
  asked: readonly OrderBy<Name>[],
  expressions: Readonly<Record<Name, string>>,
  last: { expression: string; isDescending: boolean },
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
