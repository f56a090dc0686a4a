import { z } from "@hono/zod-openapi"
import { expansionTransitions, type ExpansionState } from "@sluice/core/state"
import type { DeferralView, InstanceWait } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { deferralSchema, showDeferral } from "../explanation/shown-deferral.ts"
import type { Involved, Situation } from "../explanation/situation.ts"
import { type Obstacle, waitKinds, whatItWaitsFor } from "../explanation/what-it-waits-for.ts"
import { endKinds, type EndReason, whyEnded } from "../explanation/why-ended.ts"
import { taskInstanceStates } from "../wire/enums.ts"
import { instant, instantOf } from "../wire/instant.ts"
import { taskName } from "../wire/names.ts"
import { bigintMax, whole } from "../wire/query.ts"
import { json } from "../wire/text.ts"
import { findInstance, findTask } from "./task-instances.ts"

const taskStates = Object.keys(expansionTransitions) as [ExpansionState, ...ExpansionState[]]

const involvedSchema = z.object({
  task_id: z.string(),
  map_index: z.int().nullable(),
  state: z.enum([...new Set([...taskInstanceStates, ...taskStates])]).nullable(),
})

/** Why an instance is as it is. */
export const explanationSchema = z
  .object({
    task_id: z.string(),
    map_index: z.int(),
    state: z.enum(taskInstanceStates).nullable(),
    ended: z
      .object({
        kind: z.enum(endKinds),
        message: z.string(),
        tasks: z.array(involvedSchema),
        actor: z.string().nullable(),
        at: instant.nullable(),
      })
      .nullable(),
    waits_for: z.array(
      z.object({
        kind: z.enum(waitKinds),
        message: z.string(),
        tasks: z.array(involvedSchema),
        until: instant.nullable(),
        limit: z.object({ max: z.int(), used: z.int() }).nullable(),
        actor: z.string().nullable(),
      }),
    ),
    deferral: deferralSchema.nullable(),
  })
  .openapi("InstanceExplanationResponse")

type Explanation = z.infer<typeof explanationSchema>

const explain = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/instances/{map_index}/explanation",
  operationId: "get_instance_explanation",
  tags: ["Expansion"],
  summary: "Why an instance was skipped or could not run, what it waits for, and what it is deferred to",
  role: "viewer",
  request: { params: taskName.extend({ map_index: whole(-1, bigintMax) }) },
  responses: { 200: json("What is known of it, secrets hidden.", explanationSchema) },
})

/** Explanations of instances. */
export function instanceExplanationRoutes() {
  return makeRouter().openapi(explain, async (c) => {
    const { services } = c.var
    const { map_index: mapIndex, ...name } = c.req.valid("param")
    const instance = await findInstance(services, name, mapIndex)
    const { expansionId } = await findTask(services, name)
    const { dag } = await services.dagVersions(instance.run.dagVersionId)
    const views = await Effect.runPromise(services.store.expansionsOfRun(instance.run.id))
    const view = views.find((each) => each.expansionId === expansionId)
    if (view === undefined) throw new Error(`the run has no expansion ${expansionId}`)
    const wait = await Effect.runPromise(services.store.instanceWait({ expansionId, mapIndex }))
    const situation: Situation = { services, dag, instance, view, views }
    return c.json(await toExplanation(situation, wait), 200)
  })
}

async function toExplanation(situation: Situation, wait: InstanceWait): Promise<Explanation> {
  const { instance, services } = situation
  const ended = await whyEnded(situation, wait)
  const waits = ended === null ? await whatItWaitsFor(situation, wait) : []
  return {
    task_id: instance.task.taskId,
    map_index: instance.view.mapIndex,
    state: instance.state,
    ended: ended === null ? null : toEnd(ended),
    waits_for: waits.map(toWait),
    deferral: wait.deferral === null ? null : await toDeferral(services, wait.deferral),
  }
}

function toEnd({ kind, message, tasks, actor, at }: EndReason): NonNullable<Explanation["ended"]> {
  return { kind, message, tasks: tasks.map(toInvolved), actor, at: instantOf(at) }
}

function toWait({ kind, message, tasks, until, limit, actor }: Obstacle): Explanation["waits_for"][number] {
  return { kind, message, tasks: tasks.map(toInvolved), until: instantOf(until), limit, actor }
}

function toInvolved({ taskId, mapIndex, state }: Involved): z.infer<typeof involvedSchema> {
  return { task_id: taskId, map_index: mapIndex, state }
}

/** The most roles among which the triggerer is looked for. */
const rolesMax = 1_000

async function toDeferral(
  { store, readValue }: Services,
  deferral: DeferralView,
): Promise<NonNullable<Explanation["deferral"]>> {
  const roles =
    deferral.triggererId === null ? [] : await Effect.runPromise(store.listRoles({ limit: rolesMax }))
  return showDeferral(deferral, roles, readValue)
}
