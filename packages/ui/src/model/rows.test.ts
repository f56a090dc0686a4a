import { fc, test } from "@fast-check/vitest"
import { expect } from "vitest"
import { barOf, contentHeight, offsetAt, offsetOf, rowsShown, scrollHeightMax } from "./rows.ts"

const lists = fc.record({
  count: fc.integer({ min: 1, max: 50_000_000 }),
  rowHeight: fc.integer({ min: 20, max: 60 }),
  viewHeight: fc.integer({ min: 100, max: 2_000 }),
})
const parts = fc.double({ min: 0, max: 1, noNaN: true })

test.prop([lists, parts])("any row can be brought into view, however many there are", (list, part) => {
  const index = Math.floor(part * (list.count - 1))
  const offset = offsetOf(index, list)
  const { first, end } = rowsShown(list, offset)
  expect(first).toBeLessThanOrEqual(index)
  expect(end).toBeGreaterThan(index)
  expect(end - first).toBeLessThanOrEqual(list.viewHeight / list.rowHeight + 14)
  const top = index * list.rowHeight - offset
  expect(top).toBeGreaterThanOrEqual(0)
  expect(top).toBeLessThanOrEqual(Math.max(list.viewHeight, list.rowHeight))
})

test.prop([lists, parts])(
  "the bar stays within what a browser lays out, and means where it stands",
  (list, part) => {
    const offset = part * Math.max(0, list.count * list.rowHeight - list.viewHeight)
    const bar = barOf(offset, list)
    expect(contentHeight(list)).toBeLessThanOrEqual(scrollHeightMax)
    expect(bar).toBeLessThanOrEqual(Math.max(0, contentHeight(list) - list.viewHeight) + 1e-6)
    expect(offsetAt(bar, list)).toBeCloseTo(offset, 1)
  },
)

test.prop([lists, parts, fc.nat(1_000_000)])(
  "a list that grows moves its bar, and not what is in sight",
  (list, part, more) => {
    const offset = offsetOf(Math.floor(part * (list.count - 1)), list)
    const grown = { ...list, count: list.count + more }
    expect(offsetAt(barOf(offset, grown), grown)).toBeCloseTo(offset, 1)
  },
)
