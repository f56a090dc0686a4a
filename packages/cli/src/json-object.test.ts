import { expect, it } from "vitest"
import { readJsonObject } from "./json-object.ts"

const context = { cwd: import.meta.dirname }

it("reads an object of an option", () => {
  expect(readJsonObject(context, "--conf", undefined)).toEqual({})
  expect(readJsonObject(context, "--conf", '{"a": 1}')).toEqual({ a: 1 })
  expect(readJsonObject(context, "--conf", "@../package.json")).toMatchObject({ name: "sluice" })
})

it.each([
  ["{", "--conf is not JSON"],
  ["[1]", "--conf is a list; expected a JSON object"],
  ["null", "--conf is null; expected a JSON object"],
  ["@nowhere.json", "nowhere.json cannot be read"],
])("refuses %s", (text, message) => {
  expect(() => readJsonObject(context, "--conf", text)).toThrow(message)
})
