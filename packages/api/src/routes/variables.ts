import { z } from "@hono/zod-openapi"
import { variableKeyLengthMax } from "@sluice/core/store"
import { Effect } from "effect"
import type { Services } from "../environment.ts"
import { actorOf } from "../auth/actor.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import { ApiError, httpExceptionSchema, notFound } from "../problem.ts"
import { listOf, orderOf, paging, pattern } from "../wire/query.ts"
import { json, jsonBody, text } from "../wire/text.ts"
import { toVariable, valueOf, variableBody, variableSchema } from "../wire/vault.ts"
import { bulkBody, bulkSchema, runBulk } from "./bulk.ts"

const variableName = z.object({ variable_key: text(variableKeyLengthMax) })
const notNow = json("The key is taken, or there is no secret key to open it with.", httpExceptionSchema)
const badRequest = json("The order, the mask or the key does not fit.", httpExceptionSchema)

const variablesSchema = z
  .object({ variables: z.array(variableSchema), total_entries: z.int() })
  .openapi("VariableCollectionResponse")

const listVariables = endpoint({
  method: "get",
  path: "/variables",
  operationId: "get_variables",
  tags: ["Variable"],
  summary: "Variables; secrets are hidden",
  role: "op",
  request: { query: z.object({ ...paging, variable_key_pattern: pattern, order_by: listOf(z.string()) }) },
  responses: {
    200: json("Variables, and how many there are.", variablesSchema),
    400: badRequest,
    409: notNow,
  },
})

const getVariable = endpoint({
  method: "get",
  path: "/variables/{variable_key}",
  operationId: "get_variable",
  tags: ["Variable"],
  summary: "One variable; secrets are hidden",
  role: "op",
  request: { params: variableName },
  responses: { 200: json("The variable.", variableSchema), 409: notNow },
})

const postVariable = endpoint({
  method: "post",
  path: "/variables",
  operationId: "post_variable",
  tags: ["Variable"],
  summary: "Make a variable",
  role: "op",
  request: { body: jsonBody(variableBody) },
  responses: { 201: json("The variable.", variableSchema), 409: notNow },
})

const patchVariable = endpoint({
  method: "patch",
  path: "/variables/{variable_key}",
  operationId: "patch_variable",
  tags: ["Variable"],
  summary: "Change a variable; what is hidden in the body stays as it was",
  role: "op",
  request: {
    params: variableName,
    query: z.object({ update_mask: listOf(z.string()) }),
    body: jsonBody(variableBody),
  },
  responses: { 200: json("The variable as it is now.", variableSchema), 400: badRequest, 409: notNow },
})

const deleteVariable = endpoint({
  method: "delete",
  path: "/variables/{variable_key}",
  operationId: "delete_variable",
  tags: ["Variable"],
  summary: "Delete a variable",
  role: "op",
  request: { params: variableName },
  responses: { 204: { description: "It is gone." } },
})

const bulkVariables = endpoint({
  method: "patch",
  path: "/variables",
  operationId: "bulk_variables",
  tags: ["Variable"],
  summary: "Make, change and delete many variables",
  role: "op",
  request: { body: jsonBody(bulkBody(variableBody, "VariableBody")) },
  responses: { 200: json("What became of each.", bulkSchema), 409: notNow },
})

type Body = z.output<typeof variableBody>
const fields = ["value", "description"] as const

/** Variables. */
export function variableRoutes() {
  return makeRouter()
    .openapi(listVariables, async (c) => {
      const { store, vault } = c.var.services
      const { offset: skip, limit, order_by: order, variable_key_pattern: patterns } = c.req.valid("query")
      const orderBy = orderOf(order, { id: "key", key: "key", description: "description" })
      const { rows, total } = await Effect.runPromise(
        store.searchVariables({ ...(patterns !== undefined && { patterns }), orderBy, skip, limit }),
      )
      const variables = rows.map((row) => toVariable(vault.openVariable(row)))
      return c.json({ variables, total_entries: total }, 200)
    })
    .openapi(getVariable, async (c) => {
      const { store, vault } = c.var.services
      const row = await Effect.runPromise(store.variable(c.req.valid("param").variable_key))
      return c.json(toVariable(vault.openVariable(row)), 200)
    })
    .openapi(postVariable, async (c) =>
      c.json(await create(c.var.services, c.req.valid("json"), actorOf(c.var.actor)), 201),
    )
    .openapi(patchVariable, async (c) => {
      const body = c.req.valid("json")
      const { variable_key: key } = c.req.valid("param")
      if (body.key !== key) throw new ApiError(400, `the key in the body is "${body.key}"; expected "${key}"`)
      const mask = c.req.valid("query").update_mask
      return c.json(await change(c.var.services, body, { mask, actor: actorOf(c.var.actor) }), 200)
    })
    .openapi(deleteVariable, async (c) => {
      await remove(c.var.services, c.req.valid("param").variable_key, actorOf(c.var.actor))
      return c.body(null, 204)
    })
    .openapi(bulkVariables, async (c) => {
      const { services } = c.var
      const actor = actorOf(c.var.actor)
      const result = await runBulk<Body>(c.req.valid("json").actions, {
        nameOf: ({ key }) => key,
        create: (body) => create(services, body, actor),
        update: (body, mask) => change(services, body, { mask, actor }),
        remove: (key) => remove(services, key, actor),
      })
      return c.json(result, 200)
    })
}

async function create({ store, vault }: Services, { key, value, description }: Body, actor: string) {
  const variable = { key, value: valueOf(key, value, null), description: description ?? null }
  return toVariable(
    vault.openVariable(await Effect.runPromise(store.createVariable(vault.sealVariable(variable, actor)))),
  )
}

async function change(
  { store, vault }: Services,
  body: Body,
  { mask, actor }: { readonly mask: readonly string[] | undefined; readonly actor: string },
) {
  const unknown = mask?.find((name) => !fields.some((field) => field === name))
  if (unknown !== undefined)
    throw new ApiError(400, `update_mask names "${unknown}"; expected ${fields.join(" or ")}`)
  const isMeant = (field: (typeof fields)[number]) =>
    body[field] !== undefined && (mask === undefined || mask.includes(field))
  const before = vault.openVariable(await Effect.runPromise(store.variable(body.key)))
  const variable = {
    key: body.key,
    value: isMeant("value") ? valueOf(body.key, body.value, before.value) : before.value,
    description: isMeant("description") ? (body.description ?? null) : before.description,
  }
  return toVariable(
    vault.openVariable(await Effect.runPromise(store.changeVariable(vault.sealVariable(variable, actor)))),
  )
}

async function remove({ store }: Services, key: string, actor: string): Promise<void> {
  if (!(await Effect.runPromise(store.deleteVariable({ key, actor })))) throw notFound("variable", key)
}
