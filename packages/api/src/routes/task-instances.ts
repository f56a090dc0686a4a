import { z } from "@hono/zod-openapi"
import type { SerializedDag, SerializedTask } from "@sluice/core/dag"
import { type DagRunFilter, type DagRunSummary, expansionIdOf, runsPerViewMax } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { type InstanceQuery, listInstances, pageInstances } from "../instances/list-instances.ts"
import { ApiError, invalid, notFound } from "../problem.ts"
import { taskInstanceStates, type WireState } from "../wire/enums.ts"
import { anyName, runName, taskName } from "../wire/names.ts"
import {
  badOrder,
  bigintMax,
  decimals,
  instants,
  listOf,
  orderOf,
  pageLimitMax,
  paging,
  pattern,
  readCursor,
  whole,
  writeCursor,
} from "../wire/query.ts"
import {
  type ListedInstance,
  taskInstanceSchema,
  taskInstancesSchema,
  taskTriesSchema,
  toTaskInstance,
  toTaskTries,
} from "../wire/task-instance.ts"
import { operatorOf, theQueue } from "../wire/task.ts"
import { json, jsonBody, text } from "../wire/text.ts"
import { batchFields, rangesOf } from "./dag-runs.ts"
import { asksForRows, compareBy, fitsPattern, instanceOrderNames, rowFilter } from "./instance-filter.ts"
import { runFilterFields } from "./run-filter.ts"

/** How Airflow's clients ask for instances that have not begun. */
const noState = ["none", "no_status", "null"] as const
const stateInput = z
  .enum([...taskInstanceStates, ...noState])
  .transform((state) => (noState.some((none) => none === state) ? null : (state as WireState)))

const instanceQuery = z.object({
  ...paging,
  ...runFilterFields,
  ...instants("start_date"),
  ...instants("end_date"),
  ...instants("updated_at"),
  ...decimals("duration"),
  task_display_name_pattern: pattern,
  task_group_id: z.string().optional(),
  state: listOf(stateInput),
  pool: listOf(z.string()),
  pool_name_pattern: pattern,
  queue: listOf(z.string()),
  queue_name_pattern: pattern,
  executor: listOf(z.string()),
  version_number: listOf(whole(0), "integer"),
  try_number: listOf(whole(0), "integer"),
  operator: listOf(z.string()),
  operator_name_pattern: pattern,
  map_index: listOf(whole(-1, bigintMax), "integer"),
  rendered_map_index_pattern: pattern,
  order_by: listOf(z.string()),
  cursor: z.string().max(1_000).optional(),
})

/** What instances are asked for by. */
export type InstanceListQuery = z.output<typeof instanceQuery>

const answers = {
  200: json("Instances: counted, or, with `cursor`, where to go on.", taskInstancesSchema),
  400: badOrder,
}

const listAll = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",
  operationId: "get_task_instances",
  tags: ["Task Instance"],
  summary: "The instances of a run, or of many (~), in the order of run, task and map index",
  role: "viewer",
  request: { params: runName, query: instanceQuery.extend({ task_id: text(250).optional() }) },
  responses: answers,
})

const listMapped = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/listMapped",
  operationId: "get_mapped_task_instances",
  tags: ["Task Instance"],
  summary: "The instances of a mapped task, in the order of the map index",
  role: "viewer",
  request: { params: taskName, query: instanceQuery },
  responses: answers,
})

const batchBody = z
  .strictObject({
    ...batchFields,
    dag_run_ids: z.array(z.string()).max(pageLimitMax).nullish(),
    task_ids: z.array(z.string()).max(pageLimitMax).nullish(),
    state: z.array(z.enum(taskInstanceStates).nullable()).nullish(),
    pool: z.array(z.string()).nullish(),
    queue: z.array(z.string()).nullish(),
    executor: z.array(z.string()).nullish(),
  })
  .openapi("TaskInstancesBatchBody")

const listBatch = endpoint({
  method: "post",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list",
  operationId: "get_task_instances_batch",
  tags: ["Task Instance"],
  summary: "Instances of many runs, by a filter in the body",
  role: "viewer",
  request: {
    params: z.object({ dag_id: z.literal(anyName), dag_run_id: z.literal(anyName) }),
    body: jsonBody(batchBody),
  },
  responses: answers,
})

