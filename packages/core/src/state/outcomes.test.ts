import { expect, test } from "vitest"
import { decideExpansion } from "./expansion-outcome.ts"
import { decideRun } from "./run-outcome.ts"

const counts = {
  created: 10,
  success: 10,
  failed: 0,
  skipped: 0,
  upstreamFailed: 0,
  exhausted: true,
  streamFailure: null,
} as const

test("a map has not ended while its stream may go on or an instance is unfinished", () => {
  expect(decideExpansion({ ...counts, exhausted: false })).toBeNull()
  expect(decideExpansion({ ...counts, success: 9 })).toBeNull()
})

test("the worst instance decides how a map ends", () => {
  expect(decideExpansion(counts)).toBe("success")
  expect(decideExpansion({ ...counts, success: 9, skipped: 1 })).toBe("success")
  expect(decideExpansion({ ...counts, success: 8, skipped: 1, upstreamFailed: 1 })).toBe("upstream_failed")
  expect(decideExpansion({ ...counts, success: 8, failed: 1, upstreamFailed: 1 })).toBe("failed")
})

test("a map of which nothing ran is skipped, an empty one too", () => {
  expect(decideExpansion({ ...counts, success: 0, skipped: 10 })).toBe("skipped")
  expect(decideExpansion({ ...counts, created: 0, success: 0 })).toBe("skipped")
})

test("a stream that broke never ends as a success, whatever came before", () => {
  expect(decideExpansion({ ...counts, streamFailure: "upstream" })).toBe("upstream_failed")
  expect(decideExpansion({ ...counts, streamFailure: "own" })).toBe("failed")
})

test("a run ends with its last task, as its leaves did", () => {
  expect(decideRun({ hasUnfinished: true, leavesFailed: 1 })).toBeNull()
  expect(decideRun({ hasUnfinished: false, leavesFailed: 0 })).toBe("success")
  expect(decideRun({ hasUnfinished: false, leavesFailed: 1 })).toBe("failed")
})
