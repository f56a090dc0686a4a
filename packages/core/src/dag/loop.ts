import { describeValue } from "../stream/describe-value.ts"
import { LazyXCom } from "../stream/lazy-xcom.ts"
import { lastItem } from "../stream/sources/last-item.ts"
import { resultStream } from "../stream/sources/result-stream.ts"
import { type TriggerRule, triggerRules } from "../state/trigger-rule.ts"
import { after } from "./built-in-triggers.ts"
import { type DagBuilder, requireDag } from "./dag-builder.ts"
import { DagDefinitionError } from "./definition-error.ts"
import type { Duration } from "./duration.ts"
import { edgesInto } from "./edges.ts"
import { leavesOf, refuseUseless, rootsOf } from "./group.ts"
import { type InputPlace, planSourceInput } from "./input-plan.ts"
import { holds, type LoopRules, loopStream, type Until } from "./loop-stream.ts"
import { loopTasks, MappedScope, nestedMapping, resultsOf } from "./mapped-scope.ts"
import { checkOptions, durationCheck, functionCheck, integerCheck, oneOfCheck } from "./option-check.ts"
import { loopDefaults, loopIterationsMax } from "./option-defaults.ts"
import { checkDefaultTaskOptions, type GivenTaskOptions, type TaskOptions } from "./options.ts"
import { addSource } from "./source-node.ts"
import { sourceStream } from "./source-stream.ts"
import { defineTask, loopCall } from "./task.ts"
import type { TaskContext } from "./task-context.ts"
import { requireId } from "./task-id.ts"
import type { NodeLoop, TaskNode } from "./task-node.ts"
import { FailWithoutRetry, Skip } from "./task-outcome-error.ts"
import { TaskGroup, XCom } from "./xcom.ts"

/** Options of a loop. `loopDefaults` holds what counts where nothing is said. */
export interface LoopOptions<Result> {
  /**
   * Says of an iteration's result whether the loop is done with it. Asked once of each, in a host; a pure function is
   * best, since it is asked again where a process died.
   */
  readonly until: Until<Result>
  /** The most iterations, from 1. Default 100. */
  readonly maxIterations?: number
  /**
   * What becomes of a loop that has had its iterations, and of whose last result `until` does not hold. Default
   * `"fail"`; with `"succeed"` it ends with the last result.
   */
  readonly onLimit?: "fail" | "succeed"
  /** How long to wait between two iterations, without a slot. Default 0. */
  readonly delay?: Duration
  /** When the loop starts, said in terms of how its upstream tasks ended. Default `"all_success"`. */
  readonly triggerRule?: TriggerRule
  /** What counts for each task of the loop that does not say otherwise, over the DAG's. */
  readonly defaultTaskOptions?: Omit<TaskOptions, "outlets">
}

/** A loop to be used in DAGs: called with what its first iteration takes, it adds its tasks. */
export interface Loop<Args extends readonly unknown[], Result> {
  (...args: Args): TaskLoop<Result>
  readonly groupId: string
  /** Gives the same loop another id, so that one DAG can use it twice. */
  withId(groupId: string): Loop<Args, Result>
}

/** A loop that was called. Its `result` is that of the last iteration. */
export class TaskLoop<out Result> extends TaskGroup<XCom<Result>> {
  /** What each iteration resulted in, page by page. */
  readonly iterations: LazyXCom<Result>

  constructor(
    parts: Pick<TaskGroup<XCom<Result>>, "groupId" | "result" | "roots" | "leaves"> & {
      readonly iterations: LazyXCom<Result>
    },
  ) {
    super(parts)
    this.iterations = parts.iterations
  }
}

/**
 * Makes a loop of the tasks that `build` calls: they run again and again, each time with what they resulted in before,
 * until `until` holds of the result. Each iteration is a map index of each task, with its own tries, logs and results.
 *
 * @example
 * const refine = loop("refine", (draft: XCom<Draft>) => improve({ draft, notes: review(draft) }), {
 *   until: (draft) => draft.score > 0.9,
 *   maxIterations: 10,
 * })
 * publish(refine(write()).result)
 */
