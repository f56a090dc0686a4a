import type { DagStructure, Expansion } from "@sluice/api/wire"
import {
  BaseEdge,
  Controls,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  getBezierPath,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react"
import "@xyflow/react/dist/base.css"
import { Layers, Waves } from "lucide-react"
import { useEffect, useMemo, useRef, useState } from "react"
import { count, total } from "../model/format.ts"
import { bestPlaced, type Direction } from "../model/graph.ts"
import { expansionLabel, fillOf } from "../model/states.ts"
import { StateBar, StateIcon } from "./state.tsx"

const width = 196
const height = 64

type TaskNode = Node<
  {
    readonly task: DagStructure["tasks"][number]
    readonly expansion: Expansion | undefined
    readonly direction: Direction
  },
  "task"
>
interface EdgeData extends Record<string, unknown> {
  readonly isStream: boolean
  readonly isFlowing: boolean
  readonly label: string | null
  readonly direction: Direction
}
type TaskEdge = Edge<EdgeData, "flow"> | Edge<EdgeData, "back">

const nodeTypes = { task: TaskBox }
const edgeTypes = { flow: FlowEdge, back: BackEdge }

/** The tasks as boxes, streams as streams: they move while something flows in them. */
export default function TaskGraph({
  structure,
  expansions = [],
  onPick,
  height: graphHeight,
}: {
  readonly structure: DagStructure
  readonly expansions?: readonly Expansion[]
  readonly onPick: (taskId: string) => void
  readonly height: number | string
}) {
  const place = useRef<HTMLDivElement>(null)
  const [ratio, setRatio] = useState<number | null>(null)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const observer = new ResizeObserver(() =>
      setRatio(element.clientWidth / Math.max(1, element.clientHeight)),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const { places, direction } = useMemo(() => {
    const nodes = structure.tasks.map((task) => ({ id: task.task_id ?? "", width, height }))
    return bestPlaced(nodes, structure.edges, ratio ?? 2)
  }, [structure, ratio])
  const byTask = new Map(expansions.map((expansion) => [expansion.task_id, expansion]))
  const nodes: TaskNode[] = structure.tasks.map((task) => ({
    id: task.task_id ?? "",
    type: "task",
    position: places.get(task.task_id ?? "") ?? { x: 0, y: 0 },
    data: { task, expansion: byTask.get(task.task_id ?? ""), direction },
    ariaLabel: `Task ${task.task_id}`,
    width,
    height,
  }))
  const edges: TaskEdge[] = structure.edges.map((edge) => {
    const [above, below] = [byTask.get(edge.upstream), byTask.get(edge.downstream)]
    const isStream = edge.kind === "stream"
    return {
      id: `${edge.upstream} ${edge.downstream} ${edge.kind}`,
      source: edge.upstream,
      target: edge.downstream,
      type: "flow",
      focusable: false,
      data: {
        isStream,
        isFlowing: isStream && isFlowing(above, below),
        label: isStream ? windowLabel(below) : null,
        direction,
      },
    }
  })
  const ways = structure.loops.flatMap(({ loop_id, iterations, ends, max_iterations }) =>
    ends.map((end, nth): TaskEdge => {
      const [source, below] = [byTask.get(end), byTask.get(iterations)]
      const done = below === undefined ? "" : `${count(below.discovered)} of `
      return {
        id: `${end} ${iterations} back`,
        source: end,
        target: iterations,
        type: "back",
        focusable: false,
        ariaLabel: `Loop ${loop_id} goes round from ${end} to ${iterations}`,
        data: {
          isStream: true,
          isFlowing: isFlowing(source, below),
          label: nth === 0 ? `↺ ${done}at most ${count(max_iterations)}` : null,
          direction,
        },
      }
    }),
  )
  return (
    <div ref={place} style={{ height: graphHeight }} data-graph>
      {ratio !== null && (
        <ReactFlow
          key={`${direction} ${structure.dag_id} ${structure.version_number}`}
          nodes={nodes}
          edges={[...edges, ...ways]}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          onNodeClick={(_event, node) => onPick(node.id)}
          nodesDraggable={false}
          nodesConnectable={false}
          elementsSelectable
          fitView
          fitViewOptions={{ maxZoom: 1, padding: 0.12 }}
          minZoom={0.1}
          maxZoom={1.5}
          preventScrolling={false}
          zoomOnScroll={false}
          proOptions={{ hideAttribution: true }}
          onKeyDown={(event) => {
            const node = (event.target as HTMLElement).closest<HTMLElement>(".react-flow__node")
            if (event.key === "Enter" && node?.dataset["id"] !== undefined) onPick(node.dataset["id"])
          }}
        >
          <Controls
            showInteractive={false}
            position="bottom-right"
            className="overflow-hidden rounded-md border border-line bg-raised [&_button]:flex [&_button]:size-7 [&_button]:items-center [&_button]:justify-center [&_svg]:size-3 [&_svg]:fill-current"
          />
        </ReactFlow>
      )}
    </div>
  )
}

const goesOn = (expansion: Expansion | undefined) =>
  expansion !== undefined && (expansion.state === "open" || expansion.state === "draining")

/** Something flows while the reader still takes, and nobody has paused it. */
function isFlowing(above: Expansion | undefined, below: Expansion | undefined): boolean {
  if (below === undefined || !goesOn(below) || below.is_pulling_paused) return false
  return below.state === "open" || goesOn(above)
}

function windowLabel(below: Expansion | undefined): string | null {
  if (below?.window_use == null || below.window === null || !goesOn(below)) return null
  return `${count(Math.max(below.window_use.unfinished, below.window_use.unconsumed ?? 0))} / ${count(below.window)}`
}

function TaskBox({ data: { task, expansion, direction }, selected }: NodeProps<TaskNode>) {
  const isMapped = task.kind === "mapped"
  const isSource = task.kind === "source" || task.kind === "fused"
  const state = expansion?.state ?? null
  return (
    <div
      className={`flex h-full flex-col justify-center gap-1.5 rounded-lg border bg-surface px-3 py-1.5 text-left hover:border-accent ${selected ? "border-accent" : "border-line"} ${isMapped ? "shadow-[3px_3px_0_-1px_var(--surface),3px_3px_0_0_var(--line)]" : ""}`}
      style={{ borderLeft: `3px solid ${expansion === undefined ? "var(--line-strong)" : fillOf(state)}` }}
    >
      <Handle
        type="target"
        position={direction === "LR" ? Position.Left : Position.Top}
        className="!size-0 !min-h-0 !min-w-0 !border-0 opacity-0"
      />
      <div className="flex items-center gap-1.5">
        {expansion !== undefined && <StateIcon state={state} size={13} />}
        <span className="min-w-0 flex-1 truncate text-sm font-semibold">{task.task_id}</span>
        {isSource && <Waves size={13} aria-label="source" className="text-accent" />}
        {isMapped && <Layers size={13} aria-label="mapped" className="text-muted" />}
      </div>
      {expansion === undefined ? (
        <div className="truncate text-2xs text-muted">
          {isMapped ? `window ${count(task.window ?? 0)}` : isSource ? "source" : (task.trigger_rule ?? "")}
        </div>
      ) : isMapped ? (
        <>
          <StateBar mix={expansion.instances} isOpen={!expansion.exhausted} height={5} />
          <div className="flex justify-between text-2xs text-muted">
            <span>{total(expansion.discovered, expansion.exhausted)}</span>
            <span>{expansionLabel(expansion)}</span>
          </div>
        </>
      ) : (
        <div className="flex justify-between text-2xs text-muted">
          <span>
            {isSource && expansion.kind === "source"
              ? `${total(expansion.discovered, expansion.exhausted)} items`
              : ""}
          </span>
          <span>{expansionLabel(expansion)}</span>
        </div>
      )}
      <Handle
        type="source"
        position={direction === "LR" ? Position.Right : Position.Bottom}
        className="!size-0 !min-h-0 !min-w-0 !border-0 opacity-0"
      />
    </div>
  )
}

/** How far the way back of a loop is drawn beside its tasks. */
const backOff = 1.6 * height

/** The way back of a loop: an arc beside its tasks, which stand in their order whether or not there is one. */
function BackEdge({ id, data, sourceX, sourceY, targetX, targetY }: EdgeProps<Edge<EdgeData, "back">>) {
  const isAcross = data?.direction !== "TB"
  const beside = isAcross ? Math.min(sourceY, targetY) - backOff : Math.max(sourceX, targetX) + width
  const path = isAcross
    ? `M ${sourceX},${sourceY} C ${sourceX + height},${beside} ${targetX - height},${beside} ${targetX},${targetY}`
    : `M ${sourceX},${sourceY} C ${beside},${sourceY + height} ${beside},${targetY - height} ${targetX},${targetY}`
  // The middle of the curve.
  const x = isAcross ? (sourceX + targetX) / 2 : (sourceX + targetX) / 8 + beside * 0.75
  const y = isAcross ? (sourceY + targetY) / 8 + beside * 0.75 : (sourceY + targetY) / 2
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={data?.isFlowing === true ? "flowing" : ""}
        style={{ stroke: "var(--accent)", strokeWidth: 1.5, strokeDasharray: "5 4", fill: "none" }}
      />
      {data?.label != null && <EdgeLabel x={x} y={y} label={data.label} />}
    </>
  )
}

function EdgeLabel({ x, y, label }: { readonly x: number; readonly y: number; readonly label: string }) {
  return (
    <EdgeLabelRenderer>
      <div
        className="absolute rounded border border-line bg-surface px-1 text-2xs text-muted"
        style={{ transform: `translate(-50%,-50%) translate(${x}px,${y}px)` }}
      >
        {label}
      </div>
    </EdgeLabelRenderer>
  )
}

function FlowEdge(props: EdgeProps<Edge<EdgeData, "flow">>) {
  const { data } = props
  const [path, x, y] = getBezierPath(props)
  const isStream = data?.isStream === true
  return (
    <>
      {isStream && (
        <path d={path} fill="none" stroke="var(--accent-wash)" strokeWidth={9} strokeLinecap="round" />
      )}
      <BaseEdge
        id={props.id}
        path={path}
        className={data?.isFlowing === true ? "flowing" : ""}
        style={{
          stroke: isStream ? "var(--accent)" : "var(--line-strong)",
          strokeWidth: isStream ? 2.5 : 1.5,
          fill: "none",
        }}
      />
      {data?.label != null && <EdgeLabel x={x} y={y} label={data.label} />}
    </>
  )
}
