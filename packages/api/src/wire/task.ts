import { z } from "@hono/zod-openapi"
import type { SerializedDag, SerializedTask } from "@sluice/core/dag"
import { instant } from "./instant.ts"
import { orNull } from "./text.ts"

/** What Airflow's clients read as the queue: every worker runs every task. */
export const theQueue = "default"

const timeDeltaSchema = z
  .object({ __type: z.string(), days: z.int(), seconds: z.int(), microseconds: z.int() })
  .openapi("TimeDelta")

const anyObject = z.record(z.string(), z.unknown())

/** A task of a DAG. */
export const taskSchema = z
  .object({
    task_id: z.string().nullable(),
    task_display_name: z.string().nullable(),
    owner: z.string().nullable(),
    start_date: instant.nullable(),
    end_date: instant.nullable(),
    trigger_rule: z.string().nullable(),
    depends_on_past: z.boolean(),
    wait_for_downstream: z.boolean(),
    retries: z.number().nullable(),
    queue: z.string().nullable(),
    pool: z.string().nullable(),
    pool_slots: z.number().nullable(),
    execution_timeout: orNull(timeDeltaSchema),
    retry_delay: orNull(timeDeltaSchema),
    retry_exponential_backoff: z.number(),
    priority_weight: z.number().nullable(),
    weight_rule: z.string().nullable(),
    ui_color: z.string().nullable(),
    ui_fgcolor: z.string().nullable(),
    template_fields: z.array(z.string()).nullable(),
    downstream_task_ids: z.array(z.string()).nullable(),
    doc_md: z.string().nullable(),
    operator_name: z.string().nullable(),
    params: anyObject.nullable(),
    class_ref: anyObject.nullable(),
    is_mapped: z.boolean().nullable(),
    extra_links: z.array(z.string()),
    // What Airflow has not: how it is unrolled, and its bounds.
    kind: z.enum(["task", "mapped", "source", "fused"]),
    window: z.int().nullable(),
    page_size: z.int().nullable(),
    concurrency: z.int().nullable(),
    task_group_id: z.string().nullable(),
    setup_teardown_type: z.enum(["setup", "teardown"]).nullable(),
  })
  .openapi("TaskResponse")

/** The tasks of a DAG. */
export const tasksSchema = z
  .object({ tasks: z.array(taskSchema), total_entries: z.int() })
  .openapi("TaskCollectionResponse")

/** What a task is, where Airflow tells the class of its operator. */
export function operatorOf(task: SerializedTask): string {
  return task.setupTeardown ?? task.gate?.kind ?? task.kind
}

/** The wire's form of a task. */
export function toTask(dag: SerializedDag, task: SerializedTask): z.infer<typeof taskSchema> {
  const operator = operatorOf(task)
  return {
    task_id: task.taskId,
    task_display_name: task.taskId,
    owner: null,
    start_date: null,
    end_date: null,
    trigger_rule: task.triggerRule,
    depends_on_past: false,
    wait_for_downstream: false,
    retries: task.retries,
    queue: theQueue,
    pool: task.pool,
    pool_slots: task.poolSlots,
    execution_timeout: task.timeoutMs === null ? null : timeDelta(task.timeoutMs),
    retry_delay: timeDelta(task.retryDelayMs),
    // 0 says that delays do not grow.
    retry_exponential_backoff: task.retryBackoff === 1 ? 0 : task.retryBackoff,
    priority_weight: task.priority,
    weight_rule: task.weightRule,
    ui_color: null,
    ui_fgcolor: null,
    template_fields: [],
    downstream_task_ids: dag.edges
      .filter((edge) => edge.upstream === task.taskId)
      .map((edge) => edge.downstream)
      .toSorted(),
    doc_md: null,
    operator_name: operator,
    params: null,
    class_ref: { module_path: "sluice", class_name: operator },
    is_mapped: task.kind === "mapped",
    extra_links: [],
    kind: task.kind,
    window: task.mapping?.window ?? null,
    page_size: task.mapping?.pageSize ?? null,
    concurrency: task.concurrency,
    task_group_id: task.groupId,
    setup_teardown_type: task.setupTeardown,
  }
}

const dayMs = 86_400_000

function timeDelta(ms: number): z.infer<typeof timeDeltaSchema> {
  const days = Math.floor(ms / dayMs)
  const seconds = Math.floor((ms - days * dayMs) / 1000)
  return {
    __type: "TimeDelta",
    days,
    seconds,
    microseconds: Math.round((ms - days * dayMs - seconds * 1000) * 1000),
  }
}
