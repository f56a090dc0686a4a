import { describeValue } from "../stream/describe-value.ts"
import type { LazyXCom } from "../stream/lazy-xcom.ts"
import type { InputPart } from "./input-plan.ts"
import type { TaskNode } from "./task-node.ts"

/** Makes the iterable that a task reads of a stream that it takes as input; whoever runs the task supplies it. */
export type BindStream = (stream: LazyXCom<unknown>) => AsyncIterable<unknown>

/**
 * Assembles what a task is called with for one instance: `item` is its mapped item (undefined for an unmapped task),
 * `xcoms` holds the values of the task's `xcomInputs`.
 *
 * The item of a mapped task without `partial` is given as it is. Where an item has a field that `partial` fixed, the
 * fixed one counts: the compiler checked it, and did not check what else an item may carry.
 */
export function buildInput(
  node: TaskNode,
  item: unknown,
  xcoms: ReadonlyMap<string, unknown>,
  bindStream: BindStream,
): unknown {
  const { whole, fields } = node.input
  const base =
    whole === null ? undefined : whole.from === "item" ? item : resolvePart(whole, xcoms, bindStream)
  if (fields === null) return base
  const input: Record<string, unknown> = { ...requireFields(base, node) }
  for (const [key, part] of fields) input[key] = resolvePart(part, xcoms, bindStream)
  return input
}

function resolvePart(part: InputPart, xcoms: ReadonlyMap<string, unknown>, bindStream: BindStream): unknown {
  if (part.from === "xcom") return xcoms.get(part.node.taskId)
  return part.from === "stream" ? bindStream(part.stream) : part.value
}

function requireFields(base: unknown, node: TaskNode): object | undefined {
  if (base === undefined || (typeof base === "object" && base !== null && !Array.isArray(base))) return base
  throw new TypeError(
    `Task "${node.taskId}" got ${describeValue(base)}, which cannot be merged with what partial() fixed: ` +
      `map the items to objects, or drop partial().`,
  )
}
