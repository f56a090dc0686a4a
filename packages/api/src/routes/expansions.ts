import { z } from "@hono/zod-openapi"
import { cancelMap, changeMap, extendExpansion, redrive } from "@sluice/core/engine"
import type { DagRunSummary, MapChange } from "@sluice/core/store"
import { redrivableStates, redrivenMax } from "@sluice/core/store"
import { Effect } from "effect"
import { actorOf } from "../auth/actor.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { httpExceptionSchema, notFound } from "../problem.ts"
import {
  expansionSchema,
  expansionsSchema,
  type ShownExpansion,
  toExpansion,
  toleranceSchema,
} from "../wire/expansion.ts"
import { runName, taskName } from "../wire/names.ts"
import { bigintMax } from "../wire/query.ts"
import { json, jsonBody, text } from "../wire/text.ts"
import { findTask } from "./task-instances.ts"

const notNow = json(
  "It is not of the kind, or not in the state, in which that can be done.",
  httpExceptionSchema,
)

const listExpansions = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions",
  operationId: "get_expansions",
  tags: ["Expansion"],
  summary: "How far each task of a run has been unrolled, upstream first",
  role: "viewer",
  request: { params: runName },
  responses: { 200: json("One for each task.", expansionsSchema) },
})

const getExpansion = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}",
  operationId: "get_expansion",
  tags: ["Expansion"],
  summary: "How far a task of a run has been unrolled, and what it waits for",
  role: "viewer",
  request: { params: taskName },
  responses: { 200: json("The expansion.", expansionSchema) },
})

const changeBody = z
  .strictObject({
    is_pulling_paused: z.boolean().optional(),
    is_running_paused: z.boolean().optional(),
    window: z.int().min(1).max(1_000_000).optional(),
    page_size: z.int().min(1).max(100_000).optional(),
    concurrency: z.int().min(1).max(1_000_000).nullable().optional(),
    tolerated_failures: toleranceSchema.nullable().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, "nothing is changed; name what to change")
  .openapi("ExpansionPatchBody")

const patchExpansion = endpoint({
  method: "patch",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}",
  operationId: "patch_expansion",
  tags: ["Expansion"],
  summary: "Pause, resume or resize a map that runs; it takes effect at once",
  role: "user",
  request: { params: taskName, body: jsonBody(changeBody) },
  responses: { 200: json("The expansion as it is now.", expansionSchema), 409: notNow },
})

const cancelExpansion = endpoint({
  method: "post",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/cancel",
  operationId: "cancel_expansion",
  tags: ["Expansion"],
  summary: "Cancel one map of a run that goes on",
  role: "user",
  request: { params: taskName },
  responses: { 200: json("The expansion as it is now.", expansionSchema), 409: notNow },
})

const redriveBody = z
  .strictObject({
    states: z.array(z.enum(redrivableStates)).min(1).default(["failed"]),
    from_index: z.int().min(-1).optional(),
    to_index: z.int().min(-1).optional(),
    indexes: z.array(z.int().min(-1).max(bigintMax)).min(1).max(redrivenMax).optional(),
    key: text(512).optional(),
    error_type: text(250).optional(),
    downstream: z.boolean().default(true),
    dry_run: z.boolean().default(false),
  })
  .openapi("ExpansionRedriveBody")

const redriveSchema = z
  .object({
    task_id: z.string(),
    selected: z.int(),
    dry_run: z.boolean(),
    downstream: z.array(
      z.object({
        task_id: z.string(),
        runs: z.enum(["anew", "instances", "nothing"]),
        instances: z.int().nullable(),
        reason: z.string().nullable(),
      }),
    ),
    notes: z.array(z.string()),
  })
  .openapi("ExpansionRedriveResponse")

const redriveExpansion = endpoint({
  method: "post",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/redrive",
  operationId: "redrive_expansion",
  tags: ["Expansion"],
  summary: "Run failed or chosen instances again on the inputs they have, and what is downstream of them",
  role: "user",
  request: { params: taskName, body: jsonBody(redriveBody) },
  responses: { 200: json("What runs again, or would.", redriveSchema), 409: notNow },
})

const extendSchema = z
  .object({
    task_id: z.string(),
    dry_run: z.boolean(),
    tasks: z.array(
      z.object({
        task_id: z.string(),
        does: z.enum(["go on", "begin anew", "stay"]),
        reason: z.string().nullable(),
      }),
    ),
  })
  .openapi("ExpansionExtendResponse")

const extendMap = endpoint({
  method: "post",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/extend",
  operationId: "extend_expansion",
  tags: ["Expansion"],
  summary: "Go on where a finished map's source ended, in the same run, and with it what reads it",
  role: "user",
  request: {
    params: taskName,
    body: jsonBody(z.strictObject({ dry_run: z.boolean().default(false) }).openapi("ExpansionExtendBody")),
  },
  responses: { 200: json("What goes on, begins anew or stays, or would.", extendSchema), 409: notNow },
})

