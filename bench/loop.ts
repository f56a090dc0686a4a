/**
 * An iteration of a loop costs as much after a thousand of them as at the beginning: in a loop of ten times as many, each
 * takes at most 1.15 of the time, of the statements and of the WAL bytes.
 *
 * The loop counts; its one task does nothing else. What the run itself costs, beside its iterations, counts in both.
 */
import { type BenchContext, format } from "./harness/bench.ts"
import { type EngineProcess, startEngine } from "./harness/engine.ts"

const iterationsDefault = 1_000
const smokeIterations = 20
const times = 10
const growthMax = 1.15

export const name = "loop"
export const claim = `an iteration of a loop of ${format(iterationsDefault)} costs at most ${growthMax} of one of ${format(iterationsDefault / times)}`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const { server, hold, isSmoke } = context
  const many = context.items ?? (isSmoke ? smokeIterations : iterationsDefault)
  const engine = startEngine(server, await server.createDatabase("iterations"))
  try {
    await engine.run({ dagId: "counting", conf: { items: smokeIterations } })
    const few = await costOf(context, engine, Math.max(1, Math.floor(many / times)))
    const most = await costOf(context, engine, many)
    // A run of two iterations is mostly a run.
    if (isSmoke) return
    const atMost = growthMax
    hold({ figure: "time of an iteration, of many against of few", value: most.ms / few.ms, atMost })
    hold({ figure: "statements, the same", value: most.statements / few.statements, atMost })
    hold({ figure: "WAL bytes, the same", value: most.walBytes / few.walBytes, atMost })
  } finally {
    await engine.stop()
  }
}

/** What an iteration costs in a loop of so many. */
async function costOf({ say, record }: BenchContext, engine: EngineProcess, iterations: number) {
  const run = await engine.run({ dagId: "counting", conf: { items: iterations } })
  const [ms, statements, walBytes] = [run.ms, run.statements, run.walBytes].map((each) => each / iterations)
  const cost = { ms: ms ?? 0, statements: statements ?? 0, walBytes: walBytes ?? 0 }
  say(
    `  ${format(iterations)} iterations: ${format(cost.ms)} ms, ${format(cost.statements)} statements and ${format(cost.walBytes)} WAL bytes each`,
  )
  record({ iterations, ...cost })
  return cost
}
