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
  /** When the last page had been read, counted from the run's start: where an eager map would begin. */
  readonly lastPageMs: number | null
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
    lastPageMs: sinceStart(expansions.find((view) => view.taskId === "list_cities")?.endedAt),
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
  const again = table.rewritten === 0 ? "" : `; ${count(table.rewritten)} were written again after a kill`
  return [
    `first city written after ${span(proof.firstItemMs)}, when ${proof.pagesAtFirstItem ?? "?"} of ${proof.pages} pages had been read`,
    `an eager map would have read all ${proof.pages} pages first: its first city after ${span(proof.lastPageMs)} here`,
    `unfinished at most ${count(proof.unfinishedPeak)} instances, with a window of ${count(proof.window)}`,
    `${count(proof.instances)} task instances at ${count(proof.instancesPerSecond)} a second`,
    `the engine's peak memory was ${megabytes(memory.engine)}${hosts}`,
    proof.isComplete
      ? `the table holds each of the ${count(expected.kept)} cities once, none is missing${again}`
      : `THE TABLE IS WRONG: ${count(table.rows)} rows with ${count(table.population)} people, expected ${count(expected.kept)} with ${count(expected.population)}`,
  ]
}

function span(ms: number | null): string {
  return ms === null ? "?" : seconds(ms)
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`
}
