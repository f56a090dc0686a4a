import { expect, it } from "vitest"
import { holdsAt, parseJsonPath } from "./json-path.ts"

it.each([
  ["state", ["state"]],
  ["job.state", ["job", "state"]],
  ["items[0].state", ["items", 0, "state"]],
  ["[2][3]", [2, 3]],
  ["a b.c-d", ["a b", "c-d"]],
])("reads the path %s", (path, steps) => {
  expect(parseJsonPath(path)).toEqual(steps)
})

it.each(["", ".", ".a", "a.", "a..b", "a[", "a[x]", "a]", "a[0]b"])("refuses %j", (path) => {
  expect(parseJsonPath(path)).toBeNull()
})

it("finds a value only where it is, and never in what an object inherits", () => {
  const value = { job: { state: "done" }, list: [{ n: 1 }], empty: null }
  expect(holdsAt(value, { path: "job.state", equals: "done" })).toBe(true)
  expect(holdsAt(value, { path: "list[0]", equals: { n: 1 } })).toBe(true)
  expect(holdsAt(value, { path: "empty", equals: null })).toBe(true)
  expect(holdsAt(value, { path: "job.state", equals: "running" })).toBe(false)
  for (const path of ["job.gone", "list.0", "job[0]", "list.length", "job.toString", "empty.x"])
    expect(holdsAt(value, { path, equals: null })).toBe(false)
})
