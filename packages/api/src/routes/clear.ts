/**
 * Running instances again, in Airflow's words: clear. What runs again, and what follows from it, is decided by the
 * engine's `clear`; here only what was asked for is told and handed on.
 */
import { z } from "@hono/zod-openapi"
import { clear } from "@sluice/core/engine"
import type { SerializedDag } from "@sluice/core/dag"
import { isFinalExpansionState } from "@sluice/core/state"
import type { DagRunSummary, ExpansionView } from "@sluice/core/store"
import { Effect } from "effect"
import { actorOf } from "../auth/actor.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { listInstances } from "../instances/list-instances.ts"
import { ApiError, httpExceptionSchema, invalid, notFound } from "../problem.ts"
import { dagRunSchema, toDagRun } from "../wire/dag-run.ts"
import { dagName, runName } from "../wire/names.ts"
import { bodyInstant, pageLimitMax, refuse } from "../wire/query.ts"
import { taskInstancesSchema, toTaskInstance } from "../wire/task-instance.ts"
import { json, jsonBody, text } from "../wire/text.ts"

const notNow = json("It is not in the state in which that can be done.", httpExceptionSchema)

const clearBody = z
  .strictObject({
    dry_run: z.boolean().default(true),
    start_date: bodyInstant.nullish(),
    end_date: bodyInstant.nullish(),
    only_failed: z.boolean().default(true),
    only_running: z.boolean().default(false),
    reset_dag_runs: z.boolean().default(true),
    task_ids: z
      .array(z.union([text(250), z.tuple([text(250), z.int().min(-1)])]))
      .max(pageLimitMax)
      .nullish(),
    dag_run_id: text(250).nullish(),
    include_upstream: z.boolean().default(false),
    include_downstream: z.boolean().default(false),
    include_future: z.boolean().default(false),
    include_past: z.boolean().default(false),
    run_on_latest_version: z.boolean().default(false),
    prevent_running_task: z.boolean().default(false),
    note: text(1_000).nullish(),
  })
  .openapi("ClearTaskInstancesBody")

const clearInstances = endpoint({
  method: "post",
  path: "/dags/{dag_id}/clearTaskInstances",
  operationId: "post_clear_task_instances",
  tags: ["Task Instance"],
  summary: "Run instances of a run again, or say which that would be",
  role: "user",
  request: { params: dagName, body: jsonBody(clearBody) },
  responses: {
    200: json(`The instances, ${pageLimitMax} of them at most, and how many there are.`, taskInstancesSchema),
    409: notNow,
  },
})

const clearRunBody = z
  .strictObject({
    dry_run: z.boolean().default(true),
    only_failed: z.boolean().default(false),
    run_on_latest_version: z.boolean().default(false),
  })
  .openapi("DAGRunClearBody")

const clearRun = endpoint({
  method: "post",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/clear",
  operationId: "clear_dag_run",
  tags: ["DagRun"],
  summary: "Run a run again, or only what failed of it; or say what that would be",
  role: "user",
  request: { params: runName, body: jsonBody(clearRunBody) },
  responses: {
    200: json("With dry_run the instances, else the run.", z.union([taskInstancesSchema, dagRunSchema])),
    409: notNow,
  },
})

/** A task of which instances run again; without an index all of them. */
interface ClearedTask {
  readonly taskId: string
  readonly indexes?: { readonly from: number; readonly to: number }
}

/** What is to run again. */
interface ClearRequest {
  readonly tasks: readonly ClearedTask[]
  readonly onlyFailed: boolean
  readonly downstream: boolean
  readonly isDryRun: boolean
  readonly actor: string
}

/** Clearing instances and runs. */
export function clearRoutes() {
  return makeRouter()
    .openapi(clearInstances, async (c) => {
      const { services } = c.var
      const body = c.req.valid("json")
      refuseUnserved(body)
      const { dag_id: dagId } = c.req.valid("param")
      if (body.dag_run_id == null)
        throw invalid(["body", "dag_run_id"], "name the run; one is cleared at a time")
      const scope = await scopeOf(services, { dagId, runId: body.dag_run_id })
      const named = body.task_ids?.map(readTask) ?? clearable(scope).map((taskId) => ({ taskId }))
      const tasks = body.include_upstream ? withUpstream(scope, named) : named
      if (body.prevent_running_task) refuseRunning(scope, tasks)
      const answer = await clearTasks(services, scope.run, {
        tasks,
        onlyFailed: body.only_failed,
        downstream: body.include_downstream,
        isDryRun: body.dry_run,
        actor: actorOf(c.var.actor),
      })
      return c.json(answer, 200)
    })
    .openapi(clearRun, async (c) => {
      const { services } = c.var
      const { dag_id: dagId, dag_run_id: runId } = c.req.valid("param")
      const { dry_run: isDryRun, only_failed: onlyFailed, run_on_latest_version } = c.req.valid("json")
      if (run_on_latest_version)
        throw invalid(["body", "run_on_latest_version"], "a run keeps the version it started with")
      const scope = await scopeOf(services, { dagId, runId })
      const ids = onlyFailed
        ? clearable(scope).filter((id) => (scope.views.find((view) => view.taskId === id)?.failed ?? 0) > 0)
        : topmost(scope, clearable(scope))
      const tasks = ids.map((taskId) => ({ taskId }))
      const actor = actorOf(c.var.actor)
      if (!isDryRun) await parseAgain(services, scope.run, actor)
      const answer = await clearTasks(services, scope.run, {
        tasks,
        onlyFailed,
        downstream: true,
        isDryRun,
        actor,
      })
      if (isDryRun) return c.json(answer, 200)
      return c.json(toDagRun(await Effect.runPromise(services.store.dagRunSummary({ dagId, runId }))), 200)
    })
}

