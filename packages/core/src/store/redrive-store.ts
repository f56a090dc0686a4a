import type { Effect } from "effect"
import type { Json } from "../json.ts"
import type { StoreError } from "./errors.ts"

/** The states in which an instance that has run has ended, and from which it can be run again. */
export const redrivableStates = ["failed", "skipped", "success"] as const

/** A state from which an instance can be run again. */
export type RedrivableState = (typeof redrivableStates)[number]

/** The most instances that one call takes back. */
export const redrivenMax = 1_000

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
   * notes it in the event log.
   * Passes over the others, and all where run or map are cancelled. At most `redrivenMax` at once.
   */
  readonly redriveInstances: (options: {
    expansionId: string
    indexes: readonly number[]
    states: readonly RedrivableState[]
    /** Who does it, and what the event log calls it. */
    actor: string
    event: "redriven" | "cleared"
  }) => Effect.Effect<readonly number[], StoreError>
  /**
   * Lets the ended expansions of a run go on of which instances were taken back, and the run with them; with
   * `resetsDownstream` all tasks that wait for their ends begin anew, if they had started. Nothing happens to a run
   * without such expansions, or to a cancelled one. O(tasks of the run).
   */
  readonly reopenRun: (options: {
    dagRunId: string
    resetsDownstream: boolean
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
}
