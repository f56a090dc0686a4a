import { integerMax } from "./option-defaults.ts"
import type { GraphEdge } from "./task-graph.ts"
import type { TaskNode } from "./task-node.ts"

/** What a task's priority is weighed with; as in Airflow. */
export const weightRules = ["absolute", "downstream", "upstream"] as const

/** How a task's priority is weighed. */
export type WeightRule = (typeof weightRules)[number]

/**
 * The weight of each task, by which it is claimed: its priority, and with `downstream` or `upstream` the priorities of all
 * tasks below or above it, each once. Kept within an `integer` of Postgres.
 */
export function weightsOf(
  nodes: readonly TaskNode[],
  edges: readonly GraphEdge[],
): ReadonlyMap<TaskNode, number> {
  const below = Map.groupBy(edges, (edge) => edge.upstream)
  const above = Map.groupBy(edges, (edge) => edge.downstream)
  return new Map(
    nodes.map((node) => {
      const { priority, weightRule } = node.settings
      if (weightRule === "absolute") return [node, priority] as const
      const counted =
        weightRule === "downstream"
          ? reached(node, (one) => (below.get(one) ?? []).map((edge) => edge.downstream))
          : reached(node, (one) => (above.get(one) ?? []).map((edge) => edge.upstream))
      const sum = [...counted].reduce((total, one) => total + one.settings.priority, 0)
      return [node, Math.max(-integerMax, Math.min(integerMax, sum))] as const
    }),
  )
}

/** A task and all that can be reached from it. */
function reached(from: TaskNode, next: (node: TaskNode) => readonly TaskNode[]): Set<TaskNode> {
  const found = new Set([from])
  // A set yields what is added while it is walked, so it is its own queue.
  for (const node of found) for (const one of next(node)) found.add(one)
  return found
}
