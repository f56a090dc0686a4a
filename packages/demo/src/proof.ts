import type { RunResult } from "sluice/run"
import { count, seconds } from "sluice/run"
import type { TableCounts } from "./city-table.ts"
import type { PeakMemory } from "./peak-memory.ts"
import type { Expected } from "./start-server.ts"

/** What the demo measures: the figures that show what lazy mapping does. */
export interface Proof {
  readonly firstItemMs: number | null
  readonly pagesAtFirstItem: number | null
  readonly pages: number
  readonly window: number
  readonly unfinishedPeak: number
  readonly instances: number
  readonly instancesPerSecond: number
  readonly memory: PeakMemory
  readonly expected: Expected
  readonly table: TableCounts
  readonly isComplete: boolean
}

/** Takes the figures out of an ended run. */
export function proofOf(
  result: RunResult,
  { memory, expected, table }: Pick<Proof, "memory" | "expected" | "table">,
): Proof {
  const { run, expansions } = result
  const startedAt = run.startedAt ?? run.queuedAt
  const sinceStart = (at: Date | null | undefined) => (at ? at.getTime() - startedAt.getTime() : null)
  const upsert = expansions.find((view) => view.taskId === "upsert")
  const instances = expansions.reduce((sum, view) => sum + view.success, 0)
  const tookMs = sinceStart(run.endedAt) ?? 0
  return {
    firstItemMs: sinceStart(upsert?.firstSuccessAt),
    pagesAtFirstItem: upsert?.pullsAtFirstSuccess ?? null,
    pages: upsert?.pulls ?? 0,
    window: upsert?.window ?? 0,
    unfinishedPeak: upsert?.unfinishedPeak ?? 0,
    instances,
    instancesPerSecond: tookMs > 0 ? Math.round(instances / (tookMs / 1000)) : 0,
    memory,
    expected,
    table,
    isComplete: table.rows === expected.kept && table.population === expected.population,
  }
}

/** The report of the DAG's last task. */
export interface CitiesReport {
  readonly total: number
  readonly population: number
  readonly countries: number
  readonly top: readonly (readonly [country: string, count: number])[]
  readonly bySize: readonly (readonly [size: string, count: number])[]
  readonly biggest: { readonly name: string; readonly country: string; readonly population: number } | null
}

/** Tells the report for people. */
export function reportLines(report: CitiesReport): string[] {
  const { biggest } = report
  return [
    `${count(report.total)} cities in ${report.countries} countries, ${count(report.population)} people`,
    ...(biggest === null
      ? []
      : [`biggest: ${biggest.name} (${biggest.country}), ${count(biggest.population)} people`]),
    `most cities: ${report.top.map(([country, cities]) => `${country} ${count(cities)}`).join(", ")}`,
    `sizes: ${report.bySize.map(([size, cities]) => `${size} ${count(cities)}`).join(", ")}`,
  ]
}

/** Tells the figures for people. */
export function proofLines(proof: Proof): string[] {
  const { memory, table, expected } = proof
  const hosts = memory.host === null ? "" : `, the largest host's ${megabytes(memory.host)}`
  const again =
    table.rewritten === 0 ? "" : `; ${count(table.rewritten)} were written again after an interruption`
  return [
    `first city written after ${span(proof.firstItemMs)}, when ${proof.pagesAtFirstItem ?? "?"} of ${proof.pages} pages had been read`,
    eagerLine(proof),
    `unfinished at most ${count(proof.unfinishedPeak)} instances, with a window of ${count(proof.window)}`,
    `${count(proof.instances)} task instances at ${count(proof.instancesPerSecond)} a second`,
    `the engine's peak memory was ${megabytes(memory.engine)}${hosts}`,
    proof.isComplete
      ? `the table holds each of the ${count(expected.kept)} cities once, none is missing${again}`
      : `THE TABLE IS WRONG: ${count(table.rows)} rows with ${count(table.population)} people, expected ${count(expected.kept)} with ${count(expected.population)}`,
  ]
}

/** What has to be waited for where a map needs its whole list: all pages, at the pace that the API had here. */
function eagerLine({ pages, expected }: Proof): string {
  const { pageMs } = expected
  const wait =
    pageMs === null ? "" : `, ${seconds(pages * pageMs)} at the API's ${Math.round(pageMs)} ms a page`
  return `an eager map would have waited for all ${pages} pages${wait}, and held ${count(expected.kept)} cities`
}

/** The figures for programs. */
export function proofJson(proof: Proof) {
  const { memory, table, expected } = proof
  return {
    first_item_ms: proof.firstItemMs,
    pages_at_first_item: proof.pagesAtFirstItem,
    pages: proof.pages,
    window: proof.window,
    unfinished_peak: proof.unfinishedPeak,
    instances: proof.instances,
    instances_per_second: proof.instancesPerSecond,
    engine_peak_rss_bytes: memory.engine,
    host_peak_rss_bytes: memory.host,
    expected: { cities: expected.kept, population: expected.population },
    table: { cities: table.rows, population: table.population, written_again: table.rewritten },
    is_complete: proof.isComplete,
  }
}

function span(ms: number | null): string {
  return ms === null ? "?" : seconds(ms)
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`
}
