import { Effect } from "effect"
import { type LiveCounts, type LiveStore, nextPagesMax } from "../live-store.ts"
import { countsOf, sumOf } from "./counts.ts"
import type { ExpansionRecord, MemoryState } from "./state.ts"

/** What is under way in a memory state. */
export function live(state: MemoryState): LiveStore {
  return { liveCounts: Effect.sync(() => countLive(state)) }
}

function countLive(state: MemoryState): LiveCounts {
  const runs = (wanted: string) => state.runs.filter((run) => run.state === wanted).length
  const unended = [...state.unended].filter(({ run }) => run.endedAt === null)
  const windowed = unended.filter(({ state: at, window }) => at === "open" && window !== null)
  return {
    queuedRuns: runs("queued"),
    runningRuns: runs("running"),
    openStreams: unended.filter((one) => one.state === "open" && isStream(one)).length,
    window: sum(windowed, ({ window }) => window ?? 0),
    windowUsed: sum(windowed, unfinishedOf),
    unfinished: sum(unended, unfinishedOf),
    leases: state.leases.size,
    leased: sum([...state.leases.values()], ({ remaining }) => remaining),
    deferred: state.triggers.size,
    waitedSeconds: waitedSeconds(state, unended),
  }
}

function isStream({ task }: ExpansionRecord): boolean {
  return task.kind === "mapped" || task.kind === "source"
}

function unfinishedOf(expansion: ExpansionRecord): number {
  return expansion.created - sumOf(countsOf(expansion))
}

function waitedSeconds(state: MemoryState, unended: readonly ExpansionRecord[]): number {
  const claimable = unended.filter(
    ({ state: at, isRunningPaused, stopReason }) =>
      (at === "open" || at === "draining") && !isRunningPaused && stopReason === null,
  )
  const inOrder = claimable.toSorted((a, b) => b.task.priority - a.task.priority || a.order - b.order)
  const pages = inOrder.flatMap((one) => one.pages.filter(({ claimed, count }) => claimed < count))
  const oldest = Math.min(...pages.slice(0, nextPagesMax).map(({ createdAt }) => createdAt))
  return pages.length === 0 ? 0 : Math.max(0, state.now() - oldest) / 1000
}

function sum<A>(all: readonly A[], read: (one: A) => number): number {
  return all.reduce((total, one) => total + read(one), 0)
}
