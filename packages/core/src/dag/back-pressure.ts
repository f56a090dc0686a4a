/**
 * Decides which consumers may hold their upstream back, so that back-pressure never blocks a run for ever.
 *
 * A task can go on when the tasks it waits for have ended, when the tasks it streams from go on, and when the
 * consumers that hold it back go on. Streams that hold each other back may depend on each other in a circle, since
 * they move together; but a circle that passes through a task that waits for another's end would never move. So each
 * consumer is granted its hold only if that closes no such circle, in topological order.
 *
 * Besides, a consumer that reads two streams which have tasks in common may hold them back only if all of these keep
 * step, item by item: `concat` would leave the second stream's window full while the first, behind the same source,
 * starves.
 */
import type { NodeEdge } from "./edges.ts"
import type { TaskNode } from "./task-node.ts"

/** Operators that give exactly one item for each item, so that positions stay aligned. */
const stepKeeping: ReadonlySet<string> = new Set(["map", "zip", "enumerate"])

type Links = ReadonlyMap<TaskNode, readonly TaskNode[]>

/** Gives the stream edges whose consumer may hold the upstream back. `nodes` are in topological order. */
export function holdingEdges(nodes: readonly TaskNode[], edges: readonly NodeEdge[]): ReadonlySet<NodeEdge> {
  const streams = edges.filter((edge) => edge.kind === "stream")
  const awaits = links(edges.filter((edge) => edge.kind === "complete").map(towardsUpstream))
  const reads = links([...streams.map(towardsUpstream), ...nodes.flatMap(readsBack)])
  const beside = links(streams.flatMap((edge) => [towardsUpstream(edge), towardsUpstream(edge).toReversed()]))
  const intoNode = Map.groupBy(streams, (edge) => edge.downstream)
  const holders = new Map<TaskNode, TaskNode[]>()
  const granted = new Set<NodeEdge>()
  for (const consumer of nodes) {
    const into = intoNode.get(consumer)
    if (into === undefined) continue
    const neededEnds = endsNeeded(consumer, awaits, reads, holders)
    for (const edge of into) {
      if (neededEnds.has(edge.upstream) || !keepsStepWith(edge, into, beside)) continue
      granted.add(edge)
      push(holders, edge.upstream, consumer)
    }
  }
  return granted
}

/** The tasks that must go on until one has ended before `consumer` can go on itself. */
function endsNeeded(consumer: TaskNode, awaits: Links, reads: Links, holders: Links): ReadonlySet<TaskNode> {
  const together = reach([consumer], [reads, holders])
  const ends = [...together].flatMap((node) => awaits.get(node) ?? [])
  return reach(ends, [awaits, reads, holders])
}

/** Says whether the streams that a consumer reads have nothing in common, or go on item by item together. */
function keepsStepWith(edge: NodeEdge, into: readonly NodeEdge[], beside: Links): boolean {
  const { upstream, downstream } = edge
  const isTwice = readsTwice(downstream, upstream)
  if (into.length === 1 && !isTwice) return true
  const around = reach([upstream], [beside], downstream)
  const isJoined = isTwice || into.some((other) => other !== edge && around.has(other.upstream))
  return !isJoined || [downstream, ...around].every(keepsStep)
}

/** Says whether a pipeline reads a stream more than once. */
export function readsTwice(consumer: TaskNode, upstream: TaskNode): boolean {
  const leaves = consumer.mapping?.items.leaves ?? []
  return leaves.filter((leaf) => leaf.node === upstream).length > 1
}

/** A key drops items, so that what follows it has fewer than what went before. */
function keepsStep({ mapping }: TaskNode): boolean {
  if (mapping === null) return true
  return (
    mapping.options.key === undefined &&
    mapping.items.operators.every((operator) => stepKeeping.has(operator))
  )
}

/** Gives all tasks that links lead to, with those at which it starts; never through `except`. */
function reach(from: readonly TaskNode[], along: readonly Links[], except?: TaskNode): ReadonlySet<TaskNode> {
  const reached = new Set(from)
  // A set yields what is added while it is walked, so it is its own queue.
  for (const node of reached) {
    for (const each of along) {
      for (const next of each.get(node) ?? []) if (next !== except) reached.add(next)
    }
  }
  return reached
}

function towardsUpstream({ upstream, downstream }: NodeEdge): [from: TaskNode, to: TaskNode] {
  return [downstream, upstream]
}

/** The source of a loop goes on when what ends its iterations goes on: no edge says so, since it would close a circle. */
function readsBack(node: TaskNode): [from: TaskNode, to: TaskNode][] {
  return (node.source?.loop?.ends ?? []).map((end) => [node, end])
}

function links(pairs: readonly (readonly TaskNode[])[]): Links {
  const map = new Map<TaskNode, TaskNode[]>()
  for (const [from, to] of pairs) if (from !== undefined && to !== undefined) push(map, from, to)
  return map
}

function push(map: Map<TaskNode, TaskNode[]>, key: TaskNode, value: TaskNode): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
