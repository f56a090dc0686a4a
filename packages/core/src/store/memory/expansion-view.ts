import type { ExpansionView } from "../expansion-store.ts"
import { consumedOf, countsOf } from "./counts.ts"
import { type ExpansionRecord, dateOf } from "./state.ts"

/** An expansion as those who watch it see it. */
export function viewOf(expansion: ExpansionRecord, now: number): ExpansionView {
  const { pullAfter } = expansion
  return {
    expansionId: expansion.id,
    taskId: expansion.task.taskId,
    ordinal: expansion.task.ordinal,
    kind: expansion.task.kind,
    state: expansion.state,
    window: expansion.window,
    pageSize: expansion.pageSize,
    concurrency: expansion.concurrency,
    isPullingPaused: expansion.isPullingPaused,
    isRunningPaused: expansion.isRunningPaused,
    pulls: expansion.pulls,
    pages: expansion.task.kind === "task" ? 0 : expansion.pages.length,
    created: expansion.created,
    duplicates: expansion.duplicates,
    running: runningOf(expansion),
    ...countsOf(expansion),
    retrying: retryingOf(expansion),
    deferred: expansion.triggers.size,
    exhausted: expansion.exhausted,
    stoppedBy: expansion.resume.stoppedBy,
    cursor: expansion.cursor,
    consumed: consumedOf(expansion),
    pullFailures: expansion.pullFailures,
    pullAfter: pullAfter !== null && pullAfter > now ? dateOf(pullAfter) : null,
    streamError: expansion.streamError,
    toleratedFailures: expansion.toleratedFailures,
    stopReason: expansion.stopReason,
    openedAt: dateOf(expansion.openedAt),
    firstSuccessAt: dateOf(leastOf(expansion, (page) => page.firstEndedAt)),
    pullsAtFirstSuccess: leastOf(expansion, (page) => page.pullsAtFirstEnd),
    unfinishedPeak: expansion.unfinishedPeak,
    endedAt: dateOf(expansion.endedAt),
  }
}

/** Instances inside a lease, without an outcome. */
export function runningOf(expansion: ExpansionRecord): number {
  let running = 0
  for (const lease of expansion.leases) running += lease.remaining
  return running
}

/** Those of several expansions. */
export function sumOfRunning(expansions: readonly ExpansionRecord[]): number {
  return expansions.reduce((sum, expansion) => sum + runningOf(expansion), 0)
}

function retryingOf(expansion: ExpansionRecord): number {
  let retrying = 0
  for (const offer of expansion.offers) retrying += offer.isRetry ? offer.count : 0
  return retrying
}

/** Pulls only ever grow, so the least count is the one at the first end. */
function leastOf(
  expansion: ExpansionRecord,
  read: (page: ExpansionRecord["pages"][number]) => number | null,
): number | null {
  let least: number | null = null
  for (const page of expansion.pages) {
    const value = read(page)
    if (value !== null && (least === null || value < least)) least = value
  }
  return least
}
