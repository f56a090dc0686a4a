/** Works out of which tasks a branch or a short circuit decides whether they run. */
import type { Gate } from "../state/gate.ts"
import { DagDefinitionError } from "./definition-error.ts"
import type { NodeEdge } from "./edges.ts"
import { gateTargetsMax } from "./option-defaults.ts"
import type { TaskNode } from "./task-node.ts"

type Below = ReadonlyMap<TaskNode, readonly TaskNode[]>

/** Gives the gates of a DAG, with their targets by ordinal. `nodes` are in topological order. */
export function gatesOf(nodes: readonly TaskNode[], edges: readonly NodeEdge[]): ReadonlyMap<TaskNode, Gate> {
  const below: Below = Map.groupBy(edges, (edge) => edge.upstream)
    .entries()
    .reduce(
      (map, [node, out]) =>
        map.set(
          node,
          out.map((edge) => edge.downstream),
        ),
      new Map(),
    )
  const ordinals = new Map(nodes.map((node, ordinal) => [node, ordinal] as const))
  const ordinalsOf = (some: Iterable<TaskNode>) =>
    [...some].map((node) => ordinals.get(node) ?? 0).toSorted((a, b) => a - b)
  const gates = new Map<TaskNode, Gate>()
  for (const node of nodes) {
    const gate = gateOf(node, below, ordinalsOf)
    if (gate !== null) gates.set(node, gate)
  }
  refuseTooManyTargets(gates)
  return gates
}

function gateOf(
  node: TaskNode,
  below: Below,
  ordinalsOf: (some: Iterable<TaskNode>) => number[],
): Gate | null {
  const next = below.get(node) ?? []
  switch (node.purpose?.kind) {
    case "branch": {
      // Where a way leads to a sibling, that is not skipped: it joins what was followed.
      const ways = next.map((child) => {
        const reached = reach([child], below)
        return { id: child.taskId, follows: ordinalsOf(next.filter((other) => reached.has(other))) }
      })
      return { kind: "branch", targets: ordinalsOf(next), ways }
    }
    case "short_circuit":
      return {
        kind: "short_circuit",
        targets: ordinalsOf(node.purpose.isTransitive ? reach(next, below) : next),
      }
    case undefined:
      return null
  }
}

/** All tasks that edges lead to, with those at which it starts. */
function reach(from: readonly TaskNode[], below: Below): ReadonlySet<TaskNode> {
  const reached = new Set(from)
  // A set yields what is added while it is walked, so it is its own queue.
  for (const node of reached) for (const next of below.get(node) ?? []) reached.add(next)
  return reached
}

function refuseTooManyTargets(gates: ReadonlyMap<TaskNode, Gate>): void {
  let targets = 0
  for (const [node, gate] of gates) {
    targets += gate.targets.length
    if (targets <= gateTargetsMax) continue
    throw new DagDefinitionError({
      dagId: node.dagId,
      taskId: node.taskId,
      problem: `the branches and short circuits up to it decide over more than ${gateTargetsMax} tasks in sum`,
      expected: `at most ${gateTargetsMax}`,
      fix: "give short circuits ignoreDownstreamTriggerRules: false, so that they skip only what comes next",
    })
  }
}
