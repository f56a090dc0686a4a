import { expect, it } from "vitest"
import { ratesOf } from "./history.ts"

it("takes rates over a few steps, and over what there is at the start", () => {
  const history = {
    ...{ from: new Date(10_000).toISOString(), step_ms: 2_000, is_sampled: false },
    ...{ discovered: [0, 100, 100, 100, 220], ended: [0, 0, 20, 60, 60] },
  }
  expect(ratesOf(history)).toEqual({
    times: [12, 14, 16, 18],
    discovered: [50, 25, 100 / 6, 20],
    ended: [0, 5, 10, 10],
  })
  expect(ratesOf({ ...history, from: null, discovered: [], ended: [] }).times).toEqual([])
})
