import type { Effect } from "effect"
import type { PlannedRun } from "../time/plan.ts"
import type { ParseMode } from "../dag/serialized-dag.ts"
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
  /** The most runs at once, backfills aside: as set by hand, or as the newest version says. */
  readonly maxActiveRuns: number
  /** The most instances of one run at once, likewise; null: no limit. */
  readonly maxActiveTasks: number | null
  /** Runs that have not ended, backfills aside. */
  readonly queuedRuns: number
  readonly runningRuns: number
  /** When its file is parsed anew. */
  readonly parse: ParseMode
  /** Its runs that wait for that, backfills included. */
  readonly awaitingRuns: number
  /** Its file, below the folder of its processor; null: it was not read by one. */
  readonly filePath: string | null
  /** When the timetable was registered. */
  readonly timetableSince: Date
  /** The tick of the last scheduled run. */
  readonly lastTick: Date | null
  /** The scheduled run that comes next; null: none, or not reckoned yet. */
  readonly nextRun: PlannedRun | null
  readonly createdAt: Date
}

/** Limits of a DAG that are set by hand; null gives one back to what the newest version says. */
export interface DagLimits {
  readonly maxActiveRuns?: number | null
  readonly maxActiveTasks?: number | null
}

/** What can be changed of a task in all unfinished runs of its DAG; null: no limit. */
export interface TaskChange {
  readonly concurrency?: number | null
  readonly dagConcurrency?: number | null
  readonly priority?: number
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
   * Sets limits of a DAG, for its unfinished runs and all that come, whatever a newer version says. What runs goes on to its
   * end. Wake `run` and `work` after it.
   */
  readonly setDagLimits: (
    options: DagLimits & { dagId: string; actor: string },
  ) => Effect.Effect<DagRow, NotFound | StoreError>
  /**
   * Changes a task in the unfinished runs of its DAG, and says in how many; later runs have what the DAG file says. What
   * runs goes on to its end. Wake `work` after it.
   */
  readonly changeTask: (
    options: TaskChange & { dagId: string; taskId: string; actor: string },
  ) => Effect.Effect<number, NotFound | StoreError>
  /**
   * Starts queued runs of up to `limit` DAGs that have room for them, in the order in which they were made; says how many
   * started. Only DAGs with something to start are looked at.
   */
  readonly admitDagRuns: (options: { limit: number }) => Effect.Effect<number, StoreError>
}
