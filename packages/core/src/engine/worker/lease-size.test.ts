import { fc, test } from "@fast-check/vitest"
import { expect } from "vitest"
import { LeaseSizes, leaseSizeMax } from "./lease-size.ts"

const sizeOf = (sizes: LeaseSizes) => sizes.hints()[0]?.size

test("instances of a minute are taken one at a time", () => {
  const sizes = new LeaseSizes(16)
  sizes.observe("1", 1, 60_000)
  expect(sizeOf(sizes)).toBe(1)
})

test("instances of a microsecond soon come in the largest leases", () => {
  const sizes = new LeaseSizes(16)
  for (let lease = 0; lease < 4; lease++) sizes.observe("1", 100, 0.1)
  expect(sizeOf(sizes)).toBe(leaseSizeMax)
})

test.prop([
  fc.array(fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1e6, noNaN: true }))),
])("a size is always between one and the maximum, and grows at most eightfold", (leases) => {
  const sizes = new LeaseSizes(16)
  let before = sizes.sizeDefault
  for (const [count, busyMs] of leases) {
    sizes.observe("1", count, busyMs)
    const size = sizeOf(sizes)!
    expect(size).toBeGreaterThanOrEqual(1)
    expect(size).toBeLessThanOrEqual(Math.min(leaseSizeMax, before * 8))
    before = size
  }
})

test("what is remembered is bounded", () => {
  const sizes = new LeaseSizes(16)
  for (let id = 0; id < 5_000; id++) sizes.observe(String(id), 1, 1)
  expect(sizes.hints().length).toBeLessThanOrEqual(1_000)
})
