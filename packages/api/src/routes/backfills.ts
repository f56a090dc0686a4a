import { z } from "@hono/zod-openapi"
import type { Json } from "@sluice/core"
import { type BackfillRequest, backfillDefaults, createBackfill, previewBackfill } from "@sluice/core/engine"
import { backfillRunId, reprocessRules } from "@sluice/core/store"
import { Effect } from "effect"
import { actorOf } from "../auth/actor.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { ApiError, httpExceptionSchema, invalid } from "../problem.ts"
import { backfillSchema, backfillsSchema, toBackfill } from "../wire/backfill.ts"
import { instant, instantOf } from "../wire/instant.ts"
import {
  badOrder,
  bigintMax,
  instantInput,
  keysetLimit,
  listOf,
  orderOf,
  paging,
  whole,
} from "../wire/query.ts"
import { json, jsonBody, text } from "../wire/text.ts"

/** The most dates that a page has. */
const datesMax = 1_000

/** The most runs of one backfill at once that can be asked for. */
const activeRunsMax = 1_000_000

const backfillName = z.object({ backfill_id: whole(0, bigintMax) })
const notNow = json(
  "The DAG has a backfill that has not ended, has no such dates, or the backfill has ended.",
  httpExceptionSchema,
)

const listBackfills = endpoint({
  method: "get",
  path: "/backfills",
  operationId: "list_backfills",
  tags: ["Backfill"],
  summary: "The backfills of a DAG, or of all",
  role: "viewer",
  request: {
    query: z.object({ ...paging, dag_id: text(250).optional(), order_by: listOf(z.string()) }),
  },
  responses: {
    200: json("Backfills, and how many there are.", backfillsSchema),
    400: badOrder,
  },
})

const getBackfill = endpoint({
  method: "get",
  path: "/backfills/{backfill_id}",
  operationId: "get_backfill",
  tags: ["Backfill"],
  summary: "One backfill, and how far it is",
  role: "viewer",
  request: { params: backfillName },
  responses: { 200: json("The backfill.", backfillSchema) },
})

const datesSchema = z
  .object({
    dates: z.array(
      z.object({
        ordinal: z.int(),
        logical_date: instant,
        data_interval_start: instant,
        data_interval_end: instant,
        dag_run_id: z.string().nullable(),
        refusal: z.enum(["in flight", "already exists", "unknown"]).nullable(),
      }),
    ),
    next_after: z.int().nullable(),
  })
  .openapi("BackfillDatesResponse")

const listDates = endpoint({
  method: "get",
  path: "/backfills/{backfill_id}/dates",
  operationId: "get_backfill_dates",
  tags: ["Backfill"],
  summary: "The dates of a backfill in the order in which their runs are made, and what became of each",
  role: "viewer",
  request: {
    params: backfillName,
    query: z.object({
      after: whole(-1).default(-1),
      limit: keysetLimit(datesMax),
    }),
  },
  responses: { 200: json("Dates, and the ordinal to go on after; null: these were the last.", datesSchema) },
})

const backfillBody = z
  .strictObject({
    dag_id: text(250),
    from_date: instantInput,
    to_date: instantInput,
    run_backwards: z.boolean().default(backfillDefaults.isReversed),
    dag_run_conf: z.record(z.string(), z.unknown()).default({}),
    reprocess_behavior: z.enum(reprocessRules).default(backfillDefaults.reprocess),
    max_active_runs: z.int().min(1).max(activeRunsMax).default(backfillDefaults.maxActiveRuns),
    run_on_latest_version: z.boolean().default(true),
  })
  .openapi("BackfillPostBody")

const postBackfill = endpoint({
  method: "post",
  path: "/backfills",
  operationId: "create_backfill",
  tags: ["Backfill"],
  summary: "Make runs of a DAG for the ticks of a past range",
  role: "op",
  request: { body: jsonBody(backfillBody) },
  responses: {
    200: json("The backfill.", backfillSchema),
    400: json("The conf does not fit the DAG's params.", httpExceptionSchema),
    409: notNow,
  },
})

const previewSchema = z
  .object({
    backfills: z.array(
      z.object({
        logical_date: instant.nullable(),
        partition_key: z.string().nullable(),
        partition_date: instant.nullable(),
      }),
    ),
    total_entries: z.int(),
    // What Airflow has not: the dates that would get no run, and why.
    refused: z.array(
      z.object({ logical_date: instant, refusal: z.enum(["in flight", "already exists", "unknown"]) }),
    ),
  })
  .openapi("DryRunBackfillCollectionResponse")

const postDryRun = endpoint({
  method: "post",
  path: "/backfills/dry_run",
  operationId: "create_backfill_dry_run",
  tags: ["Backfill"],
  summary: "Which runs a backfill would make; nothing is written",
  role: "op",
  request: { body: jsonBody(backfillBody) },
  responses: { 200: json("The dates that would get a run.", previewSchema), 409: notNow },
})

const pause = endpoint({
  method: "put",
  path: "/backfills/{backfill_id}/pause",
  operationId: "pause_backfill",
  tags: ["Backfill"],
  summary: "Let a backfill make no more runs for now; those that run go on",
  role: "op",
  request: { params: backfillName },
  responses: { 200: json("The backfill as it is now.", backfillSchema), 409: notNow },
})

