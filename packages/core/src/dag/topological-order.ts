import { DagDefinitionError } from "./definition-error.ts"
import type { TaskNode } from "./task-node.ts"

/**
 * Sorts tasks so that each comes after all of its upstream tasks, and otherwise as they were called.
 *
 * Throws a `DagDefinitionError` that names the tasks of a cycle, if there is one. Walks with a stack of its own: a
 * DAG may be a chain of thousands of tasks.
 */
export function topologicalOrder(
  nodes: readonly TaskNode[],
  upstreamsOf: (node: TaskNode) => readonly TaskNode[],
): readonly TaskNode[] {
  const sorted = new Set<TaskNode>()
  const path = new Set<TaskNode>()
  const stack: { readonly node: TaskNode; readonly rest: Iterator<TaskNode> }[] = []
  const enter = (node: TaskNode) => {
    if (sorted.has(node)) return
    if (path.has(node)) throw cycleError([...path], node)
    path.add(node)
    stack.push({ node, rest: upstreamsOf(node).values() })
  }
  for (const node of nodes) {
    enter(node)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const upstream = top.rest.next()
      if (!upstream.done) {
        enter(upstream.value)
        continue
      }
      stack.pop()
      path.delete(top.node)
      sorted.add(top.node)
    }
  }
  return [...sorted]
}

// The path leads upstream, so the cycle is read backwards: in the direction in which the tasks would run.
function cycleError(path: readonly TaskNode[], repeated: TaskNode): DagDefinitionError {
  const cycle = [...path.slice(path.indexOf(repeated)), repeated].toReversed().map((node) => node.taskId)
  return new DagDefinitionError({
    dagId: repeated.dagId,
    taskId: repeated.taskId,
    problem: `the tasks wait for each other: ${cycle.join(" → ")}`,
    expected: "no cycle",
    fix: "remove one of the after() or chain() calls between them",
  })
}
