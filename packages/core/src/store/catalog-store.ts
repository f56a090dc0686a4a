import type { Effect } from "effect"
import type { ParseMode } from "../dag/serialized-dag.ts"
import type { PlannedRun } from "../time/plan.ts"
import type { SerializedPlanning } from "../time/timetable.ts"
import type { DagRunState } from "../state/dag-run.ts"
import type { TaskInstanceState } from "../state/task-instance.ts"
import type { NotFound, StoreError } from "./errors.ts"
import type { ExpansionView } from "./expansion-store.ts"
import type { TaskInstanceView } from "./read-store.ts"
import type { DagRunRow, DagRunType } from "./run-store.ts"

/** A DAG as a list shows it: its newest version, without the tasks. */
export interface DagSummary {
  readonly dagId: string
  readonly isPaused: boolean
  /** It is not in its file any more. */
  readonly isStale: boolean
  /** Its file, below the folder of its processor; null: it was not read by one. */
  readonly filePath: string | null
  readonly hasImportErrors: boolean
  /** When its file is parsed anew. */
  readonly parse: ParseMode
  readonly version: DagVersionSummary
  readonly description: string | null
  readonly schedule: string | null
  readonly tags: readonly string[]
  readonly planning: SerializedPlanning
  /** The most runs at once, backfills aside: as set by hand, or as the newest version says. */
  readonly maxActiveRuns: number
  /** The most instances of one run at once, likewise; null: no limit. */
  readonly maxActiveTasks: number | null
  /** The scheduled run that comes next; null: none, or not reckoned yet. */
  readonly nextRun: PlannedRun | null
  /** Whether one of its tasks limits its own concurrency. */
  readonly hasConcurrencyLimits: boolean
  /** Runs that have not ended, backfills aside. */
  readonly activeRuns: number
}

/** A version of a DAG without its shape. */
export interface DagVersionSummary {
  readonly id: string
  readonly dagId: string
  readonly versionNumber: number
  readonly bundleHash: string
  readonly createdAt: Date
}

/** A run with the version that it runs. */
export interface DagRunSummary extends DagRunRow {
  readonly version: DagVersionSummary
}

/** Bounds of a value, each of them optional. */
export interface Range<A> {
  readonly gte?: A
  readonly gt?: A
  readonly lte?: A
  readonly lt?: A
}

/** A slice of a list that is counted as well. */
export interface Slice<A> {
  readonly rows: readonly A[]
  /** How many rows there are in all, before the slice was taken. */
  readonly total: number
}

/** One key of an order. */
export interface OrderBy<A extends string> {
  readonly by: A
  readonly isDescending: boolean
}

/** What DAGs can be ordered by; the id decides between equals. */
export const dagOrders = ["dag_id", "is_paused", "last_run_state", "last_run_start_date"] as const

/** What runs can be ordered by; the number decides between equals. Those without a value come last. */
export const dagRunOrders = [
  "id",
  "dag_id",
  "run_id",
  "state",
  "run_type",
  "logical_date",
  "run_after",
  "queued_at",
  "start_date",
  "end_date",
  "duration",
] as const

/**
 * Which DAGs. Patterns are SQL's `like` without regard to case; of several, one has to fit. A list of nothing fits
 * nothing.
 */
export interface DagFilter {
  readonly idPatterns?: readonly string[]
  readonly tags?: readonly string[]
  readonly tagsMatch?: "any" | "all"
  readonly isPaused?: boolean
  readonly isStale?: boolean
  readonly hasImportErrors?: boolean
  readonly bundleHash?: string
  /** Runs are made for assets. */
  readonly hasAssetSchedule?: boolean
  /** With a text in the name or the URI of an asset that it waits for, without regard to case. */
  readonly assetContains?: string
  /** The state of the newest run. */
  readonly lastRunState?: DagRunState
  /** With a run that fits all of these. */
  readonly runStates?: readonly DagRunState[]
  readonly runStarted?: Range<Date>
  readonly runEnded?: Range<Date>
}

/** Which runs. Patterns as for DAGs. `runAfter` is the logical date, or when it was queued where there is none. */
export interface DagRunFilter {
  readonly dagIds?: readonly string[]
  readonly runIds?: readonly string[]
  readonly dagIdPatterns?: readonly string[]
  readonly runIdPatterns?: readonly string[]
  readonly userPatterns?: readonly string[]
  readonly states?: readonly DagRunState[]
  readonly runTypes?: readonly DagRunType[]
  readonly versionNumbers?: readonly number[]
  readonly bundleHash?: string
  /** A text that the JSON of its conf holds. */
  readonly confContains?: string
  readonly runAfter?: Range<Date>
  readonly logicalDate?: Range<Date>
  readonly startDate?: Range<Date>
  readonly endDate?: Range<Date>
  /** In seconds; runs that have not ended have none. */
  readonly duration?: Range<number>
}

