import { fc, test } from "@fast-check/vitest"
import { expect } from "vitest"
import { nextPageSize, windowRoom } from "./window.ts"

const progress = (window: number, created: number, finished: number, consumed: number | null) => ({
  state: "open" as const,
  isPullingPaused: false,
  window,
  pageSize: 50,
  pageBytesMax: 1,
  maxItems: null,
  created,
  finished,
  consumed,
})

test("a slow consumer holds a window back that its own instances would leave open", () => {
  expect(windowRoom(progress(100, 90, 80, 30))).toBe(40)
  expect(windowRoom(progress(100, 90, 80, null))).toBe(90)
})

test("a paused expansion is not pulled, however much room there is", () => {
  expect(nextPageSize({ ...progress(100, 0, 0, null), isPullingPaused: true })).toBe(0)
})

test.prop([fc.integer({ min: 1, max: 500 }), fc.nat(1000), fc.nat(1000), fc.option(fc.nat(1000))])(
  "a page of the size given never takes the unfinished over the window",
  (window, finished, open, behind) => {
    const created = finished + open
    const state = progress(window, created, finished, behind === null ? null : Math.max(0, created - behind))
    const size = nextPageSize(state)
    expect(size).toBeGreaterThanOrEqual(0)
    if (size > 0) expect(created + size - finished).toBeLessThanOrEqual(window)
    if (size > 0 && behind !== null) expect(Math.min(behind, created) + size).toBeLessThanOrEqual(window)
  },
)

test.prop([fc.integer({ min: 1, max: 500 })])("an empty window always has room for a page", (window) => {
  expect(nextPageSize(progress(window, 0, 0, null))).toBeGreaterThan(0)
})
