import { expect, it } from "vitest"
import { marksOf, placeOf, timelineOf } from "./timeline.ts"

const at = (seconds: number) => new Date(seconds * 1_000).toISOString()

it("holds all that has begun, up to now where something goes on", () => {
  const spans = [
    { start: at(10), end: at(20) },
    { start: at(15), end: null },
    { start: null, end: null },
  ]
  const line = timelineOf(spans, 30_000)
  expect(line).toEqual({ from: 10_000, to: 30_000 })
  expect(spans.map((span) => placeOf(span, line!, 30_000))).toEqual([
    { left: 0, width: 0.5 },
    { left: 0.25, width: 0.75 },
    null,
  ])
  expect(timelineOf([{ start: null, end: null }], 0)).toBeNull()
})

it("is marked at even times, a few of them", () => {
  expect(marksOf({ from: 0, to: 7_000 })).toEqual([0, 2_000, 4_000, 6_000])
  expect(marksOf({ from: 0, to: 3_600_000 })).toEqual([0, 900_000, 1_800_000, 2_700_000, 3_600_000])
})
