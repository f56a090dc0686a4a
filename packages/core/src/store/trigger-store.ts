import type { Effect } from "effect"
import type { TriggerSpec } from "../dag/trigger-spec.ts"
import type { TaskError } from "../host/host-pool.ts"
import type { StoreError } from "./errors.ts"

/** A trigger that waits, with the instance that it is to resume. */
export interface WaitingTrigger {
  readonly triggerId: string
  readonly expansionId: string
  readonly mapIndex: number
  readonly tryNumber: number
  /** The tries that do not count against the task's retries. */
  readonly baseTry: number
  readonly trigger: TriggerSpec
}

/** How a deferral ended without an event: that try of the instance has failed. */
export interface TriggerFailure {
  readonly triggerId: string
  readonly state: "failed" | "up_for_retry"
  readonly error: TaskError
  /** Milliseconds until the next try; only for `up_for_retry`. */
  readonly retryDelayMs: number | null
}

/** What an instance is resumed with, as it stands in `Lease.resume`: JSON text of this, its values still encoded. */
export interface ResumePayload {
  readonly resume: string
  readonly state: unknown
  readonly event: unknown
}

/**
 * Triggers: what deferred instances wait for.
 *
 * Timers, timeouts and ends of runs are facts of the database: whoever asks fires what is due, and nobody owns them.
 * The other triggers must be watched: a triggerer takes them in, and who watches them passes to another when it dies.
 * A trigger fires once, however many events come: it is gone with the first.
 */
export interface TriggerStore {
  /** Resumes instances whose timers are due; says how many, and in how many milliseconds the next timer is due. */
  readonly fireTimers: (options: {
    limit: number
  }) => Effect.Effect<{ fired: number; nextInMs: number | null }, StoreError>
  /** Resumes instances that wait for runs that have ended; says how many. */
  readonly fireEndedRuns: (options: { limit: number }) => Effect.Effect<number, StoreError>
  /**
   * Resumes instances whose event has come, `event` being JSON text; gives the triggers that were still there. Where it is not, another event
   * was first, or the deferral has ended otherwise. In a cancelled run nothing fires; the trigger waits for its resumption.
   */
  readonly fireTriggers: (options: {
    events: readonly { triggerId: string; event: string }[]
  }) => Effect.Effect<readonly string[], StoreError>
  /** Triggers whose time is over, the longest first. */
  readonly dueTimeouts: (options: { limit: number }) => Effect.Effect<readonly WaitingTrigger[], StoreError>
  /**
   * Fails the try of instances whose triggers are still there. With `triggererId`: only where it watches them, so that one that
   * was taken for dead fails nothing. Says which, and whether a page was finished by it.
   */
  readonly failTriggers: (options: {
    triggererId: string | null
    failures: readonly TriggerFailure[]
  }) => Effect.Effect<
    readonly {
      readonly triggerId: string
      readonly expansionId: string
      readonly isPageFinished: boolean
      readonly isExhausted: boolean
    }[],
    StoreError
  >
  /**
   * Takes triggers that nobody watches, or whose triggerer has died, up to `capacity` in all; while others live, no more than an
   * equal share of them. Says with that that the triggerer is alive, where there is anything to take.
   */
  readonly leaseTriggers: (options: {
    triggererId: string
    capacity: number
    leaseSeconds: number
  }) => Effect.Effect<readonly WaitingTrigger[], StoreError>
  /**
   * Says that the triggerer is alive; gives back which of these triggers it still watches, and those that are its own besides:
   * the answer that gave them to it was lost.
   */
  readonly renewTriggers: (options: {
    triggererId: string
    triggerIds: readonly string[]
    leaseSeconds: number
  }) => Effect.Effect<
    { readonly kept: readonly string[]; readonly unknown: readonly WaitingTrigger[] },
    StoreError
  >
  /** Gives back all that a triggerer watches, so that others may take it at once. */
  readonly releaseTriggers: (options: { triggererId: string }) => Effect.Effect<void, StoreError>
}
