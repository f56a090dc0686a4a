import { expect, it } from "vitest"
import { ratesOf } from "./history.ts"

it("takes rates over a few steps, and over what there is at the start", () => {
  const history = {
    ...{ from: new Date(10_000).toISOString(), step_ms: 2_000, is_sampled: false },
    ...{ discovered: [0, 100, 100, 100, 220, 220, 340], ended: [0, 0, 20, 60, 60, 60, 70] },
  }
  expect(ratesOf(history)).toEqual({
    times: [12, 14, 16, 18, 20, 22],
    discovered: [50, 25, 100 / 6, 27.5, 22, 24],
    ended: [0, 5, 10, 7.5, 6, 7],
  })
  expect(ratesOf({ ...history, from: null, discovered: [], ended: [] }).times).toEqual([])
})
