import { z } from "@hono/zod-openapi"
import type { DagRunFilter, DagRunSummary, StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import { actorOf } from "../auth/actor.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import { ApiError, httpExceptionSchema, invalid } from "../problem.ts"
import { dagRunSchema, dagRunsSchema, toDagRun } from "../wire/dag-run.ts"
import { dagRunStates, dagRunTypes } from "../wire/enums.ts"
import { anyName, dagName, runName } from "../wire/names.ts"
import {
  badOrder,
  decimals,
  instants,
  isStorable,
  listOf,
  orderOf,
  pageLimitMax,
  paging,
  pattern,
  rangeOf,
  readCursor,
  refuse,
  whole,
  writeCursor,
} from "../wire/query.ts"
import { json, jsonBody, text } from "../wire/text.ts"
import { logicalDateField, makeRun, newRunFields, refuseUnserved } from "./new-run.ts"
import { runFilterFields } from "./run-filter.ts"

const runQuery = z.object({
  ...paging,
  ...runFilterFields,
  ...instants("start_date"),
  ...instants("end_date"),
  ...instants("updated_at"),
  ...decimals("duration"),
  conf_contains: z.string().optional(),
  run_type: listOf(z.enum(dagRunTypes)),
  state: listOf(z.enum(dagRunStates)),
  dag_version: listOf(whole(0), "integer"),
  bundle_version: z.string().optional(),
  triggering_user_name_pattern: pattern,
  partition_key_pattern: pattern,
  consuming_asset_pattern: pattern,
  order_by: listOf(z.string()),
  cursor: z.string().max(1_000).optional(),
})

type RunQuery = z.output<typeof runQuery>

const listRuns = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns",
  operationId: "get_dag_runs",
  tags: ["DagRun"],
  summary: "The runs of a DAG, or of all (~)",
  role: "viewer",
  request: { params: dagName, query: runQuery },
  responses: { 200: json("Runs: counted, or, with `cursor`, where to go on.", dagRunsSchema), 400: badOrder },
})

const bodyInstant = z.iso
  .datetime({ offset: true })
  .transform((value) => new Date(value))
  .refine(isStorable, "expected an instant between the years 1 and 9999")
  .nullish()
  .openapi({ type: ["string", "null"], format: "date-time" })

const bodyBounds = <const Name extends string, S extends z.ZodType>(name: Name, schema: S) =>
  ({
    [`${name}_gte`]: schema,
    [`${name}_gt`]: schema,
    [`${name}_lte`]: schema,
    [`${name}_lt`]: schema,
  }) as Record<`${Name}_${"gte" | "gt" | "lte" | "lt"}`, S>

/** The fields that both lists by POST have. */
export const batchFields = {
  order_by: z.string().nullish(),
  page_offset: z.int().min(0).default(0),
  page_limit: z.int().min(0).default(pageLimitMax),
  dag_ids: z.array(z.string()).max(pageLimitMax).nullish(),
  ...bodyBounds("run_after", bodyInstant),
  ...bodyBounds("logical_date", bodyInstant),
  ...bodyBounds("start_date", bodyInstant),
  ...bodyBounds("end_date", bodyInstant),
  ...bodyBounds("duration", z.number().nullish()),
}

const runsBatch = z
  .strictObject({
    ...batchFields,
    states: z.array(z.enum(dagRunStates).nullable()).nullish(),
    conf_contains: z.string().nullish(),
  })
  .openapi("DAGRunsBatchBody")

const listRunsBatch = endpoint({
  method: "post",
  path: "/dags/{dag_id}/dagRuns/list",
  operationId: "get_list_dag_runs_batch",
  tags: ["DagRun"],
  summary: "Runs of many DAGs, by a filter in the body",
  role: "viewer",
  request: { params: z.object({ dag_id: z.literal(anyName) }), body: jsonBody(runsBatch) },
  responses: { 200: json("Runs, and how many there are.", dagRunsSchema), 400: badOrder },
})