export function loop<Result>(
  id: string,
  build: () => XCom<Result>,
  options: LoopOptions<Result>,
): Loop<[], Result>
export function loop<Input, Result extends Input>(
  id: string,
  build: (input: XCom<Input>) => XCom<Result>,
  options: LoopOptions<Result>,
): Loop<[input: Input | XCom<Input>], Result>
export function loop(id: string, build: unknown, options: LoopOptions<never>): Loop<never, unknown> {
  requireId(id, loopCall)
  if (typeof build !== "function") throw notAFunction(id, build)
  return makeLoop(id, { build: build as LoopParts["build"], ...checkLoopOptions(options, id) })
}

interface LoopParts extends Omit<LoopRules, "loopId"> {
  readonly build: (input: XCom<unknown>) => unknown
  readonly onLimit: "fail" | "succeed"
  readonly delayMs: number
  readonly triggerRule: TriggerRule
  readonly defaults: GivenTaskOptions
}

function makeLoop(id: string, parts: LoopParts): Loop<readonly unknown[], unknown> {
  const withId = (newId: string) => {
    requireId(newId, "withId()")
    return makeLoop(newId, parts)
  }
  const call = (given?: unknown) => {
    const builder = requireDag(id, "the loop")
    const loopId = builder.idOf(id)
    const place = { dagId: builder.dagId, taskId: loopId }
    if (builder.scope !== null) throw nestedMapping(place, "a loop", builder.scope)
    const { result: added, nodes } = builder.inGroup(id, { defaults: parts.defaults }, () =>
      addLoop(builder, { ...parts, loopId }, given),
    )
    return new TaskLoop({ ...added, groupId: loopId, roots: rootsOf(nodes), leaves: leavesOf(nodes) })
  }
  return Object.assign(call, { groupId: id, withId })
}

type NamedLoop = LoopParts & LoopRules

/** Adds what the loop goes round with, its body, and the task that has its result. */
function addLoop(builder: DagBuilder, loop: NamedLoop, given: unknown) {
  const place = { dagId: builder.dagId, taskId: loop.loopId }
  const body: TaskNode[] = []
  const ends: TaskNode[] = []
  const items = addIterations(builder, loop, { given, body, ends })
  const scope = new MappedScope({ kind: "iterate", items, options: {}, loopId: loop.loopId })
  const built = builder.mappedBy(scope, () => {
    if (loop.delayMs > 0) scope.takeItemsFrom(waitBetween(loop.delayMs)(scope.item()))
    const before = scope.nodes.length
    const made = loop.build(scope.item())
    refuseUseless(made, scope.nodes.slice(before), { dagId: builder.dagId, groupId: loop.loopId })
    scope.finish()
    return made
  })
  const resultNode = scope.nodeOf(built)
  if (resultNode === null) throw noResult(built, place)
  body.push(...scope.nodes)
  ends.push(...endsOf(scope.nodes, resultNode))
  const result = addResult(loop, resultNode)
  for (const end of ends) XCom.nodeOf(result)?.after.add(end)
  return { result, iterations: resultsOf(resultNode) }
}

function addIterations(
  builder: DagBuilder,
  loop: NamedLoop,
  { given, body, ends }: Pick<NodeLoop, "body" | "ends"> & { readonly given: unknown },
): LazyXCom<unknown> {
  const taskId = builder.idOf(loopTasks.iterations)
  const { maxIterations, triggerRule } = loop
  const input = planSourceInput({ input: given }, { dagId: builder.dagId, taskId })
  const stream = sourceStream(input, (params) =>
    loopStream(loop, { initial: params["input"], ends: () => ends.map((end) => end.taskId) }),
  )
  const options = { task: { triggerRule }, map: {} }
  return addSource(builder, { taskId, input, stream, options, loop: { body, ends, maxIterations } })
}

/** Passes on what an iteration takes, once its time has come; the first does not wait. */
function waitBetween(delayMs: number) {
  const wait = (input: unknown, ctx: TaskContext<string>) =>
    ctx.mapIndex === 0 ? input : ctx.defer(after(delayMs), { resume: "go_on" })
  const options = { triggerRule: "all_success", resume: { go_on: (input: unknown) => input } } as const
  return defineTask(loopTasks.delay, wait, options, { call: loopCall })
}

