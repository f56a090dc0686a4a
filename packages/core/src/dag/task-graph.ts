import { holdingEdges, readsTwice } from "./back-pressure.ts"
import type { NodeGroup } from "./dag-builder.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { edgesInto, type NodeEdge } from "./edges.ts"
import { decidingNodes, gatesOf } from "./gates.ts"
import type { Gate } from "../state/gate.ts"
import type { TaskNode } from "./task-node.ts"
import { topologicalOrder } from "./topological-order.ts"

/** An edge with the decision whether its consumer may hold the upstream back. */
export interface GraphEdge extends NodeEdge {
  readonly holdsBack: boolean
}

/** The tasks of a complete DAG in topological order, and what joins them. */
export interface TaskGraph {
  readonly nodes: readonly TaskNode[]
  readonly groups: readonly NodeGroup[]
  /** By downstream, then by upstream, both in topological order. */
  readonly edges: readonly GraphEdge[]
  /** What the tasks that are gates may say of others. */
  readonly gates: ReadonlyMap<TaskNode, Gate>
  /** The tasks whose failure fails the run. */
  readonly deciding: ReadonlySet<TaskNode>
}

/** Checks the tasks of a DAG together, and decides what depends on all of them: order, back-pressure, fusion, gates. */
export function taskGraph(called: readonly TaskNode[], groups: readonly NodeGroup[] = []): TaskGraph {
  const into = new Map(called.map((node) => [node, edgesInto(node)] as const))
  const edgesOf = (node: TaskNode) => into.get(node) ?? []
  const nodes = topologicalOrder(called, (node) => edgesOf(node).map((edge) => edge.upstream))
  const ordinals = new Map(nodes.map((node, ordinal) => [node, ordinal] as const))
  const ordinalOf = (node: TaskNode) => ordinals.get(node) ?? 0
  const sorted = nodes.flatMap((node) =>
    edgesOf(node).toSorted((a, b) => ordinalOf(a.upstream) - ordinalOf(b.upstream)),
  )
  const holding = holdingEdges(nodes, sorted)
  const edges = sorted.map((edge) => ({ ...edge, holdsBack: holding.has(edge) }))
  fuseSources(nodes, edges)
  const gates = gatesOf(nodes, edges, groups)
  for (const [node, gate] of gates) node.guard(gate)
  return { nodes, groups, edges, gates, deciding: decidingNodes(nodes, edges) }
}

function fuseSources(nodes: readonly TaskNode[], edges: readonly GraphEdge[]): void {
  const outOf = Map.groupBy(edges, (edge) => edge.upstream)
  const waiting = new Set(edges.map((edge) => edge.downstream))
  for (const node of nodes) {
    // What a loop goes round with is read by index, by whoever is in it.
    if (node.source === null || node.source.loop !== undefined) continue
    const readers = outOf.get(node) ?? []
    if (!readers.some((edge) => edge.isRead)) throw unread(node)
    const [only, ...others] = readers
    if (only !== undefined && others.length === 0 && canFuse(only, waiting.has(node))) node.fuse()
  }
}

/**
 * A source that counts its own items, or for whose end its reader waits, needs an expansion of its own; and so does one that
 * waits itself, if its reader's trigger rule may let that start though the source never does.
 */
function canFuse({ upstream, downstream, holdsBack }: GraphEdge, isWaiting: boolean): boolean {
  const countsItems = typeof upstream.source?.options.maxItems === "number"
  const startsAfter = !isWaiting || downstream.settings.triggerRule === "all_success"
  return holdsBack && startsAfter && !countsItems && !readsTwice(downstream, upstream)
}

function unread(node: TaskNode): DagDefinitionError {
  return new DagDefinitionError({
    dagId: node.dagId,
    taskId: node.taskId,
    problem: "nothing reads the source",
    expected: "a consumer for every source",
    fix: "pass it to iterate() or to a task's input, or leave it out",
  })
}
