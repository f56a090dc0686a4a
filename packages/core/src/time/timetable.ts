import type { AssetCondition } from "./asset-condition.ts"

/** One cron expression, read in one time zone. */
export interface SerializedCron {
  /** Five fields, or six with seconds first. A preset is written out. */
  readonly expression: string
  /** An IANA name. */
  readonly timezone: string
}

/**
 * When runs are due, as a DAG version keeps it.
 *
 * `none`: only when asked for. `once`: at the start date. `events`: at dates that are named, ascending, each once. `continuous`: whenever
 * nothing of the DAG is unfinished. `cron` and `delta` tick again and again; `delta` counts whole spans from the start date, or from 1970 where there is none.
 */
export type SerializedTimetable =
  | { readonly kind: "none" }
  | { readonly kind: "once" }
  | { readonly kind: "events"; readonly dates: readonly string[] }
  | { readonly kind: "continuous" }
  | {
      readonly kind: "cron"
      readonly crons: readonly SerializedCron[]
      readonly dataInterval: DataIntervalRule
    }
  | { readonly kind: "delta"; readonly everyMs: number; readonly dataInterval: DataIntervalRule }

/**
 * What a run of a ticking timetable covers. `since_previous`: from the tick before up to its own, as in Airflow's data interval timetables. `none`:
 * nothing, both ends are its tick, as in Airflow's trigger timetables.
 */
export type DataIntervalRule = "since_previous" | "none"

/** How long ended runs are kept; null: that is no reason to delete one. Either reason is enough. */
export interface KeepRuns {
  /** Days after their end. */
  readonly days: number | null
  /** How many of them, the newest. */
  readonly count: number | null
}

/** Everything about a DAG that says which runs are made, how many run at once, and how long they are kept. */
export interface SerializedPlanning {
  readonly timetable: SerializedTimetable
  /** After which assets runs are made besides; null: after none. */
  readonly assets: AssetCondition | null
  /** No data interval starts before it. Null: ticks count from when the timetable was registered. */
  readonly startDate: string | null
  /** No logical date comes after it. */
  readonly endDate: string | null
  /** Whether ticks that were missed are made up for, each of them; otherwise only the latest is. */
  readonly catchup: boolean
  /** Runs are made up to so many milliseconds after their tick; the same each time for one DAG. */
  readonly jitterMs: number
  /** The most runs of the DAG, backfills aside, that run at once; more wait in `queued`. */
  readonly maxActiveRuns: number
  /** The most instances of one run at once; null: no limit. */
  readonly maxActiveTasks: number | null
  /** Null: as the pruner is configured. */
  readonly keepRuns: KeepRuns | null
}

/** What a DAG does that says nothing of its planning. */
export const planningDefaults: SerializedPlanning = {
  timetable: { kind: "none" },
  assets: null,
  startDate: null,
  endDate: null,
  catchup: false,
  jitterMs: 0,
  // Airflow's.
  maxActiveRuns: 16,
  maxActiveTasks: null as number | null,
  keepRuns: null,
}
