/**
 * The engine runs a lazy map at no less than 0.4 of the speed of a hand-written loop that writes the same rows, at 300
 * bytes of WAL and 0.02 statements an item or less, and as fast for a million items as for ten thousand.
 *
 * Both sides run in processes of their own, in turns, so that whatever else the machine does hits both. `cold` is the
 * first run of a new process: starting the hosts, compiling, connecting. `warm` is the next one, in the same process.
 */
import type { BenchContext } from "./harness/bench.ts"
import { format } from "./harness/bench.ts"
import { startChild } from "./harness/child.ts"
import { type MeasuredRun, startEngine } from "./harness/engine.ts"
import type { LoopAnswer, LoopQuestion } from "./harness/loop-process.ts"
import { cpuUs } from "./harness/processes.ts"
import { medianOf } from "./harness/statistics.ts"

const itemsDefault = 100_000
const smokeItems = 10_000
/** How often each side runs; the medians count. */
const turns = 5
const flatSizes = [10_000, 100_000, 1_000_000]
const sleepItems = 40_000
const sleepMs = 5
/** Items that one worker runs at once. */
const concurrency = 64

const ratioMin = 0.4
const walBytesMax = 300
const statementsMax = 0.02
const flatMax = 1.15

export const name = "limit"
export const claim = `the engine runs a lazy map at ${ratioMin} or more of the speed of a hand-written loop`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const items = context.items ?? (context.isSmoke ? smokeItems : itemsDefault)
  await besideTheLoop(context, items)
  if (context.isSmoke) return asleep(context, smokeItems / 5, 1)
  await flat(context)
  await asleep(context, sleepItems, 1)
  await asleep(context, sleepItems, 2)
}

/** One timed run of either side. */
interface Timed {
  readonly ms: number
  readonly engineUs: number
  readonly hostsUs: number
  readonly postgresUs: number
  readonly walBytes: number
}

type Side = "loop cold" | "loop warm" | "loop with pages warm" | "engine cold" | "engine warm"

/** A figure without a bound. */
function note({ say, record }: BenchContext, figure: string, value: number): void {
  say(`  ${figure}: ${format(value)}`)
  record({ figure, value })
}

function cpuOf({ engineUs, hostsUs, postgresUs }: Timed): number {
  return engineUs + hostsUs + postgresUs
}

async function besideTheLoop(context: BenchContext, items: number): Promise<void> {
  const { server, say, record, hold } = context
  const urls = { loop: await server.createDatabase("loop"), engine: await server.createDatabase("engine") }
  const results: Partial<Record<Side, Timed[]>> = {}
  const warmEngine: MeasuredRun[] = []
  const keep = (side: Side, timed: Timed) => {
    ;(results[side] ??= []).push(timed)
    record({
      side,
      items,
      itemsPerSecond: (items / timed.ms) * 1_000,
      ...perItem(timed, items),
      ms: timed.ms,
    })
  }
  for (let turn = 0; turn < (context.isSmoke ? 1 : turns); turn++) {
    const loop = startLoop(context, urls.loop)
    keep("loop cold", await loop.run(turn * 10 + 1, { items }, false))
    keep("loop warm", await loop.run(turn * 10 + 2, { items }, false))
    keep("loop with pages warm", await loop.run(turn * 10 + 3, { items }, true))
    await loop.stop()
    const engine = startEngine(server, urls.engine)
    keep("engine cold", await engine.run({ dagId: "flat", conf: { items } }))
    const warm = await engine.run({ dagId: "flat", conf: { items } })
    keep("engine warm", warm)
    warmEngine.push(warm)
    await engine.stop()
  }
  for (const [side, runs] of Object.entries(results)) say(`  ${describe(side, runs, items)}`)
  const sides = results as Record<Side, Timed[]>
  const statements = medianOf(warmEngine, (timed) => timed.statements / items)
  const wal = medianOf(warmEngine, (timed) => timed.walBytes / items)
  const ms = (side: Side) => medianOf(sides[side], (timed) => timed.ms)
  const best = (side: Side) => Math.min(...sides[side].map((timed) => timed.ms))
  const cpu = (side: Side) => medianOf(sides[side], cpuOf)
  const sameRows = ms("loop with pages warm") / ms("engine warm")
  hold({ figure: "ratio to the loop that writes the same rows, warm", value: sameRows, atLeast: ratioMin })
  note(context, "ratio to the loop that keeps nothing but results, warm", ms("loop warm") / ms("engine warm"))
  note(context, "the same, best turn of each", best("loop warm") / best("engine warm"))
  note(context, "the same, cold", ms("loop cold") / ms("engine cold"))
  note(context, "CPU of the engine against the loop's, warm", cpu("engine warm") / cpu("loop warm"))
  hold({ figure: "WAL bytes an item", value: wal, atMost: walBytesMax, always: true })
  hold({ figure: "statements an item", value: statements, atMost: statementsMax, always: true })
}

