/** Where the tasks of a graph stand, computed by dagre: upstream on the left. */
import dagre from "@dagrejs/dagre"

/** A task to be placed. */
export interface GraphNode {
  readonly id: string
  readonly width: number
  readonly height: number
}

/** An edge to be drawn. */
export interface GraphEdge {
  readonly upstream: string
  readonly downstream: string
}

/** Which way a graph goes: to the right, or down. */
export type Direction = "LR" | "TB"

/** Places the nodes the way in which they are drawn larger in a place of such proportions. */
export function bestPlaced(nodes: readonly GraphNode[], edges: readonly GraphEdge[], ratio: number) {
  const right = scaledPlaces(nodes, edges, "LR", ratio)
  const down = scaledPlaces(nodes, edges, "TB", ratio)
  return right.scale >= down.scale ? right : down
}

function scaledPlaces(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  direction: Direction,
  ratio: number,
) {
  const places = placed(nodes, edges, direction)
  const wide = Math.max(1, ...nodes.map(({ id, width }) => (places.get(id)?.x ?? 0) + width))
  const tall = Math.max(1, ...nodes.map(({ id, height }) => (places.get(id)?.y ?? 0) + height))
  return { places, direction, scale: Math.min(ratio / wide, 1 / tall) }
}

/** Places the nodes; gives where the upper left corner of each is. */
function placed(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  direction: Direction,
): ReadonlyMap<string, { readonly x: number; readonly y: number }> {
  const graph = new dagre.graphlib.Graph({ multigraph: true })
  graph.setGraph({
    rankdir: direction,
    nodesep: 24,
    ranksep: direction === "LR" ? 64 : 44,
    marginx: 12,
    marginy: 12,
  })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height })
  for (const { upstream, downstream } of edges) graph.setEdge(upstream, downstream)
  dagre.layout(graph)
  return new Map(
    nodes.map(({ id, width, height }) => {
      const { x, y } = graph.node(id) as { x: number; y: number }
      return [id, { x: x - width / 2, y: y - height / 2 }] as const
    }),
  )
}