/** A run whose parse failed never had tasks to be cleared: it waits for another parse. */
async function parseAgain({ store }: Services, run: DagRunSummary, actor: string): Promise<void> {
  if (!run.awaitsParse || run.state !== "failed") return
  await Effect.runPromise(store.resumeDagRun({ dagRunId: run.id, actor }))
  store.wake("parse")
}

function refuseUnserved(body: z.output<typeof clearBody>): void {
  const { start_date, end_date, note } = body
  refuse(
    "body",
    { start_date, end_date, note },
    "one run is cleared at a time, and no note is kept; leave it out",
  )
  const flags = {
    only_running: body.only_running,
    include_future: body.include_future,
    include_past: body.include_past,
    run_on_latest_version: body.run_on_latest_version,
    reset_dag_runs: !body.reset_dag_runs,
  }
  for (const [name, isAsked] of Object.entries(flags))
    if (isAsked) throw invalid(["body", name], "it is not served; leave it out")
}

function readTask(given: string | [string, number]): ClearedTask {
  if (typeof given === "string") return { taskId: given }
  const [taskId, index] = given
  return { taskId, indexes: { from: index, to: index } }
}

/** A run with its tasks. */
interface Scope {
  readonly run: DagRunSummary
  readonly dag: SerializedDag
  readonly views: readonly ExpansionView[]
}

async function scopeOf(services: Services, name: { dagId: string; runId: string }): Promise<Scope> {
  const run = await Effect.runPromise(services.store.dagRunSummary(name))
  const { dag } = await services.dagVersions(run.dagVersionId)
  const views = await Effect.runPromise(services.store.expansionsOfRun(run.id))
  return { run, dag, views }
}

/** The tasks that have instances which have ended; a source is never run again. */
function clearable({ views }: Scope): string[] {
  return views
    .filter(({ kind }) => kind === "task" || kind === "mapped")
    .filter((view) => isFinalExpansionState(view.state) && view.created > 0)
    .map((view) => view.taskId)
}

/** Those of some tasks that are below none of the others: the others begin anew with them. */
function topmost({ dag }: Scope, taskIds: readonly string[]): string[] {
  const below = new Set<string>()
  // Tasks are in topological order, and so are their edges' ends.
  for (const { taskId } of dag.tasks)
    if (taskIds.includes(taskId) || below.has(taskId))
      for (const edge of dag.edges) if (edge.upstream === taskId) below.add(edge.downstream)
  return taskIds.filter((taskId) => !below.has(taskId))
}

function withUpstream(scope: Scope, tasks: readonly ClearedTask[]): ClearedTask[] {
  const above = new Set<string>()
  const named = new Set(tasks.map(({ taskId }) => taskId))
  for (const { taskId } of scope.dag.tasks.toReversed())
    if (named.has(taskId) || above.has(taskId))
      for (const edge of scope.dag.edges) if (edge.downstream === taskId) above.add(edge.upstream)
  const more = clearable(scope).filter((taskId) => above.has(taskId) && !named.has(taskId))
  return [...more.map((taskId) => ({ taskId })), ...tasks]
}

function refuseRunning({ views }: Scope, tasks: readonly ClearedTask[]): void {
  const running = views.find((view) => view.running > 0 && tasks.some(({ taskId }) => taskId === view.taskId))
  if (running !== undefined)
    throw new ApiError(409, `${running.running} instances of the task "${running.taskId}" run`)
}

/** Tells the instances first, since they are others once they are cleared. */
async function clearTasks(services: Services, run: DagRunSummary, request: ClearRequest) {
  const known = new Set((await services.dagVersions(run.dagVersionId)).dag.tasks.map(({ taskId }) => taskId))
  const unknown = request.tasks.find(({ taskId }) => !known.has(taskId))
  if (unknown !== undefined) throw notFound("task", `${run.dagId}/${run.runId}/${unknown.taskId}`)
  const shown = await instancesOf(services, run, request)
  const options = { dagRunId: run.id, ...request }
  const reports = await Effect.runPromise(clear(services.store, options))
  if (!request.isDryRun) for (const topic of ["due", "open", "work"] as const) services.store.wake(topic)
  const total = reports.reduce((sum, { selected }) => sum + selected, 0)
  return { task_instances: shown, total_entries: total }
}

async function instancesOf(services: Services, run: DagRunSummary, { tasks, onlyFailed }: ClearRequest) {
  const shown: ReturnType<typeof toTaskInstance>[] = []
  const states = onlyFailed ? (["failed"] as const) : (["failed", "skipped", "success"] as const)
  for (const { taskId, indexes } of tasks) {
    const limit = pageLimitMax - shown.length
    if (limit <= 0) break
    const query = { taskIds: [taskId], states, mapIndexes: indexes && [indexes.from] }
    const { instances } = await listInstances(services, [run], query, { skip: 0, limit })
    shown.push(...instances.map(toTaskInstance))
  }
  return shown
}
