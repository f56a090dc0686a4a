/**
 * The first item ends one page's latency and a fixed small time after the run starts, however slow the source is, and
 * before a second page has been read.
 *
 * The source waits a set time for each page. `cold` is the first run of an engine: the hosts start within it.
 */
import { type BenchContext, format } from "./harness/bench.ts"
import { type EngineProcess, type MeasuredRun, startEngine } from "./harness/engine.ts"
import { median } from "./harness/statistics.ts"

const latenciesMs = [5, 100, 500]
const smokeLatenciesMs = [5, 100]
const pages = 6
/** As in the DAG. */
const pageSize = 500
const turns = 5
/** Beyond the first page's latency, warm. */
const overheadMsMax = 100
/** One to make the first item, one that may be on its way. */
const pullsMax = 2

export const name = "first-item"
export const claim = `the first item ends within ${overheadMsMax} ms after the first page is there, by then at most ${pullsMax} pages are pulled`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  for (const latencyMs of context.isSmoke ? smokeLatenciesMs : latenciesMs) await at(context, latencyMs)
}

async function at(context: BenchContext, latencyMs: number): Promise<void> {
  const { server, say, record, hold } = context
  const url = await server.createDatabase(`first_${latencyMs}`)
  const cold: FirstItem[] = []
  const warm: FirstItem[] = []
  const engine = startEngine(server, url)
  cold.push(await firstItem(engine, latencyMs, context.items))
  for (let turn = 0; turn < (context.isSmoke ? 1 : turns); turn++) {
    warm.push(await firstItem(engine, latencyMs, context.items))
  }
  await engine.stop()
  for (const [kind, seen] of Object.entries({ cold, warm })) {
    const ms = median(seen.map((one) => one.ms))
    const pulls = median(seen.map((one) => one.pulls))
    const totalMs = median(seen.map((one) => one.totalMs))
    say(
      `  page latency ${latencyMs} ms, ${kind}: first item after ${format(ms)} ms with ${pulls} pages pulled, ` +
        `the whole run ${format(totalMs)} ms`,
    )
    record({ kind, latencyMs, firstItemMs: ms, pulls, totalMs })
  }
  const overheadMs = median(warm.map((one) => one.ms)) - latencyMs
  hold({ figure: `ms beyond a page latency of ${latencyMs} ms`, value: overheadMs, atMost: overheadMsMax })
  // A source that is as fast as the engine may be ahead of the first item; one that waits is not.
  if (latencyMs < overheadMsMax) return
  const pulls = Math.max(...warm.map((one) => one.pulls))
  hold({ figure: `pages pulled by then at ${latencyMs} ms`, value: pulls, atMost: pullsMax, always: true })
}

interface FirstItem {
  readonly ms: number
  readonly pulls: number
  readonly totalMs: number
}

async function firstItem(
  engine: EngineProcess,
  pageLatencyMs: number,
  items = pages * pageSize,
): Promise<FirstItem> {
  const run = await engine.run({ dagId: "small", conf: { items, pageLatencyMs } })
  return { ...firstOf(run), totalMs: run.ms }
}

/** When the first item ended, by the database's clock. */
function firstOf(run: MeasuredRun): { ms: number; pulls: number } {
  const mapped = run.expansions.find((expansion) => expansion.kind === "mapped")
  if (mapped?.firstSuccessAt == null) throw new Error("no item has ended")
  return { ms: mapped.firstSuccessAt - run.queuedAt, pulls: mapped.pullsAtFirstSuccess ?? 0 }
}
