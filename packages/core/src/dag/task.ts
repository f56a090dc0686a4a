import { describeValue } from "../stream/describe-value.ts"
import { LazyXCom } from "../stream/lazy-xcom.ts"
import { resultStream } from "../stream/sources/result-stream.ts"
import { type DagBuilder, requireDag } from "./dag-builder.ts"
import { type MappedScope, nestedMapping, refuseReserved } from "./mapped-scope.ts"
import { refuseNestedXComs } from "./nested-xcom.ts"
import type { ResumePoint } from "./deferral.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { type InputPlace, isPlainObject, planInput, planMappedInput } from "./input-plan.ts"
import { expandedItems, iteratedItems } from "./mapped-items.ts"
import { checkMapOptions, checkTaskOptions, type GivenTaskOptions, type MapOptions } from "./options.ts"
import type { TaskOptions } from "./options.ts"
import type { TaskContext } from "./task-context.ts"
import { isId, requireId } from "./task-id.ts"
import type { Fixable, InputArguments, InputFields, ItemOf, ListsOf, StreamsOf } from "./task-input.ts"
import type { AnyResumePoints, AnyTaskFunction, NodeMapping } from "./task-node.ts"
import type { TaskPurpose } from "./task-purpose.ts"
import { XCom } from "./xcom.ts"

/**
 * A task to be used in DAGs: called, it runs once; `iterate` and `expand` map it.
 *
 * `Fixed` are the fields that `partial` has filled; `Input` is what remains.
 */
export interface Task<Input, Result, Fixed extends PropertyKey = never> {
  /** Adds the task to the DAG being built. A field may be a value, the XCom of another task, or a stream. */
  (...input: InputArguments<Input>): XCom<Result>
  readonly taskId: string
  /** Fills some fields of the input, the same for every instance. */
  partial<Given extends Partial<InputFields<Input>>>(
    fields: Fixable<Input, Given>,
  ): Task<Omit<Input, keyof Given>, Result, Fixed | keyof Given>
  /**
   * Maps the task over a stream, lazily: one instance for each item, made page by page as earlier ones finish. An
   * object of streams is zipped.
   */
  iterate<Item extends ItemOf<Input, Fixed>>(
    items: AsyncIterable<Item> | StreamsOf<Input>,
    options?: MapOptions<Item>,
  ): LazyXCom<Result>
  /** Maps the task over a list: known now, or returned by a task. An object of lists is crossed, as in Airflow. */
  expand<Item extends ItemOf<Input, Fixed>>(
    items: readonly Item[] | XCom<readonly Item[]> | ListsOf<Input>,
    options?: MapOptions<Item>,
  ): LazyXCom<Result>
  /** Gives the same task another id, so that one DAG can use it twice. */
  withId(taskId: string): Task<Input, Result, Fixed>
}

/**
 * Makes a task of a function: `input` is what the DAG gives it, `ctx` what it may know and do besides.
 *
 * @example
 * const load = task("load", async ({ user }: { user: User }, ctx) => insert(user), { retries: 3 })
 */
export function task<Input = void, Result = unknown, const Points extends string = never>(
  id: string,
  run: (input: Input, ctx: TaskContext<Points>) => Result,
  options?: DeferringTaskOptions<Input, Result, Points>,
): Task<Input, Awaited<Result>>
export function task(
  id: string,
  run: (input: never, ctx: TaskContext) => unknown,
  options?: DeferringTaskOptions<never, unknown, never>,
): AnyTask {
  return defineTask(id, run, options, { call: "task()" })
}

/** What makes the tasks that a loop has of its own. */
export const loopCall = "loop()"

/** Makes a task for a purpose of its own; `call` is what the author wrote, for messages. */
export function defineTask(
  id: string,
  run: unknown,
  options: DeferringTaskOptions<never, unknown, never> | undefined,
  { call, purpose }: { readonly call: string; readonly purpose?: TaskPurpose },
): AnyTask {
  requireId(id, call)
  if (typeof run !== "function") throw notAFunction(id, run, call)
  return makeTask({
    taskId: id,
    run: run as AnyTaskFunction,
    options: checkTaskOptions(withoutResume(options), { taskId: id, call }),
    resume: checkResumePoints(options?.resume, id),
    fixed: undefined,
    call,
    purpose,
  })
}

/** Options of a task that may defer: its resume points, by name. */
export interface DeferringTaskOptions<Input, Result, Points extends string> extends TaskOptions {
  readonly resume?: { readonly [Point in Points]: ResumePoint<Input, Result, Points> }
}

/** A task with its types forgotten: what the typed faces of `task()` and its like are in truth. */
export type AnyTask = Task<unknown, unknown> & Task<void, unknown>

interface TaskParts {
  readonly taskId: string
  readonly run: AnyTaskFunction
  readonly options: GivenTaskOptions
  readonly resume: AnyResumePoints
  readonly fixed: Readonly<Record<string, unknown>> | undefined
  /** What made it, for messages. */
  readonly call: string
  readonly purpose: TaskPurpose | undefined
}