/** What nothing of the body follows, and before it what the iteration results in, though something may follow that. */
function endsOf(nodes: readonly TaskNode[], result: TaskNode): TaskNode[] {
  const followed = new Set(nodes.flatMap((node) => edgesInto(node).map(({ upstream }) => upstream)))
  return [result, ...nodes.filter((node) => node !== result && !followed.has(node))]
}

/** A loop that was skipped has no result, and neither has one whose last iteration was; what failed in it fails it. */
function addResult(loop: NamedLoop, node: TaskNode): XCom<unknown> {
  const { loopId, maxIterations, onLimit } = loop
  const run = async ({ last }: { last: AsyncIterable<readonly [index: number, result: unknown]> }) => {
    for await (const [index, result] of last) {
      const iteration = index + 1
      if (iteration < maxIterations || onLimit === "succeed") return result
      if (await holds(loop, result, iteration)) return result
      throw new LoopLimitReached(loopId, maxIterations)
    }
    throw new Skip(`loop "${loopId}" was skipped: its last iteration has no result`)
  }
  const stream = lastItem(resultStream<unknown>(node.taskId), maxIterations)
  const last = LazyXCom.from(stream, { node, kind: "result" })
  return defineTask(loopTasks.result, run, { triggerRule: "none_failed" }, { call: loopCall })({ last })
}

/** A loop has had all the iterations that it may have, and is not done. */
class LoopLimitReached extends FailWithoutRetry {
  constructor(loopId: string, maxIterations: number) {
    super(
      `loop "${loopId}" is not done after ${maxIterations} iterations (maxIterations): until does not hold of the last result. ` +
        'Fix: raise maxIterations, or let it end with the last result with onLimit: "succeed"',
    )
  }
}
Object.defineProperty(LoopLimitReached.prototype, "name", { value: "LoopLimitReached" })

const loopChecks = {
  until: functionCheck<Until<unknown>>(
    "a function from an iteration's result to true, when the loop is done, or false",
  ),
  maxIterations: integerCheck(1, loopIterationsMax),
  onLimit: oneOfCheck(["fail", "succeed"]),
  delay: durationCheck(0),
  triggerRule: oneOfCheck(triggerRules),
  defaultTaskOptions: {
    expected: "an object of task options",
    read: (value: unknown) => (typeof value === "object" && value !== null ? value : undefined),
  },
}

function checkLoopOptions(options: unknown, loopId: string): Omit<LoopParts, "build"> {
  const place = { call: loopCall, taskId: loopId }
  const given = checkOptions(options, loopChecks, place)
  const { until, delay, defaultTaskOptions, triggerRule = "all_success" } = given
  if (until === undefined)
    throw new DagDefinitionError({
      taskId: loopId,
      problem: "loop() has no until",
      expected: loopChecks.until.expected,
      fix: "write until: (result, { iteration }) => ...",
    })
  const defaults = checkDefaultTaskOptions(defaultTaskOptions, place)
  const { maxIterations = loopDefaults.maxIterations, onLimit = loopDefaults.onLimit } = given
  return { until, maxIterations, onLimit, delayMs: delay ?? loopDefaults.delayMs, triggerRule, defaults }
}

function noResult(built: unknown, place: InputPlace): DagDefinitionError {
  return new DagDefinitionError({
    ...place,
    problem: `the loop's function returned ${describeValue(built)}`,
    expected: "the XCom of one of the loop's tasks: what the next iteration takes",
    fix: "return what a task returned when it was called; let a task put several values together",
  })
}

function notAFunction(loopId: string, build: unknown): DagDefinitionError {
  return new DagDefinitionError({
    taskId: loopId,
    problem: `loop() got ${describeValue(build)} as its second argument`,
    expected: "the function that calls the loop's tasks",
    fix: `write loop("${loopId}", (input) => ..., { until: (result) => ... })`,
  })
}