const triggerBody = z
  .strictObject({
    ...newRunFields,
    logical_date: logicalDateField,
  })
  .openapi("TriggerDAGRunPostBody")

const trigger = endpoint({
  method: "post",
  path: "/dags/{dag_id}/dagRuns",
  operationId: "trigger_dag_run",
  tags: ["DagRun"],
  summary: "Make a run of a DAG's newest version",
  role: "user",
  request: { params: dagName, body: jsonBody(triggerBody) },
  responses: {
    200: json("The run.", dagRunSchema),
    400: json(
      "The conf does not fit the DAG's params, or the id is one of those that are given out.",
      httpExceptionSchema,
    ),
    409: json("The id is taken.", httpExceptionSchema),
  },
})

const getRun = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}",
  operationId: "get_dag_run",
  tags: ["DagRun"],
  summary: "One run",
  role: "viewer",
  request: { params: runName },
  responses: { 200: json("The run.", dagRunSchema) },
})

const patchBody = z
  .strictObject({
    state: z.enum(["queued", "success", "failed"]).nullish(),
    note: text(1_000).nullish(),
  })
  .openapi("DAGRunPatchBody")

const patchRun = endpoint({
  method: "patch",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}",
  operationId: "patch_dag_run",
  tags: ["DagRun"],
  summary: "Cancel a run (failed), take a cancelled one up again (queued), or write a note to it",
  role: "user",
  request: {
    params: runName,
    query: z.object({ update_mask: listOf(z.string()) }),
    body: jsonBody(patchBody),
  },
  responses: {
    200: json("The run as it is now.", dagRunSchema),
    400: json("The mask names what cannot be changed.", httpExceptionSchema),
    409: json("The run is not in a state from which that can be done.", httpExceptionSchema),
  },
})

const deleteRun = endpoint({
  method: "delete",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}",
  operationId: "delete_dag_run",
  tags: ["DagRun"],
  summary: "Delete a run that has ended, with all it left",
  role: "user",
  request: { params: runName },
  responses: {
    204: { description: "It is gone; its rows are removed in the background." },
    409: json("The run has not ended, or its end is waited for.", httpExceptionSchema),
  },
})

const runOrderNames = {
  id: "id",
  dag_id: "dag_id",
  dag_run_id: "run_id",
  run_id: "run_id",
  state: "state",
  run_type: "run_type",
  logical_date: "logical_date",
  run_after: "run_after",
  queued_at: "queued_at",
  start_date: "start_date",
  end_date: "end_date",
  duration: "duration",
} as const

