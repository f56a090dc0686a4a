import { BundleRejected } from "@sluice/core/engine"
import { DuplicateDagRun, NotFound, StoreUnavailable } from "@sluice/core/store"
import { describe, expect, it } from "vitest"
import { Problem, UsageProblem } from "./problem.ts"
import { reportError } from "./report-error.ts"

describe("an expected error", () => {
  it.each([
    [new Problem("it is gone", { fix: "look again" }), "it is gone. Fix: look again", 1],
    [new UsageProblem("5 came", { expected: "a name" }), "5 came; expected a name", 2],
    [new NotFound({ what: "run", id: "r1" }), 'run "r1" does not exist', 1],
    [new StoreUnavailable({ operation: "claim", message: "claim: refused" }), "claim: refused", 1],
    [
      new BundleRejected({ type: "SyntaxError", message: "a.ts:3:13: Unexpected token", stack: null }),
      "SyntaxError: a.ts:3:13: Unexpected token",
      2,
    ],
    [
      new BundleRejected({ type: "DagDefinitionError", message: 'dag "x": no', stack: "E\n    at a.ts:1:2" }),
      'dag "x": no (at a.ts:1:2)',
      2,
    ],
  ])("is one line without a stack: %s", (error, line, exitCode) => {
    expect(reportError(error)).toEqual({ line, stack: null, exitCode })
  })

  it("says what to do about a run id that is taken", () => {
    expect(reportError(new DuplicateDagRun({ dagId: "d", runId: "r" })).line).toContain("--run-id")
  })

  it("stays one line whatever its message", () => {
    expect(reportError(new Problem("a\n  b\nc")).line).toBe("a b c")
  })
})

it("shows the stack of a bug", () => {
  const report = reportError(new TypeError("x is not a function"))
  expect(report.line).toBe("a bug in Sluice: x is not a function")
  expect(report.stack).toContain("report-error.test.ts")
  expect(report.exitCode).toBe(1)
})
