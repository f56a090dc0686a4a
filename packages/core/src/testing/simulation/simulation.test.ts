import { expect, it } from "vitest"
import { describeFailure, replayCommand } from "./report.ts"
import { simulate } from "./simulate.ts"

/** The seeds that every test run lives through, if the machine is fast enough. */
const seeds = 1_500

/** Real milliseconds after which no further seed is begun. */
const budgetMs = 35_000

/** Seeds that found something once. What each found is in the history of the files it made change. */
const keptSeeds = [
  3, 4, 29, 56, 89, 225, 369, 678, 980, 1_394, 1_439, 1_792, 2_784, 3_484, 30_530, 200_046, 201_077, 300_855,
]

it("keeps every invariant and ends as an uninterrupted run does, whatever goes wrong", async () => {
  const until = performance.now() + budgetMs
  let lived = 0
  const polled: string[] = []
  for (const seed of [...keptSeeds, ...Array.from({ length: seeds }, (_, number) => number + 1)]) {
    if (performance.now() > until) break
    const result = await simulate(seed)
    if (result.failure !== null) expect.fail(describeFailure(result))
    for (const wait of result.pollEnded) polled.push(`${wait} (${replayCommand(seed)})`)
    lived += 1
  }
  expect(polled).toEqual([])
  expect(lived).toBeGreaterThan(keptSeeds.length)
}, 60_000)

it("lives through the same events twice under the same seed", async () => {
  for (let seed = 2_000; seed < 2_030; seed++) {
    const [first, second] = [await simulate(seed), await simulate(seed)]
    expect(second.hash, replayCommand(seed)).toBe(first.hash)
  }
})
