import { expect, it } from "vitest"
import { readConf } from "./run.ts"

const context = { cwd: import.meta.dirname }

it("reads the params of a run", () => {
  expect(readConf(context, undefined)).toEqual({})
  expect(readConf(context, '{"a": 1}')).toEqual({ a: 1 })
  expect(readConf(context, "@../../package.json")).toMatchObject({ name: "sluice" })
})

it.each([
  ["{", "--conf is not JSON"],
  ["[1]", "--conf is a list; expected a JSON object"],
  ["null", "--conf is null; expected a JSON object"],
  ["@nowhere.json", "nowhere.json cannot be read"],
])("refuses %s", (text, message) => {
  expect(() => readConf(context, text)).toThrow(message)
})
