import { fc, test } from "@fast-check/vitest"
import { expect } from "vitest"
import { evaluate } from "./evaluate.ts"
import { playRun } from "./play-run.ts"
import { buildGraph, graphs, nodeId, sourceId } from "./random-graph.ts"

const nodesMax = 9
const numRuns = Number(process.env["SLUICE_GRAPHS"] ?? 300)

test.prop([graphs(nodesMax), fc.nat()], { numRuns })(
  "a run of any graph ends in the states that its rules give, in whatever order its steps happen",
  async (graph, seed) => {
    const lengths = Object.fromEntries(
      graph.map(({ kind, length }, place) => [kind === "lazy" ? sourceId(place) : nodeId(place), length]),
    )
    let state = seed
    const pick = (count: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return count === 0 ? 0 : (state >>> 8) % count
    }
    const run = await playRun(buildGraph(graph), { lengths, pick })
    await run.toEnd()
    const expected = evaluate(graph)
    expect(await run.states()).toEqual(expected.states)
    expect(await run.runState()).toBe(expected.run)
  },
)
