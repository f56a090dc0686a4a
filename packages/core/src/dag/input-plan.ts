import { describeValue } from "../stream/describe-value.ts"
import { LazyXCom } from "../stream/lazy-xcom.ts"
import { requireOwnNode } from "./dag-builder.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { refuseNestedXComs } from "./nested-xcom.ts"
import type { TaskNode } from "./task-node.ts"
import { leafNodes, XCom } from "./xcom.ts"

/** Where a value of a task's input comes from. */
export type InputPart =
  | { readonly from: "constant"; readonly value: unknown }
  | { readonly from: "xcom"; readonly node: TaskNode }
  | { readonly from: "stream"; readonly stream: LazyXCom<unknown> }

/** Where the input of a task's instances comes from: one whole, and fields that are laid over it. */
export interface InputPlan {
  /** null: there is none, only fields, or no input at all. */
  readonly whole: InputPart | { readonly from: "item" } | null
  /** null: the whole is the input as it is. */
  readonly fields: readonly (readonly [string, InputPart])[] | null
}

/** Who is given an input, for messages. */
export interface InputPlace {
  readonly dagId: string
  readonly taskId: string
}

/** Plans a plain call: `fixed` came from `partial()`, and is undefined without it; `given` is the argument. */
export function planInput(given: unknown, fixed: object | undefined, place: InputPlace): InputPlan {
  if (isPlainObject(given)) return { whole: null, fields: planFields({ ...given, ...fixed }, place) }
  const fields = fixed === undefined ? null : planFields(fixed, place)
  return { whole: given === undefined ? null : planPart(given, null, place), fields }
}

/** Plans the instances of a mapped task: each gets an item, with what `partial()` fixed laid over it. */
export function planMappedInput(fixed: object | undefined, place: InputPlace): InputPlan {
  const fields = fixed === undefined ? null : planFields(fixed, place)
  for (const [key, part] of fields ?? []) if (part.from === "stream") throw streamInPartial(key, place)
  return { whole: { from: "item" }, fields }
}

/** Plans what a source is called with, which may be anything but a stream. */
export function planSourceInput(given: unknown, place: InputPlace): InputPlan {
  if (given === undefined) return { whole: null, fields: null }
  if (!isPlainObject(given)) throw badSourceInput(given, place)
  const fields = planFields(given, place)
  for (const [key, part] of fields) if (part.from === "stream") throw streamInSource(key, place)
  return { whole: null, fields }
}

/** Lists every part of a plan that is not the item. */
export function partsOf(plan: InputPlan): readonly InputPart[] {
  const fields = (plan.fields ?? []).map(([, part]) => part)
  return plan.whole === null || plan.whole.from === "item" ? fields : [plan.whole, ...fields]
}

/** Lists the tasks whose XCom values a plan needs, each once. */
export function xcomNodes(plan: InputPlan): readonly TaskNode[] {
  return [...new Set(partsOf(plan).flatMap((part) => (part.from === "xcom" ? [part.node] : [])))]
}

/** Lists the streams that a plan reads. */
export function inputStreams(plan: InputPlan): readonly LazyXCom<unknown>[] {
  return partsOf(plan).flatMap((part) => (part.from === "stream" ? [part.stream] : []))
}

/** Says whether a value is an object literal, whose fields are inputs of their own. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function planFields(fields: object, place: InputPlace): readonly (readonly [string, InputPart])[] {
  return Object.entries(fields).map(([key, value]) => [key, planPart(value, key, place)])
}

function planPart(value: unknown, key: string | null, place: InputPlace): InputPart {
  const user = `task "${place.taskId}"`
  if (XCom.perItemOf(value) !== undefined) throw outsideItsGroup(key, place)
  const node = XCom.nodeOf(value)
  if (node !== undefined) {
    requireOwnNode(node, user)
    return { from: "xcom", node }
  }
  if (value instanceof LazyXCom) {
    requireOwnStream(value, user)
    return { from: "stream", stream: value }
  }
  refuseNestedXComs(value, key ?? "input", place)
  return { from: "constant", value }
}

/** Refuses a stream that reads a task of another DAG, or a source that was called outside `dag()`. */
export function requireOwnStream(stream: LazyXCom<unknown>, user: string): void {
  for (const node of leafNodes(stream)) requireOwnNode(node, user)
  if (!stream.leaves.some((leaf) => leaf.kind === "source" && leaf.node === null)) return
  throw new DagDefinitionError({
    problem: `${user} got a stream of a source that was called outside dag()`,
    expected: "streams of this DAG",
    fix: "call the source inside dag(), and pass on what it returns there",
  })
}

function outsideItsGroup(key: string | null, place: InputPlace): DagDefinitionError {
  return new DagDefinitionError({
    ...place,
    problem: `its input${key === null ? "" : ` "${key}"`} is a value of a mapped group, of which there is one for each item`,
    expected: "values of a mapped group only in the tasks of that group",
    fix: "return it from the group's function, and use the stream that the mapped group gives as its result",
  })
}

function streamInPartial(key: string, place: InputPlace): DagDefinitionError {
  return new DagDefinitionError({
    ...place,
    problem: `partial() fixes "${key}" to a stream, which every instance of the mapped task would read anew`,
    expected: "values and XComs",
    fix: `iterate the stream, or reduce it in a task of its own and pass that task's XCom as "${key}"`,
  })
}

function streamInSource(key: string, place: InputPlace): DagDefinitionError {
  return new DagDefinitionError({
    ...place,
    problem: `the source was called with a stream as "${key}"`,
    expected: "values and XComs",
    fix: "use flatMap on the stream, or map a task over it",
  })
}

function badSourceInput(given: unknown, place: InputPlace): DagDefinitionError {
  return new DagDefinitionError({
    ...place,
    problem: `the source was called with ${describeValue(given)}`,
    expected: "an object of values and XComs, or nothing",
  })
}
