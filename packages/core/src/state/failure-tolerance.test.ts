import { fc, test } from "@fast-check/vitest"
import { expect } from "vitest"
import { crossedTolerance, needsWatch } from "./failure-tolerance.ts"

const tolerance = (given: { count?: number; ratio?: number; minSample?: number }) => ({
  count: given.count ?? null,
  ratio: given.ratio ?? null,
  minSample: given.minSample ?? 100,
})

test("a count is crossed by one more than it", () => {
  expect(crossedTolerance(tolerance({ count: 2 }), { failed: 2, ended: 9 })).toBeNull()
  expect(crossedTolerance(tolerance({ count: 2 }), { failed: 3, ended: 9 })).toBe(
    "3 instances failed, and 2 are tolerated",
  )
  expect(crossedTolerance(tolerance({ count: 0 }), { failed: 1, ended: 1 })).not.toBeNull()
})

test("a ratio is judged from its sample on", () => {
  const tenth = tolerance({ ratio: 0.1, minSample: 20 })
  expect(crossedTolerance(tenth, { failed: 19, ended: 19 })).toBeNull()
  expect(crossedTolerance(tenth, { failed: 2, ended: 20 })).toBeNull()
  expect(crossedTolerance(tenth, { failed: 3, ended: 20 })).toBe(
    "3 of 20 ended instances failed, and a share of 0.1 is tolerated",
  )
})

test("without a limit nothing is ever crossed", () => {
  expect(crossedTolerance(null, { failed: 1_000, ended: 1_000 })).toBeNull()
})

test.prop([
  fc.record({
    count: fc.option(fc.nat(5)),
    ratio: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    minSample: fc.integer({ min: 1, max: 30 }),
  }),
  fc.nat(40),
  fc.nat(40),
])("a success never crosses a limit that is not watched", (limit, failed, successes) => {
  const before = { failed, ended: failed + successes }
  if (crossedTolerance(limit, before) !== null || needsWatch(limit, before)) return
  expect(crossedTolerance(limit, { failed, ended: before.ended + 1 })).toBeNull()
})
