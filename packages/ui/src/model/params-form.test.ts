import { expect, it } from "vitest"
import { fieldsOf, textOf, valueOf } from "./params-form.ts"

const schema = {
  type: "object",
  required: ["owner", "region"],
  properties: {
    owner: { type: "string", minLength: 3 },
    region: { enum: ["EU", null], default: "EU", title: "Region" },
    day: { type: "string", format: "date" },
    limit: { type: ["integer", "null"], minimum: 1, maximum: 9, default: 5 },
    is_dry: { type: "boolean" },
    tables: { type: "array", default: ["a"] },
    either: { type: ["string", "number"] },
    parts: { anyOf: [{ type: "string" }, { type: "null" }] },
    guessed: { default: 1.5 },
  },
}
const fields = new Map(fieldsOf(schema).map((field) => [field.name, field]))
const field = (name: string) => fields.get(name)!

it("knows the kind of each param, and what may stand in it", () => {
  expect([...fields].map(([name, { kind }]) => `${name} ${kind}`)).toEqual([
    ...["owner text", "region choice", "day date", "limit integer", "is_dry boolean", "tables json"],
    ...["either json", "parts json", "guessed number"],
  ])
  expect(field("limit").bounds).toBe("1 to 9")
  expect(field("owner")).toMatchObject({ bounds: "at least 3 characters", isRequired: true })
  expect(field("tables").bounds).toBe("a list, as JSON")
  expect(fieldsOf(null)).toEqual([])
})

it("reads what was typed, and leaves what is empty to the default", () => {
  const read = (name: string, text: string) => valueOf(field(name), text)
  expect(read("owner", "ada")).toEqual({ value: "ada" })
  expect(read("owner", " ")).toEqual({ error: "is needed" })
  expect(read("region", "null")).toEqual({ value: null })
  expect(read("region", "")).toEqual({ value: undefined })
  expect(read("limit", "")).toEqual({ value: undefined })
  expect(read("limit", "2.5")).toEqual({ error: "expected a whole number" })
  expect(read("limit", "many")).toEqual({ error: "expected a number" })
  expect(read("is_dry", "true")).toEqual({ value: true })
  expect(read("tables", '["b"]')).toEqual({ value: ["b"] })
  expect(read("tables", "b")).toMatchObject({ error: expect.stringContaining("expected JSON") })
})

it("shows a default as it would be typed", () => {
  expect(textOf(field("tables"), ["a"])).toBe('["a"]')
  expect(textOf(field("day"), "2026-01-01")).toBe("2026-01-01")
  expect(textOf(field("region"), null)).toBe("null")
  expect(textOf(field("limit"), null)).toBe("")
})
