import { expect, it } from "vitest"
import { encode } from "@sluice/host/codec"
import type { RunResult, TaskFailure } from "../run/run-result.ts"
import { resultJson } from "./json-view.ts"
import { chainDag, chainViews, dagRun } from "./run.test.fixture.ts"
import { failureLine, summaryLines } from "./summary.ts"

const plain = (_style: unknown, text: string) => text

function result(given: Partial<RunResult> = {}): RunResult {
  const ended = { state: "success", pulls: 2, created: 3, success: 3 } as const
  const expansions = chainViews({
    numbers: { state: "success" },
    noop: ended,
    twice: ended,
    sum: { state: "success" },
  })
  return {
    at: 0,
    run: dagRun(),
    dag: chainDag(),
    expansions,
    outcome: "success",
    failures: [],
    value: null,
    ...given,
  }
}

const failure: TaskFailure = {
  taskId: "noop",
  mapIndex: 12,
  item: null,
  tryNumber: 3,
  error: {
    type: "TypeError",
    message: "bad\n  thing",
    stack: "TypeError: bad\n    at node:internal/x:1:1\n    at noop (dags/a.ts:12:5)",
  },
}

it("tells outcome, counts and the last result", () => {
  const encoded = encode({ s: 6n, at: new Date(0) })
  expect(summaryLines(result({ value: { taskId: "sum", encoded } }), plain)).toEqual([
    "success in 2.0 s  chain r1",
    "  task     state    pages  created  success  failed",
    "  numbers  success      2",
    "  noop     success      2        3        3       0",
    "  twice    success      2        3        3       0",
    "  sum      success               0        0       0",
    'sum returned {"s":"6","at":"1970-01-01T00:00:00.000Z"}',
  ])
})

it("says nothing of a result that is nothing", () => {
  const lines = summaryLines(result({ value: { taskId: "sum", encoded: encode(undefined) } }), plain)
  expect(lines.join("\n")).not.toContain("returned")
})

it("leaves a large result to xcom get", () => {
  const value = { taskId: "sum", encoded: encode("x".repeat(5_000)) }
  expect(summaryLines(result({ value }), plain).at(-1)).toBe(
    "sum returned 5,002 characters: sluice xcom get r1 sum",
  )
})

it("tells a failure in one line, with the place in the author's code", () => {
  expect(failureLine(failure)).toBe("noop[12] try 3: TypeError: bad thing (dags/a.ts:12:5)")
})

it("says how many failures it does not show", () => {
  const expansions = chainViews({ noop: { state: "failed", created: 9, failed: 9 } })
  const lines = summaryLines(result({ outcome: "failed", expansions, failures: [failure] }), plain)
  expect(lines).toContain("errors (9)")
  expect(lines).toContain("  … 8 more: sluice tasks list r1 --state failed")
})

it("gives programs the same facts", () => {
  const json = resultJson(result({ failures: [failure], value: { taskId: "sum", encoded: encode([1n]) } }))
  expect(json).toMatchObject({
    type: "summary",
    outcome: "success",
    seconds: 2,
    dag_id: "chain",
    run_id: "r1",
  })
  expect(json.tasks[1]).toMatchObject({ task_id: "noop", pulls: 2, created: 3, success: 3, window: 100 })
  expect(json.errors[0]).toMatchObject({ task_id: "noop", map_index: 12, type: "TypeError" })
  expect(json.result).toEqual({ task_id: "sum", value: ["1"] })
})
