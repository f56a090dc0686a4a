import { expect, it } from "vitest"
import { firstUserFrame } from "./stack.ts"

it("finds the first frame of the author's code", () => {
  const stack = [
    "Error: no",
    "    at new Promise (<anonymous>)",
    "    at query (/app/node_modules/postgres/src/index.js:1:1)",
    "    at async upsert (dags/users.ts:12:5)",
    "    at run (/app/packages/host/src/child/instance.ts:1:1)",
  ].join("\n")
  expect(firstUserFrame(stack)).toBe("dags/users.ts:12:5")
})

it("takes frames without a function's name", () => {
  expect(firstUserFrame("Error\n    at async file:///app/dags/a.ts:1:2")).toBe("/app/dags/a.ts:1:2")
})

it("finds nothing where there is nothing", () => {
  expect(firstUserFrame(null)).toBeNull()
  expect(firstUserFrame("Error: no\n    at node:internal/x:1:1")).toBeNull()
})
