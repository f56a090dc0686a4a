import { z } from "@hono/zod-openapi"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { deferralSchema, showDeferral } from "../explanation/shown-deferral.ts"
import { keysetLimit, readCursor, writeCursor } from "../wire/query.ts"
import { json } from "../wire/text.ts"

/** The most triggers of a page, and the most processes that are looked at for who watches them. */
const triggersMax = 200
const rolesMax = 1_000

/** Triggers that wait. */
export const triggersSchema = z
  .object({
    triggers: z.array(
      deferralSchema.extend({
        id: z.string(),
        dag_id: z.string(),
        dag_run_id: z.string(),
        task_id: z.string(),
        map_index: z.int(),
        try_number: z.int(),
        is_parked: z.boolean().describe("Its run is cancelled: it fires when that is taken up again."),
      }),
    ),
    next_cursor: z.string().nullable(),
  })
  .openapi("TriggerCollectionResponse")

const listTriggers = endpoint({
  method: "get",
  path: "/triggers",
  operationId: "get_triggers",
  tags: ["Trigger"],
  summary: "What deferred instances wait for, those that wait longest first, by keyset",
  role: "viewer",
  request: { query: z.object({ limit: keysetLimit(triggersMax), cursor: z.string().max(1_000).optional() }) },
  responses: { 200: json("Triggers, secrets hidden, and where to go on.", triggersSchema) },
})

/** Where the list goes on: after this trigger. */
const triggerCursor = z.strictObject({ a: z.string().regex(/^\d{1,18}$/) })

/** What deferred instances wait for. */
export function triggerRoutes() {
  return makeRouter().openapi(listTriggers, async (c) => {
    const { store, readValue } = c.var.services
    const { limit, cursor } = c.req.valid("query")
    const after = cursor === undefined ? null : readCursor(cursor, triggerCursor).a
    const found = await Effect.runPromise(store.listDeferrals({ after, limit: limit + 1 }))
    const rows = found.slice(0, limit)
    const isWatched = rows.some(({ triggererId }) => triggererId !== null)
    const roles = isWatched ? await Effect.runPromise(store.listRoles({ limit: rolesMax })) : []
    const last = rows.at(-1)
    return c.json(
      {
        triggers: rows.map((row) => ({
          ...{ id: row.triggerId, dag_id: row.dagId, dag_run_id: row.runId, task_id: row.taskId },
          ...{ map_index: row.mapIndex, try_number: row.tryNumber, is_parked: row.isParked },
          ...showDeferral(row, roles, readValue),
        })),
        next_cursor: found.length > limit && last !== undefined ? writeCursor({ a: last.triggerId }) : null,
      },
      200,
    )
  })
}
