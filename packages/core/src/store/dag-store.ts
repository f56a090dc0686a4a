import type { Effect } from "effect"
import type { PlannedRun } from "../time/plan.ts"
import type { SerializedPlanning } from "../time/timetable.ts"
import type { NotFound, StoreError } from "./errors.ts"

/** A DAG as it stands: of its newest version, and of its unfinished runs. */
export interface DagRow {
  readonly dagId: string
  readonly latestVersionId: string
  /** No run of it starts, and the schedule makes none; runs that are asked for wait in `queued`. */
  readonly isPaused: boolean
  /** Its file does not define it any more. */
  readonly isStale: boolean
  /** When runs are made, for people. */
  readonly schedule: string | null
  readonly planning: SerializedPlanning
  /** Runs that have not ended, backfills aside. */
  readonly queuedRuns: number
  readonly runningRuns: number
  /** When the timetable was registered. */
  readonly timetableSince: Date
  /** The tick of the last scheduled run. */
  readonly lastTick: Date | null
  /** The scheduled run that comes next; null: none, or not reckoned yet. */
  readonly nextRun: PlannedRun | null
  readonly createdAt: Date
}

/** DAGs, and which of their runs may start. */
export interface DagStore {
  readonly dag: (dagId: string) => Effect.Effect<DagRow, NotFound | StoreError>
  /** DAGs in the order of their ids, after one. `limit` ≤ 1000. */
  readonly listDags: (options: {
    after: string | null
    limit: number
  }) => Effect.Effect<readonly DagRow[], StoreError>
  /**
   * Pauses a DAG or lets it go on; says whether that changed anything. What runs goes on to its end. Wake `run` and `plan`
   * after it.
   */
  readonly setDagPaused: (options: {
    dagId: string
    isPaused: boolean
    actor: string
  }) => Effect.Effect<boolean, NotFound | StoreError>
  /**
   * Starts queued runs of up to `limit` DAGs that have room for them, in the order in which they were made; says how many
   * started. Only DAGs with something to start are looked at.
   */
  readonly admitDagRuns: (options: { limit: number }) => Effect.Effect<number, StoreError>
}
