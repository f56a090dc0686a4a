/**
 * Decides which consumers may hold their upstream back, so that back-pressure never blocks a run for ever.
 *
 * Tasks joined by stream edges hold each other back: where one stops, in time all of its neighbours do. So a consumer
 * must not hold back an upstream whose neighbourhood holds a task for the end of which the consumer itself waits. And
 * a consumer that reads two streams of one neighbourhood may hold them back only if all of it keeps step, item by
 * item: `concat` would leave the second stream's window full while the first, behind the same source, starves.
 */
import type { NodeEdge } from "./edges.ts"
import type { TaskNode } from "./task-node.ts"

/** Operators that give exactly one item for each item, so that positions stay aligned. */
const stepKeeping: ReadonlySet<string> = new Set(["map", "zip", "enumerate"])

const joining: ReadonlySet<string> = new Set(["zip", "concat"])

/** The edges that every decision looks at: all of a DAG's. */
export class StreamGraph {
  readonly #into = new Map<TaskNode, NodeEdge[]>()
  readonly #neighbours = new Map<TaskNode, TaskNode[]>()

  constructor(edges: readonly NodeEdge[]) {
    for (const edge of edges) {
      push(this.#into, edge.downstream, edge)
      if (edge.kind !== "stream") continue
      push(this.#neighbours, edge.upstream, edge.downstream)
      push(this.#neighbours, edge.downstream, edge.upstream)
    }
  }

  /** Gives the upstream tasks that a consumer may hold back. */
  heldBackBy(consumer: TaskNode): ReadonlySet<TaskNode> {
    const streams = this.#edgesInto(consumer, "stream").map((edge) => edge.upstream)
    if (streams.length === 0) return new Set()
    const awaited = this.#awaitedBy(consumer)
    const isFree = (upstream: TaskNode) => {
      if (awaited.size === 0 && streams.length === 1 && !readsTwice(consumer, upstream)) return true
      const around = this.#neighbourhood(upstream, consumer)
      if ([...around].some((node) => awaited.has(node))) return false
      const isJoined =
        readsTwice(consumer, upstream) || streams.some((other) => other !== upstream && around.has(other))
      return !isJoined || [consumer, ...around].every(keepsStep)
    }
    return new Set(streams.filter(isFree))
  }

  /** The tasks whose end a task waits for: by a path with at least one edge that waits. */
  #awaitedBy(consumer: TaskNode): ReadonlySet<TaskNode> {
    const readFrom = reach([consumer], (node) => this.#edgesInto(node, "stream").map((edge) => edge.upstream))
    const waits = [...readFrom].flatMap((node) =>
      this.#edgesInto(node, "complete").map((edge) => edge.upstream),
    )
    return reach(waits, (node) => (this.#into.get(node) ?? []).map((edge) => edge.upstream))
  }

  /** The tasks that stop, in time, when `node` does, if `consumer` is left out of account. */
  #neighbourhood(node: TaskNode, consumer: TaskNode): ReadonlySet<TaskNode> {
    return reach([node], (at) => (this.#neighbours.get(at) ?? []).filter((next) => next !== consumer))
  }

  #edgesInto(node: TaskNode, kind: NodeEdge["kind"]): readonly NodeEdge[] {
    return (this.#into.get(node) ?? []).filter((edge) => edge.kind === kind)
  }
}

/**
 * Says whether a pipeline may read a stream more than once.
 *
 * A pipeline lists each of its leaves once, so this errs on the side of caution: a join of at least two inputs with
 * fewer leaves than inputs must have one of them twice.
 */
export function readsTwice(consumer: TaskNode, upstream: TaskNode): boolean {
  const items = consumer.mapping?.items
  if (items === undefined) return false
  const occurrences = items.leaves.filter((leaf) => leaf.node === upstream).length
  const joins = items.operators.filter((operator) => joining.has(operator)).length
  return occurrences > 1 || (joins > 0 && joins >= items.leaves.length)
}

function keepsStep(node: TaskNode): boolean {
  return node.mapping === null || node.mapping.items.operators.every((operator) => stepKeeping.has(operator))
}

function reach(
  from: readonly TaskNode[],
  next: (node: TaskNode) => readonly TaskNode[],
): ReadonlySet<TaskNode> {
  const reached = new Set(from)
  // A set yields what is added while it is walked, so it is its own queue.
  for (const node of reached) for (const other of next(node)) reached.add(other)
  return reached
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
