import type { Effect } from "effect"
import type { DataInterval } from "../dag/task-context.ts"
import type { Json } from "../json.ts"
import type { DagRunState } from "../state/dag-run.ts"
import type { DuplicateDagRun, NotFound, StoreError } from "./errors.ts"

/** How a run came to be, in Airflow's names. */
export type DagRunType = "manual" | "scheduled" | "backfill" | "asset_triggered" | "operator_triggered"

/** What has a run made, in Airflow's names. */
export type DagRunTriggeredBy =
  | "cli"
  | "operator"
  | "rest_api"
  | "ui"
  | "test"
  | "timetable"
  | "asset"
  | "backfill"

/** The most bytes of a conf that lists of runs give, as JSON; a larger one is read with its run alone. */
export const listedConfBytesMax = 16_384

/** One run of one DAG version. */
export interface DagRunRow {
  readonly id: string
  readonly dagId: string
  readonly runId: string
  readonly dagVersionId: string
  readonly state: DagRunState
  readonly runType: DagRunType
  /** Null in lists, where it is larger than `listedConfBytesMax`. */
  readonly conf: Json
  readonly isConfLeftOut: boolean
  readonly logicalDate: Date | null
  /** The span that the run covers; null for a run by hand without a logical date. */
  readonly dataIntervalStart: Date | null
  readonly dataIntervalEnd: Date | null
  /** When it was to be made, at the earliest: of a run by hand its logical date, or when it was asked for. */
  readonly runAfter: Date
  readonly queuedAt: Date
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  /** It was made to wait until its DAG's file is parsed anew, and has no tasks before; its version is still the last known. */
  readonly awaitsParse: boolean
  /** Why it ended other than by its tasks ("cancelled by …"). */
  readonly note: string | null
  readonly isCancelled: boolean
  /** The backfill that made it. */
  readonly backfillId: string | null
  /** What had it made, in Airflow's names; null: not known. */
  readonly triggeredBy: DagRunTriggeredBy | null
  /** Who asked for it; null: nobody in particular. */
  readonly triggeringUser: string | null
  /** When it fails unless it has ended; null: never. */
  readonly timeoutAt: Date | null
}

/** DagRuns: made, listed, cancelled, resumed, ended. */
export interface RunStore {
  /**
   * Makes a run of the newest version of a DAG, with one waiting expansion for each task. It runs at once where the DAG
   * has room for it (`maxActiveRuns`, backfills aside) and is not paused, and otherwise waits in `queued`.
   *
   * Of a DAG that is parsed for every run (`parse: "every-run"`, from a file that a processor has), the run waits for the
   * parse first; `parsedVersionId` is the version that was parsed for this very run. Wake `parse` after it.
   */
  readonly createDagRun: (options: {
    dagId: string
    runId: string
    runType: DagRunType
    conf: Json
    logicalDate: Date | null
    dataInterval?: DataInterval | null
    note?: string | null
    triggeredBy?: DagRunTriggeredBy
    triggeringUser?: string
    parsedVersionId?: string
  }) => Effect.Effect<DagRunRow, DuplicateDagRun | NotFound | StoreError>
  readonly dagRun: (options: {
    dagId: string
    runId: string
  }) => Effect.Effect<DagRunRow, NotFound | StoreError>
  readonly dagRunById: (dagRunId: string) => Effect.Effect<DagRunRow, NotFound | StoreError>
  /** Runs, newest first, by keyset: give the last id of a list as `before` to read on. `limit` ≤ 1000. */
  readonly listDagRuns: (options: {
    dagId?: string
    states?: readonly DagRunState[]
    before?: string
    limit: number
  }) => Effect.Effect<readonly DagRunRow[], StoreError>
  /**
   * Ends a run that has not ended: its expansions become `cancelled`, its leases are taken away (workers learn it
   * when they renew), nothing of it is offered any more. False when it had ended already. `actor`: who does it.
   */
  readonly cancelDagRun: (options: {
    dagRunId: string
    note: string
    actor: string
  }) => Effect.Effect<boolean, StoreError>
  /**
   * Takes a cancelled run up again where it stood. False when the run was not cancelled. One that waited for a parse, or
   * ended since that failed, waits for it again: wake `parse`.
   */
  readonly resumeDagRun: (options: { dagRunId: string; actor: string }) => Effect.Effect<boolean, StoreError>
  /** What decides whether a run has ended. */
  readonly runCounts: (dagRunId: string) => Effect.Effect<
    {
      hasUnfinished: boolean
      leavesFailed: number
      /** How often the run went on after it, or something of it, had ended. */
      reopenings: number
    },
    StoreError
  >
  /**
   * Ends a running run. False when it was not running, or something of it is unfinished (again), or it was reopened since
   * `runCounts`: a verdict from before says nothing of what has run again.
   */
  readonly finishDagRun: (options: {
    dagRunId: string
    state: "success" | "failed"
    reopenings: number
  }) => Effect.Effect<boolean, StoreError>
  /** Running runs of which no expansion is unfinished: what a crash between two statements leaves behind. */
  readonly stalledRuns: (options: { limit: number }) => Effect.Effect<readonly string[], StoreError>
}
