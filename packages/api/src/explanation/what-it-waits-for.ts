/** Says what stands in the way of an instance that has not begun, or that goes on later. */
import { isFinalExpansionState } from "@sluice/core/state"
import type { InstanceWait, LimitUse, RoleRow } from "@sluice/core/store"
import { Effect } from "effect"
import { unfinishedUpstreams } from "../expansions/window.ts"
import {
  gatesAbove,
  type Involved,
  involvedTask,
  lastEvent,
  listed,
  quoted,
  type Situation,
} from "./situation.ts"

/** What an instance can wait for. */
export const waitKinds = [
  "run_start",
  "gate",
  "upstream",
  "decision",
  "resume",
  "repair",
  "retry",
  "trigger",
  "concurrency",
  "deferred_max",
  "dag_concurrency",
  "max_active_tasks",
  "pool",
  "worker",
  "slot",
] as const

/** Something that stands in its way. */
export interface Obstacle {
  readonly kind: (typeof waitKinds)[number]
  readonly message: string
  readonly tasks: readonly Involved[]
  /** When it is over, where that is known. */
  readonly until: Date | null
  /** Of a limit: how much there may be, and how much is taken. */
  readonly limit: LimitUse | null
  readonly actor: string | null
}

/** All that stands in its way; nothing of one that runs, or has ended. */
export async function whatItWaitsFor(situation: Situation, wait: InstanceWait): Promise<readonly Obstacle[]> {
  const { instance, view } = situation
  if (isFinalExpansionState(view.state) || instance.state === "running") return []
  if (view.state === "waiting") return beforeItBegins(situation)
  if (instance.state === "deferred" && wait.deferral !== null)
    return [obstacle("trigger", "Its event has not come.", { until: wait.deferral.firesAt })]
  if (isOver(instance.state)) return []
  if (view.isRunningPaused) return [await paused(situation)]
  if (wait.repairOf !== null) return [repair(situation, wait.repairOf)]
  const retry = retryOf(wait)
  if (retry !== null) return [retry]
  const full = [...limitsIn(situation, wait), ...(await poolOf(situation))]
  return full.length > 0 ? full : [await workerOf(situation)]
}

function isOver(state: string | null): boolean {
  return state === "success" || state === "failed" || state === "skipped" || state === "upstream_failed"
}

function obstacle(kind: Obstacle["kind"], message: string, more: Partial<Obstacle> = {}): Obstacle {
  return { kind, message, tasks: [], until: null, limit: null, actor: null, ...more }
}

async function beforeItBegins(situation: Situation): Promise<readonly Obstacle[]> {
  const { dag, instance, views } = situation
  const { run, task } = instance
  if (run.state === "queued") return [await runStart(situation)]
  const gates = gatesAbove(situation).filter(({ taskId }) => !isEnded(situation, taskId))
  const above = unfinishedUpstreams(dag, task.taskId, views).filter(
    (taskId) => !gates.some((gate) => gate.taskId === taskId),
  )
  const obstacles = [
    ...(gates.length === 0
      ? []
      : [
          obstacle("gate", `${listed(gates.map(({ taskId }) => quoted(taskId)))} may say whether it runs.`, {
            tasks: gates.map(({ taskId }) => involvedTask(situation, taskId)),
          }),
        ]),
    ...(above.length === 0
      ? []
      : [
          obstacle(
            "upstream",
            `${listed(above.map(quoted))} ${above.length === 1 ? "has" : "have"} not ended (its trigger rule is ${task.triggerRule}).`,
            { tasks: above.map((taskId) => involvedTask(situation, taskId)) },
          ),
        ]),
  ]
  return obstacles.length > 0 ? obstacles : [obstacle("decision", "A scheduler decides about it next.")]
}

function isEnded({ views }: Situation, taskId: string): boolean {
  const view = views.find((each) => each.taskId === taskId)
  return view !== undefined && isFinalExpansionState(view.state)
}

async function runStart({ services: { store }, instance: { run } }: Situation): Promise<Obstacle> {
  const dag = await Effect.runPromise(store.dag(run.dagId))
  if (dag.isPaused) return obstacle("run_start", `Its run is queued: the DAG ${quoted(run.dagId)} is paused.`)
  const limit = { max: dag.maxActiveRuns, used: dag.runningRuns }
  return obstacle("run_start", "Its run is queued: it starts when its DAG has room for one more run.", {
    limit,
  })
}

async function paused(situation: Situation): Promise<Obstacle> {
  const event = await lastEvent(situation, ["map_paused"])
  return obstacle("resume", "The map is paused: nothing of it is run until it is resumed.", {
    actor: event?.actor ?? null,
  })
}

function repair({ dag }: Situation, { ordinal, mapIndex }: NonNullable<InstanceWait["repairOf"]>): Obstacle {
  const taskId = dag.tasks[ordinal]?.taskId ?? ""
  return obstacle(
    "repair",
    `Instance ${mapIndex} of ${quoted(taskId)} runs again, and gives it a new input.`,
    {
      tasks: [{ taskId, mapIndex, state: null }],
    },
  )
}

function retryOf({ offeredAt }: InstanceWait): Obstacle | null {
  if (offeredAt === null || offeredAt.getTime() <= Date.now()) return null
  return obstacle("retry", "Its next try has its time.", { until: offeredAt })
}

function limitsIn({ instance: { task, run } }: Situation, { limits }: InstanceWait): readonly Obstacle[] {
  const full = (kind: Obstacle["kind"], limit: LimitUse | null, message: string) =>
    limit === null || limit.used < limit.max ? [] : [obstacle(kind, message, { limit })]
  const name = quoted(task.taskId)
  return [
    ...full(
      "concurrency",
      limits.concurrency,
      `As many instances of ${name} run as may at once (concurrency).`,
    ),
    ...full(
      "deferred_max",
      limits.deferred,
      `As many instances of ${name} are deferred as may be (deferredMax).`,
    ),
    ...full(
      "dag_concurrency",
      limits.dagConcurrency,
      `As many instances of ${name} run as may over all runs of ${quoted(run.dagId)} (dagConcurrency).`,
    ),
    ...full(
      "max_active_tasks",
      limits.maxActiveTasks,
      "As many instances of its run are at work as may be (maxActiveTasks).",
    ),
  ]
}

async function poolOf({ services: { store }, instance: { task } }: Situation): Promise<readonly Obstacle[]> {
  const name = quoted(task.pool)
  const pool = await Effect.runPromise(
    store.pool(task.pool).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null))),
  )
  if (pool === null) return [obstacle("pool", `Its pool ${name} does not exist: make it, and it starts.`)]
  if (pool.slots === null) return []
  const used = pool.running + (pool.includeDeferred ? pool.deferred : 0)
  if (pool.slots - used >= task.poolSlots) return []
  const needs = task.poolSlots === 1 ? "" : `; it needs ${task.poolSlots} at once`
  return [obstacle("pool", `The pool ${name} is full${needs}.`, { limit: { max: pool.slots, used } })]
}

/** The most roles that are looked through. */
const rolesMax = 1_000

async function workerOf({ services: { store }, view }: Situation): Promise<Obstacle> {
  const roles = await Effect.runPromise(store.listRoles({ limit: rolesMax }))
  if (!roles.some((role: RoleRow) => role.role === "worker" && role.isAlive))
    return obstacle("worker", "It is ready, but no worker is alive: start an engine (sluice engine).")
  return obstacle(
    "slot",
    `It is ready: a worker takes it when its turn comes and a slot is free${view.running === 0 ? "" : ` (${view.running} of its task run now)`}.`,
  )
}