const getUnmapped = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",
  operationId: "get_task_instance",
  tags: ["Task Instance"],
  summary: "The instance of a task that is not mapped",
  role: "viewer",
  request: { params: taskName },
  responses: { 200: json("The instance.", taskInstanceSchema) },
})

const getMapped = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}",
  operationId: "get_mapped_task_instance",
  tags: ["Task Instance"],
  summary: "One instance of a mapped task",
  role: "viewer",
  request: { params: taskName.extend({ map_index: whole(-1, bigintMax) }) },
  responses: { 200: json("The instance.", taskInstanceSchema) },
})

const getTries = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries",
  operationId: "get_task_instance_tries",
  tags: ["Task Instance"],
  summary: "The attempts of an instance",
  role: "viewer",
  request: { params: taskName, query: z.object({ map_index: whole(-1, bigintMax).default(-1) }) },
  responses: { 200: json("Every attempt, the last one last.", taskTriesSchema) },
})

const getMappedTries = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries",
  operationId: "get_mapped_task_instance_tries",
  tags: ["Task Instance"],
  summary: "The attempts of an instance of a mapped task",
  role: "viewer",
  request: { params: taskName.extend({ map_index: whole(-1, bigintMax) }) },
  responses: { 200: json("Every attempt, the last one last.", taskTriesSchema) },
})

/** Task instances, of which those without a row yet are told like any other. */
export function taskInstanceRoutes() {
  return makeRouter()
    .openapi(listAll, async (c) => {
      const query = c.req.valid("query")
      const asked = instanceQueryOf(query, query.task_id === undefined ? undefined : [query.task_id])
      const runs = await runsOf(c.var.services, c.req.valid("param"), query)
      return c.json(await answerList(c.var.services, runs, query, asked), 200)
    })
    .openapi(listMapped, async (c) => {
      const { services } = c.var
      const param = c.req.valid("param")
      const { run, task } = await findTask(services, param)
      if (task.kind !== "mapped") throw notFound("mapped task", `${param.dag_id}/${param.task_id}`)
      const query = c.req.valid("query")
      const runs = fitsRun(run, query) ? [run] : []
      // Until it is unrolled a map has no instances: what stands for it is not listed here.
      const asked = { ...instanceQueryOf(query, [task.taskId]), withoutPlaceholders: true }
      return c.json(await answerList(services, runs, query, asked), 200)
    })
    .openapi(listBatch, async (c) => {
      const { services } = c.var
      const body = c.req.valid("json")
      const query = batchQuery(body)
      const { startDate: _start, endDate: _end, duration: _duration, ...ranges } = rangesOf(body)
      const runs = await searchRuns(services, {
        ...ranges,
        ...unfinishedOnly(query.state),
        ...(body.dag_ids != null && { dagIds: body.dag_ids }),
        ...(body.dag_run_ids != null && { runIds: body.dag_run_ids }),
      })
      const asked = instanceQueryOf(query, body.task_ids ?? undefined)
      return c.json(await answerList(services, runs, query, asked), 200)
    })
    .openapi(getTries, async (c) => {
      const { map_index: mapIndex } = c.req.valid("query")
      return c.json(await triesOf(c.var.services, c.req.valid("param"), mapIndex), 200)
    })
    .openapi(getUnmapped, async (c) => {
      const param = c.req.valid("param")
      const found = await findInstance(
        c.var.services,
        param,
        -1,
        "it is mapped: add a map index to the address",
      )
      return c.json(toTaskInstance(found), 200)
    })
    .openapi(getMappedTries, async (c) => {
      const param = c.req.valid("param")
      return c.json(await triesOf(c.var.services, param, param.map_index), 200)
    })
    .openapi(getMapped, async (c) => {
      const param = c.req.valid("param")
      return c.json(toTaskInstance(await findInstance(c.var.services, param, param.map_index)), 200)
    })
}

type TaskName = z.output<typeof taskName>

