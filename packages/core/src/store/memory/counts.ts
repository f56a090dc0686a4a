import type { EndedState } from "../../state/task-instance.ts"
import type { ExpansionRecord, MemoryState, OutcomeCounts, PageRecord } from "./state.ts"

/** Counts that are all 0. */
export function noOutcomes(): OutcomeCounts {
  return { success: 0, failed: 0, skipped: 0, upstreamFailed: 0 }
}

/** How many instances have ended. */
export function sumOf(counts: OutcomeCounts): number {
  return counts.success + counts.failed + counts.skipped + counts.upstreamFailed
}

/** Adds instances that ended in one state. */
export function addOutcome(counts: OutcomeCounts, state: EndedState, instances = 1): void {
  counts[state === "upstream_failed" ? "upstreamFailed" : state] += instances
}

/** Adds one set of counts into another. */
export function addCounts(into: OutcomeCounts, from: OutcomeCounts): void {
  into.success += from.success
  into.failed += from.failed
  into.skipped += from.skipped
  into.upstreamFailed += from.upstreamFailed
}

/** Takes one set of counts out of another. */
export function subtractCounts(from: OutcomeCounts, less: OutcomeCounts): void {
  from.success -= less.success
  from.failed -= less.failed
  from.skipped -= less.skipped
  from.upstreamFailed -= less.upstreamFailed
}

/** Outcomes of an expansion, folded or not. */
export function countsOf(expansion: ExpansionRecord): OutcomeCounts {
  const counts = { ...expansion.folded }
  for (const page of expansion.unfolded) addCounts(counts, page.counts)
  return counts
}

/** Notes a page as ready to fold when all its instances have ended; says whether they have. */
export function noteFinished(state: MemoryState, page: PageRecord): boolean {
  const isFinished = sumOf(page.counts) === page.count
  if (isFinished && page.expansion.unfolded.has(page)) state.foldable.add(page)
  return isFinished
}

/** Whether every instance there will ever be has ended and was folded. */
export function isFoldedWhole(expansion: ExpansionRecord): boolean {
  return expansion.exhausted && sumOf(expansion.folded) === expansion.created
}

/** The least that a started consumer has taken of this expansion's stream; null when nothing holds it back. */
export function consumedOf(expansion: ExpansionRecord): number | null {
  let least: number | null = null
  for (const edge of expansion.edgesOut) {
    if (edge.kind !== "stream" || !edge.holdsBack) continue
    const consumer = expansion.run.expansions.find((other) => other.task.taskId === edge.downstream)
    if (consumer === undefined || (consumer.state !== "waiting" && consumer.state !== "open")) continue
    const index = consumer.consumed.get(expansion.task.ordinal) ?? 0
    least = least === null ? index : Math.min(least, index)
  }
  return least
}
