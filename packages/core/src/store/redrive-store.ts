import type { Effect } from "effect"
import type { Json } from "../json.ts"
import type { TaskError } from "../host/host-pool.ts"
import type { ExpansionState } from "../state/expansion.ts"
import type { StoreError } from "./errors.ts"

/** The states in which an instance that has run has ended, and from which it can be run again. */
export const redrivableStates = ["failed", "skipped", "success"] as const

/** A state from which an instance can be run again. */
export type RedrivableState = (typeof redrivableStates)[number]

/** The most instances that one call takes back. */
export const redrivenMax = 1_000

/** A map that reads another's results index by index. */
export interface FollowingMap {
  readonly ordinal: number
  /** Its indexes are the upstream's. Otherwise only the places that the upstream left empty can be found again. */
  readonly isAligned: boolean
}

/** A map of which instances wait for an upstream instance that runs again. */
export interface MapToRepair {
  readonly expansionId: string
  readonly dagRunId: string
  readonly generation: number
  readonly state: ExpansionState
  /** Some of these instances have not been found and taken back yet. */
  readonly hasUnresolved: boolean
}

/** What names a repair, and the redrive that it is of. */
export interface RepairKey {
  readonly expansionId: string
  readonly upstreamId: string
  readonly upstreamIndex: number
  readonly version: number
}

/** An instance whose upstream has run again. */
export interface Repair extends RepairKey {
  readonly mapIndex: number
  /** Tries to make its input that failed. */
  readonly failures: number
  /** What the upstream instance left, encoded, or that it left nothing. */
  readonly left: string | { readonly gap: "upstream_failed" | "skipped" }
}

/** What becomes of an instance whose upstream has run again. */
export type Repaired =
  | { readonly kind: "item"; readonly item: string; readonly label: string | null }
  | { readonly kind: "gap"; readonly state: "upstream_failed" | "skipped" }
  /** The pipeline leaves the item out. */
  | { readonly kind: "dropped" }
  /** The pipeline threw, for good or to be tried again. */
  | { readonly kind: "failed"; readonly error: TaskError; readonly retryDelayMs: number | null }

/** A loop that begins anew at an iteration. */
export interface RewoundLoop {
  /** Its steps: what it goes round with, and the tasks of its body. */
  readonly expansionIds: readonly string[]
  /** The map index of the iteration; it is the cursor of each. */
  readonly fromIndex: number
  /** The one that was asked for, for the event log, with who did it, what it is called there and what it comes to. */
  readonly expansionId: string
  readonly actor: string
  readonly event: "redriven" | "cleared"
  readonly detail: Json
}

/** What `reopenRun` did, by expansion id. */
export interface Reopened {
  /** Those that go on: some of their instances are to be run again, or their streams have more. */
  readonly reopened: readonly string[]
  /** Those downstream that begin anew. */
  readonly reset: readonly string[]
}

/**
 * Instances that are run again by hand, and what follows from it.
 *
 * In steps, each atomic, so that a million takes no giant lock: instances are taken back page by page while their
 * expansion stays ended, and then `reopenRun` lets everything go on at once. Whoever dies in between has lost nothing:
 * the same again finishes it.
 */
export interface RedriveStore {
  /**
   * Takes back instances that have ended in one of these states: the attempt goes into the history, what it left is
   * dropped, counters go down, and a try is offered, from which the task's retries count anew. Says which these were, and
   * notes it in the event log, and for each of `followers` that an instance may have to follow (`resolveRepairs`). One of
   * them that is pulled loses its runner, so that no page comes in that was read before.
   * Passes over the others, and all where run or map are cancelled. At most `redrivenMax` at once.
   */
  readonly redriveInstances: (options: {
    expansionId: string
    indexes: readonly number[]
    states: readonly RedrivableState[]
    /** The maps that read it index by index, and whose instances are to follow. */
    followers: readonly FollowingMap[]
    /** Who does it, and what the event log calls it. */
    actor: string
    event: "redriven" | "cleared"
  }) => Effect.Effect<readonly number[], StoreError>
  /**
   * Lets the ended expansions of a run go on of which instances were taken back, and the run with them; with
   * `resetsDownstream` all tasks that wait for their ends begin anew, if they had started. Nothing happens to a run
   * without such expansions, or to a cancelled one. O(tasks of the run).
   *
   * The steps of loops that are rewound begin anew too, ended or not, if they had started; they keep what they have
   * before that iteration, unless something else has them begin anew as a whole. Of each index they have a page of its own.
   */
  readonly reopenRun: (options: {
    dagRunId: string
    resetsDownstream: boolean
    /** Expansions whose stream is read anew from its first index: the maps that read it begin anew. */
    readAnew: readonly string[]
    /** Loops that are gone back in; absent: none. */
    rewound?: readonly RewoundLoop[]
  }) => Effect.Effect<Reopened, StoreError>
  /**
   * Opens streams of a run that has ended again, each where its last page said: all of the named ones or, where one cannot
   * be gone on from or the run has not ended, none. All tasks that wait for their ends begin anew, if they had started.
   * Which streams belong together the caller knows (`extendExpansion`). O(tasks of the run).
   */
  readonly extendStreams: (options: {
    dagRunId: string
    /** The streams that go on: expansions, and the sources fused into them. */
    expansionIds: readonly string[]
    /** The one that was asked for, for the event log, with who did it and what it comes to. */
    expansionId: string
    actor: string
    detail: Json
  }) => Effect.Effect<Reopened, StoreError>
  /**
   * Removes pages of expansions that begin anew, with their instances, whose attempts go into the history. An expansion
   * starts only when nothing is left of it. Says whether there was anything to do.
   */
  readonly clearPages: (options: { limit: number }) => Effect.Effect<boolean, StoreError>
  /** Maps of running runs with instances to be repaired, by id, after an id. */
  readonly mapsToRepair: (options: {
    after: string | null
    limit: number
  }) => Effect.Effect<readonly MapToRepair[], StoreError>
  /**
   * Finds the instances of a map that follow what was redriven above it, and takes them back: they wait for their
   * upstream instance, and those of `followers` for them. One that runs now is left for later. Says which these were, and
   * how many repairs it has looked at.
   */
  readonly resolveRepairs: (options: {
    expansionId: string
    followers: readonly FollowingMap[]
    limit: number
  }) => Effect.Effect<{ readonly indexes: readonly number[]; readonly seen: number }, StoreError>
  /** Takes instances of a map whose upstream has run again; after `leaseSeconds` another may take them. */
  readonly takeRepairs: (options: {
    expansionId: string
    limit: number
    leaseSeconds: number
  }) => Effect.Effect<{ readonly repairs: readonly Repair[]; readonly seen: number }, StoreError>
  /**
   * Gives an instance its new input and offers it, or ends it without one. False when the repair is not there any more:
   * another has done it, or the upstream was redriven again.
   */
  readonly settleRepair: (options: {
    repair: RepairKey
    repaired: Repaired
  }) => Effect.Effect<boolean, StoreError>
  /** The instances of a map that follow these of its upstream: for a dry run. */
  readonly followingIndexes: (options: {
    expansionId: string
    upstreamId: string
    isAligned: boolean
    indexes: readonly number[]
  }) => Effect.Effect<readonly number[], StoreError>
}
