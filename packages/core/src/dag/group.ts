import { describeValue } from "../stream/describe-value.ts"
import { requireDag } from "./dag-builder.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { edgesInto } from "./edges.ts"
import { isPlainObject } from "./input-plan.ts"
import { checkOptions } from "./option-check.ts"
import { checkDefaultTaskOptions, type GivenTaskOptions, type TaskOptions } from "./options.ts"
import { requireId } from "./task-id.ts"
import type { TaskNode } from "./task-node.ts"
import { TaskGroup } from "./xcom.ts"

/** Options of a group. */
export interface GroupOptions {
  /** What counts for each task of the group that does not say otherwise, over the DAG's. */
  readonly defaultTaskOptions?: Omit<TaskOptions, "outlets">
}

/** A group to be used in DAGs: called, it adds its tasks, under ids that begin with the group's. */
export interface Group<Args extends readonly unknown[], Result> {
  (...args: Args): TaskGroup<Result>
  readonly groupId: string
  /** Gives the same group another id, so that one DAG can use it twice. */
  withId(groupId: string): Group<Args, Result>
}

/**
 * Makes a group of the tasks that `build` calls. It stands for all of them where tasks are put in order, and is shown as one.
 *
 * @example
 * const load = group("load", (day: string) => {
 *   const rows = fetchRows({ day })
 *   return store({ rows }) // as load.fetch_rows and load.store
 * })
 * chain(begin(), load("2026-01-01"), end())
 */
export function group<Args extends readonly unknown[], Result>(
  id: string,
  build: (...args: Args) => Result,
  options?: GroupOptions,
): Group<Args, Result> {
  requireId(id, "group()")
  if (typeof build !== "function") throw notAFunction(id, build)
  return makeGroup(id, build, checkGroupOptions(options, id))
}

function makeGroup<Args extends readonly unknown[], Result>(
  id: string,
  build: (...args: Args) => Result,
  defaults: GivenTaskOptions,
): Group<Args, Result> {
  const withId = (newId: string) => {
    requireId(newId, "withId()")
    return makeGroup(newId, build, defaults)
  }
  const call = (...args: Args) => {
    const builder = requireDag(id, "the group")
    const groupId = builder.idOf(id)
    const { result, nodes } = builder.inGroup(id, defaults, () => build(...args))
    refuseUseless(result, nodes, { dagId: builder.dagId, groupId })
    return new TaskGroup({ groupId, result, roots: rootsOf(nodes), leaves: leavesOf(nodes) })
  }
  return Object.assign(call, { groupId: id, withId })
}

function checkGroupOptions(options: unknown, groupId: string): GivenTaskOptions {
  const defaults = {
    expected: "an object of task options",
    read: (value: unknown) => (isPlainObject(value) ? value : undefined),
  }
  const place = { call: "group()", taskId: groupId }
  const { defaultTaskOptions } = checkOptions(options, { defaultTaskOptions: defaults }, place)
  return checkDefaultTaskOptions(defaultTaskOptions, place)
}

/** Its tasks that wait for none of them. */
function rootsOf(nodes: readonly TaskNode[]): TaskNode[] {
  const own = new Set(nodes)
  return nodes.filter((node) => !edgesInto(node).some(({ upstream }) => own.has(upstream)))
}

/** Its tasks that none of them waits for; what follows a group waits for its work, and not for its teardowns, as in Airflow. */
function leavesOf(nodes: readonly TaskNode[]): TaskNode[] {
  const edges = nodes.flatMap(edgesInto)
  const own = new Set(nodes)
  const isTeardown = ({ purpose }: TaskNode) => purpose?.kind === "teardown"
  const followed = new Set(
    edges.flatMap(({ upstream, downstream }) => (isTeardown(downstream) ? [] : [upstream])),
  )
  const undone = new Set(
    edges.filter(({ downstream }) => isTeardown(downstream)).map(({ upstream }) => upstream),
  )
  const isOnlyUndone = (node: TaskNode) => node.purpose?.kind === "setup" && undone.has(node)
  const leaves = nodes.filter(
    (node) => own.has(node) && !isTeardown(node) && !followed.has(node) && !isOnlyUndone(node),
  )
  return leaves.length > 0 ? leaves : nodes.filter((node) => !followed.has(node))
}

function refuseUseless(
  result: unknown,
  nodes: readonly TaskNode[],
  { dagId, groupId }: { dagId: string; groupId: string },
): void {
  if (typeof result === "object" && result !== null && "then" in result) {
    if (result instanceof Promise) result.catch(() => {})
    throw new DagDefinitionError({
      dagId,
      taskId: groupId,
      problem: "the group's function is async",
      expected: "a function that calls all tasks before it returns",
    })
  }
  if (nodes.length > 0) return
  throw new DagDefinitionError({
    dagId,
    taskId: groupId,
    problem: "the group has no task",
    expected: "at least one task to be called in its function",
  })
}

function notAFunction(groupId: string, build: unknown): DagDefinitionError {
  return new DagDefinitionError({
    taskId: groupId,
    problem: `group() got ${describeValue(build)} as its second argument`,
    expected: "the function that calls the group's tasks",
    fix: `write group("${groupId}", () => { ... })`,
  })
}
