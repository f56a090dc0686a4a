import type { ExpansionView } from "@sluice/core/store"
import type { Snapshot } from "../run/watch-run.ts"

/** How far back a rate looks: long enough to be calm, short enough to be now. */
const rateSpanMs = 4_000

interface Sample {
  readonly at: number
  readonly ended: ReadonlyMap<string, number>
}

interface PullSample {
  readonly pulls: number
  readonly since: number
}

/** What the last few seconds' snapshots tell: rates, and how long a page is being read. */
export class ProgressHistory {
  #samples: readonly Sample[] = []
  readonly #pulls = new Map<string, PullSample>()

  add({ at, expansions }: Pick<Snapshot, "at" | "expansions">): void {
    const ended = new Map(expansions.map((view) => [view.taskId, endedCount(view)]))
    const samples = [...this.#samples, { at, ended }]
    // The newest sample that is older than the span stays, so that the span is covered.
    const first = samples.findLastIndex((sample) => sample.at <= at - rateSpanMs)
    this.#samples = samples.slice(Math.max(0, first))
    for (const view of expansions) {
      if (this.#pulls.get(view.taskId)?.pulls !== view.pulls) {
        this.#pulls.set(view.taskId, { pulls: view.pulls, since: at })
      }
    }
  }

  /** Instances that ended a second; null while there is too little to tell. */
  rateOf(taskId: string): number | null {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < 500) return null
    const ended = (last.ended.get(taskId) ?? 0) - (first.ended.get(taskId) ?? 0)
    return (ended / (last.at - first.at)) * 1000
  }

  /** Milliseconds since a task's last page was seen to come. */
  pullAgeMs(taskId: string): number {
    const at = this.#samples.at(-1)?.at ?? 0
    return at - (this.#pulls.get(taskId)?.since ?? at)
  }
}

/** Instances that have ended, however. */
export function endedCount(view: ExpansionView): number {
  return view.success + view.failed + view.skipped + view.upstreamFailed
}
