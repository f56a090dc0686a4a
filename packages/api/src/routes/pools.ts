import { z } from "@hono/zod-openapi"
import { changePool, createPool } from "@sluice/core/engine"
import { type PoolRow, poolsMax } from "@sluice/core/store"
import { Effect } from "effect"
import { actorOf } from "../auth/actor.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { ApiError, httpExceptionSchema, invalid, notFound } from "../problem.ts"
import { descriptionInput, poolSchema, poolsSchema, slotsInput, slotsOf, toPool } from "../wire/pool.ts"
import { badOrder, listOf, orderOf, paging, pattern, refuse } from "../wire/query.ts"
import { json, jsonBody, text } from "../wire/text.ts"
import { bulkBody, bulkSchema, runBulk } from "./bulk.ts"
import { fitsPattern } from "./instance-filter.ts"

/** The longest name of a pool. */
const nameLengthMax = 250

const poolName = z.object({ pool_name: text(nameLengthMax) })
const noTeams = "there are no teams; leave it out"

const listPools = endpoint({
  method: "get",
  path: "/pools",
  operationId: "get_pools",
  tags: ["Pool"],
  summary: "The pools, and what takes their slots",
  role: "viewer",
  request: {
    query: z.object({ ...paging, pool_name_pattern: pattern, order_by: listOf(z.string()) }),
  },
  responses: {
    200: json("Pools, and how many there are.", poolsSchema),
    400: badOrder,
  },
})

const getPool = endpoint({
  method: "get",
  path: "/pools/{pool_name}",
  operationId: "get_pool",
  tags: ["Pool"],
  summary: "One pool, and what takes its slots",
  role: "viewer",
  request: { params: poolName },
  responses: { 200: json("The pool.", poolSchema) },
})

const poolBody = z
  .strictObject({
    name: text(nameLengthMax),
    slots: slotsInput,
    description: descriptionInput.optional(),
    include_deferred: z.boolean().default(false),
    team_name: z.string().max(50).nullish(),
  })
  .openapi("PoolBody")

const postPool = endpoint({
  method: "post",
  path: "/pools",
  operationId: "post_pool",
  tags: ["Pool"],
  summary: "Make a pool",
  role: "op",
  request: { body: jsonBody(poolBody) },
  responses: {
    201: json("The pool.", poolSchema),
    409: json("A pool of this name is there, or there are as many as there may be.", httpExceptionSchema),
  },
})

const patchBody = z
  .strictObject({
    pool: z.string().nullish(),
    name: z.string().nullish(),
    slots: slotsInput.nullish(),
    description: descriptionInput.optional(),
    include_deferred: z.boolean().nullish(),
    team_name: z.string().max(50).nullish(),
  })
  .openapi("PoolPatchBody")

const maskable = ["slots", "description", "include_deferred"] as const

const patchPool = endpoint({
  method: "patch",
  path: "/pools/{pool_name}",
  operationId: "patch_pool",
  tags: ["Pool"],
  summary: "Change a pool; it counts from the next instance on that starts",
  role: "op",
  request: {
    params: poolName,
    query: z.object({ update_mask: listOf(z.string()) }),
    body: jsonBody(patchBody),
  },
  responses: {
    200: json("The pool as it is now.", poolSchema),
    400: json("The mask names what cannot be changed.", httpExceptionSchema),
  },
})

const deletePool = endpoint({
  method: "delete",
  path: "/pools/{pool_name}",
  operationId: "delete_pool",
  tags: ["Pool"],
  summary: "Delete a pool that no unfinished run uses",
  role: "op",
  request: { params: poolName },
  responses: {
    204: { description: "It is gone." },
    400: json("It is the default pool.", httpExceptionSchema),
    409: json("A task of an unfinished run names it.", httpExceptionSchema),
  },
})

const bulkPools = endpoint({
  method: "patch",
  path: "/pools",
  operationId: "bulk_pools",
  tags: ["Pool"],
  summary: "Make, change and delete many pools",
  role: "op",
  request: { body: jsonBody(bulkBody(poolBody, "PoolBody")) },
  responses: { 200: json("What became of each.", bulkSchema) },
})

