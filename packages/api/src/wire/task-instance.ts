import { z } from "@hono/zod-openapi"
import type { SerializedTask } from "@sluice/core/dag"
import type { DagRunSummary, TaskInstanceView, TaskTryRow } from "@sluice/core/store"
import { dagVersionSchema, toDagVersion } from "./dag-version.ts"
import { taskInstanceStates, type WireState } from "./enums.ts"
import { instant, instantOf, secondsBetween } from "./instant.ts"
import { instanceUuid } from "./uuid.ts"
import { operatorOf, theQueue } from "./task.ts"
import { orNull } from "./text.ts"

const nullableInstant = instant.nullable()
const anyObject = z.record(z.string(), z.unknown())

const attemptFields = {
  task_id: z.string(),
  dag_id: z.string(),
  dag_run_id: z.string(),
  map_index: z.int(),
  start_date: nullableInstant,
  end_date: nullableInstant,
  duration: z.number().nullable(),
  state: z.enum(taskInstanceStates).nullable(),
  try_number: z.int(),
  max_tries: z.int(),
  task_display_name: z.string(),
  dag_display_name: z.string(),
  hostname: z.string().nullable(),
  unixname: z.string().nullable(),
  pool: z.string(),
  pool_slots: z.int(),
  queue: z.string().nullable(),
  priority_weight: z.int().nullable(),
  operator: z.string().nullable(),
  operator_name: z.string().nullable(),
  queued_when: nullableInstant,
  scheduled_when: nullableInstant,
  pid: z.int().nullable(),
  executor: z.string().nullable(),
  executor_config: z.string(),
  dag_version: orNull(dagVersionSchema),
}

/** A task instance. */
export const taskInstanceSchema = z
  .object({
    id: z.uuid(),
    ...attemptFields,
    logical_date: nullableInstant,
    run_after: instant,
    note: z.string().nullable(),
    rendered_map_index: z.string().nullable(),
    rendered_fields: anyObject,
    trigger: anyObject.nullable(),
    triggerer_job: anyObject.nullable(),
    // What Airflow has not: what the item is called by, and why the instance failed.
    key: z.string().nullable(),
    error: z.object({ type: z.string(), message: z.string() }).nullable(),
  })
  .openapi("TaskInstanceResponse")

/** A list of task instances: counted, or by cursor. */
export const taskInstancesSchema = z
  .object({
    task_instances: z.array(taskInstanceSchema),
    total_entries: z.int().optional(),
    next_cursor: z.string().nullable().optional(),
    previous_cursor: z.string().nullable().optional(),
  })
  .openapi("TaskInstanceCollectionResponse")

/** The attempts of one instance. */
export const taskTriesSchema = z
  .object({
    task_instances: z.array(z.object(attemptFields).openapi("TaskInstanceHistoryResponse")),
    total_entries: z.int(),
  })
  .openapi("TaskInstanceHistoryCollectionResponse")

/** An instance as lists work with it: with its run and its task, whether or not anything is stored of it. */
export interface ListedInstance {
  readonly run: DagRunSummary
  readonly task: SerializedTask
  /** Null: nothing of the task has begun. */
  readonly state: WireState | null
  readonly view: Omit<TaskInstanceView, "state">
}

/** The wire's form of an instance. */
export function toTaskInstance(instance: ListedInstance): z.infer<typeof taskInstanceSchema> {
  const { run, view } = instance
  const { error, mapIndex, label } = view
  return {
    id: instanceUuid(view.expansionId, mapIndex),
    ...attemptOf(instance),
    logical_date: instantOf(run.logicalDate),
    run_after: instantOf(run.runAfter),
    note: null,
    rendered_map_index: label ?? (mapIndex < 0 ? null : String(mapIndex)),
    rendered_fields: {},
    trigger: null,
    triggerer_job: null,
    key: view.key,
    error: error === null ? null : { type: error.type, message: error.message },
  }
}

/** The wire's form of the attempts of an instance: those before, and the last. */
export function toTaskTries(
  instance: ListedInstance,
  tries: readonly TaskTryRow[],
): z.infer<typeof taskTriesSchema> {
  const before = tries.map(({ tryNumber, startedAt, endedAt, state, error }) =>
    attemptOf({ ...instance, state, view: { ...instance.view, tryNumber, startedAt, endedAt, error } }),
  )
  // While it waits for its next try, its last one is among those before.
  const isAmongThem = tries.some((row) => row.tryNumber === instance.view.tryNumber)
  const all = isAmongThem ? before : [...before, attemptOf(instance)]
  return { task_instances: all, total_entries: all.length }
}

function attemptOf({ run, task, state, view }: ListedInstance) {
  return {
    task_id: task.taskId,
    dag_id: run.dagId,
    dag_run_id: run.runId,
    map_index: view.mapIndex,
    start_date: instantOf(view.startedAt),
    end_date: instantOf(view.endedAt),
    duration: secondsBetween(view.startedAt, view.endedAt),
    state,
    try_number: view.tryNumber,
    max_tries: task.retries,
    task_display_name: task.taskId,
    dag_display_name: run.dagId,
    hostname: null,
    unixname: null,
    pool: task.pool,
    pool_slots: task.poolSlots,
    queue: theQueue,
    priority_weight: task.weight,
    operator: operatorOf(task),
    operator_name: operatorOf(task),
    queued_when: null,
    scheduled_when: null,
    pid: null,
    executor: null,
    executor_config: "{}",
    dag_version: toDagVersion(run.version),
  }
}
