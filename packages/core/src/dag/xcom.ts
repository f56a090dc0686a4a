import { describeValue } from "../stream/describe-value.ts"
import { LazyXCom } from "../stream/lazy-xcom.ts"
import { requireOwnNode } from "./dag-builder.ts"
import { DagDefinitionError } from "./definition-error.ts"
import type { TaskNode } from "./task-node.ts"

declare const valueType: unique symbol

/** What stands behind a value of a mapped group, of which there is one for each item. */
export interface PerItem {
  /** The mapping of the group that it belongs to. */
  readonly scope: object
  readonly stream: LazyXCom<unknown>
}

/**
 * The value that an unmapped task will return, as it stands in a DAG file: nothing but a name for it.
 *
 * Passed to another task it makes an edge, and that task gets the value.
 */
export class XCom<out A> {
  declare readonly [valueType]: A
  /** null: it is the item of a mapped group. */
  readonly #node: TaskNode | null
  readonly #perItem: PerItem | null

  constructor(node: TaskNode | null, perItem: PerItem | null = null) {
    this.#node = node
    this.#perItem = perItem
  }

  /** The id of the task that returns it. */
  get taskId(): string {
    return this.#node?.taskId ?? "item"
  }

  /** Makes this task wait until others have ended, without taking a value from them. */
  after(...upstreams: readonly Orderable[]): this {
    orderAfter(this, upstreams, "after()")
    return this
  }

  /** Gives the task behind an XCom, or undefined for anything else. */
  static nodeOf(value: unknown): TaskNode | undefined {
    return typeof value === "object" && value !== null && #node in value
      ? (value.#node ?? undefined)
      : undefined
  }

  /** Gives what stands behind a value of a mapped group, or undefined for anything else. */
  static perItemOf(value: unknown): PerItem | undefined {
    return typeof value === "object" && value !== null && #perItem in value
      ? (value.#perItem ?? undefined)
      : undefined
  }

  /** Refuses to become text or a number: the value is not there before the DAG runs. */
  [Symbol.toPrimitive](): never {
    throw new DagDefinitionError({
      dagId: this.#node?.dagId ?? null,
      taskId: this.taskId,
      problem: "its XCom was used as text or as a number while the DAG is being built, when it has no value",
      expected: "an XCom to be passed to a task",
      fix: "pass the XCom itself, and compute with its value inside the task",
    })
  }
}

const groupBrand = Symbol.for("sluice.TaskGroup")

/** A group that was called: what its build function returned, and what can be put before and after it as a whole. */
export class TaskGroup<out Result> {
  readonly [groupBrand] = true
  readonly groupId: string
  /** What the group's function returned; of a mapped group the streams of it. */
  readonly result: Result
  /** Its tasks that wait for none of the group. */
  readonly roots: readonly TaskNode[]
  /** Those that none of the group waits for; where that is a teardown, the work before it. */
  readonly leaves: readonly TaskNode[]

  constructor(parts: Pick<TaskGroup<Result>, "groupId" | "result" | "roots" | "leaves">) {
    this.groupId = parts.groupId
    this.result = parts.result
    this.roots = parts.roots
    this.leaves = parts.leaves
  }

  /** Makes the group's first tasks wait until others have ended. */
  after(...upstreams: readonly Orderable[]): this {
    orderAfter(this, upstreams, "after()")
    return this
  }
}

function isTaskGroup(value: unknown): value is TaskGroup<unknown> {
  return typeof value === "object" && value !== null && groupBrand in value
}

/** What a task or a group leaves in a DAG file, and so what can be put in order. */
export type Orderable = XCom<unknown> | LazyXCom<unknown> | TaskGroup<unknown>

/** Makes the tasks behind one value wait for those behind others; `call` is what the author wrote, for messages. */
export function orderAfter(downstream: Orderable, upstreams: readonly Orderable[], call: string): void {
  const waitedFor = upstreams.flatMap((value) => nodesBehind(value, "leaves", call))
  for (const node of nodesBehind(downstream, "roots", call)) {
    for (const upstream of waitedFor) node.after.add(upstream)
  }
}

function nodesBehind(value: unknown, side: "roots" | "leaves", call: string): readonly TaskNode[] {
  const nodes = isTaskGroup(value)
    ? value[side]
    : value instanceof LazyXCom
      ? leafNodes(value)
      : [XCom.nodeOf(value)].filter((node) => node !== undefined)
  for (const node of nodes) requireOwnNode(node, call)
  if (nodes.length > 0) return nodes
  throw new DagDefinitionError({
    problem: `${call} got ${value instanceof LazyXCom ? "a stream with no task behind it" : describeValue(value)}`,
    expected: "what a task, a source or a group returned when it was called",
    fix: "pass the result of calling the task, not the task itself",
  })
}

/** Gives the tasks that a stream reads, each once, in pipeline order. */
export function leafNodes(stream: LazyXCom<unknown>): readonly TaskNode[] {
  // The leaves that have a node were made by source(), iterate() and expand(), and their nodes are always these.
  const nodes = stream.leaves.map((leaf) => leaf.node as TaskNode | null)
  return [...new Set(nodes.filter((node) => node !== null))]
}
