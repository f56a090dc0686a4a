import { fc, test } from "@fast-check/vitest"
import { expect, it } from "vitest"
import { rowsShown, scrollHeightMax, scrollTopFor } from "./rows.ts"

const lists = fc.record({
  count: fc.integer({ min: 1, max: 50_000_000 }),
  rowHeight: fc.integer({ min: 20, max: 60 }),
  viewHeight: fc.integer({ min: 100, max: 2_000 }),
})

test.prop([lists, fc.double({ min: 0, max: 1, noNaN: true })])(
  "any row can be brought into view",
  (list, part) => {
    const index = Math.floor(part * (list.count - 1))
    const scrollTop = scrollTopFor(index, list)
    const shown = rowsShown({ ...list, scrollTop })
    expect(shown.height).toBeLessThanOrEqual(scrollHeightMax)
    expect(scrollTop).toBeGreaterThanOrEqual(0)
    expect(shown.first).toBeLessThanOrEqual(index)
    expect(shown.end).toBeGreaterThan(index)
    // Within the view, give or take what a fraction of a pixel is worth in a list that is scrolled over faster.
    const top = shown.topOf(index) - scrollTop
    expect(top).toBeGreaterThanOrEqual(-list.rowHeight)
    expect(top).toBeLessThanOrEqual(list.viewHeight)
  },
)

test.prop([lists])("few rows are drawn, however many there are", (list) => {
  const shown = rowsShown({ ...list, scrollTop: 0 })
  expect(shown.end - shown.first).toBeLessThanOrEqual(list.viewHeight / list.rowHeight + 14)
})

it("ends with the last row at the bottom", () => {
  const list = { count: 2_000_000, rowHeight: 30, viewHeight: 600 }
  const end = rowsShown({ ...list, scrollTop: scrollHeightMax - 600 })
  expect(end.end).toBe(2_000_000)
  expect(end.topOf(1_999_999) + 30).toBeCloseTo(scrollHeightMax, 3)
})
