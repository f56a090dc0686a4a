/** How maps go on: their rates now, as this tab is told of them, and over all their time, as the server knows it. */
import type { Expansion, ExpansionHistory } from "@sluice/api/wire"

/** How a map stood at one time. */
export interface Sample {
  readonly at: number
  readonly discovered: number
  readonly ended: number
}

/** The most samples that are kept of a map; past that, every other one of the older half goes. */
export const samplesMax = 600

/** The most maps that are followed; past that the one that was silent longest is forgotten. */
const mapsMax = 50

const histories = new Map<string, Sample[]>()

/** The name under which a map is followed. */
export function mapName(of: { dag_id: string; dag_run_id: string; task_id: string }): string {
  return `${of.dag_id}\n${of.dag_run_id}\n${of.task_id}`
}

/** How many instances have ended. */
export function endedOf({ instances }: Pick<Expansion, "instances">): number {
  return instances.success + instances.failed + instances.skipped + instances.upstream_failed
}

/** Notes how a map stands now. */
export function addSample(expansion: Expansion, at = Date.now()): void {
  const name = mapName(expansion)
  const samples = histories.get(name) ?? []
  histories.delete(name)
  histories.set(
    name,
    thinned([...samples, { at, discovered: expansion.discovered, ended: endedOf(expansion) }]),
  )
  if (histories.size > mapsMax) histories.delete(histories.keys().next().value ?? name)
}

/** What is known of a map's past. */
export function historyOf(of: { dag_id: string; dag_run_id: string; task_id: string }): readonly Sample[] {
  return histories.get(mapName(of)) ?? []
}

/** Keeps the newest half as it is, and of the older half every other sample. */
export function thinned(samples: Sample[]): Sample[] {
  if (samples.length <= samplesMax) return samples
  const half = Math.floor(samples.length / 2)
  return samples.filter((_, at) => at >= half || at % 2 === 0)
}

/** Instances a second over the last while; null: too little is known. */
export function rateOf(
  samples: readonly Sample[],
  read: (sample: Sample) => number,
  now: number,
  overMs = 30_000,
): number | null {
  const from = samples.findLast((sample) => sample.at <= now - overMs) ?? samples[0]
  const last = samples.at(-1)
  if (from === undefined || last === undefined || now - from.at < 1_000) return null
  return Math.max(0, ((read(last) - read(from)) / (now - from.at)) * 1_000)
}

/** Rates over time, at the ends of steps. */
export interface RateLines {
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly discovered: readonly number[]
  readonly ended: readonly number[]
}

/** Over so many steps a rate is taken: pages come in bursts, which are no rate. */
const stepsPerRate = 5

/** The rates of a history: by how much it grew over the last few steps. */
export function ratesOf({ from, step_ms: stepMs, discovered, ended }: ExpansionHistory): RateLines {
  if (from === null) return { times: [], discovered: [], ended: [] }
  const start = Date.parse(from)
  const grew = (line: readonly number[], step: number) => {
    const before = Math.max(0, step - stepsPerRate)
    return (((line[step] ?? 0) - (line[before] ?? 0)) / ((step - before) * stepMs)) * 1_000
  }
  const steps = discovered.slice(1).map((_, place) => place + 1)
  return {
    times: steps.map((step) => (start + step * stepMs) / 1_000),
    discovered: steps.map((step) => grew(discovered, step)),
    ended: steps.map((step) => grew(ended, step)),
  }
}