/** How many runs were due on each of some days. */
export interface RunsByDay {
  /** `day`: which of the days, from 0; days without runs are left out. */
  readonly counts: readonly { readonly day: number; readonly state: DagRunState; readonly count: number }[]
  /** As many as may be were counted: runs that were due before it are not; null: all are. */
  readonly countedFrom: Date | null
}

/** Some instances of one expansion: those at places `skip` to `skip + limit` among all that fit. */
export interface InstanceRange {
  readonly expansionId: string
  readonly skip: number
  readonly limit: number
}

/** An XCom without its value. */
export interface XComEntry {
  readonly mapIndex: number
  readonly key: string
  /** When its instance ended. */
  readonly at: Date | null
}

/** Lists for people and programs, filtered, ordered and counted. Every `limit` ≤ 1000. */
export interface CatalogStore {
  /** DAGs with their newest versions. Costs O(DAGs), never O(runs) unless `runStates` and its like are given. */
  readonly searchDags: (options: {
    filter: DagFilter
    orderBy: readonly OrderBy<(typeof dagOrders)[number]>[]
    skip: number
    limit: number
  }) => Effect.Effect<Slice<DagSummary>, StoreError>
  readonly dagSummary: (dagId: string) => Effect.Effect<DagSummary, NotFound | StoreError>
  /** Versions, by number from the oldest, of one DAG or of all. */
  readonly listDagVersions: (options: {
    dagId: string | null
    versionNumber?: number
    bundleHash?: string
    isNewestFirst: boolean
    skip: number
    limit: number
  }) => Effect.Effect<Slice<DagVersionSummary>, StoreError>
  /** The tags of all DAGs that are not stale. */
  readonly listDagTags: (options: {
    patterns?: readonly string[]
    isDescending: boolean
    skip: number
    limit: number
  }) => Effect.Effect<Slice<string>, StoreError>
  /** How many runs of these DAGs are in each state. Costs O(runs of these DAGs). */
  readonly countRunsByState: (options: {
    dagIds: readonly string[]
  }) => Effect.Effect<readonly { dagId: string; state: DagRunState; count: number }[], StoreError>
  /**
   * How many runs of a DAG were due on each day, by state.
   *
   * `starts` are the instants at which days begin, in order, the last of them the end of the last day. At most `limit` runs are
   * counted, the newest; costs O(these), from an index alone.
   */
  readonly countRunsByDay: (options: {
    dagId: string
    starts: readonly Date[]
    limit: number
  }) => Effect.Effect<RunsByDay, StoreError>
  /** Runs, counted: costs O(runs that fit). */
  readonly searchDagRuns: (options: {
    filter: DagRunFilter
    orderBy: readonly OrderBy<(typeof dagRunOrders)[number]>[]
    skip: number
    limit: number
  }) => Effect.Effect<Slice<DagRunSummary>, StoreError>
  /** Runs by keyset, from the oldest (or the newest) on, after (or before) a number; not counted. */
  readonly pageDagRuns: (options: {
    filter: DagRunFilter
    isDescending: boolean
    /** The number of the last run that was seen; null: from the first. */
    after: string | null
    limit: number
  }) => Effect.Effect<readonly DagRunSummary[], StoreError>
  /** A run with the version that it runs. */
  readonly dagRunSummary: (options: {
    dagId: string
    runId: string
  }) => Effect.Effect<DagRunSummary, NotFound | StoreError>
  /** Writes a note to a run, or removes it. */
  readonly setDagRunNote: (options: {
    dagRunId: string
    note: string | null
    actor: string
  }) => Effect.Effect<void, NotFound | StoreError>
  /** How the tasks of some runs stand, in the order of run and task. At most `runsPerViewMax` runs. */
  readonly expansionsOfRuns: (options: {
    dagRunIds: readonly string[]
  }) => Effect.Effect<readonly ExpansionView[], StoreError>
  /**
   * How many instances of each expansion are in one of the states. Costs O(pages): those that have ended are counted
   * by page, and at most a window of the others are looked at.
   */
  readonly countInstances: (options: {
    expansionIds: readonly string[]
    states: readonly TaskInstanceState[]
  }) => Effect.Effect<readonly { expansionId: string; count: number }[], StoreError>
  /**
   * Instances of several expansions, in the order of the ranges and of the indexes. Without states a place is an
   * index, and nothing is passed over; with them whole pages are, by their counters.
   */
  readonly instancesAt: (options: {
    ranges: readonly InstanceRange[]
    states: readonly TaskInstanceState[] | null
  }) => Effect.Effect<readonly TaskInstanceView[], StoreError>
  /** What an expansion's instances left, in the order of index and key, counted. Costs O(skip + what was pushed). */
  readonly listXComs: (options: {
    expansionId: string
    /** null: of all instances. */
    mapIndex: number | null
    keyPatterns?: readonly string[]
    skip: number
    limit: number
  }) => Effect.Effect<Slice<XComEntry>, StoreError>
}

/** The most runs whose tasks are looked at in one call. */
export const runsPerViewMax = 1_000
