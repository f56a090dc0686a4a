import type { Effect } from "effect"
import type { SerializedTask } from "../dag/serialized-dag.ts"
import type { TaskError } from "../host/host-pool.ts"
import type { IndexRange } from "../index-ranges.ts"
import type { FailureCounts, FailureTolerance } from "../state/failure-tolerance.ts"
import type { ExpansionState } from "../state/expansion.ts"
import type { Gate, GateCounts, GateVerdict } from "../state/gate.ts"
import type { TriggerRule, UpstreamCounts } from "../state/trigger-rule.ts"
import type { LeaseLost, StoreError, TooManyItems } from "./errors.ts"

/** What a runner must know to pull an expansion, and its right to do so. */
export interface ExpansionLease {
  readonly expansionId: string
  readonly dagRunId: string
  readonly dagVersionId: string
  readonly taskId: string
  readonly kind: "mapped" | "source"
  readonly epoch: number
  /** How often the expansion was begun anew: what is known of it from before is out of date. */
  readonly generation: number
  /** JSON text of the cursor; null: from the start. */
  readonly cursor: string | null
  /** Items from the cursor on that were committed before, and are to be left out when they come again. */
  readonly skip: number
  readonly pullFailures: number
  /** Milliseconds until the next pull may happen, after a failed one; 0: now. */
  readonly pullAfterMs: number
}

/** How to go on from the end of a stream, when it is extended. */
export interface StreamResume {
  /** JSON text of the cursor; null: the stream's start. */
  readonly cursor: string | null
  /** Items from there on that were committed already. */
  readonly skip: number
  /** The operator that ended the stream, and lets nothing follow; null: it can be gone on from. */
  readonly stoppedBy: string | null
}

/** How an expansion stands against its window. */
export interface ExpansionProgress {
  readonly state: ExpansionState
  /** Nothing is pulled until someone resumes it. */
  readonly isPullingPaused: boolean
  readonly window: number
  readonly pageSize: number
  readonly pageBytesMax: number
  readonly maxItems: number | null
  readonly created: number
  /** Instances that have ended, folded or not. */
  readonly finished: number
  /** The least that a started consumer has taken of this stream; null: nothing holds it back. */
  readonly consumed: number | null
}

/** A place in a committed page whose instance is decided by its upstream. */
export interface CommittedGap {
  /** The place within the page, from 0. */
  readonly position: number
  readonly state: "upstream_failed" | "skipped"
  /** The upstream instance it is the place of, where positions do not tell: noted, so that it can be found again. */
  readonly origin?: { readonly ordinal: number; readonly index: number }
}

/** An expansion with the facts on which the scheduler decides. */
export interface DueExpansion {
  readonly expansionId: string
  readonly dagRunId: string
  readonly taskId: string
  readonly kind: SerializedTask["kind"]
  readonly state: ExpansionState
  /** Changes with every fact; a decision is refused when the facts have moved on. */
  readonly seq: string
  readonly triggerRule: TriggerRule
  readonly upstream: UpstreamCounts
  /** How the gates above it stand. */
  readonly gates: GateCounts
  /** What its own end says of others, with what its instance has returned, as JSON text; null while nothing is to be said. */
  readonly gate: { readonly gate: Gate; readonly result: string | null } | null
  readonly isLeaf: boolean
  readonly exhausted: boolean
  readonly streamFailure: "own" | "upstream" | null
  /** Instances of it wait for an upstream instance that runs again. */
  readonly hasRepairs: boolean
  /** How many failures it goes on with; null: any number. */
  readonly toleratedFailures: FailureTolerance | null
  /** It was stopped: what comes back to it is closed (`closeStopped`). */
  readonly isStopped: boolean
  /** Its instances as they stand, folded or not; null where nothing depends on it. */
  readonly now: FailureCounts | null
  readonly created: number
  readonly success: number
  readonly failed: number
  readonly skipped: number
  readonly upstreamFailed: number
}

/** What became of a decision. */
export interface Decided {
  /** False: the facts have moved on meanwhile, and nothing was done. */
  readonly isDone: boolean
  /** A task that was told of the end waits still: it will be decided after this one. */
  readonly isAwaited: boolean
}

/** A slice of a stream that a task of the run has left, encoded. */
export interface StoredSlice {
  readonly items: readonly (string | { readonly gap: "upstream_failed" | "skipped" })[]
  readonly nextIndex: number
  /** What was taken beyond `nextIndex`, this slice included; absent where the stream is read in order. */
  readonly ahead?: readonly IndexRange[]
  /** The stream has ended and nothing follows this slice. */
  readonly exhausted: boolean
  /** The stream ended because it broke: what was read is not the whole. */
  readonly isBroken: boolean
}

