import { expect, test } from "vitest"
import { decideGate, type Gate } from "./gate.ts"

const branch: Gate = {
  kind: "branch",
  targets: [1, 2, 3],
  ways: [
    { id: "a", follows: [1, 3] },
    { id: "b", follows: [2] },
    { id: "join", follows: [3] },
  ],
}

test.each([
  ['"a"', [2]],
  ['["a","b"]', []],
  ['"b"', [1, 3]],
  ["[]", [1, 2, 3]],
  ["null", [1, 2, 3]],
])("a branch that returned %s skips %j", (result, skips) => {
  expect(decideGate(branch, "success", result)).toEqual({ skips, fails: [] })
})

test("a short circuit skips all below it, or nothing", () => {
  const gate: Gate = { kind: "short_circuit", targets: [4, 5] }
  expect(decideGate(gate, "success", "false").skips).toEqual([4, 5])
  expect(decideGate(gate, "success", "true").skips).toEqual([])
})

test.each([
  ["success", { skips: [], fails: [] }],
  ["skipped", { skips: [5], fails: [] }],
  ["failed", { skips: [], fails: [5] }],
  ["upstream_failed", { skips: [], fails: [5] }],
] as const)(
  "a setup that ended as %s says %j of the work that does not follow it directly",
  (state, verdict) => {
    expect(decideGate({ kind: "setup", targets: [4, 5], direct: [4] }, state, null)).toEqual(verdict)
  },
)

test.each(["failed", "skipped", "upstream_failed"] as const)(
  "a gate that ended as %s leaves what is below it to the trigger rules",
  (state) => {
    expect(decideGate(branch, state, null)).toEqual({ skips: [], fails: [] })
  },
)
