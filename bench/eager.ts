/**
 * The same work over a list that an upstream task must return first: what reading lazily buys in time to the first
 * item, in memory, and in bytes that the engine reads.
 *
 * Both ways read the same slow pages and run the same no-op on each item; the eager one is `expand()` over the list that
 * `list` returns, as a mapped task is fed elsewhere. Each run has fresh processes; a small run before it starts the hosts.
 */
import { type BenchContext, format } from "./harness/bench.ts"
import { type MeasuredRun, peakRssOf, startEngine } from "./harness/engine.ts"
import { median } from "./harness/statistics.ts"

const itemsDefault = 100_000
const smokeItems = 5_000
const pageLatencyMs = 20
const turns = 3
const warmUpItems = 1_000
const mb = 1024 * 1024

export const name = "eager"
export const claim =
  "lazy gives the first item after one page, not after the whole list, in less memory and fewer bytes read"

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const items = context.items ?? (context.isSmoke ? smokeItems : itemsDefault)
  const seen: Record<Way, Figures[]> = { lazy: [], eager: [] }
  for (let turn = 0; turn < (context.isSmoke ? 1 : turns); turn++) {
    seen.lazy.push(await oneRun(context, "lazy", { items, turn }))
    seen.eager.push(await oneRun(context, "eager", { items, turn }))
  }
  const [lazy, eager] = [
    summarise(context, "lazy", seen.lazy, items),
    summarise(context, "eager", seen.eager, items),
  ]
  context.hold({
    figure: "time to the first item, lazy against eager",
    value: lazy.firstItemMs / eager.firstItemMs,
    atMost: 0.5,
  })
  context.hold({ figure: "bytes read, lazy against eager", value: lazy.readMb / eager.readMb, atMost: 1 })
}

type Way = "lazy" | "eager"

type Figures = Record<
  "firstItemMs" | "totalMs" | "readMb" | "walMb" | "engineMb" | "pullHostMb" | "itemHostMb",
  number
>

const dags = { lazy: "watched", eager: "eager" } as const

async function oneRun(
  { server }: BenchContext,
  way: Way,
  { items, turn }: { items: number; turn: number },
): Promise<Figures> {
  const url = await server.createDatabase(`${way}_${turn}`)
  const engine = startEngine(server, url)
  const dagId = dags[way]
  await engine.run({ dagId, conf: { items: warmUpItems } })
  const run = await engine.run({ dagId, conf: { items, pageLatencyMs } })
  const rss = peakRssOf(engine)
  await engine.stop()
  return {
    firstItemMs: firstItemMs(run),
    totalMs: run.ms,
    readMb: run.bytesRead / mb,
    walMb: run.walBytes / mb,
    engineMb: rss.engine / mb,
    pullHostMb: rss.pullHost / mb,
    itemHostMb: Math.max(0, ...rss.itemHosts) / mb,
  }
}

function firstItemMs(run: MeasuredRun): number {
  const mapped = run.expansions.find((expansion) => expansion.kind === "mapped")
  return (mapped?.firstSuccessAt ?? Number.NaN) - run.queuedAt
}

function summarise(
  { say, record }: BenchContext,
  way: Way,
  runs: readonly Figures[],
  items: number,
): Figures {
  const names = Object.keys(runs[0] ?? {}) as (keyof Figures)[]
  const figures = Object.fromEntries(
    names.map((name) => [name, median(runs.map((run) => run[name]))]),
  ) as Figures
  say(`  ${way.padEnd(6)} ${names.map((name) => `${name} ${format(figures[name])}`).join(", ")}`)
  record({ way, items, pageLatencyMs, ...figures })
  return figures
}
