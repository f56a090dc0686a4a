import type { SerializedEdge } from "./serialized-dag.ts"
import { inputStreams, xcomNodes } from "./input-plan.ts"
import type { TaskNode } from "./task-node.ts"
import { leafNodes } from "./xcom.ts"

/** An edge between two tasks of a DAG being built, as `SerializedEdge` without `holdsBack`. */
export interface NodeEdge {
  readonly upstream: TaskNode
  readonly downstream: TaskNode
  readonly kind: SerializedEdge["kind"]
  /** False for order alone, where nothing of the upstream is read. */
  readonly isRead: boolean
}

/**
 * Lists the edges into a task, one for each upstream. Where a task both streams from another and waits for its end,
 * it waits.
 */
export function edgesInto(downstream: TaskNode): readonly NodeEdge[] {
  const kinds = new Map<TaskNode, NodeEdge["kind"]>()
  for (const leaf of downstream.mapping?.items.leaves ?? []) {
    if (leaf.node !== null) kinds.set(leaf.node as TaskNode, leaf.kind === "xcom" ? "complete" : "stream")
  }
  const inputs = [...xcomNodes(downstream.input), ...inputStreams(downstream.input).flatMap(leafNodes)]
  for (const upstream of inputs) kinds.set(upstream, "complete")
  const read = new Set(kinds.keys())
  for (const upstream of downstream.after) kinds.set(upstream, "complete")
  return [...kinds].map(([upstream, kind]) => ({ upstream, downstream, kind, isRead: read.has(upstream) }))
}
