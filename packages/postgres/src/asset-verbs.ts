import type { AssetEventRow, AssetPlannerStore, AssetRow, AssetStore } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import * as plans from "./sql/asset-plan.ts"
import * as assets from "./sql/asset.ts"
import { call, orNotFound } from "./store-call.ts"

/** Assets, their events and the runs they make, over one client. */
export function assetVerbs(client: Client): AssetStore & AssetPlannerStore {
  return {
    asset: (key) =>
      call(client, "asset", (sql) => assets.selectAsset(sql, key)).pipe(
        orNotFound("asset", "id" in key ? key.id : key.name),
        Effect.map(toAsset),
      ),
    searchAssets: (options) =>
      call(client, "searchAssets", async (sql) => {
        const total = await assets.countAssets(sql, options.filter)
        return { rows: (await assets.searchAssets(sql, options)).map(toAsset), total }
      }),
    emitAssetEvent: (options) =>
      call(client, "emitAssetEvent", (sql) => assets.insertAssetEvent(sql, options)).pipe(
        orNotFound("asset", options.assetId),
        Effect.map(toEvent),
      ),
    searchAssetEvents: (options) =>
      call(client, "searchAssetEvents", async (sql) => {
        const total = await assets.countAssetEvents(sql, options.filter)
        return { rows: (await assets.searchAssetEvents(sql, options)).map(toEvent), total }
      }),
    eventsOfRun: (options) =>
      call(client, "eventsOfRun", async (sql) => {
        const total = await assets.countEventsOfRun(sql, options.dagRunId)
        return { rows: (await assets.selectEventsOfRun(sql, options)).map(toEvent), total }
      }),
    consumersOfEvents: (eventIds) =>
      call(client, "consumersOfEvents", (sql) => assets.selectConsumers(sql, eventIds)).pipe(
        Effect.map((rows) => rows.map(({ eventId, ...run }) => ({ eventId, run }))),
      ),
    queuedAssets: (options) => call(client, "queuedAssets", (sql) => assets.selectQueuedAssets(sql, options)),
    dropQueuedAssets: (options) =>
      call(client, "dropQueuedAssets", (sql) => assets.deleteQueuedAssets(sql, options)),
    takeAssetEvents: (options) =>
      call(client, "takeAssetEvents", (sql) => plans.takeAssetEvents(sql, options)),
    dueAssetDags: ({ limit }) => call(client, "dueAssetDags", (sql) => plans.selectDueAssetDags(sql, limit)),
    moveAssetDag: (options) => call(client, "moveAssetDag", (sql) => plans.moveAssetDag(sql, options)),
  }
}

function toAsset({ lastEventId: id, lastEventAt: at, ...row }: assets.StoredAsset): AssetRow {
  return { ...row, lastEvent: id === null || at === null ? null : { id, at } }
}

function toEvent(row: assets.StoredAssetEvent): AssetEventRow {
  const { sourceDagId: dagId, sourceRunId: runId, sourceTaskId: taskId, sourceMapIndex, ...event } = row
  return {
    ...event,
    source: dagId === null ? null : { dagId, runId, taskId, mapIndex: Number(sourceMapIndex) },
  }
}
