import { z } from "@hono/zod-openapi"
import { assetExtraBytesMax, type JsonObject } from "@sluice/core/dag"
import type { AssetEventRow, AssetFilter, StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import { actorOf } from "../auth/actor.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import { ApiError, httpExceptionSchema } from "../problem.ts"
import {
  assetEventSchema,
  assetEventsSchema,
  assetSchema,
  assetsSchema,
  toAsset,
  toAssetEvent,
} from "../wire/asset.ts"
import { dagRunSchema } from "../wire/dag-run.ts"
import { runName } from "../wire/names.ts"
import {
  badOrder,
  bigintMax,
  flag,
  instants,
  listOf,
  orderOf,
  paging,
  pattern,
  rangeOf,
  refuse,
  whole,
} from "../wire/query.ts"
import { json, jsonBody } from "../wire/text.ts"
import { makeRun, newRunFields, refuseUnserved } from "./new-run.ts"

/** The path of what is of one asset. */
export const assetName = z.object({ asset_id: whole(0, bigintMax) })

const listAssets = endpoint({
  method: "get",
  path: "/assets",
  operationId: "get_assets",
  tags: ["Asset"],
  summary: "The assets that DAGs wait for or make",
  role: "viewer",
  request: {
    query: z.object({
      ...paging,
      name_pattern: pattern,
      uri_pattern: pattern,
      dag_ids: listOf(z.string()),
      only_active: flag.default(true),
      order_by: listOf(z.string()),
    }),
  },
  responses: { 200: json("Assets, and how many there are.", assetsSchema), 400: badOrder },
})

const getAsset = endpoint({
  method: "get",
  path: "/assets/{asset_id}",
  operationId: "get_asset",
  tags: ["Asset"],
  summary: "One asset",
  role: "viewer",
  request: { params: assetName },
  responses: { 200: json("The asset.", assetSchema) },
})

const listEvents = endpoint({
  method: "get",
  path: "/assets/events",
  operationId: "get_asset_events",
  tags: ["Asset"],
  summary: "The events of assets, with the runs that were made for them",
  role: "viewer",
  request: {
    query: z.object({
      ...paging,
      order_by: listOf(z.string()),
      asset_id: whole(0, bigintMax).optional(),
      source_dag_id: z.string().optional(),
      source_task_id: z.string().optional(),
      source_run_id: z.string().optional(),
      source_map_index: whole(-1).optional(),
      name_pattern: pattern,
      ...instants("timestamp"),
    }),
  },
  responses: { 200: json("Events, and how many there are.", assetEventsSchema), 400: badOrder },
})

const extraInput = z
  .record(z.string(), z.unknown())
  .refine(
    (extra) => Buffer.byteLength(JSON.stringify(extra)) <= assetExtraBytesMax,
    `expected at most ${assetExtraBytesMax} bytes of JSON`,
  )

const eventBody = z
  .strictObject({
    asset_id: z.int().min(0),
    partition_key: z.string().nullish(),
    extra: extraInput.optional(),
  })
  .openapi("CreateAssetEventsBody")

const postEvent = endpoint({
  method: "post",
  path: "/assets/events",
  operationId: "create_asset_event",
  tags: ["Asset"],
  summary: "Say that an asset has changed",
  role: "user",
  request: { body: jsonBody(eventBody) },
  responses: { 200: json("The event.", assetEventSchema) },
})

const materializeBody = z.strictObject(newRunFields).openapi("MaterializeAssetBody")

const materialize = endpoint({
  method: "post",
  path: "/assets/{asset_id}/materialize",
  operationId: "materialize_asset",
  tags: ["Asset"],
  summary: "Make a run of the DAG that makes an asset",
  role: "user",
  request: {
    params: assetName,
    body: { required: false, content: { "application/json": { schema: materializeBody } } },
  },
  responses: {
    200: json("The run.", dagRunSchema),
    400: json("Several DAGs make the asset, or the conf does not fit the DAG's params.", httpExceptionSchema),
    409: json("The id is taken.", httpExceptionSchema),
  },
})

const eventsOfRun = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents",
  operationId: "get_upstream_asset_events",
  tags: ["DagRun"],
  summary: "The events that a run was made for",
  role: "viewer",
  request: {
    params: runName,
    // Airflow gives them all; there may be any number.
    query: z.object(paging),
  },
  responses: { 200: json("Events, and how many there are.", assetEventsSchema) },
})