/** Lazy maps: what Airflow has not. */
export function expansionRoutes() {
  return makeRouter()
    .openapi(listExpansions, async (c) => {
      const { services } = c.var
      const { dag_id: dagId, dag_run_id: runId } = c.req.valid("param")
      const run = await Effect.runPromise(services.store.dagRunSummary({ dagId, runId }))
      const expansions = (await shownOf(services, run)).map(toExpansion)
      return c.json({ expansions, total_entries: expansions.length }, 200)
    })
    .openapi(getExpansion, async (c) =>
      c.json(toExpansion(await findExpansion(c.var.services, c.req.valid("param"))), 200),
    )
    .openapi(patchExpansion, async (c) => {
      const { services } = c.var
      const param = c.req.valid("param")
      const { view } = await findExpansion(services, param)
      const change = changeOf(c.req.valid("json"))
      const options = { expansionId: view.expansionId, actor: actorOf(c.var.actor), change }
      await Effect.runPromise(changeMap(services.store, options))
      return c.json(toExpansion(await findExpansion(services, param)), 200)
    })
    .openapi(cancelExpansion, async (c) => {
      const { services } = c.var
      const param = c.req.valid("param")
      const { view } = await findExpansion(services, param)
      const options = { expansionId: view.expansionId, actor: actorOf(c.var.actor) }
      await Effect.runPromise(cancelMap(services.store, options))
      return c.json(toExpansion(await findExpansion(services, param)), 200)
    })
    .openapi(redriveExpansion, async (c) => {
      const { services } = c.var
      const { run, task } = await findTask(services, c.req.valid("param"))
      const body = c.req.valid("json")
      const report = await Effect.runPromise(
        redrive(services.store, {
          dagRunId: run.id,
          taskId: task.taskId,
          select: {
            states: body.states,
            ...(body.from_index !== undefined && { fromIndex: body.from_index }),
            ...(body.to_index !== undefined && { toIndex: body.to_index }),
            ...(body.indexes !== undefined && { indexes: body.indexes }),
            ...(body.key !== undefined && { key: body.key }),
            ...(body.error_type !== undefined && { errorType: body.error_type }),
          },
          downstream: body.downstream,
          isDryRun: body.dry_run,
          actor: actorOf(c.var.actor),
          event: "redriven",
        }),
      )
      const downstream = report.downstream.map((effect) => ({
        task_id: effect.taskId,
        runs: effect.runs,
        instances: effect.runs === "instances" ? effect.instances : null,
        reason: effect.runs === "nothing" ? effect.reason : null,
      }))
      const { taskId, selected, notes } = report
      return c.json({ task_id: taskId, selected, dry_run: body.dry_run, downstream, notes: [...notes] }, 200)
    })
    .openapi(extendMap, async (c) => {
      const { services } = c.var
      const { task, expansionId } = await findTask(services, c.req.valid("param"))
      const { dry_run: isDryRun } = c.req.valid("json")
      const { effects } = await Effect.runPromise(
        extendExpansion(services.store, { expansionId, isDryRun, actor: actorOf(c.var.actor) }),
      )
      const tasks = effects.map((effect) => ({
        task_id: effect.taskId,
        does: effect.does,
        reason: effect.does === "stay" ? effect.reason : null,
      }))
      return c.json({ task_id: task.taskId, dry_run: isDryRun, tasks }, 200)
    })
}

function changeOf(body: z.output<typeof changeBody>): MapChange {
  const {
    is_pulling_paused,
    is_running_paused,
    window,
    page_size,
    concurrency,
    tolerated_failures: tolerance,
  } = body
  return {
    ...(is_pulling_paused !== undefined && { isPullingPaused: is_pulling_paused }),
    ...(is_running_paused !== undefined && { isRunningPaused: is_running_paused }),
    ...(window !== undefined && { window }),
    ...(page_size !== undefined && { pageSize: page_size }),
    ...(concurrency !== undefined && { concurrency }),
    ...(tolerance !== undefined && {
      toleratedFailures:
        tolerance === null
          ? null
          : { count: tolerance.count, ratio: tolerance.ratio, minSample: tolerance.min_sample },
    }),
  }
}

async function shownOf(services: Services, run: DagRunSummary): Promise<ShownExpansion[]> {
  const { dag } = await services.dagVersions(run.dagVersionId)
  const views = await Effect.runPromise(services.store.expansionsOfRun(run.id))
  return views.flatMap((view) => {
    const task = dag.tasks[view.ordinal]
    return task === undefined ? [] : [{ run, dag, task, view, views }]
  })
}

async function findExpansion(
  services: Services,
  { dag_id: dagId, dag_run_id: runId, task_id: taskId }: z.output<typeof taskName>,
): Promise<ShownExpansion> {
  const run = await Effect.runPromise(services.store.dagRunSummary({ dagId, runId }))
  const found = (await shownOf(services, run)).find(({ task }) => task.taskId === taskId)
  if (found === undefined) throw notFound("task", `${dagId}/${runId}/${taskId}`)
  return found
}