function startLoop({ server }: BenchContext, url: string) {
  const child = startChild<LoopQuestion, LoopAnswer>("./loop-process.ts", { args: [url] })
  return {
    stop: () => child.stop(),
    run: async (expansionId: number, amount: LoopQuestion["amount"], keepsPages: boolean): Promise<Timed> => {
      await server.checkpoint()
      const look = async () => ({
        own: cpuUs(child.pid),
        postgres: server.cpuUs(),
        wal: await server.walBytes(),
      })
      const before = await look()
      const { ms } = await child.ask({ expansionId, amount, keepsPages })
      const after = await look()
      return {
        ms,
        engineUs: after.own - before.own,
        hostsUs: 0,
        postgresUs: after.postgres - before.postgres,
        walBytes: after.wal - before.wal,
      }
    },
  }
}

/** Ten thousand, a hundred thousand, a million: the cost of an item stays. */
async function flat({ server, say, record, hold }: BenchContext): Promise<void> {
  const url = await server.createDatabase("flat")
  const engine = startEngine(server, url)
  await engine.run({ dagId: "flat", conf: { items: flatSizes[0] ?? 0 } })
  const cost: number[] = []
  for (const items of flatSizes) {
    const timed = await engine.run({ dagId: "flat", conf: { items } })
    say(`  ${describe(`engine, ${items.toLocaleString("en")} items`, [timed], items)}`)
    record({ side: "engine flat", items, ...perItem(timed, items), ms: timed.ms })
    cost.push(timed.ms / items)
  }
  await engine.stop()
  const [small = 1, , large = 1] = cost
  hold({ figure: "time an item at 1M against 10k", value: large / small, atMost: flatMax })
}

/** Items that wait: how much of what 64 at once could do is reached, by the loop and by the engine. */
async function asleep(context: BenchContext, items: number, workers: number): Promise<void> {
  const { server, say, record } = context
  const url = await server.createDatabase(`asleep_${workers}`)
  const amount = { items, itemMs: sleepMs }
  const loop = startLoop(context, url)
  const alone = await loop.run(1, amount, false)
  await loop.stop()
  const engine = startEngine(server, url, { workers })
  await engine.run({ dagId: "slow", conf: { ...amount, items: Math.ceil(items / 10) } })
  const timed = await engine.run({ dagId: "slow", conf: amount })
  await engine.stop()
  const idealMs = (items * sleepMs) / (concurrency * workers)
  const sides = [
    { side: "loop", ms: alone.ms, ideal: (items * sleepMs) / concurrency, timed: alone },
    { side: "engine", ms: timed.ms, ideal: idealMs, timed },
  ]
  for (const { side, ms, ideal, timed } of sides) {
    const label = `${side}, ${sleepMs} ms an item, ${workers} worker(s)`
    say(`  ${describe(label, [timed], items)}, ${format((ideal / ms) * 100)} % of ${concurrency} at once`)
    record({ side: `${side} asleep`, workers, items, ms, shareOfIdeal: ideal / ms, ...perItem(timed, items) })
  }
}

function perItem(timed: Timed, items: number) {
  return {
    engineUs: timed.engineUs / items,
    hostsUs: timed.hostsUs / items,
    postgresUs: timed.postgresUs / items,
    walBytes: timed.walBytes / items,
  }
}

function describe(side: string, runs: readonly Timed[], items: number): string {
  const each = (field: (timed: Timed) => number) => format(medianOf(runs, field) / items)
  const rate = items / (medianOf(runs, (timed) => timed.ms) / 1_000)
  return (
    `${side.padEnd(34)} ${format(rate).padStart(8)} items/s; CPU µs an item: ` +
    `own ${each((t) => t.engineUs)}, hosts ${each((t) => t.hostsUs)}, Postgres ${each((t) => t.postgresUs)}; ` +
    `WAL ${each((t) => t.walBytes)} bytes`
  )
}