/** A task of a run, by its names. */
export async function findTask(
  services: Services,
  { dag_id: dagId, dag_run_id: runId, task_id: taskId }: TaskName,
): Promise<{ run: DagRunSummary; task: SerializedTask; expansionId: string }> {
  const run = await Effect.runPromise(services.store.dagRunSummary({ dagId, runId }))
  const { dag } = await services.dagVersions(run.dagVersionId)
  const task = dag.tasks.find((one) => one.taskId === taskId)
  if (task === undefined) throw notFound("task", `${dagId}/${runId}/${taskId}`)
  return { run, task, expansionId: expansionIdOf(run.id, task.ordinal) }
}

/** An instance by its names; one without a row is found like any other. `ifMapped`: what a map has instead of -1. */
export async function findInstance(
  services: Services,
  name: TaskName,
  mapIndex: number,
  ifMapped?: string,
): Promise<ListedInstance> {
  const { run, task } = await findTask(services, name)
  const query = { taskIds: [task.taskId], mapIndexes: [mapIndex] }
  const { instances } = await listInstances(services, [run], query, { skip: 0, limit: 1 })
  const [instance] = instances
  if (instance === undefined && ifMapped !== undefined && task.kind === "mapped")
    throw new ApiError(404, `the task "${task.taskId}" has no instance of its own: ${ifMapped}`)
  if (instance === undefined)
    throw notFound("task instance", `${run.dagId}/${run.runId}/${task.taskId}[${mapIndex}]`)
  return instance
}

async function triesOf(services: Services, name: TaskName, mapIndex: number) {
  const instance = await findInstance(services, name, mapIndex)
  const { expansionId } = instance.view
  const tries = await Effect.runPromise(services.store.taskTries({ expansionId, mapIndex }))
  return toTaskTries(instance, tries)
}

/** The runs that a list goes over: one, or those that fit where a name is left open. */
async function runsOf(
  services: Services,
  { dag_id: dagId, dag_run_id: runId }: z.output<typeof runName>,
  query: InstanceListQuery,
): Promise<readonly DagRunSummary[]> {
  if (dagId !== anyName && runId !== anyName) {
    const run = await Effect.runPromise(services.store.dagRunSummary({ dagId, runId }))
    return fitsRun(run, query) ? [run] : []
  }
  const { startDate: _start, endDate: _end, duration: _duration, ...ranges } = rangesOf(query)
  return searchRuns(services, {
    ...ranges,
    ...unfinishedOnly(query.state),
    ...(dagId !== anyName && { dagIds: [dagId] }),
    ...(runId !== anyName && { runIds: [runId] }),
    ...(query.dag_id_pattern !== undefined && { dagIdPatterns: query.dag_id_pattern }),
    ...(query.run_id_pattern !== undefined && { runIdPatterns: query.run_id_pattern }),
    ...(query.version_number !== undefined && { versionNumbers: query.version_number }),
  })
}

async function searchRuns({ store }: Services, filter: DagRunFilter): Promise<readonly DagRunSummary[]> {
  const limit = runsPerViewMax
  const runs = await Effect.runPromise(store.pageDagRuns({ filter, isDescending: false, after: null, limit }))
  if (runs.length < limit) return runs
  throw invalid(
    ["query"],
    `${limit} runs and more fit; instances of fewer than that are listed at once. Narrow it down by DAG, run, date, or to states of instances that have not ended`,
  )
}

const unfinishedStates: readonly (WireState | null)[] = [
  null,
  "scheduled",
  "queued",
  "running",
  "restarting",
  "up_for_retry",
  "up_for_reschedule",
  "deferred",
]

/** Instances that have not ended are in runs that have not, but for cancelled ones, which keep theirs for a resume. */
function unfinishedOnly(states: readonly (WireState | null)[] | undefined): DagRunFilter {
  const isSo = states?.every((state) => unfinishedStates.includes(state)) ?? false
  return isSo ? { states: ["queued", "running"] } : {}
}

