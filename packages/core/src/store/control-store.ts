import type { Effect } from "effect"
import type { Json } from "../json.ts"
import type { NotAllowed, NotFound, StoreError } from "./errors.ts"
import type { MapChange } from "./map-change.ts"

/** What the event log tells of: what people, programs and limits did to a run or a map. */
export const eventNames = [
  "dag_paused",
  "dag_unpaused",
  "dag_run_cancelled",
  "dag_run_resumed",
  "map_paused",
  "map_resumed",
  "map_changed",
  "dag_run_note_set",
  "user_created",
  "user_deleted",
  "user_password_set",
  "api_token_created",
  "api_token_revoked",
  "signed_in",
  "sign_in_refused",
  "redriven",
  "cleared",
  "extended",
] as const

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
  /** Events, newest first, by keyset: give the last id of a list as `before` to read on. `limit` ≤ 1000. */
  readonly listEvents: (options: {
    dagId?: string
    dagRunId?: string
    expansionId?: string
    before: string | null
    limit: number
  }) => Effect.Effect<readonly EventRow[], StoreError>
}
