import type { Effect } from "effect"
import type { Json } from "../json.ts"
import type { TaskError } from "../host/host-pool.ts"
import type { FailureTolerance } from "../state/failure-tolerance.ts"
import type { NotAllowed, NotFound, StoreError } from "./errors.ts"
import type { MapChange } from "./map-change.ts"

/** What the event log tells of: what people, programs and limits did to a run or a map. */
export const eventNames = [
  "dag_paused",
  "dag_unpaused",
  "dag_deleted",
  "backfill_created",
  "backfill_paused",
  "backfill_unpaused",
  "backfill_cancelled",
  "dag_run_cancelled",
  "dag_run_resumed",
  "dag_run_deleted",
  "dag_runs_expired",
  "map_paused",
  "map_resumed",
  "map_changed",
  "dag_run_note_set",
  "map_cancelled",
  "map_stopped",
  "dag_run_timed_out",
  "dag_run_parse_failed",
  "user_created",
  "user_deleted",
  "user_password_set",
  "api_token_created",
  "api_token_revoked",
  "variable_created",
  "variable_changed",
  "variable_deleted",
  "connection_created",
  "connection_changed",
  "connection_deleted",
  "secrets_rotated",
  "signed_in",
  "sign_in_refused",
  "dag_limits_set",
  "task_changed",
  "pool_created",
  "pool_changed",
  "pool_deleted",
  "redriven",
  "cleared",
  "extended",
  "asset_event_emitted",
  "asset_queue_dropped",
] as const

/** What a run's note says when its time was over. */
export const timedOutNote = "timed out: it took longer than the runTimeout of its DAG"

/** What is noted of a run that ended since its file could not be parsed. */
export function unparsedEvent(note: string): Pick<EventRow, "actor" | "event" | "detail"> {
  return { actor: "sluice", event: "dag_run_parse_failed", detail: { note } }
}

/** The name of an event. */
export type EventName = (typeof eventNames)[number]

/** The longest name of an actor. */
export const actorLengthMax = 250

/** Something that was done to a run or a map: by whom, when, and what. Names stay when what they name is gone. */
export interface EventRow {
  readonly id: string
  readonly at: Date
  /** Null: it is about no DAG, but about who may do what. */
  readonly dagId: string | null
  readonly dagRunId: string | null
  readonly runId: string | null
  readonly expansionId: string | null
  readonly taskId: string | null
  readonly mapIndex: number | null
  /** Who did it: a person ("ada@host"), a program, or a part of Sluice ("sluice"). */
  readonly actor: string
  readonly event: EventName
  /** What it was, where the name does not say it all: old and new values. */
  readonly detail: Json
}

/** Control of what runs, by hand or by a limit. Each change is in the event log, written with it or not at all. */
export interface ControlStore {
  /**
   * Changes one map that has not ended; says whether that changed anything. It counts from the next pull and the next
   * claim on; what is pulled or leased by then ends as it began.
   */
  readonly changeMap: (options: {
    expansionId: string
    actor: string
    change: MapChange
  }) => Effect.Effect<boolean, NotAllowed | NotFound | StoreError>
  /**
   * Cancels one map of a run that goes on: its leases are taken away, nothing of it is offered any more, its downstream
   * sees a failed upstream. It never comes back, also when its run is cancelled and resumed. O(its leases + open pages).
   */
  readonly cancelMap: (options: {
    expansionId: string
    actor: string
  }) => Effect.Effect<{ dagRunId: string }, NotAllowed | NotFound | StoreError>
  /**
   * Stops a map whose failures are too many: its stream ends here, as broken; what has not started is skipped; what waits
   * for a retry has failed; what is leased ends. False when it was stopped or has ended already, or `tolerance` is not its
   * limit any more. O(its open pages + offers).
   */
  readonly stopMap: (options: {
    expansionId: string
    tolerance: FailureTolerance | null
    reason: TaskError
    actor: string
  }) => Effect.Effect<boolean, StoreError>
  /**
   * Puts out of the way, or back, what waits for a retry or a trigger in maps that were paused, cancelled or taken up again:
   * at most so many instances, and only what the change itself has left since there were too many. Says how many. Until
   * then nothing of it runs that may not; what may run again comes with this.
   */
  readonly sweep: (options: { limit: number }) => Effect.Effect<number, StoreError>
  /** Closes what has come back to a stopped map since it was stopped, as `stopMap` did; says how many instances. */
  readonly closeStopped: (expansionId: string) => Effect.Effect<number, StoreError>
  /** Lets the scheduler look at maps whose failures may be too many with one more success (`isWatched`). */
  readonly reviewMaps: (options: { expansionIds: readonly string[] }) => Effect.Effect<void, StoreError>
  /** Fails runs whose time is over, as a cancel does; gives their numbers. */
  readonly timeOutRuns: (options: { limit: number }) => Effect.Effect<readonly string[], StoreError>
  /** Events, newest first, by keyset: give the last id of a list as `before` to read on. `limit` ≤ 1000. */
  readonly listEvents: (options: {
    dagId?: string
    dagRunId?: string
    expansionId?: string
    before: string | null
    limit: number
  }) => Effect.Effect<readonly EventRow[], StoreError>
}