/** Runs. */
export function dagRunRoutes() {
  return makeRouter()
    .openapi(listRuns, async (c) => {
      const { store } = c.var.services
      const query = c.req.valid("query")
      const { dag_id: dagId } = c.req.valid("param")
      const filter = { ...(dagId !== anyName && { dagIds: [dagId] }), ...filterOf(query) }
      const { cursor } = query
      const page = await (cursor === undefined
        ? byOffset(store, filter, query)
        : byCursor(store, filter, query, cursor))
      // A DAG that has runs is there: it is asked for only where none was found.
      if (dagId !== anyName && page.dag_runs.length === 0) await Effect.runPromise(store.dagSummary(dagId))
      return c.json(page, 200)
    })
    .openapi(listRunsBatch, async (c) => {
      const body = c.req.valid("json")
      const filter = batchFilter(body)
      const limit = Math.min(body.page_limit, pageLimitMax)
      const orderBy = orderOf(body.order_by == null ? [] : [body.order_by], runOrderNames)
      const { rows, total } = await Effect.runPromise(
        c.var.services.store.searchDagRuns({ filter, orderBy, skip: body.page_offset, limit }),
      )
      return c.json({ dag_runs: rows.map(toDagRun), total_entries: total }, 200)
    })
    .openapi(trigger, async (c) => {
      const { store } = c.var.services
      const { dag_id: dagId } = c.req.valid("param")
      const body = c.req.valid("json")
      refuseUnserved(body)
      return c.json(await makeRun(store, dagId, body, actorOf(c.var.actor)), 200)
    })
    .openapi(getRun, async (c) =>
      c.json(toDagRun(await summaryOf(c.var.services.store, c.req.valid("param"))), 200),
    )
    .openapi(patchRun, async (c) => {
      const { store } = c.var.services
      const param = c.req.valid("param")
      const body = c.req.valid("json")
      const mask = c.req.valid("query").update_mask ?? Object.keys(body)
      const unknown = mask.find((name) => name !== "state" && name !== "note")
      if (unknown !== undefined)
        throw new ApiError(400, `update_mask names "${unknown}"; of a run only state and note can be changed`)
      const run = await summaryOf(store, param)
      const actor = actorOf(c.var.actor)
      if (mask.includes("state") && body.state != null) await setState(store, run, body.state, actor)
      if (mask.includes("note") && body.note !== undefined)
        await Effect.runPromise(store.setDagRunNote({ dagRunId: run.id, note: body.note, actor }))
      return c.json(toDagRun(await summaryOf(store, param)), 200)
    })
    .openapi(deleteRun, async (c) => {
      const { store } = c.var.services
      const { id: dagRunId } = await summaryOf(store, c.req.valid("param"))
      await Effect.runPromise(store.deleteDagRun({ dagRunId, actor: actorOf(c.var.actor) }))
      for (const topic of ["prune", "run"] as const) store.wake(topic)
      return c.body(null, 204)
    })
}

function summaryOf(store: StoreService, param: z.output<typeof runName>): Promise<DagRunSummary> {
  return Effect.runPromise(store.dagRunSummary({ dagId: param.dag_id, runId: param.dag_run_id }))
}

function filterOf(query: RunQuery): DagRunFilter {
  const unserved = "it is not kept of a run; leave it out"
  const { partition_key_pattern, consuming_asset_pattern } = query
  refuse("query", { partition_key_pattern, consuming_asset_pattern }, unserved)
  const updated = rangeOf<Date, "updated_at">(query, "updated_at")
  if (updated !== undefined) throw invalid(["query", "updated_at"], unserved)
  return {
    ...rangesOf(query),
    ...(query.dag_id_pattern !== undefined && { dagIdPatterns: query.dag_id_pattern }),
    ...(query.run_id_pattern !== undefined && { runIdPatterns: query.run_id_pattern }),
    ...(query.triggering_user_name_pattern !== undefined && {
      userPatterns: query.triggering_user_name_pattern,
    }),
    ...(query.state !== undefined && { states: query.state }),
    ...(query.run_type !== undefined && {
      runTypes: query.run_type.filter((type) => type !== "asset_materialization"),
    }),
    ...(query.dag_version !== undefined && { versionNumbers: query.dag_version }),
    ...(query.bundle_version !== undefined && { bundleHash: query.bundle_version }),
    ...(query.conf_contains !== undefined && { confContains: query.conf_contains }),
  }
}

function batchFilter(body: z.output<typeof runsBatch>): DagRunFilter {
  return {
    ...rangesOf(body),
    ...(body.dag_ids != null && { dagIds: body.dag_ids }),
    ...(body.states != null && { states: body.states.filter((state) => state !== null) }),
    ...(body.conf_contains != null && { confContains: body.conf_contains }),
  }
}

type RangeQuery = Pick<
  RunQuery,
  keyof RunQuery & `${"run_after" | "logical_date" | "start_date" | "end_date" | "duration"}_${string}`
>

