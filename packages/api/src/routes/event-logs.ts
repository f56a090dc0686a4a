import { z } from "@hono/zod-openapi"
import type { EventFilter, EventRow } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { instant, instantOf } from "../wire/instant.ts"
import {
  badOrder,
  bigintMax,
  instantInput,
  listOf,
  orderOf,
  paging,
  pattern,
  readCursor,
  whole,
  writeCursor,
} from "../wire/query.ts"
import { json } from "../wire/text.ts"

const eventSchema = z
  .object({
    event_log_id: z.int(),
    when: instant,
    dag_id: z.string().nullable(),
    task_id: z.string().nullable(),
    run_id: z.string().nullable(),
    map_index: z.int().nullable(),
    try_number: z.int().nullable(),
    event: z.string(),
    logical_date: instant.nullable(),
    owner: z.string().nullable(),
    extra: z.string().nullable(),
    dag_display_name: z.string().nullable(),
    task_display_name: z.string().nullable(),
  })
  .openapi("EventLogResponse")

const eventsSchema = z
  .object({
    event_logs: z.array(eventSchema),
    total_entries: z.int().optional(),
    next_cursor: z.string().nullable().optional(),
  })
  .openapi("EventLogCollectionResponse")

const eventQuery = z.object({
  ...paging,
  dag_id: z.string().optional(),
  task_id: z.string().optional(),
  run_id: z.string().optional(),
  map_index: whole(-1, bigintMax).optional(),
  try_number: whole(0).optional(),
  owner: z.string().optional(),
  event: z.string().optional(),
  excluded_events: listOf(z.string()),
  included_events: listOf(z.string()),
  before: instantInput.optional(),
  after: instantInput.optional(),
  dag_id_pattern: pattern,
  task_id_pattern: pattern,
  run_id_pattern: pattern,
  owner_pattern: pattern,
  event_pattern: pattern,
  order_by: listOf(z.string()),
  cursor: z.string().max(1_000).optional(),
})

const listEvents = endpoint({
  method: "get",
  path: "/eventLogs",
  operationId: "get_event_logs",
  tags: ["Event Log"],
  summary: "What people, programs and limits did: counted, or by cursor",
  role: "viewer",
  request: { query: eventQuery },
  responses: {
    200: json("Events, and how many there are or where to go on.", eventsSchema),
    400: badOrder,
  },
})

const getEvent = endpoint({
  method: "get",
  path: "/eventLogs/{event_log_id}",
  operationId: "get_event_log",
  tags: ["Event Log"],
  summary: "One event",
  role: "viewer",
  request: { params: z.object({ event_log_id: whole(0, bigintMax) }) },
  responses: { 200: json("The event.", eventSchema) },
})

const orders = {
  id: "id",
  event_log_id: "id",
  when: "at",
  dttm: "at",
  dag_id: "dag_id",
  run_id: "run_id",
  task_id: "task_id",
  event: "event",
  owner: "actor",
} as const

const eventCursor = z.strictObject({ e: z.string().regex(/^\d{1,19}$/) })

/** The event log. */
export function eventLogRoutes() {
  return makeRouter()
    .openapi(listEvents, async (c) => {
      const { store } = c.var.services
      const query = c.req.valid("query")
      const { offset: skip, limit, cursor } = query
      const filter = filterOf(query)
      const orderBy = orderOf(query.order_by, orders)
      if (cursor === undefined) {
        const { rows, total } = await Effect.runPromise(store.searchEvents({ filter, orderBy, skip, limit }))
        return c.json({ event_logs: rows.map(toEvent), total_entries: total }, 200)
      }
      const after = cursor === "" ? null : readCursor(cursor, eventCursor).e
      const isDescending = orderBy[0]?.isDescending ?? false
      const rows = await Effect.runPromise(
        store.pageEvents({ filter, isDescending, after, limit: limit + 1 }),
      )
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      const next = rows.length > limit && last !== undefined ? writeCursor({ e: last.id }) : null
      return c.json({ event_logs: shown.map(toEvent), next_cursor: next }, 200)
    })
    .openapi(getEvent, async (c) => {
      const { event_log_id: id } = c.req.valid("param")
      return c.json(toEvent(await Effect.runPromise(c.var.services.store.event(String(id)))), 200)
    })
}

function filterOf(query: z.output<typeof eventQuery>): EventFilter {
  const included = query.included_events
  // No event is about an attempt, so none is about the one that was asked for.
  const none = query.try_number !== undefined
  const named =
    query.event === undefined ? included : (included ?? [query.event]).filter((one) => one === query.event)
  const at = { ...(query.after && { gt: query.after }), ...(query.before && { lt: query.before }) }
  return {
    ...(query.dag_id !== undefined && { dagId: query.dag_id }),
    ...(query.run_id !== undefined && { runId: query.run_id }),
    ...(query.task_id !== undefined && { taskId: query.task_id }),
    ...(query.map_index !== undefined && { mapIndex: query.map_index }),
    ...(query.owner !== undefined && { actor: query.owner }),
    ...(none ? { events: [] } : named !== undefined && { events: named }),
    ...(query.excluded_events !== undefined && { exceptEvents: query.excluded_events }),
    ...(query.dag_id_pattern !== undefined && { dagIdPatterns: query.dag_id_pattern }),
    ...(query.run_id_pattern !== undefined && { runIdPatterns: query.run_id_pattern }),
    ...(query.task_id_pattern !== undefined && { taskIdPatterns: query.task_id_pattern }),
    ...(query.owner_pattern !== undefined && { actorPatterns: query.owner_pattern }),
    ...(query.event_pattern !== undefined && { eventPatterns: query.event_pattern }),
    ...(Object.keys(at).length > 0 && { at }),
  }
}

function toEvent(row: EventRow): z.infer<typeof eventSchema> {
  return {
    event_log_id: Number(row.id),
    when: instantOf(row.at),
    dag_id: row.dagId,
    task_id: row.taskId,
    run_id: row.runId,
    map_index: row.mapIndex,
    try_number: null,
    event: row.event,
    logical_date: null,
    owner: row.actor,
    extra: row.detail === null ? null : JSON.stringify(row.detail),
    dag_display_name: row.dagId,
    task_display_name: row.taskId,
  }
}
