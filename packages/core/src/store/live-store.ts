import type { Effect } from "effect"
import type { StoreError } from "./errors.ts"

/** What is under way in a database, all runs together. */
export interface LiveCounts {
  readonly queuedRuns: number
  readonly runningRuns: number
  /** Maps and sources whose stream goes on. */
  readonly openStreams: number
  /** The windows of maps whose stream goes on, together, and how many of their instances are unfinished. */
  readonly window: number
  readonly windowUsed: number
  /** Instances that are there and have not ended, of all tasks of unfinished runs. */
  readonly unfinished: number
  readonly leases: number
  /** Instances that are leased and have no outcome on record. */
  readonly leased: number
  readonly deferred: number
  /** How long the page has waited that has waited longest, among those that are claimed next; 0 where none waits. */
  readonly waitedSeconds: number
}

/** The pages that are claimed next, and looked at for how long they have waited. */
export const nextPagesMax = 64

/** How much is under way. */
export interface LiveStore {
  /** Counts what is under way; what has ended costs nothing. */
  readonly liveCounts: Effect.Effect<LiveCounts, StoreError>
}