const unpause = endpoint({
  method: "put",
  path: "/backfills/{backfill_id}/unpause",
  operationId: "unpause_backfill",
  tags: ["Backfill"],
  summary: "Let a paused backfill go on",
  role: "op",
  request: { params: backfillName },
  responses: { 200: json("The backfill as it is now.", backfillSchema), 409: notNow },
})

const cancel = endpoint({
  method: "put",
  path: "/backfills/{backfill_id}/cancel",
  operationId: "cancel_backfill",
  tags: ["Backfill"],
  summary: "End a backfill: it makes no more runs; those that run go on",
  role: "op",
  request: { params: backfillName },
  responses: { 200: json("The backfill as it is now.", backfillSchema), 409: notNow },
})

/** Backfills; their numbers are their order. */
export function backfillRoutes() {
  return makeRouter()
    .openapi(listBackfills, async (c) => {
      const { dag_id: dagId, offset: skip, limit, order_by: order } = c.req.valid("query")
      const [{ isDescending: isNewestFirst } = { isDescending: false }] = orderOf(order, { id: "id" })
      const of = dagId === undefined ? {} : { dagId }
      const { rows, total } = await Effect.runPromise(
        c.var.services.store.searchBackfills({ ...of, isNewestFirst, skip, limit }),
      )
      return c.json({ backfills: rows.map(toBackfill), total_entries: total }, 200)
    })
    .openapi(getBackfill, async (c) =>
      c.json(await shown(c.var.services, String(c.req.valid("param").backfill_id)), 200),
    )
    .openapi(listDates, async (c) => {
      const { store } = c.var.services
      const { after, limit } = c.req.valid("query")
      const { id: backfillId } = await Effect.runPromise(
        store.backfill(String(c.req.valid("param").backfill_id)),
      )
      const rows = await Effect.runPromise(store.listBackfillDates({ backfillId, after, limit }))
      const dates = rows.map((row) => ({
        ordinal: row.ordinal,
        logical_date: instantOf(row.logicalDate),
        data_interval_start: instantOf(row.intervalStart),
        data_interval_end: instantOf(row.intervalEnd),
        // The run's id is made of what is known here; see `backfillRunId`.
        dag_run_id: row.dagRunId === null ? null : backfillRunId(backfillId, row.logicalDate),
        refusal: row.refusal,
      }))
      return c.json({ dates, next_after: rows.length < limit ? null : (rows.at(-1)?.ordinal ?? null) }, 200)
    })
    .openapi(postBackfill, async (c) => {
      const { store } = c.var.services
      const request = requestOf(c.req.valid("json"))
      const made = await Effect.runPromise(createBackfill(store, { ...request, actor: actorOf(c.var.actor) }))
      store.wake("plan")
      return c.json(toBackfill(made), 200)
    })
    .openapi(postDryRun, async (c) => {
      const dates = await Effect.runPromise(
        previewBackfill(c.var.services.store, requestOf(c.req.valid("json"))),
      )
      const backfills = dates.flatMap(({ logicalDate, refusal }) =>
        refusal === null
          ? [{ logical_date: instantOf(logicalDate), partition_key: null, partition_date: null }]
          : [],
      )
      const refused = dates.flatMap(({ logicalDate, refusal }) =>
        refusal === null ? [] : [{ logical_date: instantOf(logicalDate), refusal }],
      )
      return c.json({ backfills, total_entries: backfills.length, refused }, 200)
    })
    .openapi(pause, async (c) =>
      c.json(await change(c.var, c.req.valid("param").backfill_id, { isPaused: true }), 200),
    )
    .openapi(unpause, async (c) =>
      c.json(await change(c.var, c.req.valid("param").backfill_id, { isPaused: false }), 200),
    )
    .openapi(cancel, async (c) =>
      c.json(await change(c.var, c.req.valid("param").backfill_id, "cancel"), 200),
    )
}

function requestOf(body: z.output<typeof backfillBody>): BackfillRequest {
  // It says which version a date that has a run gets; where none is run again, it says nothing.
  if (!body.run_on_latest_version && body.reprocess_behavior !== "none")
    throw invalid(
      ["body", "run_on_latest_version"],
      "a date that is run again gets the newest version of its DAG; expected true",
    )
  return {
    dagId: body.dag_id,
    from: body.from_date,
    to: body.to_date,
    isReversed: body.run_backwards,
    reprocess: body.reprocess_behavior,
    maxActiveRuns: body.max_active_runs,
    conf: body.dag_run_conf as Json,
  }
}

async function shown({ store }: Services, id: string) {
  return toBackfill(await Effect.runPromise(store.backfill(id)))
}

/** Changes a backfill; one that has ended is refused, one that is so already stays so. */
async function change(
  { services, actor: who }: { readonly services: Services; readonly actor: Parameters<typeof actorOf>[0] },
  id: number,
  what: "cancel" | { readonly isPaused: boolean },
) {
  const { store } = services
  const of = { backfillId: String(id), actor: actorOf(who) }
  const isChanged = await Effect.runPromise(
    what === "cancel" ? store.cancelBackfill(of) : store.setBackfillPaused({ ...of, ...what }),
  )
  store.wake("plan")
  const backfill = await shown(services, of.backfillId)
  if (!isChanged && backfill.completed_at !== null)
    throw new ApiError(409, `the backfill ${id} ended at ${backfill.completed_at}; it can be changed no more`)
  return backfill
}
