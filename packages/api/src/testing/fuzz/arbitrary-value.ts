/*
 * Values by which an API is tried: those that fit a schema, and those that nobody should send. Names come from one short
 * list, so that what one request makes another finds.
 */
import { fc } from "@fast-check/vitest"
import type { JsonSchema } from "./operations.ts"

/** Names of what there is, and of what there might be. */
const names = ["d", "ended", "r", "done", "load", "report", "~", "latest-one", "return_value", "default_pool"]

const fittingText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names) },
  fc.constantFrom("0", "1", "-1", "2", "failed", "true", "-dag_id", "a|b", "%", "e30", "eyJyIjotMX0"),
)

const fittingInstant = fc.constantFrom(
  "2026-01-01T00:00:00Z",
  "2026-01-02T12:34:56.789+02:00",
  "1970-01-01T00:00:00Z",
)

/** Text that breaks what does not expect it: in SQL, in paths, in numbers, in Unicode. */
export const hostileText = fc.oneof(
  fc.constantFrom("", " ", "%", "_", "\\", "%\\", "'", '"', ";--", "../..", "..", "a|b", "null", "NaN", "{}"),
  fc.constantFrom("\u0000", "a\u0000b", "\ud800", "\udfff x", "🙂", "e\u0301", "\u202e", "\uffff", "Å"),
  fc.constantFrom("9007199254740993", "99999999999999999999", "-9223372036854775809", "1e309", "0x10"),
  fc.constantFrom("2147483648", "-2147483649", "1.5", "-0", "1_000", "٣"),
  fc.constantFrom("275760-09-13T00:00:00Z", "0000-01-01T00:00:00Z", "2026-13-45T99:99:99Z", "infinity"),
  fc.constantFrom("-id", "--id", "eyJyIjotMX0", "e30", "WzEwXQ", "__proto__", "constructor"),
  fc.string({ maxLength: 20, unit: "binary" }),
  fc.string({ minLength: 200, maxLength: 1_100, unit: fc.constantFrom("a", "é", "🙂", "%") }),
)

const hostileNumber = fc.oneof(
  fc.constantFrom(-1, -0, 0.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e21, -1e308, 5e-324),
  fc.integer(),
  fc.double(),
)

/** Anything that JSON can say. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  hostileNumber,
  fc.constantFrom(null, true, [], {}, [[]], [null]),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Values that fit a schema of the document, or nearly: bounds are taken from it, patterns are not. */
export function fittingValue(schema: JsonSchema, document: JsonSchema): fc.Arbitrary<unknown> {
  if (schema === undefined || schema === true) return hostileValue
  if (schema.$ref !== undefined) return fittingValue(resolve(schema.$ref, document), document)
  if (schema.enum !== undefined) return fc.constantFrom(...(schema.enum as unknown[]))
  if (schema.const !== undefined) return fc.constant(schema.const)
  const choices: JsonSchema[] | undefined = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => fittingValue(choice, document)))
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type: string) => fittingValue({ ...schema, type }, document)))
  switch (schema.type) {
    case "object":
      return fittingObject(schema, document)
    case "array":
      return fc.array(fittingValue(schema.items, document), { maxLength: 3 })
    case "string":
      return schema.format === "date-time" ? fittingInstant : fittingText
    case "integer":
      return fc.integer(boundsOf(schema, 20))
    case "number":
      return fc.double({ ...boundsOf(schema, 1_000), noNaN: true })
    case "boolean":
      return fc.boolean()
    case "null":
      return fc.constant(null)
    default:
      return hostileValue
  }
}

function fittingObject(schema: JsonSchema, document: JsonSchema): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {})
  if (properties.length === 0)
    return fc.dictionary(fittingText, fittingValue(schema.additionalProperties, document), { maxKeys: 3 })
  const fields = Object.fromEntries(
    properties.map(([name, property]) => [name, fittingValue(property, document)]),
  )
  const required: string[] = schema.required ?? []
  // Half of them say no more than they must: what they are then changed to is all that may be wrong with them.
  const least = Object.fromEntries(Object.entries(fields).filter(([name]) => required.includes(name)))
  return fc.oneof(fc.record(least), fc.record(fields, { requiredKeys: required }))
}

/** Small numbers within the bounds of a schema. */
function boundsOf(schema: JsonSchema, span: number): { min: number; max: number } {
  const min: number = schema.minimum ?? schema.exclusiveMinimum ?? -2
  return { min, max: Math.min(schema.maximum ?? Infinity, min + span) }
}

/** The names of an object's fields, as its schema has them. */
export function fieldsOf(schema: JsonSchema, document: JsonSchema): readonly string[] {
  const { properties = {} } = schema?.$ref === undefined ? (schema ?? {}) : resolve(schema.$ref, document)
  return Object.keys(properties)
}

function resolve(reference: string, document: JsonSchema): JsonSchema {
  return document.components.schemas[reference.split("/").at(-1) ?? ""]
}
