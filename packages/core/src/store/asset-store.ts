import type { Effect } from "effect"
import type { JsonObject } from "../dag/json-object.ts"
import type { AssetEvent } from "../dag/task-context.ts"
import type { AssetCondition } from "../time/asset-condition.ts"
import type { OrderBy, Range, Slice } from "./catalog-store.ts"
import type { NotFound, StoreError } from "./errors.ts"
import type { Leadership } from "./planner-store.ts"
import type { DagRunRow } from "./run-store.ts"

/** An asset, as the DAG version that was stored last has it. */
export interface AssetRow {
  readonly id: string
  readonly name: string
  readonly uri: string
  readonly group: string
  readonly extra: JsonObject
  readonly createdAt: Date
  readonly updatedAt: Date
  /** The DAGs whose schedule waits for it, by their newest versions. Stale ones are not among them. */
  readonly scheduledDags: readonly string[]
  readonly producingTasks: readonly { readonly dagId: string; readonly taskId: string }[]
  readonly lastEvent: { readonly id: string; readonly at: Date } | null
}

/** The fact that an asset changed. */
export interface AssetEventRow {
  readonly id: string
  readonly assetId: string
  readonly name: string
  readonly uri: string
  readonly group: string
  readonly at: Date
  readonly extra: JsonObject
  /** The instance that made it; null: it came from outside. The index is -1 for a whole task or map. */
  readonly source: AssetEvent["source"]
}

/** What a DAG has been told of an asset since its last run by assets: one row, however many events. */
export interface QueuedAsset {
  readonly dagId: string
  readonly assetId: string
  readonly name: string
  readonly events: number
  /** When the first of them was queued. */
  readonly createdAt: Date
}

/** Which events are meant; what is left out does not matter. */
export interface AssetEventFilter {
  readonly assetId?: string
  readonly dagId?: string
  readonly runId?: string
  readonly taskId?: string
  readonly mapIndex?: number
  readonly at?: Range<Date>
}

/** Which queue rows are meant: of a DAG, of an asset, or of both. */
export interface QueuedAssetFilter {
  readonly dagId?: string
  readonly assetId?: string
  /** Only what was queued before. */
  readonly before?: Date
}

/** What assets can be ordered by; the id decides between equals. */
export const assetOrders = ["id", "name", "uri", "created_at", "updated_at"] as const

/** Which assets. Patterns are SQL's `like` without regard to case; of several, one has to fit. */
export interface AssetFilter {
  /** Only those that a DAG waits for or makes. */
  readonly onlyActive?: boolean
  readonly namePatterns?: readonly string[]
  readonly uriPatterns?: readonly string[]
  /** Only those that one of these DAGs waits for or makes. */
  readonly dagIds?: readonly string[]
}

/** Assets and their events. Every `limit` ≤ 1000. */
export interface AssetStore {
  /** An asset by its id or its name. */
  readonly asset: (
    key: { readonly id: string } | { readonly name: string },
  ) => Effect.Effect<AssetRow, NotFound | StoreError>
  readonly searchAssets: (options: {
    filter: AssetFilter
    orderBy: readonly OrderBy<(typeof assetOrders)[number]>[]
    skip: number
    limit: number
  }) => Effect.Effect<Slice<AssetRow>, StoreError>
  /** Stores an event that comes from outside, and notes who says so. */
  readonly emitAssetEvent: (options: {
    assetId: string
    extra: JsonObject
    actor: string
  }) => Effect.Effect<AssetEventRow, NotFound | StoreError>
  /** Events, oldest or newest first, counted: costs O(events that fit). */
  readonly searchAssetEvents: (options: {
    filter: AssetEventFilter
    isDescending: boolean
    skip: number
    limit: number
  }) => Effect.Effect<Slice<AssetEventRow>, StoreError>
  /** The events that a run was made for, oldest first. */
  readonly eventsOfRun: (options: {
    dagRunId: string
    skip: number
    limit: number
  }) => Effect.Effect<Slice<AssetEventRow>, StoreError>
  /** The runs that were made for each of these events; of each event, as far as they are among the first `consumersMax`. */
  readonly consumersOfEvents: (
    eventIds: readonly string[],
  ) => Effect.Effect<readonly { readonly eventId: string; readonly run: DagRunRow }[], StoreError>
  /** What DAGs have been told and have had no run for yet, by DAG and name of the asset. */
  readonly queuedAssets: (
    options: QueuedAssetFilter & { limit: number },
  ) => Effect.Effect<readonly QueuedAsset[], StoreError>
  /** Takes it back, and notes who did; says how many rows. The events stay. */
  readonly dropQueuedAssets: (
    options: QueuedAssetFilter & { actor: string },
  ) => Effect.Effect<number, StoreError>
}

/** How many runs are looked at that may have been made for one event. */
export const consumersMax = 100

/** A DAG that was told of an asset for the first time since it was last looked at, or whose condition changed. */
export interface DueAssetDag {
  readonly dagId: string
  /** Null: it waits for none any more. */
  readonly condition: AssetCondition | null
  /** The names of the assets that it has been told of. */
  readonly queued: readonly string[]
  /** Moves on with each change of what is queued. */
  readonly seq: number
}

/** Runs by assets: the planner's side of the store. */
export interface AssetPlannerStore {
  /**
   * Tells the DAGs that wait for them of events that nobody was told of, the oldest first: each DAG gets one row for
   * each asset, however many events it had. Says how many events; null, and nothing is done, where another leads.
   */
  readonly takeAssetEvents: (options: {
    leadership: Leadership
    limit: number
  }) => Effect.Effect<number | null, StoreError>
  /**
   * DAGs that may have what they wait for. Those that are paused, stale, or have as many unfinished runs as may run at once
   * are not among them: what they are told gathers for their next run.
   */
  readonly dueAssetDags: (options: { limit: number }) => Effect.Effect<readonly DueAssetDag[], StoreError>
  /**
   * Makes a run for all that a DAG has been told, and empties its queue, in one statement; or, where `runId` is null,
   * notes that its condition does not hold yet. `isMoved` is false, and nothing is written, where the leadership has
   * passed on, more has been queued, or the DAG may have no run now.
   */
  readonly moveAssetDag: (options: {
    leadership: Leadership
    dagId: string
    seq: number
    runId: string | null
  }) => Effect.Effect<{ readonly isMoved: boolean; readonly run: DagRunRow | null }, StoreError>
}