/** Pools. There are never more than `poolsMax`, so a list is read whole. */
export function poolRoutes() {
  return makeRouter()
    .openapi(listPools, async (c) => {
      const { offset, limit, pool_name_pattern: patterns, order_by: order } = c.req.valid("query")
      const all = await Effect.runPromise(c.var.services.store.listPools({ after: null, limit: poolsMax }))
      const found = all.filter(({ name }) => fitsPattern(name, patterns))
      const rows = ordered(found, order).slice(offset, offset + limit)
      return c.json({ pools: rows.map(toPool), total_entries: found.length }, 200)
    })
    .openapi(getPool, async (c) =>
      c.json(toPool(await Effect.runPromise(c.var.services.store.pool(c.req.valid("param").pool_name))), 200),
    )
    .openapi(postPool, async (c) =>
      c.json(await create(c.var.services, c.req.valid("json"), actorOf(c.var.actor)), 201),
    )
    .openapi(patchPool, async (c) => {
      const { pool_name: name } = c.req.valid("param")
      const { pool, name: newName, team_name, ...given } = c.req.valid("json")
      refuse("body", { team_name }, noTeams)
      for (const [field, value] of Object.entries({ pool, name: newName }))
        if (value !== undefined && value !== null && value !== name)
          throw invalid(["body", field], "a pool keeps its name: tasks have it; make another instead")
      const change = changeOf(given, c.req.valid("query").update_mask)
      const changed = changePool(c.var.services.store, { ...change, name, actor: actorOf(c.var.actor) })
      return c.json(toPool(await Effect.runPromise(changed)), 200)
    })
    .openapi(deletePool, async (c) => {
      await remove(c.var.services, c.req.valid("param").pool_name, actorOf(c.var.actor))
      return c.body(null, 204)
    })
    .openapi(bulkPools, async (c) => {
      const { services } = c.var
      const actor = actorOf(c.var.actor)
      const result = await runBulk<PoolBody>(c.req.valid("json").actions, {
        nameOf: ({ name }) => name,
        create: (body) => create(services, body, actor),
        update: ({ name, team_name, ...given }, mask) => {
          refuse("body", { team_name }, noTeams)
          const change = { ...changeOf(given, mask), name, actor }
          return Effect.runPromise(changePool(services.store, change))
        },
        remove: (name) => remove(services, name, actor),
      })
      return c.json(result, 200)
    })
}

type PoolBody = z.output<typeof poolBody>

async function create(
  { store }: Services,
  { name, slots, description = null, include_deferred, team_name }: PoolBody,
  actor: string,
) {
  refuse("body", { team_name }, noTeams)
  const made = createPool(store, {
    name,
    slots: slotsOf(slots),
    includeDeferred: include_deferred,
    description: description === "" ? null : description,
    actor,
  })
  return toPool(await Effect.runPromise(made))
}

async function remove({ store }: Services, name: string, actor: string): Promise<void> {
  const done = await Effect.runPromise(store.deletePool({ name, actor }))
  if (done === "unknown") throw notFound("pool", name)
  if (done === "default") throw new ApiError(400, "the default pool cannot be deleted")
  if (done === "in_use")
    throw new ApiError(409, `a task of an unfinished run is in the pool "${name}"; wait for its end`)
}

type PatchFields = Pick<z.output<typeof patchBody>, (typeof maskable)[number]>

/** What a patch changes: what it gives, and of that what the mask names. A null is nothing given, but for the description. */
function changeOf(given: PatchFields, mask: readonly string[] | undefined) {
  const unknown = mask?.find((field) => !(maskable as readonly string[]).includes(field))
  if (unknown !== undefined)
    throw new ApiError(400, `update_mask names "${unknown}"; expected some of ${maskable.join(", ")}`)
  const isAsked = (field: (typeof maskable)[number]) => mask === undefined || mask.includes(field)
  const { slots, description, include_deferred: includeDeferred } = given
  return {
    ...(typeof slots === "number" && isAsked("slots") && { slots: slotsOf(slots) }),
    ...(typeof includeDeferred === "boolean" && isAsked("include_deferred") && { includeDeferred }),
    ...(description !== undefined &&
      isAsked("description") && { description: description === "" ? null : description }),
  }
}

/** By name, which is also the order in which ids would be asked for: pools have none. */
function ordered(rows: readonly PoolRow[], order: readonly string[] | undefined): readonly PoolRow[] {
  const [first] = orderOf(order, { name: "name", pool: "name", id: "name" })
  return first?.isDescending === true ? rows.toReversed() : rows
}
