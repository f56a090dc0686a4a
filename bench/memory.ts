/**
 * No process needs more memory for a million items than for ten thousand, and a million items finish with the engine's
 * heap capped at 128 MB.
 *
 * Each size runs in fresh processes. Peak RSS is the kernel's high-water mark of the whole process; the peak heap is
 * what was in use at any look (of the engine by a timer, of the hosts by the code they run).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type BenchContext, format } from "./harness/bench.ts"
import { type EngineProcess, type MeasuredRun, peakRssOf, startEngine } from "./harness/engine.ts"

const sizes = [10_000, 100_000, 1_000_000]
const smokeSizes = [2_000, 10_000]
const heapCapMb = 128
const growthMax = 1.15
const mb = 1024 * 1024

export const name = "memory"
export const claim = `a million items need at most ${growthMax} of the memory of ten thousand, in every process`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const { say, hold } = context
  const sizesToRun = context.isSmoke ? smokeSizes : sizesUpTo(context.items)
  const peaks: Peaks[] = []
  for (const items of sizesToRun) peaks.push(await peaksAt(context, items))
  const [small, large] = [peaks[0], peaks.at(-1)]
  if (small === undefined || large === undefined) return
  for (const part of ["engine", "pullHost", "itemHost"] as const) {
    const value = large[part] / small[part]
    hold({ figure: `peak RSS of the ${part}, largest against smallest`, value, atMost: growthMax })
  }
  const items = sizesToRun.at(-1) ?? 0
  const capped = await measure(context, items, [`--max-old-space-size=${heapCapMb}`])
  say(
    `  ${items.toLocaleString("en")} items with the engine's heap capped at ${heapCapMb} MB: ${capped.run.state}`,
  )
  context.record({ items, heapCapMb, state: capped.run.state, ...toMb(capped.peaks) })
}

function sizesUpTo(items: number | undefined): number[] {
  return items === undefined ? sizes : [...sizes.filter((size) => size < items), items]
}

/** The most memory of each process, in bytes. */
interface Peaks {
  readonly engine: number
  readonly pullHost: number
  /** The larger one of the hosts that run items. */
  readonly itemHost: number
  readonly engineHeap: number
  readonly pullHostHeap: number
  readonly itemHostHeap: number
}

async function peaksAt(context: BenchContext, items: number): Promise<Peaks> {
  const { peaks } = await measure(context, items)
  context.record({ items, ...toMb(peaks) })
  const each = Object.entries(toMb(peaks)).map(([part, value]) => `${part} ${format(value)}`)
  context.say(`  ${items.toLocaleString("en").padStart(9)} items, peak MB: ${each.join(", ")}`)
  return peaks
}

async function measure(
  { server }: BenchContext,
  items: number,
  nodeOptions: readonly string[] = [],
): Promise<{ run: MeasuredRun; peaks: Peaks }> {
  const heapFolder = mkdtempSync(join(tmpdir(), "sluice-heap-"))
  const url = await server.createDatabase(`memory_${items}_${nodeOptions.length}`)
  const engine = startEngine(server, url, { nodeOptions })
  try {
    const run = await engine.run({ dagId: "watched", conf: { items, heapFolder } })
    return { run, peaks: readPeaks(engine, run, heapFolder) }
  } finally {
    await engine.stop()
    rmSync(heapFolder, { recursive: true, force: true })
  }
}

function readPeaks(engine: EngineProcess, run: MeasuredRun, heapFolder: string): Peaks {
  const rss = peakRssOf(engine)
  const heaps = engine.hosts().map((pid) => heapOf(heapFolder, pid))
  const [pullHostHeap = 0, ...itemHostHeaps] = heaps
  return {
    engine: rss.engine,
    pullHost: rss.pullHost,
    itemHost: Math.max(0, ...rss.itemHosts),
    engineHeap: run.heapPeakBytes,
    pullHostHeap,
    itemHostHeap: Math.max(0, ...itemHostHeaps),
  }
}

function heapOf(folder: string, pid: number): number {
  try {
    return Number(readFileSync(join(folder, String(pid)), "utf8"))
  } catch {
    return 0
  }
}

function toMb(peaks: Peaks): Record<string, number> {
  return Object.fromEntries(Object.entries(peaks).map(([part, bytes]) => [`${part}Mb`, Number(bytes) / mb]))
}
