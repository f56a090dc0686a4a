import { z } from "@hono/zod-openapi"
import type { Range } from "@sluice/core/store"
import { ApiError, httpExceptionSchema, invalid } from "../problem.ts"
import { json } from "./text.ts"

/** The most rows that a page of a list has; more than that is asked for in vain, as in Airflow. */
export const pageLimitMax = 100
const pageLimitDefault = 50

/** How many of a list by keyset come where nothing is said. */
const keysetLimitDefault = 100

/** The most values that one parameter may be repeated with. */
const valuesMax = 100

/** The largest number that the database keeps in four bytes, and one below its largest in eight that is exact here. */
const intMax = 2_147_483_647
export const bigintMax = 999_999_999_999_999

/** A whole number in a query. */
export function whole(min: number, max = intMax) {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, "expected a whole number, of at most 15 digits")
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .openapi({ type: "integer", minimum: min })
}

/** A number in a query. */
const decimal = z
  .string()
  .regex(/^-?\d{1,15}(\.\d{1,15})?$/, "expected a number, such as 1.5")
  .transform(Number)
  .openapi({ type: "number" })

/** Yes or no in a query, as FastAPI reads it. */
export const flag = z.stringbool().openapi({ type: "boolean" })

/** A parameter that may be repeated. */
export function listOf<S extends z.ZodType>(item: S, type: "string" | "integer" = "string") {
  return z
    .preprocess(
      (given) => (given === undefined || Array.isArray(given) ? given : [given]),
      z.array(item).max(valuesMax).optional(),
    )
    .openapi({ type: "array", items: { type } })
}

/** An instant that a client gives: ISO 8601 with an offset. A `+` that came unescaped, as a space, is understood. */
export const instantInput = z
  .string()
  .transform((value) => value.trim().replace(/ (?=\d\d:?\d\d$)/, "+"))
  .pipe(
    z.iso.datetime({
      offset: true,
      error: "expected an instant with an offset, such as 2026-01-31T12:00:00Z",
    }),
  )
  .transform((value) => new Date(value))
  .refine(isStorable, "expected an instant between the years 1 and 9999")
  .openapi({ type: "string", format: "date-time" })

/** The same in a body, where it may be null. The document says so only in the words of the schema itself. */
export const bodyInstant = instantInput.openapi({ type: ["string", "null"], format: "date-time" })

/** Whether the database can keep an instant, and every client read it. */
export function isStorable(date: Date): boolean {
  const year = date.getUTCFullYear()
  return year >= 1 && year <= 9_999
}

/** How many, and from where. */
export const paging = {
  limit: whole(0, bigintMax)
    .transform((limit) => Math.min(limit, pageLimitMax))
    .default(pageLimitDefault)
    .openapi({ type: "integer", minimum: 0, default: pageLimitDefault }),
  offset: whole(0, bigintMax).default(0).openapi({ type: "integer", minimum: 0, default: 0 }),
}

/** How many rows of a list that goes on by keyset; no more than so many, however many are asked for. */
export function keysetLimit(max: number) {
  return whole(1, bigintMax)
    .transform((limit) => Math.min(limit, max))
    .default(keysetLimitDefault)
}

type Bounds<Name extends string, S> = Record<`${Name}_${"gte" | "gt" | "lte" | "lt"}`, S>

function bounds<const Name extends string, S extends z.ZodType>(
  name: Name,
  schema: S,
): Bounds<Name, z.ZodOptional<S>> {
  const one = schema.optional()
  return {
    [`${name}_gte`]: one,
    [`${name}_gt`]: one,
    [`${name}_lte`]: one,
    [`${name}_lt`]: one,
  } as Bounds<Name, z.ZodOptional<S>>
}

/** The four bounds of an instant. */
export function instants<const Name extends string>(name: Name) {
  return bounds(name, instantInput)
}

/** The four bounds of a number. */
export function decimals<const Name extends string>(name: Name) {
  return bounds(name, decimal)
}

/** The bounds that came; undefined when none did. */
export function rangeOf<A, const Name extends string>(
  query: { readonly [K in keyof Bounds<Name, A>]?: A | undefined | null },
  name: Name,
): Range<A> | undefined {
  const given = query as Readonly<Record<string, A | undefined | null>>
  const found = (["gte", "gt", "lte", "lt"] as const).flatMap((bound) => {
    const value = given[`${name}_${bound}`]
    return value === undefined || value === null ? [] : [[bound, value] as const]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

/** Patterns of SQL's `like`, several of them divided by `|`; `~` is everything. */
export const pattern = z
  .string()
  .max(1_000)
  .optional()
  .transform((given) =>
    given
      ?.split("|")
      .map((part) => part.trim())
      // A lone backslash at the end would escape nothing, which the database refuses.
      .map((part) => (part === "~" ? "%" : part.replace(/(?<!\\)((?:\\\\)*)\\$/, String.raw`$1\\`))),
  )
  .openapi({ type: "string" })

/** How the document tells of an order that `orderOf` refuses. */
export const badOrder = json("The order names what is not there.", httpExceptionSchema)

/** Reads `order_by`: names that a list can be ordered by, each with a `-` to turn it round. */
export function orderOf<A extends string>(
  given: readonly string[] | undefined,
  known: Readonly<Record<string, A>>,
): { readonly by: A; readonly isDescending: boolean }[] {
  return (given ?? []).map((text) => {
    const name = text.replace(/^[-+]/, "")
    const by = Object.hasOwn(known, name) ? known[name] : undefined
    if (by !== undefined) return { by, isDescending: text.startsWith("-") }
    throw new ApiError(
      400,
      `ordering by "${name}" is not possible; expected one of ${Object.keys(known).join(", ")}`,
    )
  })
}

/** Refuses what Airflow has and this does not, rather than let it pass unheard. */
export function refuse(
  place: "query" | "body",
  given: Readonly<Record<string, unknown>>,
  reason: string,
): void {
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && value !== null && (!Array.isArray(value) || value.length > 0))
      throw invalid([place, name], reason)
}

/** Makes an opaque cursor. */
export function writeCursor(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString("base64url")
}

/** Reads a cursor that `writeCursor` made; refuses every other text. */
export function readCursor<S extends z.ZodType>(text: string, schema: S): z.output<S> {
  try {
    return schema.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")))
  } catch {
    throw invalid(["query", "cursor"], "expected a cursor that an earlier answer gave")
  }
}