function makeTask(parts: TaskParts): AnyTask {
  const methods = {
    taskId: parts.taskId,
    partial: (fields: unknown) => makeTask({ ...parts, fixed: addFixed(parts, fields) }),
    iterate: (items: unknown, options?: MapOptions) => mapTask(parts, "iterate", items, options),
    expand: (items: unknown, options?: MapOptions) => mapTask(parts, "expand", items, options),
    withId(taskId: string) {
      requireId(taskId, "withId()")
      return makeTask({ ...parts, taskId })
    },
  }
  return Object.assign((input?: unknown) => callTask(parts, input), methods)
}

function callTask(parts: TaskParts, given: unknown): XCom<unknown> {
  const { run, options, fixed, resume, purpose } = parts
  const builder = requireDag(parts.taskId, "the task")
  const taskId = builder.idOf(parts.taskId)
  if (builder.scope !== null) return callPerItem(parts, given, { builder, scope: builder.scope, taskId })
  const input = planInput(given, fixed, { dagId: builder.dagId, taskId })
  return new XCom(builder.add({ taskId, input, run, resume, mapping: null, source: null, purpose }, options))
}

function mapTask(
  parts: TaskParts,
  kind: NodeMapping["kind"],
  given: unknown,
  givenOptions: MapOptions | undefined,
): LazyXCom<unknown> {
  const { run, options, fixed, resume } = parts
  const builder = requireDag(parts.taskId, `${kind}()`)
  const taskId = builder.idOf(parts.taskId)
  const place = { dagId: builder.dagId, taskId }
  if (parts.purpose !== undefined) throw notMappable(place, kind, parts.call)
  if (builder.scope !== null) throw nestedMapping(place, `${kind}()`, builder.scope)
  const mapOptions = checkMapOptions(givenOptions, { ...place, call: `${kind}()` })
  const input = planMappedInput(fixed, place)
  const items = kind === "iterate" ? iteratedItems(given, taskId, builder) : expandedItems(given, place)
  if (mapOptions.ordered === false) refuseOrdered(items, place, kind)
  const mapping = { kind, items, options: mapOptions }
  const node = builder.add({ taskId, input, run, resume, mapping, source: null }, options)
  return LazyXCom.from(resultStream<unknown>(taskId), { node, kind: "result" })
}

/** Adds a task of a mapped group: one instance for each item, in step with what it takes from others of the group. */
function callPerItem(
  { run, options, fixed, resume, purpose, call }: TaskParts,
  given: unknown,
  { builder, scope, taskId }: { builder: DagBuilder; scope: MappedScope; taskId: string },
): XCom<unknown> {
  const place = { dagId: builder.dagId, taskId }
  if (purpose !== undefined) throw notMappable(place, "iterate", call)
  if (call !== loopCall) refuseReserved(place, scope)
  const taken = scope.partition(given, fixed)
  const input = planMappedInput(taken.constants, place)
  if (taken.whole !== undefined) refuseNestedXComs(taken.whole, "input", place)
  const mapping = { kind: scope.kind, items: scope.items, options: scope.options }
  const node = builder.add({ taskId, input, run, resume, mapping, source: null }, options)
  return scope.add(node, taken)
}

/** Only what instances leave comes in another order than it is numbered. */
function refuseOrdered(items: LazyXCom<unknown>, place: InputPlace, kind: NodeMapping["kind"]): void {
  const [leaf, ...others] = items.leaves
  if (leaf?.kind === "result" && others.length === 0) return
  throw new DagDefinitionError({
    ...place,
    problem: `the option "ordered" of ${kind}() is false, and its items do not come from the results of one mapped task`,
    expected: "ordered: false only where one mapped task's results are iterated",
    fix: "leave it out: other streams give their items in one order only",
  })
}

function notMappable(place: InputPlace, kind: string, call: string): DagDefinitionError {
  return new DagDefinitionError({
    ...place,
    problem: `${kind}() was called on what ${call} made`,
    expected: "a task that runs once in a run, since what it decides is decided for the whole run",
    fix: "map a task() over the items, and throw Skip where nothing is to be done",
  })
}

function addFixed(parts: TaskParts, fields: unknown): Readonly<Record<string, unknown>> {
  if (isPlainObject(fields)) return { ...parts.fixed, ...fields }
  throw new DagDefinitionError({
    taskId: parts.taskId,
    problem: `partial() got ${describeValue(fields)}`,
    expected: "an object with some fields of the task's input",
  })
}

function withoutResume(options: DeferringTaskOptions<never, unknown, never> | undefined): unknown {
  if (!isPlainObject(options)) return options
  const { resume: _, ...others } = options
  return others
}

function checkResumePoints(given: unknown, taskId: string): AnyResumePoints {
  if (given === undefined) return {}
  const points = isPlainObject(given) ? Object.entries(given) : null
  const isGood = points?.every(([name, point]) => isId(name) && typeof point === "function")
  if (isGood === true) return given as AnyResumePoints
  throw new DagDefinitionError({
    taskId,
    problem: `the option "resume" of task() is ${describeValue(given)}`,
    expected: "an object of functions, by the names of the task's resume points",
    fix: "write resume: { collect: async (input, resumed, ctx) => { ... } }",
  })
}

function notAFunction(taskId: string, run: unknown, call: string): DagDefinitionError {
  return new DagDefinitionError({
    taskId,
    problem: `${call} got ${describeValue(run)} as its second argument`,
    expected: "the task's function",
    fix: `write ${call.replace("()", `("${taskId}", async (input, ctx) => { ... })`)}`,
  })
}
