import { z } from "@hono/zod-openapi"
import type { QueuedAssetFilter, StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import { actorOf } from "../auth/actor.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import { notFound } from "../problem.ts"
import { queuedEventSchema, queuedEventsSchema, toQueuedEvent } from "../wire/asset.ts"
import { dagName } from "../wire/names.ts"
import { instantInput } from "../wire/query.ts"
import { json } from "../wire/text.ts"
import { assetName, assetOf } from "./assets.ts"

/** The most rows of queues that one answer has; a DAG has one for each asset that it waits for. */
const queuedMax = 1_000

const queuedQuery = z.object({ before: instantInput.optional() })
const queuedOf = <const P extends string, S extends z.ZodObject>(
  path: P,
  operationId: string,
  params: S,
  summary: string,
) =>
  endpoint({
    method: "get",
    path,
    operationId,
    tags: ["Asset"],
    summary,
    role: "viewer",
    request: { params, query: queuedQuery },
    responses: { 200: json("What is queued, a row for each DAG and asset.", queuedEventsSchema) },
  })

const assetQueued = queuedOf(
  "/assets/{asset_id}/queuedEvents",
  "get_asset_queued_events",
  assetName,
  "What DAGs have been told of an asset, and have had no run for",
)
const dagQueued = queuedOf(
  "/dags/{dag_id}/assets/queuedEvents",
  "get_dag_asset_queued_events",
  dagName,
  "What a DAG has been told of assets, and has had no run for",
)

const dagAssetQueued = endpoint({
  method: "get",
  path: "/dags/{dag_id}/assets/{asset_id}/queuedEvents",
  operationId: "get_dag_asset_queued_event",
  tags: ["Asset"],
  summary: "What a DAG has been told of an asset, and has had no run for",
  role: "viewer",
  request: { params: dagName.extend(assetName.shape), query: queuedQuery },
  responses: { 200: json("The row.", queuedEventSchema) },
})

const dropOf = <const P extends string, S extends z.ZodObject>(
  path: P,
  operationId: string,
  params: S,
  summary: string,
) =>
  endpoint({
    method: "delete",
    path,
    operationId,
    tags: ["Asset"],
    summary,
    role: "user",
    request: { params, query: queuedQuery },
    responses: { 204: { description: "They are queued no more; the events stay." } },
  })

const dropAssetQueued = dropOf(
  "/assets/{asset_id}/queuedEvents",
  "delete_asset_queued_events",
  assetName,
  "Let DAGs forget what they have been told of an asset",
)
const dropDagQueued = dropOf(
  "/dags/{dag_id}/assets/queuedEvents",
  "delete_dag_asset_queued_events",
  dagName,
  "Let a DAG forget what it has been told of assets",
)
const dropDagAssetQueued = dropOf(
  "/dags/{dag_id}/assets/{asset_id}/queuedEvents",
  "delete_dag_asset_queued_event",
  dagName.extend(assetName.shape),
  "Let a DAG forget what it has been told of an asset",
)

/** What DAGs have been told of assets, and have had no run for. */
export function assetQueueRoutes() {
  return makeRouter()
    .openapi(assetQueued, async (c) => {
      const of = { assetId: String(c.req.valid("param").asset_id) }
      return c.json(await queued(c.var.services.store, of, c.req.valid("query").before), 200)
    })
    .openapi(dropAssetQueued, async (c) => {
      const { store } = c.var.services
      const { id: assetId } = await assetOf(store, c.req.valid("param").asset_id)
      await drop(store, { assetId }, c.req.valid("query").before, actorOf(c.var.actor))
      return c.body(null, 204)
    })
    .openapi(dagQueued, async (c) => {
      const of = { dagId: c.req.valid("param").dag_id }
      return c.json(await queued(c.var.services.store, of, c.req.valid("query").before), 200)
    })
    .openapi(dropDagQueued, async (c) => {
      const { store } = c.var.services
      const { dagId } = await Effect.runPromise(store.dag(c.req.valid("param").dag_id))
      await drop(store, { dagId }, c.req.valid("query").before, actorOf(c.var.actor))
      return c.body(null, 204)
    })
    .openapi(dagAssetQueued, async (c) => {
      const { dag_id: dagId, asset_id } = c.req.valid("param")
      const of = { dagId, assetId: String(asset_id) }
      const { queued_events } = await queued(c.var.services.store, of, c.req.valid("query").before)
      const [row] = queued_events
      if (row === undefined) throw notFound("queued event of the asset", String(asset_id))
      return c.json(row, 200)
    })
    .openapi(dropDagAssetQueued, async (c) => {
      const { store } = c.var.services
      const of = { dagId: c.req.valid("param").dag_id, assetId: String(c.req.valid("param").asset_id) }
      const dropped = await drop(store, of, c.req.valid("query").before, actorOf(c.var.actor))
      if (dropped === 0) throw notFound("queued event of the asset", of.assetId)
      return c.body(null, 204)
    })
}

async function queued(store: StoreService, of: QueuedAssetFilter, before: Date | undefined) {
  const filter = before === undefined ? of : { ...of, before }
  const rows = await Effect.runPromise(store.queuedAssets({ ...filter, limit: queuedMax }))
  return { queued_events: rows.map(toQueuedEvent), total_entries: rows.length }
}

function drop(store: StoreService, of: QueuedAssetFilter, before: Date | undefined, actor: string) {
  const filter = before === undefined ? of : { ...of, before }
  return Effect.runPromise(store.dropQueuedAssets({ ...filter, actor }))
}
