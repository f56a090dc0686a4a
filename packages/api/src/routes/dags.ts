import { z } from "@hono/zod-openapi"
import type { DagFilter, StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { actorOf } from "../auth/actor.ts"
import { ApiError, httpExceptionSchema, notFound } from "../problem.ts"
import { dagDetailsSchema, dagSchema, dagsSchema, toDag, toDagDetails } from "../wire/dag.ts"
import { dagRunStates } from "../wire/enums.ts"
import { dagName } from "../wire/names.ts"
import { flag, instants, listOf, orderOf, paging, pattern, rangeOf } from "../wire/query.ts"
import { json, text } from "../wire/text.ts"
import { taskSchema, tasksSchema, toTask } from "../wire/task.ts"

const dagQuery = z.object({
  ...paging,
  tags: listOf(z.string()),
  tags_match_mode: z.enum(["any", "all"]).optional(),
  owners: listOf(z.string()),
  dag_id_pattern: pattern,
  dag_display_name_pattern: pattern,
  exclude_stale: flag.default(true),
  paused: flag.optional(),
  has_import_errors: flag.optional(),
  last_dag_run_state: z.enum(dagRunStates).optional(),
  bundle_name: z.string().optional(),
  bundle_version: z.string().optional(),
  has_asset_schedule: flag.optional(),
  asset_dependency: z.string().optional(),
  ...instants("dag_run_start_date"),
  ...instants("dag_run_end_date"),
  dag_run_state: listOf(z.enum(dagRunStates)),
  is_favorite: flag.optional(),
  timetable_type: listOf(z.string()),
  order_by: listOf(z.string()),
})

type DagQuery = z.output<typeof dagQuery>

const listDags = endpoint({
  method: "get",
  path: "/dags",
  operationId: "get_dags",
  tags: ["DAG"],
  summary: "DAGs, filtered and ordered",
  role: "viewer",
  request: { query: dagQuery },
  responses: { 200: json("DAGs, and how many there are.", dagsSchema), 400: badRequest() },
})

const getDag = endpoint({
  method: "get",
  path: "/dags/{dag_id}",
  operationId: "get_dag",
  tags: ["DAG"],
  summary: "One DAG",
  role: "viewer",
  request: { params: dagName },
  responses: { 200: json("The DAG.", dagSchema) },
})

const getDagDetails = endpoint({
  method: "get",
  path: "/dags/{dag_id}/details",
  operationId: "get_dag_details",
  tags: ["DAG"],
  summary: "One DAG with its details",
  role: "viewer",
  request: { params: dagName },
  responses: { 200: json("The DAG.", dagDetailsSchema) },
})

const patchDag = endpoint({
  method: "patch",
  path: "/dags/{dag_id}",
  operationId: "patch_dag",
  tags: ["DAG"],
  summary: "Pause a DAG, or let it go on",
  role: "op",
  request: {
    params: dagName,
    query: z.object({ update_mask: listOf(z.string()) }),
    body: {
      required: true,
      content: {
        "application/json": { schema: z.strictObject({ is_paused: z.boolean() }).openapi("DAGPatchBody") },
      },
    },
  },
  responses: { 200: json("The DAG as it is now.", dagSchema), 400: badRequest() },
})

const deleteDag = endpoint({
  method: "delete",
  path: "/dags/{dag_id}",
  operationId: "delete_dag",
  tags: ["DAG"],
  summary: "Delete a DAG with its runs and versions; what its file still defines comes back as a new one",
  role: "op",
  request: { params: dagName },
  responses: {
    200: json("It is gone; its runs are removed in the background.", z.null()),
    409: json("Runs or a backfill of it have not ended.", httpExceptionSchema),
  },
})

const listTasks = endpoint({
  method: "get",
  path: "/dags/{dag_id}/tasks",
  operationId: "get_tasks",
  tags: ["Task"],
  summary: "The tasks of a DAG's newest version",
  role: "viewer",
  request: { params: dagName, query: z.object({ order_by: z.string().default("task_id") }) },
  responses: { 200: json("Tasks, and how many there are.", tasksSchema), 400: badRequest() },
})

const getTask = endpoint({
  method: "get",
  path: "/dags/{dag_id}/tasks/{task_id}",
  operationId: "get_task",
  tags: ["Task"],
  summary: "One task of a DAG's newest version",
  role: "viewer",
  request: { params: dagName.extend({ task_id: text(250) }) },
  responses: { 200: json("The task.", taskSchema) },
})

const dagOrderNames = {
  dag_id: "dag_id",
  dag_display_name: "dag_id",
  is_paused: "is_paused",
  last_run_state: "last_run_state",
  last_run_start_date: "last_run_start_date",
} as const

/** DAGs and their tasks. */
export function dagRoutes() {
  return makeRouter()
    .openapi(listDags, async (c) => {
      const query = c.req.valid("query")
      const orderBy = orderOf(query.order_by, dagOrderNames)
      const { offset: skip, limit } = query
      const { rows, total } = await Effect.runPromise(
        c.var.services.store.searchDags({ filter: filterOf(query), orderBy, skip, limit }),
      )
      return c.json({ dags: rows.map(toDag), total_entries: total }, 200)
    })
    .openapi(getDag, async (c) =>
      c.json(toDag(await summaryOf(c.var.services.store, c.req.valid("param"))), 200),
    )
    .openapi(getDagDetails, async (c) =>
      c.json(toDagDetails(await summaryOf(c.var.services.store, c.req.valid("param"))), 200),
    )
    .openapi(patchDag, async (c) => {
      const { store } = c.var.services
      const { dag_id: id } = c.req.valid("param")
      const { update_mask: mask = ["is_paused"] } = c.req.valid("query")
      const unknown = mask.find((name) => name !== "is_paused")
      if (unknown !== undefined)
        throw new ApiError(400, `update_mask names "${unknown}"; of a DAG only is_paused can be changed`)
      const { is_paused: isPaused } = c.req.valid("json")
      if (mask.length > 0) {
        await Effect.runPromise(store.setDagPaused({ dagId: id, isPaused, actor: actorOf(c.var.actor) }))
        for (const topic of ["run", "plan"] as const) store.wake(topic)
      }
      return c.json(toDag(await summaryOf(store, { dag_id: id })), 200)
    })
    .openapi(deleteDag, async (c) => {
      const { store } = c.var.services
      const { dag_id: dagId } = c.req.valid("param")
      await Effect.runPromise(store.deleteDag({ dagId, actor: actorOf(c.var.actor) }))
      for (const topic of ["prune", "plan"] as const) store.wake(topic)
      return c.json(null, 200)
    })
    .openapi(listTasks, async (c) => {
      const { services } = c.var
      const { version } = await summaryOf(services.store, c.req.valid("param"))
      const { dag } = await services.dagVersions(version.id)
      const tasks = dag.tasks.map((task) => toTask(dag, task))
      const ordered = orderTasks(tasks, c.req.valid("query").order_by)
      return c.json({ tasks: ordered, total_entries: ordered.length }, 200)
    })
    .openapi(getTask, async (c) => {
      const { services } = c.var
      const param = c.req.valid("param")
      const { version } = await summaryOf(services.store, param)
      const { dag } = await services.dagVersions(version.id)
      const task = dag.tasks.find(({ taskId }) => taskId === param.task_id)
      if (task === undefined) throw notFound("task", `${param.dag_id}/${param.task_id}`)
      return c.json(toTask(dag, task), 200)
    })
}

function badRequest() {
  return json("The order or the mask names what is not there.", z.object({ detail: z.string() }))
}

function summaryOf(store: StoreService, { dag_id: id }: { readonly dag_id: string }) {
  return Effect.runPromise(store.dagSummary(id))
}

function filterOf(query: DagQuery): DagFilter {
  const { tags, tags_match_mode: tagsMatch, paused, has_import_errors: hasImportErrors } = query
  const idPatterns = query.dag_id_pattern ?? query.dag_display_name_pattern
  const runStarted = rangeOf<Date, "dag_run_start_date">(query, "dag_run_start_date")
  const runEnded = rangeOf<Date, "dag_run_end_date">(query, "dag_run_end_date")
  return {
    ...(asksForWhatIsNot(query) ? { idPatterns: [] } : idPatterns !== undefined && { idPatterns }),
    ...(tags !== undefined && { tags }),
    ...(tagsMatch !== undefined && { tagsMatch }),
    ...(paused !== undefined && { isPaused: paused }),
    ...(query.exclude_stale && { isStale: false }),
    ...(hasImportErrors !== undefined && { hasImportErrors }),
    ...(query.has_asset_schedule !== undefined && { hasAssetSchedule: query.has_asset_schedule }),
    ...(query.asset_dependency !== undefined && { assetContains: query.asset_dependency }),
    ...(query.bundle_version !== undefined && { bundleHash: query.bundle_version }),
    ...(query.last_dag_run_state !== undefined && { lastRunState: query.last_dag_run_state }),
    ...(query.dag_run_state !== undefined && { runStates: query.dag_run_state }),
    ...(runStarted !== undefined && { runStarted }),
    ...(runEnded !== undefined && { runEnded }),
  }
}

/** No DAG here has an owner, a named bundle, a favourite's star or one of Airflow's timetable classes. */
function asksForWhatIsNot(query: DagQuery): boolean {
  return (
    query.owners !== undefined ||
    query.bundle_name !== undefined ||
    query.is_favorite === true ||
    query.timetable_type !== undefined
  )
}

const taskOrders = {
  task_id: "task_id",
  task_display_name: "task_id",
  trigger_rule: "trigger_rule",
  retries: "retries",
  priority_weight: "priority_weight",
  pool: "pool",
  queue: "queue",
} as const

type Task = ReturnType<typeof toTask>

function orderTasks(tasks: readonly Task[], order: string): Task[] {
  const [{ by, isDescending } = { by: "task_id", isDescending: false } as const] = orderOf(
    [order],
    taskOrders,
  )
  const sign = isDescending ? -1 : 1
  return tasks.toSorted((a, b) => {
    const [left, right] = [a[by] ?? "", b[by] ?? ""]
    if (left === right) return String(a.task_id) < String(b.task_id) ? -1 : 1
    return left < right ? -sign : sign
  })
}
