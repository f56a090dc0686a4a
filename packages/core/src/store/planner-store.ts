import type { Effect } from "effect"
import type { PlannedRun } from "../time/plan.ts"
import type { SerializedPlanning } from "../time/timetable.ts"
import type { StoreError } from "./errors.ts"
import type { DagRunRow } from "./run-store.ts"

/** Who leads a role that has one owner. The epoch fences what it writes: a stale one writes nothing. */
export interface Leadership {
  readonly role: string
  readonly holder: string
  readonly epoch: number
}

/** Roles that have one owner at a time. */
export interface LeaderStore {
  /**
   * Takes the lead of a role for so long, or keeps it; gives its epoch, and null while another leads. Each change of the
   * holder, and each lead that had expired, has an epoch of its own.
   */
  readonly lead: (options: {
    role: string
    holder: string
    leaseSeconds: number
  }) => Effect.Effect<number | null, StoreError>
  /** Gives the lead back, so that the next one need not wait for its end. */
  readonly resign: (leadership: Leadership) => Effect.Effect<void, StoreError>
}

/** A DAG whose next scheduled run is due, or has to be reckoned since its planning changed. */
export interface DuePlan {
  readonly dagId: string
  readonly planning: SerializedPlanning
  /** When the timetable was registered. */
  readonly since: Date
  /** The tick of the last run that was made. */
  readonly lastTick: Date | null
  /** The run to make; null: not reckoned yet. */
  readonly next: PlannedRun | null
  /** Moves on with each change of the plan. */
  readonly seq: number
}

/** Scheduled runs: the planner's side of the store. */
export interface PlannerStore {
  /**
   * DAGs whose plan is due, the longest waiting first, with the store's clock, and when the next one comes due. Those that are
   * paused, stale, have `queuedAheadMax` runs waiting, or are continuous with an unfinished run are not among them, and
   * cost nothing.
   */
  readonly duePlans: (options: {
    limit: number
  }) => Effect.Effect<
    { readonly now: Date; readonly plans: readonly DuePlan[]; readonly nextAt: Date | null },
    StoreError
  >
  /**
   * Makes a run and moves the plan of its DAG on to the next one, in one statement: after a crash both or neither has happened.
   *
   * `isMoved` is false, and nothing is written, where the leadership has passed on, the plan has moved, or its DAG is not due any
   * more. No run comes back where none was to be made, or its logical date has a scheduled or backfill run.
   */
  readonly movePlan: (options: {
    leadership: Leadership
    dagId: string
    seq: number
    run: (PlannedRun & { readonly runId: string }) | null
    next: PlannedRun | null
  }) => Effect.Effect<{ readonly isMoved: boolean; readonly run: DagRunRow | null }, StoreError>
}

/** The most runs of a DAG that wait in `queued` before its schedule makes no more. */
export const queuedAheadMax = 16
