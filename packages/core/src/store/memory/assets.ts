import { Effect } from "effect"
import type {
  AssetPlannerStore,
  AssetRow,
  AssetStore,
  QueuedAsset,
  QueuedAssetFilter,
} from "../asset-store.ts"
import { NotFound } from "../errors.ts"
import { addAssetEvent, fitsEvent, toEventRow } from "./asset-events.ts"
import { producersOf, waitersOf } from "./asset-users.ts"
import { limitsOf, unfinishedRuns } from "./dags.ts"
import { noteIdentityEvent } from "./events.ts"
import { compareKeys, fitsPatterns, sliceOf } from "./filters.ts"
import { isLeading } from "./planner.ts"
import { addRun, toRow } from "./runs.ts"
import { type AssetRecord, type DagRecord, type MemoryState, dateOf } from "./state.ts"

/** Assets, their events and the runs they make, over a memory state. */
export function assets(state: MemoryState): AssetStore & AssetPlannerStore {
  return {
    asset: (key) =>
      Effect.suspend(() => {
        const asset = "name" in key ? state.assets.get(key.name) : byId(state, key.id)
        return asset === undefined
          ? unknownAsset("name" in key ? key.name : key.id)
          : Effect.succeed(toAssetRow(state, asset))
      }),
    searchAssets: (options) => Effect.sync(() => searchAssets(state, options)),
    emitAssetEvent: ({ assetId, extra, actor }) =>
      Effect.suspend(() => {
        const asset = byId(state, assetId)
        if (asset === undefined) return unknownAsset(assetId)
        const event = addAssetEvent(state, asset.name, { extra, of: null, mapIndex: -1 })
        const detail = { asset: asset.name, event_id: event.id }
        noteIdentityEvent(state, { actor, event: "asset_event_emitted", detail })
        return Effect.succeed(toEventRow(state, event))
      }),
    searchAssetEvents: ({ filter, isDescending, ...slice }) =>
      Effect.sync(() => {
        const rows = state.assetEvents
          .map((event) => toEventRow(state, event))
          .filter((row) => fitsEvent(row, filter))
        return sliceOf(isDescending ? rows.toReversed() : rows, slice)
      }),
    eventsOfRun: ({ dagRunId, ...slice }) =>
      Effect.sync(() => {
        const rows = state.assetEvents.filter((event) => event.runs.some((run) => run.id === dagRunId))
        return sliceOf(
          rows.map((event) => toEventRow(state, event)),
          slice,
        )
      }),
    consumersOfEvents: (eventIds) =>
      Effect.sync(() =>
        state.assetEvents
          .filter((event) => eventIds.includes(event.id))
          .flatMap((event) => event.runs.map((run) => ({ eventId: event.id, run: toRow(run) }))),
      ),
    queuedAssets: ({ limit, ...filter }) =>
      Effect.sync(() =>
        queuedOf(state, filter)
          .map(({ row }) => row)
          .slice(0, limit),
      ),
    dropQueuedAssets: ({ actor, ...filter }) =>
      Effect.sync(() => {
        const dropped = queuedOf(state, filter)
        for (const { dag, row } of dropped) {
          dag.awaited.queue.delete(row.name)
          dag.awaited.seq += 1
        }
        if (dropped.length === 0) return 0
        const detail = {
          rows: dropped.length,
          dag_id: filter.dagId ?? null,
          asset_id: filter.assetId ?? null,
        }
        noteIdentityEvent(state, { actor, event: "asset_queue_dropped", detail })
        return dropped.length
      }),
    takeAssetEvents: ({ leadership, limit }) =>
      Effect.sync(() => (isLeading(state, leadership) ? takeEvents(state, limit) : null)),
    dueAssetDags: ({ limit }) =>
      Effect.sync(() =>
        [...state.dags.values()]
          .filter((dag) => mayFire(state, dag))
          .slice(0, limit)
          .map(({ current, awaited }) => ({
            dagId: current.dagId,
            condition: current.dag.planning.assets,
            queued: [...awaited.queue.keys()].toSorted(),
            seq: awaited.seq,
          })),
      ),
    moveAssetDag: (options) => Effect.sync(() => moveAssetDag(state, options)),
  }
}

function byId(state: MemoryState, id: string): AssetRecord | undefined {
  return [...state.assets.values()].find((asset) => asset.id === id)
}

function unknownAsset(id: string): Effect.Effect<never, NotFound> {
  return Effect.fail(new NotFound({ what: "asset", id }))
}

