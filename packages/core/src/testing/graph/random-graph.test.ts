import { fc, test } from "@fast-check/vitest"
import { Effect } from "effect"
import { expect } from "vitest"
import { clear } from "../../engine/redrive/index.ts"
import { evaluate } from "./evaluate.ts"
import { playRun, type PlayedRun } from "./play-run.ts"
import { buildGraph, type Graph, graphs, nodeId, sourceId } from "./random-graph.ts"

const nodesMax = 9
const numRuns = Number(process.env["SLUICE_GRAPHS"] ?? 120)

function play(graph: Graph, seed: number): Promise<PlayedRun> {
  const lengths = Object.fromEntries(
    graph.map(({ kind, length }, place) => [kind === "lazy" ? sourceId(place) : nodeId(place), length]),
  )
  let state = seed
  const pick = (count: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return count === 0 ? 0 : (state >>> 8) % count
  }
  return playRun(buildGraph(graph), { lengths, pick })
}

async function expectEnded(run: PlayedRun, graph: Graph): Promise<void> {
  const expected = evaluate(graph)
  expect(await run.states()).toEqual(expected.states)
  expect(await run.runState()).toBe(expected.run)
}

test.prop([graphs(nodesMax), fc.nat()], { numRuns })(
  "a run of any graph ends in the states that its rules give, in whatever order its steps happen",
  async (graph, seed) => {
    const run = await play(graph, seed)
    await run.toEnd()
    await expectEnded(run, graph)
  },
)

test.prop([graphs(nodesMax), fc.nat(), fc.nat()], { numRuns })(
  "a run of which any task is cleared, at its end or before, always comes to the same end",
  async (graph, seed, chosen) => {
    const run = await play(graph, seed)
    await run.toEnd(seed % 2 === 0 ? undefined : seed % 40)
    const place = chosen % graph.length
    const taskId = graph[place]?.kind === "loop" ? `${nodeId(place)}.last` : nodeId(place)
    const options = { dagRunId: run.dagRunId, tasks: [{ taskId }], onlyFailed: false, downstream: true }
    const cleared = clear(run.store, { ...options, isDryRun: false, actor: "ann" })
    // One that has not started is refused, and nothing is done.
    await Effect.runPromise(cleared.pipe(Effect.catchTag("RedriveRefused", () => Effect.void)))
    await run.toEnd()
    await expectEnded(run, graph)
  },
)

test.prop([graphs(nodesMax), fc.nat()], { numRuns })(
  "a run that is cancelled anywhere, and resumed, always comes to the same end",
  async (graph, seed) => {
    const run = await play(graph, seed)
    await run.toEnd(seed % 40)
    const { dagRunId } = run
    await Effect.runPromise(run.store.cancelDagRun({ dagRunId, note: "stop", actor: "ann" }))
    await Effect.runPromise(run.store.resumeDagRun({ dagRunId, actor: "ann" }))
    await run.toEnd()
    await expectEnded(run, graph)
  },
)
