import { fc, test } from "@fast-check/vitest"
import type { PageView } from "@sluice/core/store"
import { expect, it } from "vitest"
import { historyOf } from "./history.ts"

/** A page of some indexes, committed, first ended and counted at these times; null: not counted yet. */
function page(
  firstIndex: number,
  count: number,
  times: [number, number | null, number | null],
  done = count,
) {
  const [createdAt, firstSuccessAt, foldedAt] = times.map((at) => (at === null ? null : new Date(at)))
  return {
    ...{ firstIndex, count, claimed: count, success: done, failed: 0, skipped: 0, upstreamFailed: 0 },
    ...{ isFolded: foldedAt !== null, createdAt, firstSuccessAt, foldedAt },
  } as PageView
}

it("tells when pages came, and spreads their ends between the first and the last", () => {
  const pages = [page(0, 10, [1_000, 2_000, 4_000]), page(10, 10, [3_000, 4_000, null], 5)]
  const history = historyOf({ pages, discovered: 20, from: 0, to: 5_000, stepsMax: 5 })
  expect(history).toEqual({
    from: new Date(0),
    stepMs: 1_000,
    discovered: [0, 10, 10, 20, 20, 20],
    ended: [0, 0, 0, 5, 10, 15],
  })
})

it("goes evenly over what lies between the pages that were looked at", () => {
  const pages = [page(0, 10, [1_000, 1_000, 2_000]), page(90, 10, [5_000, 5_000, 6_000])]
  const history = historyOf({ pages, discovered: 100, from: 1_000, to: 6_000, stepsMax: 5 })
  expect(history.discovered).toEqual([10, 30, 50, 70, 100, 100])
  expect(history.ended).toEqual([0, 90, 90, 90, 90, 100])
})

const someTimes = fc.tuple(fc.nat(1_000), fc.nat(1_000), fc.nat(1_000))
const somePages = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 50 }), someTimes, fc.nat(20)), { maxLength: 30 })
  .map((given) => {
    let [first, at] = [0, 0]
    return given.map(([count, [wait, begun, took], passedOver]) => {
      first += passedOver
      at += wait
      const made = page(first, count, [at, at + begun, at + begun + took])
      first += count
      return made
    })
  })

test.prop([somePages, fc.integer({ min: 1, max: 400 })])(
  "never goes back, never has more ended than discovered in the end, and ends where the map is",
  (pages, stepsMax) => {
    const last = pages.at(-1)
    const discovered = last === undefined ? 0 : last.firstIndex + last.count
    const to = Math.max(1, ...pages.map(({ foldedAt }) => foldedAt?.getTime() ?? 0))
    const history = historyOf({ pages, discovered, from: 0, to, stepsMax })
    for (const line of [history.discovered, history.ended]) {
      expect(line.length).toBeLessThanOrEqual(stepsMax + 2)
      expect(line.every((n, place) => n >= (line[place - 1] ?? 0))).toBe(true)
      expect(line.at(-1)).toBe(discovered)
    }
  },
)