/** How an expansion stands, for people and programs that watch. */
export interface ExpansionView {
  readonly expansionId: string
  readonly taskId: string
  readonly ordinal: number
  readonly kind: SerializedTask["kind"]
  readonly state: ExpansionState
  readonly window: number | null
  readonly pageSize: number | null
  readonly concurrency: number | null
  /** Paused by hand: nothing is pulled; nothing more is claimed. */
  readonly isPullingPaused: boolean
  readonly isRunningPaused: boolean
  /** Pages pulled from the source (empty ones included), and pages stored. */
  readonly pulls: number
  readonly pages: number
  readonly created: number
  /** Items that got no instance because their key had come before. */
  readonly duplicates: number
  readonly running: number
  readonly success: number
  readonly failed: number
  readonly skipped: number
  readonly upstreamFailed: number
  /** Instances offered on their own: for their next try, or to go on after their event. */
  readonly retrying: number
  /** Instances that are deferred: their event has not come. */
  readonly deferred: number
  readonly exhausted: boolean
  /** The operator that has ended the stream, so that it cannot be extended; null: none. */
  readonly stoppedBy: string | null
  readonly cursor: string | null
  readonly consumed: number | null
  readonly pullFailures: number
  /** When the next pull may happen after a failed one. */
  readonly pullAfter: Date | null
  readonly streamError: TaskError | null
  /** How many failures it goes on with; null: any number. */
  readonly toleratedFailures: FailureTolerance | null
  /** Why it was stopped before its end: too many failures, or by hand; null: it was not. */
  readonly stopReason: TaskError | null
  readonly openedAt: Date | null
  readonly firstSuccessAt: Date | null
  /** Pulls that had been made when the first instance ended. */
  readonly pullsAtFirstSuccess: number | null
  /** The most instances that were unfinished after any commit of a page. */
  readonly unfinishedPeak: number
  readonly endedAt: Date | null
}

/** Expansions: pulled by runners under an epoch, folded and decided by the scheduler. */
export interface ExpansionStore {
  /** Takes the right to pull open expansions that nobody holds, under a new epoch each. */
  readonly leaseExpansions: (options: {
    runnerId: string
    limit: number
    leaseSeconds: number
  }) => Effect.Effect<readonly ExpansionLease[], StoreError>
  /** Extends the held expansions' leases; gives back those still held. */
  readonly renewExpansions: (options: {
    runnerId: string
    held: readonly { expansionId: string; epoch: number }[]
    leaseSeconds: number
  }) => Effect.Effect<readonly string[], StoreError>
  /** Gives expansions back, so that another runner may take them at once. */
  readonly releaseExpansions: (options: {
    runnerId: string
    held: readonly { expansionId: string; epoch: number }[]
  }) => Effect.Effect<void, StoreError>
  readonly progress: (expansionId: string) => Effect.Effect<ExpansionProgress, StoreError>
  /**
   * Commits a page: cursor, indexes, instances to be, and exhaustion move together, or not at all.
   *
   * `items` are encoded inputs in order (`null` at a gap). No items moves the cursor alone. Fails with `LeaseLost`
   * when the epoch has passed to another runner, or the expansion is not open any more.
   *
   * With `keys` (null at a gap), an item is dropped where its key is that of one committed before, or of one before it
   * in the page: the rest takes consecutive indexes. Fails with `TooManyItems` where it would exceed `max_items`:
   * without keys the caller can tell beforehand, and does.
   */
  readonly commitPage: (options: {
    expansionId: string
    epoch: number
    items: readonly (string | null)[]
    /** null: items have no keys. */
    keys: readonly (string | null)[] | null
    /** What people see beside the indexes; null: nothing. */
    labels: readonly (string | null)[] | null
    gaps: readonly CommittedGap[]
    /** JSON text; null only when exhausted. */
    cursor: string | null
    exhausted: boolean
    /**
     * With the last page: how to go on from it. With another one: what is left to be skipped of an extended stream.
     * null: nothing of that changes.
     */
    resume: StreamResume | null
    pulls: number
    /** How far this page has taken the streams of other tasks, by task ordinal. */
    consumed: readonly { ordinal: number; index: number }[]
    /** The fused sources that end with this expansion, by ordinal. */
    fusedSources: readonly number[]
  }) => Effect.Effect<ExpansionProgress, LeaseLost | TooManyItems | StoreError>
  /** Records a failed pull that will be tried again after a delay. */
  readonly delayPull: (options: {
    expansionId: string
    epoch: number
    error: TaskError
    delayMs: number
  }) => Effect.Effect<void, LeaseLost | StoreError>
  /** Ends a stream that cannot be pulled further. `failedSource`: the fused source that broke, by ordinal. */
  readonly breakStream: (options: {
    expansionId: string
    epoch: number
    error: TaskError
    failure: "own" | "upstream"
    failedSource: number | null
    fusedSources: readonly number[]
  }) => Effect.Effect<void, LeaseLost | StoreError>
  /**
   * Reads the items of a mapped task (its results, as far as they are there without a hole) or of a shared source.
   *
   * With `ahead`, which names what was taken beyond `fromIndex`: the results of a page all of whose instances have ended, the
   * first such page of which something is left. Only what is left of that one page is given.
   */
  readonly readStream: (options: {
    expansionId: string
    fromIndex: number
    ahead?: readonly IndexRange[]
    limit: number
  }) => Effect.Effect<StoredSlice, StoreError>
  /**
   * Adds the counters of finished pages to their expansions, all of them when none is named; says how many pages, and
   * whether one of the expansions is due.
   */
  readonly fold: (options: {
    expansionIds: readonly string[] | null
    limit: number
  }) => Effect.Effect<{ pages: number; hasDue: boolean }, StoreError>
  /** Expansions whose facts have changed since they were last decided. */
  readonly dueExpansions: (options: { limit: number }) => Effect.Effect<readonly DueExpansion[], StoreError>
  /**
   * Moves an expansion to its next state and tells its downstream, and of a gate that ends also its targets what it says;
   * with `to: null` only notes that the facts were seen, and whether a success is one more.
   */
  readonly decideExpansion: (options: {
    expansionId: string
    seq: string
    from: ExpansionState
    to: ExpansionState | null
    isWatched?: boolean
    verdict?: GateVerdict
  }) => Effect.Effect<Decided, StoreError>
  readonly expansionsOfRun: (dagRunId: string) => Effect.Effect<readonly ExpansionView[], StoreError>
}
