import { z } from "@hono/zod-openapi"
import { connectionIdLengthMax } from "@sluice/core/store"
import { emptyConnection } from "@sluice/core/vault"
import { Effect } from "effect"
import type { Services } from "../environment.ts"
import { actorOf } from "../auth/actor.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import { ApiError, httpExceptionSchema, notFound } from "../problem.ts"
import { listOf, orderOf, paging, pattern } from "../wire/query.ts"
import { json, jsonBody, text } from "../wire/text.ts"
import { connectionBody, connectionOf, connectionSchema, toConnection } from "../wire/vault.ts"
import { bulkBody, bulkSchema, runBulk } from "./bulk.ts"

const connectionName = z.object({ connection_id: text(connectionIdLengthMax) })
const notNow = json("The id is taken, or there is no secret key to open it with.", httpExceptionSchema)
const badRequest = json("The order, the mask or the id does not fit.", httpExceptionSchema)

const connectionsSchema = z
  .object({ connections: z.array(connectionSchema), total_entries: z.int() })
  .openapi("ConnectionCollectionResponse")

const listConnections = endpoint({
  method: "get",
  path: "/connections",
  operationId: "get_connections",
  tags: ["Connection"],
  summary: "Connections; passwords and other secrets are hidden",
  role: "op",
  request: { query: z.object({ ...paging, connection_id_pattern: pattern, order_by: listOf(z.string()) }) },
  responses: {
    200: json("Connections, and how many there are.", connectionsSchema),
    400: badRequest,
    409: notNow,
  },
})

const getConnection = endpoint({
  method: "get",
  path: "/connections/{connection_id}",
  operationId: "get_connection",
  tags: ["Connection"],
  summary: "One connection; its password and other secrets are hidden",
  role: "op",
  request: { params: connectionName },
  responses: { 200: json("The connection.", connectionSchema), 409: notNow },
})

const postConnection = endpoint({
  method: "post",
  path: "/connections",
  operationId: "post_connection",
  tags: ["Connection"],
  summary: "Make a connection",
  role: "op",
  request: { body: jsonBody(connectionBody) },
  responses: { 201: json("The connection.", connectionSchema), 409: notNow },
})

const patchConnection = endpoint({
  method: "patch",
  path: "/connections/{connection_id}",
  operationId: "patch_connection",
  tags: ["Connection"],
  summary: "Change a connection; what is hidden in the body stays as it was",
  role: "op",
  request: {
    params: connectionName,
    query: z.object({ update_mask: listOf(z.string()) }),
    body: jsonBody(connectionBody),
  },
  responses: { 200: json("The connection as it is now.", connectionSchema), 400: badRequest, 409: notNow },
})

const testConnection = endpoint({
  method: "post",
  path: "/connections/test",
  operationId: "test_connection",
  tags: ["Connection"],
  summary:
    "Refused, as by Airflow unless it is told otherwise: what a connection is for is known to the code of DAGs alone",
  role: "op",
  request: { body: jsonBody(connectionBody) },
  responses: {
    200: json(
      "Never.",
      z.object({ status: z.boolean(), message: z.string() }).openapi("ConnectionTestResponse"),
    ),
  },
})

const deleteConnection = endpoint({
  method: "delete",
  path: "/connections/{connection_id}",
  operationId: "delete_connection",
  tags: ["Connection"],
  summary: "Delete a connection",
  role: "op",
  request: { params: connectionName },
  responses: { 204: { description: "It is gone." } },
})

const bulkConnections = endpoint({
  method: "patch",
  path: "/connections",
  operationId: "bulk_connections",
  tags: ["Connection"],
  summary: "Make, change and delete many connections",
  role: "op",
  request: { body: jsonBody(bulkBody(connectionBody, "ConnectionBody")) },
  responses: { 200: json("What became of each.", bulkSchema), 409: notNow },
})

const orders = {
  id: "connection_id",
  connection_id: "connection_id",
  conn_id: "connection_id",
  conn_type: "conn_type",
  description: "description",
  host: "host",
  port: "port",
} as const

type Body = z.output<typeof connectionBody>
const fields: readonly string[] = Object.keys(connectionBody.shape).filter((name) => name !== "connection_id")

/** Connections. */
export function connectionRoutes() {
  return makeRouter()
    .openapi(listConnections, async (c) => {
      const { store, vault } = c.var.services
      const { offset: skip, limit, order_by: order, connection_id_pattern: patterns } = c.req.valid("query")
      const orderBy = orderOf(order, orders)
      const { rows, total } = await Effect.runPromise(
        store.searchConnections({ ...(patterns !== undefined && { patterns }), orderBy, skip, limit }),
      )
      const connections = rows.map((row) => toConnection(vault.openConnection(row)))
      return c.json({ connections, total_entries: total }, 200)
    })
    .openapi(getConnection, async (c) => {
      const { store, vault } = c.var.services
      const row = await Effect.runPromise(store.connection(c.req.valid("param").connection_id))
      return c.json(toConnection(vault.openConnection(row)), 200)
    })
    .openapi(postConnection, async (c) =>
      c.json(await create(c.var.services, c.req.valid("json"), actorOf(c.var.actor)), 201),
    )
    .openapi(patchConnection, async (c) => {
      const body = c.req.valid("json")
      const { connection_id: id } = c.req.valid("param")
      if (body.connection_id !== id)
        throw new ApiError(400, `the connection_id in the body is "${body.connection_id}"; expected "${id}"`)
      const mask = c.req.valid("query").update_mask
      return c.json(await change(c.var.services, body, { mask, actor: actorOf(c.var.actor) }), 200)
    })
    .openapi(testConnection, () => {
      throw new ApiError(403, "connections are not tested here: only the code of a DAG knows how to use one")
    })
    .openapi(deleteConnection, async (c) => {
      await remove(c.var.services, c.req.valid("param").connection_id, actorOf(c.var.actor))
      return c.body(null, 204)
    })
    .openapi(bulkConnections, async (c) => {
      const { services } = c.var
      const actor = actorOf(c.var.actor)
      const result = await runBulk<Body>(c.req.valid("json").actions, {
        nameOf: ({ connection_id: id }) => id,
        create: (body) => create(services, body, actor),
        update: (body, mask) => change(services, body, { mask, actor }),
        remove: (id) => remove(services, id, actor),
      })
      return c.json(result, 200)
    })
}

async function create({ store, vault }: Services, body: Body, actor: string) {
  const connection = connectionOf(body, emptyConnection(body.connection_id))
  const row = await Effect.runPromise(store.createConnection(vault.sealConnection(connection, actor)))
  return toConnection(vault.openConnection(row))
}

async function change(
  { store, vault }: Services,
  body: Body,
  { mask, actor }: { readonly mask: readonly string[] | undefined; readonly actor: string },
) {
  const unknown = mask?.find((name) => !fields.includes(name))
  if (unknown !== undefined)
    throw new ApiError(400, `update_mask names "${unknown}"; expected one of ${fields.join(", ")}`)
  const meant = Object.fromEntries(
    Object.entries(body).filter(([field]) => mask === undefined || mask.includes(field)),
  ) as Partial<Body>
  const before = vault.openConnection(await Effect.runPromise(store.connection(body.connection_id)))
  const connection = connectionOf(meant, before)
  const row = await Effect.runPromise(store.changeConnection(vault.sealConnection(connection, actor)))
  return toConnection(vault.openConnection(row))
}

async function remove({ store }: Services, connectionId: string, actor: string): Promise<void> {
  const isGone = await Effect.runPromise(store.deleteConnection({ connectionId, actor }))
  if (!isGone) throw notFound("connection", connectionId)
}