/** Whether a run that was named fits what else was said of runs. */
function fitsRun(run: DagRunSummary, query: InstanceListQuery): boolean {
  const { runAfter, logicalDate } = rangesOf(query)
  const isWithin = (value: Date | null, range: typeof runAfter) =>
    range === undefined ||
    (value !== null &&
      (range.gte === undefined || value >= range.gte) &&
      (range.gt === undefined || value > range.gt) &&
      (range.lte === undefined || value <= range.lte) &&
      (range.lt === undefined || value < range.lt))
  return (
    isWithin(run.runAfter, runAfter) &&
    isWithin(run.logicalDate, logicalDate) &&
    fitsPattern(run.dagId, query.dag_id_pattern) &&
    fitsPattern(run.runId, query.run_id_pattern) &&
    (query.version_number?.includes(run.version.versionNumber) ?? true)
  )
}

/** Where a list goes on: after this instance. */
const instanceCursor = z.strictObject({ e: z.string().regex(/^\d{1,19}$/), i: z.int().min(-1) })

async function answerList(
  services: Services,
  runs: readonly DagRunSummary[],
  query: InstanceListQuery,
  asked: InstanceQuery,
): Promise<z.infer<typeof taskInstancesSchema>> {
  const { limit, offset } = query
  if (query.cursor === undefined) {
    const { instances, total } = await listInstances(services, runs, asked, { skip: offset, limit })
    return { task_instances: instances.map(toTaskInstance), total_entries: total }
  }
  const given = query.cursor === "" ? null : readCursor(query.cursor, instanceCursor)
  const after = given === null ? null : { expansionId: given.e, mapIndex: given.i }
  // One more than asked for tells whether anything follows.
  const found = await pageInstances(services, runs, asked, { after, limit: limit + 1 })
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const hasMore = found.length > limit && last !== undefined
  return {
    task_instances: page.map(toTaskInstance),
    next_cursor: hasMore ? writeCursor({ e: last.view.expansionId, i: last.view.mapIndex }) : null,
    previous_cursor: null,
  }
}

function instanceQueryOf(query: InstanceListQuery, taskIds: readonly string[] | undefined): InstanceQuery {
  const orders = orderOf(query.order_by, instanceOrderNames)
  // Within one task the natural order is that of the map index.
  const isNatural = orders.every(({ by, isDescending }) => by === "map_index" && !isDescending)
  if (!isNatural && query.cursor !== undefined)
    throw invalid(
      ["query", "order_by"],
      "a cursor goes by run, task and map index; use offset for another order",
    )
  return {
    states: query.executor === undefined ? query.state : [],
    taskIds,
    mapIndexes: query.map_index,
    fitsTask: taskFilter(query),
    fitsRow: asksForRows(query) ? rowFilter(query) : undefined,
    compare: isNatural && (orders.length === 0 || taskIds?.length === 1) ? undefined : compareBy(orders),
  }
}

function taskFilter(query: InstanceListQuery): InstanceQuery["fitsTask"] {
  const { pool, queue, operator, task_group_id: groupId } = query
  const patterns = [
    query.pool_name_pattern,
    query.queue_name_pattern,
    query.operator_name_pattern,
    query.task_display_name_pattern,
  ]
  if ([pool, queue, operator, groupId, ...patterns].every((given) => given === undefined)) return undefined
  return (task, dag) =>
    (groupId === undefined || isInGroup(dag, task, groupId)) &&
    (pool?.includes(task.pool) ?? true) &&
    (queue?.includes(theQueue) ?? true) &&
    (operator?.includes(operatorOf(task)) ?? true) &&
    fitsPattern(task.pool, query.pool_name_pattern) &&
    fitsPattern(theQueue, query.queue_name_pattern) &&
    fitsPattern(operatorOf(task), query.operator_name_pattern) &&
    fitsPattern(task.taskId, query.task_display_name_pattern)
}

/** Whether a task is in a group, be it in one inside that. */
function isInGroup({ groups }: SerializedDag, task: SerializedTask, groupId: string): boolean {
  let at = task.groupId
  while (at !== null && at !== groupId) at = groups.find((group) => group.groupId === at)?.parent ?? null
  return at === groupId
}

function batchQuery(body: z.output<typeof batchBody>): InstanceListQuery {
  const given = Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<InstanceListQuery>
  return {
    ...given,
    limit: Math.min(body.page_limit, pageLimitMax),
    offset: body.page_offset,
    order_by: body.order_by == null ? undefined : [body.order_by],
  } as InstanceListQuery
}
