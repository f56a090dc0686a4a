/** Where the tasks of a graph stand, computed by dagre: upstream on the left. */
import dagre from "@dagrejs/dagre"

/** A task, or a closed group, to be placed. */
export interface GraphNode {
  readonly id: string
  readonly width: number
  readonly height: number
  /** The open group directly around it. */
  readonly frame?: string | undefined
}

/** An open group: what is in it is kept together. */
export interface GraphFrame {
  readonly id: string
  /** The open group around it. */
  readonly parent: string | null
  readonly isLoop: boolean
}

/** An edge to be drawn. */
export interface GraphEdge {
  readonly upstream: string
  readonly downstream: string
}

/** What is to be placed. */
export interface Graph {
  readonly nodes: readonly GraphNode[]
  /** The outermost first. */
  readonly frames: readonly GraphFrame[]
  readonly edges: readonly GraphEdge[]
}

/** Which way a graph goes: to the right, or down. */
export type Direction = "LR" | "TB"

/** A rectangle. */
export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where everything is. */
export interface Places {
  readonly direction: Direction
  readonly nodes: ReadonlyMap<string, Area>
  readonly frames: ReadonlyMap<string, Area>
}

/** The room between a frame and what is in it: above for its name, and where a loop goes back. */
const room = { top: 30, side: 12, wayBack: { LR: { right: 0, bottom: 14 }, TB: { right: 40, bottom: 14 } } }

/** Places a graph the way in which it is drawn larger in a place of such proportions. */
export function bestPlaced(graph: Graph, ratio: number): Places {
  const right = placed(graph, "LR")
  const down = placed(graph, "TB")
  return scaleOf(right, ratio) >= scaleOf(down, ratio) ? right : down
}

function scaleOf({ nodes, frames }: Places, ratio: number): number {
  const areas = [...nodes.values(), ...frames.values()]
  const wide = Math.max(1, ...areas.map(({ x, width }) => x + width))
  const tall = Math.max(1, ...areas.map(({ y, height }) => y + height))
  return Math.min(ratio / wide, 1 / tall)
}

function placed({ nodes, frames, edges }: Graph, direction: Direction): Places {
  const graph = new dagre.graphlib.Graph({ multigraph: true, compound: true })
  graph.setGraph({
    rankdir: direction,
    nodesep: frames.length > 0 ? 40 : 24,
    ranksep: direction === "LR" ? 64 : 44,
    marginx: 12,
    marginy: 12,
  })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of frames) graph.setNode(frameName(id), {})
  for (const { id, parent } of frames) if (parent !== null) graph.setParent(frameName(id), frameName(parent))
  for (const { id, width, height, frame } of nodes) {
    graph.setNode(id, { width, height })
    if (frame !== undefined) graph.setParent(id, frameName(frame))
  }
  for (const { upstream, downstream } of edges) graph.setEdge(upstream, downstream)
  dagre.layout(graph)
  const areas = new Map(
    nodes.map(({ id, width, height }) => {
      const { x, y } = graph.node(id) as { x: number; y: number }
      return [id, { x: x - width / 2, y: y - height / 2, width, height }] as const
    }),
  )
  return { direction, nodes: areas, frames: framesAround(nodes, frames, { areas, direction }) }
}

/** No task has such a name. */
const frameName = (id: string) => `frame ${id}`

/** Frames lie close around what is in them, the inner ones first. */
function framesAround(
  nodes: readonly GraphNode[],
  frames: readonly GraphFrame[],
  placed: { readonly areas: ReadonlyMap<string, Area>; readonly direction: Direction },
): ReadonlyMap<string, Area> {
  const found = new Map<string, Area>()
  for (const { id, isLoop } of frames.toReversed()) {
    const inside = [
      ...nodes.filter((node) => node.frame === id).map((node) => placed.areas.get(node.id)),
      ...frames.filter((frame) => frame.parent === id).map((frame) => found.get(frame.id)),
    ].filter((area) => area !== undefined)
    if (inside.length === 0) continue
    const more = isLoop ? room.wayBack[placed.direction] : { right: 0, bottom: 0 }
    const left = Math.min(...inside.map(({ x }) => x)) - room.side
    const top = Math.min(...inside.map(({ y }) => y)) - room.top
    const right = Math.max(...inside.map(({ x, width }) => x + width)) + room.side + more.right
    const bottom = Math.max(...inside.map(({ y, height }) => y + height)) + room.side + more.bottom
    found.set(id, { x: left, y: top, width: right - left, height: bottom - top })
  }
  return found
}
