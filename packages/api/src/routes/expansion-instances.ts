import { z } from "@hono/zod-openapi"
import { type TaskInstanceState, taskInstanceTransitions } from "@sluice/core/state"
import type { StoreService, TaskInstanceView } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { classOf, failureStates, lookAtFailures } from "../expansions/failures.ts"
import { taskInstanceStates, toWireState } from "../wire/enums.ts"
import { taskName } from "../wire/names.ts"
import { bigintMax, keysetLimit, listOf, whole } from "../wire/query.ts"
import { taskInstanceSchema, toTaskInstance } from "../wire/task-instance.ts"
import { json, text } from "../wire/text.ts"
import { findTask } from "./task-instances.ts"

/** The most instances that a page of an expansion has. */
const instancesMax = 1_000

const instancesSchema = z
  .object({ task_instances: z.array(taskInstanceSchema), next_after: z.int().nullable() })
  .openapi("ExpansionInstancesResponse")

/** The most labels that one answer looks at. */
const labelsMax = 50_000

const stateInput = z.enum(taskInstanceStates)

const instancesQuery = z.object({
  state: listOf(stateInput),
  key: text(512).optional(),
  label: text(250).optional(),
  error: text(1_000).optional(),
  error_class: z
    .string()
    .regex(/^[0-9a-f]{16}$/, "expected the id of a class, as GET …/errors tells it")
    .optional(),
  to_index: whole(-1, bigintMax).optional(),
  after: whole(-2, bigintMax).default(-2),
  limit: keysetLimit(instancesMax),
})

const listExpansionInstances = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/instances",
  operationId: "get_expansion_instances",
  tags: ["Expansion"],
  summary: "The instances of a task in the order of the map index, by keyset",
  role: "viewer",
  request: {
    params: taskName,
    query: instancesQuery,
  },
  responses: {
    200: json("Instances, and the map index to go on after; null: these were the last.", instancesSchema),
  },
})

/** The instances of one task, by keyset. */
export function expansionInstanceRoutes() {
  return makeRouter().openapi(listExpansionInstances, async (c) => {
    const { store } = c.var.services
    const { run, task, expansionId } = await findTask(c.var.services, c.req.valid("param"))
    const { views, reached } = await instancesOf(store, expansionId, c.req.valid("query"))
    const task_instances = views.map((view) =>
      toTaskInstance({ run, task, state: toWireState(view.state), view }),
    )
    return c.json({ task_instances, next_after: reached }, 200)
  })
}

/** Instances, and the index to go on after; null: nothing follows. */
interface FoundInstances {
  readonly views: readonly TaskInstanceView[]
  readonly reached: number | null
}

type InstancesQuery = z.output<typeof instancesQuery>

async function instancesOf(
  store: StoreService,
  expansionId: string,
  query: InstancesQuery,
): Promise<FoundInstances> {
  const { state, key, error, error_class: errorClass } = query
  if (key !== undefined)
    return { views: [await Effect.runPromise(store.instanceByKey({ expansionId, key }))], reached: null }
  const states = state === undefined ? undefined : knownStates.filter((known) => state.includes(known))
  return error === undefined && errorClass === undefined
    ? instancesByPlace(store, expansionId, states, query)
    : instancesByError(store, expansionId, states ?? failureStates, query)
}

async function instancesByPlace(
  store: StoreService,
  expansionId: string,
  states: readonly TaskInstanceState[] | undefined,
  { label, to_index: toIndex, after, limit }: InstancesQuery,
): Promise<FoundInstances> {
  // Labels are looked at one by one: so many in an answer, and the next goes on there.
  const lookedTo = label === undefined ? toIndex : Math.min(toIndex ?? bigintMax, after + labelsMax)
  const views = await Effect.runPromise(
    store.listTaskInstances({
      expansionId,
      afterIndex: after,
      limit,
      ...(states !== undefined && { states }),
      ...(label !== undefined && { label }),
      ...(lookedTo !== undefined && { toIndex: lookedTo }),
    }),
  )
  const isFull = views.length >= limit
  const hasMore = isFull || (lookedTo !== toIndex && (await isBefore(store, expansionId, lookedTo)))
  const reached = isFull ? views.at(-1)?.mapIndex : lookedTo
  return { views, reached: hasMore ? (reached ?? null) : null }
}

async function instancesByError(
  store: StoreService,
  expansionId: string,
  states: readonly TaskInstanceState[],
  { label, error, error_class: errorClass, to_index: toIndex, after, limit }: InstancesQuery,
): Promise<FoundInstances> {
  const fits = (view: TaskInstanceView) =>
    (error === undefined || `${view.error?.type}: ${view.error?.message}`.includes(error)) &&
    (errorClass === undefined || classOf(view).id === errorClass) &&
    (label === undefined || (view.label?.includes(label) ?? false))
  const views: TaskInstanceView[] = []
  const { reached } = await lookAtFailures(
    store,
    { expansionId, states, afterIndex: after, toIndex },
    (failure) => {
      if (fits(failure)) views.push(failure)
      return views.length < limit
    },
  )
  return { views, reached }
}

/** Whether an expansion has instances beyond an index. */
async function isBefore(
  store: StoreService,
  expansionId: string,
  index: number | undefined,
): Promise<boolean> {
  const { created } = await Effect.runPromise(store.progress(expansionId))
  return index !== undefined && index < created - 1
}

const knownStates = Object.keys(taskInstanceTransitions) as TaskInstanceState[]
