import { expect, it } from "vitest"
import { jitterOf } from "./jitter.ts"

it("is always the same for one DAG, and spreads DAGs of similar names evenly", () => {
  const jitters = Array.from({ length: 1000 }, (_, place) => jitterOf(`load_${place}`, 60_000))
  expect(jitters).toEqual(Array.from({ length: 1000 }, (_, place) => jitterOf(`load_${place}`, 60_000)))
  const perTenth = Map.groupBy(jitters, (jitter) => Math.floor(jitter / 6_000))
  expect([...perTenth.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  for (const [, inTenth] of perTenth) expect(inTenth.length).toBeGreaterThan(60)
  expect(jitterOf("load", 0)).toBe(0)
})
