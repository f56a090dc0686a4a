import { fc, test } from "@fast-check/vitest"
import { expect } from "vitest"
import { retryDelayOf, retryJitter } from "./retry-delay.ts"

const delays = { retryDelayMs: 1_000, retryBackoff: 2, retryDelayMaxMs: 60_000 }

test("delays grow with each failure, up to their maximum", () => {
  const at = (failures: number) => retryDelayOf(delays, { failures, mapIndex: -1 })
  expect([1, 2, 3, 10].map(at)).toEqual([1_000, 2_000, 4_000, 60_000])
})

test("siblings that failed together do not all come back together", () => {
  const all = Array.from({ length: 100 }, (_, mapIndex) => retryDelayOf(delays, { failures: 1, mapIndex }))
  expect(new Set(all).size).toBeGreaterThan(90)
})

test.prop([fc.integer({ min: 1, max: 50 }), fc.integer({ min: -1, max: 1e9 })])(
  "a delay is never shorter than asked, nor longer than the maximum and its jitter",
  (failures, mapIndex) => {
    const delay = retryDelayOf(delays, { failures, mapIndex })
    expect(delay).toBeGreaterThanOrEqual(1_000)
    expect(delay).toBeLessThanOrEqual(60_000 * (1 + retryJitter))
  },
)