/** The bounds that a run can be asked for by. */
export function rangesOf(query: { readonly [K in keyof RangeQuery]: RangeQuery[K] | null }): DagRunFilter {
  const runAfter = rangeOf<Date, "run_after">(query, "run_after")
  const logicalDate = rangeOf<Date, "logical_date">(query, "logical_date")
  const startDate = rangeOf<Date, "start_date">(query, "start_date")
  const endDate = rangeOf<Date, "end_date">(query, "end_date")
  const duration = rangeOf<number, "duration">(query, "duration")
  return {
    ...(runAfter !== undefined && { runAfter }),
    ...(logicalDate !== undefined && { logicalDate }),
    ...(startDate !== undefined && { startDate }),
    ...(endDate !== undefined && { endDate }),
    ...(duration !== undefined && { duration }),
  }
}

/** Which way a cursor goes: `d` newest first, `b` back from there; `a`: the run it goes on after. */
const runCursor = z.strictObject({ d: z.boolean(), b: z.boolean(), a: z.string().regex(/^\d{1,18}$/) })

async function byOffset(store: StoreService, filter: DagRunFilter, query: RunQuery) {
  const orderBy = orderOf(query.order_by, runOrderNames)
  const found = store.searchDagRuns({ filter, orderBy, skip: query.offset, limit: query.limit })
  const { rows, total } = await Effect.runPromise(found)
  return { dag_runs: rows.map(toDagRun), total_entries: total }
}

async function byCursor(store: StoreService, filter: DagRunFilter, query: RunQuery, cursor: string) {
  const orders = orderOf(query.order_by, runOrderNames)
  if (orders.length > 1 || (orders[0] !== undefined && orders[0].by !== "id"))
    throw invalid(["query", "order_by"], "a cursor goes by id or -id; use offset for another order")
  const given = cursor === "" ? null : readCursor(cursor, runCursor)
  const isNewestFirst = given?.d ?? orders[0]?.isDescending ?? false
  const isBack = given?.b ?? false
  // One more than asked for tells whether anything follows.
  const options = { filter, isDescending: isNewestFirst !== isBack, after: given?.a ?? null }
  const found = await Effect.runPromise(store.pageDagRuns({ ...options, limit: query.limit + 1 }))
  const page = found.slice(0, query.limit)
  const rows = isBack ? page.toReversed() : page
  const hasMore = found.length > query.limit
  const at = (run: DagRunSummary | undefined, back: boolean) =>
    run === undefined ? null : writeCursor({ d: isNewestFirst, b: back, a: run.id })
  return {
    dag_runs: rows.map(toDagRun),
    next_cursor: isBack || hasMore ? at(rows.at(-1), false) : null,
    previous_cursor: (isBack ? hasMore : given !== null) ? at(rows[0], true) : null,
  }
}

async function setState(
  store: StoreService,
  run: DagRunSummary,
  state: "queued" | "success" | "failed",
  actor: string,
): Promise<void> {
  if (state === "failed") {
    if (run.state === "failed") return
    const note = run.note ?? `marked as failed by ${actor}`
    if (!(await Effect.runPromise(store.cancelDagRun({ dagRunId: run.id, note, actor }))))
      throw cannot(run, state)
    for (const topic of ["control", "run"] as const) store.wake(topic)
    return
  }
  if (state === "success") throw cannot(run, state)
  if (run.state === "queued" || run.state === "running") return
  if (!(await Effect.runPromise(store.resumeDagRun({ dagRunId: run.id, actor })))) throw cannot(run, state)
  for (const topic of ["due", "open", "work", "trigger", "parse"] as const) store.wake(topic)
}

const ways = {
  failed: "only one that has not ended can be marked as failed: that cancels it",
  success: "a run succeeds by its tasks; it cannot be marked as such",
  queued: "only a cancelled run is taken up again where it stood; clear task instances to run them again",
}

function cannot(run: DagRunSummary, state: keyof typeof ways): ApiError {
  return new ApiError(409, `the run "${run.runId}" is ${run.state}: ${ways[state]}`)
}