function toAssetRow(state: MemoryState, asset: AssetRecord): AssetRow {
  const { id, name, uri, group, extra } = asset
  const last = state.assetEvents.findLast((event) => event.asset === name)
  return {
    ...{ id, name, uri, group, extra },
    createdAt: dateOf(asset.createdAt),
    updatedAt: dateOf(asset.updatedAt),
    scheduledDags: waitersOf(state, name).map((dag) => dag.current.dagId),
    producingTasks: producersOf(state, name),
    lastEvent: last === undefined ? null : { id: last.id, at: dateOf(last.at) },
  }
}

function searchAssets(state: MemoryState, options: Parameters<AssetStore["searchAssets"]>[0]) {
  const { filter, orderBy, ...slice } = options
  const keysOf = (row: AssetRow) => [...orderBy.map(({ by }) => keyOf(row, by)), Number(row.id)]
  const rows = [...state.assets.values()]
    .map((asset) => toAssetRow(state, asset))
    .filter((row) => fitsPatterns(row.name, filter.namePatterns) && fitsPatterns(row.uri, filter.uriPatterns))
    .filter((row) => filter.onlyActive !== true || usersOf(row).length > 0)
    .filter(
      (row) => filter.dagIds === undefined || usersOf(row).some((dagId) => filter.dagIds?.includes(dagId)),
    )
    .toSorted((a, b) =>
      compareKeys(
        keysOf(a),
        keysOf(b),
        orderBy.map(({ isDescending }) => isDescending),
      ),
    )
  return sliceOf(rows, slice)
}

function keyOf(row: AssetRow, by: "id" | "name" | "uri" | "created_at" | "updated_at"): string | number {
  if (by === "created_at") return row.createdAt.getTime()
  if (by === "updated_at") return row.updatedAt.getTime()
  return by === "id" ? Number(row.id) : row[by]
}

function usersOf({ scheduledDags, producingTasks }: AssetRow): string[] {
  return [...scheduledDags, ...producingTasks.map(({ dagId }) => dagId)]
}

function queuedOf(
  state: MemoryState,
  { dagId, assetId, before }: QueuedAssetFilter,
): { dag: DagRecord; row: QueuedAsset }[] {
  return [...state.dags.values()]
    .filter(({ current }) => dagId === undefined || current.dagId === dagId)
    .toSorted((a, b) => (a.current.dagId < b.current.dagId ? -1 : 1))
    .flatMap((dag) =>
      [...dag.awaited.queue]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { events, createdAt }]) => ({
          dag,
          row: {
            dagId: dag.current.dagId,
            assetId: state.assets.get(name)?.id ?? "",
            name,
            events: events.length,
            createdAt: dateOf(createdAt),
          },
        })),
    )
    .filter(({ row }) => assetId === undefined || row.assetId === assetId)
    .filter(({ row }) => before === undefined || row.createdAt < before)
}

function takeEvents(state: MemoryState, limit: number): number {
  const taken = state.assetEvents.slice(state.assetEventsTaken, state.assetEventsTaken + limit)
  state.assetEventsTaken += taken.length
  for (const event of taken) {
    for (const { awaited } of waitersOf(state, event.asset)) {
      const queued = awaited.queue.get(event.asset)
      if (queued === undefined) awaited.queue.set(event.asset, { events: [event], createdAt: state.now() })
      else queued.events.push(event)
      awaited.seq += 1
      awaited.isDue ||= queued === undefined
    }
  }
  return taken.length
}

/** Whether a DAG may have what it waits for, and may have a run. */
function mayFire(state: MemoryState, dag: DagRecord): boolean {
  const { current, awaited, isPaused, isStale } = dag
  const { queuedRuns, runningRuns } = unfinishedRuns(state, current.dagId)
  const hasPlace = queuedRuns + runningRuns < limitsOf(dag).maxActiveRuns
  return awaited.isDue && !isPaused && !isStale && hasPlace
}

function moveAssetDag(state: MemoryState, options: Parameters<AssetPlannerStore["moveAssetDag"]>[0]) {
  const { leadership, dagId, seq, runId } = options
  const dag = state.dags.get(dagId)
  const isFresh = dag?.awaited.seq === seq && mayFire(state, dag)
  if (dag === undefined || !isFresh || !isLeading(state, leadership)) return { isMoved: false, run: null }
  dag.awaited.seq += 1
  if (runId === null) {
    dag.awaited.isDue = false
    return { isMoved: true, run: null }
  }
  if (state.runs.some((run) => run.dagId === dagId && run.runId === runId))
    return { isMoved: true, run: null }
  const made = {
    runId,
    runType: "asset_triggered",
    conf: {},
    logicalDate: null,
    triggeredBy: "asset",
  } as const
  const run = addRun(state, dag, made)
  for (const { events } of dag.awaited.queue.values()) for (const event of events) event.runs.push(run)
  dag.awaited.queue.clear()
  dag.awaited.isDue = false
  return { isMoved: true, run: toRow(run) }
}