/** Assets and their events. */
export function assetRoutes() {
  return makeRouter()
    .openapi(listAssets, async (c) => {
      const query = c.req.valid("query")
      const filter: AssetFilter = {
        onlyActive: query.only_active,
        ...(query.name_pattern !== undefined && { namePatterns: query.name_pattern }),
        ...(query.uri_pattern !== undefined && { uriPatterns: query.uri_pattern }),
        ...(query.dag_ids !== undefined && { dagIds: query.dag_ids }),
      }
      const orderBy = orderOf(query.order_by, assetOrderNames)
      const { rows, total } = await Effect.runPromise(
        c.var.services.store.searchAssets({ filter, orderBy, skip: query.offset, limit: query.limit }),
      )
      return c.json({ assets: rows.map(toAsset), total_entries: total }, 200)
    })
    .openapi(listEvents, async (c) => {
      const { store } = c.var.services
      const query = c.req.valid("query")
      refuse("query", { name_pattern: query.name_pattern }, "give the asset's id, or leave it out")
      const at = rangeOf<Date, "timestamp">(query, "timestamp")
      const [{ isDescending } = { isDescending: false }] = orderOf(query.order_by, { timestamp: "id" })
      const filter = {
        ...(query.asset_id !== undefined && { assetId: String(query.asset_id) }),
        ...(query.source_dag_id !== undefined && { dagId: query.source_dag_id }),
        ...(query.source_task_id !== undefined && { taskId: query.source_task_id }),
        ...(query.source_run_id !== undefined && { runId: query.source_run_id }),
        ...(query.source_map_index !== undefined && { mapIndex: query.source_map_index }),
        ...(at !== undefined && { at }),
      }
      const { rows, total } = await Effect.runPromise(
        store.searchAssetEvents({ filter, isDescending, skip: query.offset, limit: query.limit }),
      )
      return c.json({ asset_events: await withConsumers(store, rows), total_entries: total }, 200)
    })
    .openapi(postEvent, async (c) => {
      const { store } = c.var.services
      const { asset_id, partition_key, extra = {} } = c.req.valid("json")
      refuse("body", { partition_key }, "assets have no partitions; leave it out")
      const event = await Effect.runPromise(
        store.emitAssetEvent({
          assetId: String(asset_id),
          extra: extra as JsonObject,
          actor: actorOf(c.var.actor),
        }),
      )
      store.wake("plan")
      return c.json(toAssetEvent(event, []), 200)
    })
    .openapi(getAsset, async (c) =>
      c.json(toAsset(await assetOf(c.var.services.store, c.req.valid("param").asset_id)), 200),
    )
    .openapi(materialize, async (c) => {
      const { store } = c.var.services
      const body = c.req.valid("json") ?? {}
      refuseUnserved(body)
      const asset = await assetOf(store, c.req.valid("param").asset_id)
      const makers = [...new Set(asset.producingTasks.map(({ dagId }) => dagId))]
      const [dagId, another] = makers
      if (dagId === undefined) throw new ApiError(404, `no DAG makes the asset "${asset.name}"`)
      if (another !== undefined)
        throw new ApiError(
          400,
          `several DAGs make the asset "${asset.name}": ${makers.join(", ")}; run one of them`,
        )
      return c.json(await makeRun(store, dagId, body, actorOf(c.var.actor)), 200)
    })
    .openapi(eventsOfRun, async (c) => {
      const { store } = c.var.services
      const { dag_id: dagId, dag_run_id: runId } = c.req.valid("param")
      const { offset: skip, limit } = c.req.valid("query")
      const { id: dagRunId } = await Effect.runPromise(store.dagRun({ dagId, runId }))
      const { rows, total } = await Effect.runPromise(store.eventsOfRun({ dagRunId, skip, limit }))
      return c.json({ asset_events: await withConsumers(store, rows), total_entries: total }, 200)
    })
}

const assetOrderNames = {
  id: "id",
  name: "name",
  uri: "uri",
  created_at: "created_at",
  updated_at: "updated_at",
} as const

/** An asset by its number. */
export function assetOf(store: StoreService, id: string | number) {
  return Effect.runPromise(store.asset({ id: String(id) }))
}

async function withConsumers(store: StoreService, events: readonly AssetEventRow[]) {
  const consumers = await Effect.runPromise(store.consumersOfEvents(events.map(({ id }) => id)))
  const byEvent = Map.groupBy(consumers, ({ eventId }) => eventId)
  return events.map((event) =>
    toAssetEvent(
      event,
      (byEvent.get(event.id) ?? []).map(({ run }) => run),
    ),
  )
}
