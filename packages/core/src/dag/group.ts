import { describeValue } from "../stream/describe-value.ts"
import { requireDag } from "./dag-builder.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { edgesInto } from "./edges.ts"
import { isPlainObject } from "./input-plan.ts"
import { checkOptions } from "./option-check.ts"
import { expandedItems, iteratedItems } from "./mapped-items.ts"
import { MappedScope, nestedMapping } from "./mapped-scope.ts"
import {
  checkDefaultTaskOptions,
  checkMapOptions,
  type GivenMapOptions,
  type GivenTaskOptions,
  type MapOptions,
  type TaskOptions,
} from "./options.ts"
import { requireId } from "./task-id.ts"
import type { LazyXCom } from "../stream/lazy-xcom.ts"
import type { NodeMapping, TaskNode } from "./task-node.ts"
import { TaskGroup, XCom } from "./xcom.ts"

/** Options of a group. */
export interface GroupOptions {
  /** What counts for each task of the group that does not say otherwise, over the DAG's. */
  readonly defaultTaskOptions?: Omit<TaskOptions, "outlets">
}

/** A group to be used in DAGs: called, it adds its tasks, under ids that begin with the group's. */
export interface Group<Args extends readonly unknown[], Result> {
  (...args: Args): TaskGroup<Result>
  /**
   * Maps the group over a stream, lazily: each item goes through all tasks of the group on its own, while others are still
   * on their way. What the group's function returns becomes a stream of it.
   */
  iterate(items: AsyncIterable<ItemOfGroup<Args>>, options?: GroupMapOptions): TaskGroup<Streamed<Result>>
  /** Maps the group over a list: known now, or returned by a task. */
  expand(
    items: readonly ItemOfGroup<Args>[] | XCom<readonly ItemOfGroup<Args>[]>,
    options?: GroupMapOptions,
  ): TaskGroup<Streamed<Result>>
  readonly groupId: string
  /** Gives the same group another id, so that one DAG can use it twice. */
  withId(groupId: string): Group<Args, Result>
}

/** What a group takes that is mapped: its function has one parameter, and the item is its value. */
export type ItemOfGroup<Args extends readonly unknown[]> = Args extends readonly [XCom<infer Item>]
  ? Item
  : never

/** What is left of a group's result where there is one for each item. */
export type Streamed<Result> =
  Result extends XCom<infer A>
    ? LazyXCom<A>
    : Result extends TaskGroup<infer Inner>
      ? Streamed<Inner>
      : Result extends readonly unknown[] | Readonly<Record<string, unknown>>
        ? { readonly [K in keyof Result]: Streamed<Result[K]> }
        : Result

/** Options of a mapped group: the bounds of each of its maps. */
export type GroupMapOptions = Pick<MapOptions, "window" | "pageSize">

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
    const { result, nodes } = builder.inGroup(id, { defaults }, () => build(...args))
    refuseUseless(result, nodes, { dagId: builder.dagId, groupId })
    return new TaskGroup({ groupId, result, roots: rootsOf(nodes), leaves: leavesOf(nodes) })
  }
  const mapOver = (kind: NodeMapping["kind"], given: unknown, options: unknown) => {
    const builder = requireDag(id, `${kind}()`)
    const groupId = builder.idOf(id)
    const place = { dagId: builder.dagId, taskId: groupId }
    if (builder.scope !== null) throw nestedMapping(place, `${kind}()`, builder.scope)
    const bounds = checkMapOptions(options, { ...place, call: `${kind}()` })
    refuseOthers(bounds, place, `${kind}()`)
    const items = kind === "iterate" ? iteratedItems(given, groupId, builder) : expandedItems(given, place)
    const scope = new MappedScope({ kind, items, options: bounds })
    const run = build as unknown as (item: XCom<unknown>) => Result
    const { result, nodes } = builder.inGroup(id, { defaults, scope }, () => {
      const built = run(scope.item())
      scope.finish()
      return built
    })
    refuseUseless(result, nodes, { dagId: builder.dagId, groupId })
    const streamed = inStreams(result)
    return new TaskGroup({ groupId, result: streamed, roots: rootsOf(nodes), leaves: leavesOf(nodes) })
  }
  const methods = {
    groupId: id,
    withId,
    iterate: (items: unknown, options?: unknown) => mapOver("iterate", items, options),
    expand: (items: unknown, options?: unknown) => mapOver("expand", items, options),
  }
  return Object.assign(call, methods) as never
}

/** A result with the streams in the place of what there is for each item. */
function inStreams(result: unknown): unknown {
  const perItem = XCom.perItemOf(result)
  if (perItem !== undefined) return perItem.stream
  if (result instanceof TaskGroup) return inStreams(result.result)
  if (Array.isArray(result)) return result.map(inStreams)
  if (!isPlainObject(result)) return result
  return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, inStreams(value)]))
}

function refuseOthers(bounds: GivenMapOptions, place: { dagId: string; taskId: string }, call: string): void {
  const other = Object.keys(bounds).find((name) => name !== "window" && name !== "pageSize")
  if (other === undefined) return
  throw new DagDefinitionError({
    ...place,
    problem: `the option "${other}" was given to ${call} of a group`,
    expected: "window and pageSize, which bound each of its maps",
    fix: "give options of tasks to the tasks, and change the stream before it is iterated",
  })
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
export function rootsOf(nodes: readonly TaskNode[]): TaskNode[] {
  const own = new Set(nodes)
  return nodes.filter((node) => !edgesInto(node).some(({ upstream }) => own.has(upstream)))
}

/** Its tasks that none of them waits for; what follows a group waits for its work, and not for its teardowns, as in Airflow. */
export function leavesOf(nodes: readonly TaskNode[]): TaskNode[] {
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

/** Refuses a group whose function is async, or calls no task. */
export function refuseUseless(
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
