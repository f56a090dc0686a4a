/**
 * No process needs more memory for a million items than for ten thousand, and a million items finish with the engine's
 * heap capped at 128 MB.
 *
 * Each size runs in fresh processes. Peak RSS is the kernel's high-water mark of the whole process; the peak heap is
 * what was in use at any look (of the engine by a timer, of the hosts by the code they run). Node lets a heap grow that it
 * could collect: `free` (the flags with which the command line starts) shows what a process takes, `capped` (old space
 * 128 MB as well) what it needs.
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

/** How the engine's heap is bounded: as the command line starts it, or to what it needs. */
const heaps = {
  free: ["--max-semi-space-size=4", "--heap-growing-percent=30"],
  capped: [`--max-old-space-size=${heapCapMb}`, "--max-semi-space-size=4"],
}

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const sizesToRun = context.isSmoke ? smokeSizes : sizesUpTo(context.items)
  for (const heap of ["free", "capped"] as const) {
    const peaks: Peaks[] = []
    for (const items of sizesToRun) peaks.push(await peaksAt(context, heap, items))
    compare(context, heap, peaks)
  }
}

function compare({ hold }: BenchContext, heap: keyof typeof heaps, peaks: readonly Peaks[]): void {
  const [small, large] = [peaks[0], peaks.at(-1)]
  if (small === undefined || large === undefined) return
  for (const part of ["engine", "pullHost", "itemHost"] as const) {
    const figure = `peak RSS of the ${part}, engine's heap ${heap}, largest against smallest`
    hold({ figure, value: large[part] / small[part], atMost: growthMax })
  }
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

async function peaksAt(context: BenchContext, heap: keyof typeof heaps, items: number): Promise<Peaks> {
  const peaks = await measure(context, heap, items)
  context.record({ items, heap, ...toMb(peaks) })
  const each = Object.entries(toMb(peaks)).map(([part, value]) => `${part} ${format(value)}`)
  context.say(
    `  heap ${heap.padEnd(6)} ${items.toLocaleString("en").padStart(9)} items, peak MB: ${each.join(", ")}`,
  )
  return peaks
}

async function measure({ server }: BenchContext, heap: keyof typeof heaps, items: number): Promise<Peaks> {
  const heapFolder = mkdtempSync(join(tmpdir(), "sluice-heap-"))
  const url = await server.createDatabase(`memory_${heap}_${items}`)
  const engine = startEngine(server, url, { nodeOptions: heaps[heap] })
  try {
    const run = await engine.run({ dagId: "watched", conf: { items, heapFolder } })
    return readPeaks(engine, run, heapFolder)
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
