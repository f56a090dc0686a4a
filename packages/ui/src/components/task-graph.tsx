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
  type ReactFlowInstance,
} from "@xyflow/react"
import "@xyflow/react/dist/base.css"
import { ChevronDown, ChevronRight, Group, Layers, Repeat, Waves } from "lucide-react"
import { useEffect, useMemo, useRef, useState } from "react"
import { count, total } from "../model/format.ts"
import { bestPlaced, type Direction, type Places } from "../model/graph.ts"
import { mixOfTasks, partsOf, shortName } from "../model/groups.ts"
import { expansionLabel, fillOf } from "../model/states.ts"
import type { GraphProps } from "./graph.tsx"
import { StateBar, StateIcon } from "./state.tsx"

const width = 196
const height = 64

type Structure = DagStructure
type Loop = Structure["loops"][number]

type TaskNode = Node<
  {
    readonly task: Structure["tasks"][number]
    readonly parent: string | null
    readonly expansion: Expansion | undefined
    readonly direction: Direction
  },
  "task"
>
type BoxNode = Node<
  {
    readonly id: string
    readonly parent: string | null
    readonly taskCount: number
    readonly states: readonly Expansion["state"][] | null
    readonly loop: Loop | undefined
    readonly direction: Direction
  },
  "box"
>
type FrameNode = Node<
  {
    readonly id: string
    readonly parent: string | null
    readonly loop: Loop | undefined
    readonly onClose: () => void
  },
  "frame"
>
type TaskEdge = Edge<
  { readonly isStream: boolean; readonly isFlowing: boolean; readonly window: WindowFill | null },
  "flow"
>
type BackEdge = Edge<
  {
    readonly label: string | null
    readonly isFlowing: boolean
    /** Where it goes back: below what is in the loop, or beside it. */
    readonly turn: number
    readonly direction: Direction
  },
  "back"
>

const nodeTypes = { task: TaskBox, box: GroupBox, frame: GroupFrame }
const edgeTypes = { flow: FlowEdge, back: LoopEdge }

/** No task has such a name. */
const boxId = (groupId: string) => `group ${groupId}`
const frameId = (groupId: string) => `frame ${groupId}`

const fitView = { maxZoom: 1, padding: 0.1 }

/** The tasks as boxes, in their groups; streams as streams: they move while something flows in them. */
export default function TaskGraph({
  structure,
  expansions = [],
  onPick,
  height: graphHeight,
  closed,
  onToggle,
}: GraphProps) {
  const place = useRef<HTMLDivElement>(null)
  const flow = useRef<ReactFlowInstance<TaskNode | BoxNode | FrameNode, TaskEdge | BackEdge>>(null)
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
  const parts = useMemo(() => partsOf(structure.tasks, structure.task_groups, closed), [structure, closed])
  const edges = useMemo(() => edgesOf(structure, parts.standsFor), [structure, parts])
  const places = useMemo(() => {
    const named = (id: string) => ({ id, width, height, frame: parts.frameOf.get(id) })
    return bestPlaced(
      {
        nodes: [...parts.tasks.map((task) => task.task_id ?? ""), ...parts.boxes.map(({ id }) => id)].map(
          named,
        ),
        frames: parts.frames.map((id) => ({
          ...{ id, parent: parentOf(structure, id) },
          isLoop: structure.loops.some((loop) => loop.loop_id === id),
        })),
        edges,
      },
      ratio ?? 2,
    )
  }, [structure, parts, edges, ratio])
  // What was in view may be elsewhere now.
  useEffect(() => void flow.current?.fitView(fitView), [places])
  const byTask = new Map(expansions.map((expansion) => [expansion.task_id, expansion]))
  const loops = new Map(structure.loops.map((loop) => [loop.loop_id, loop]))
  const { direction } = places
  const at = (id: string) => {
    const { x = 0, y = 0 } = places.nodes.get(id) ?? {}
    return { position: { x, y }, width, height }
  }
  const nodes = [
    ...parts.frames.flatMap((id): readonly FrameNode[] => {
      const area = places.frames.get(id)
      if (area === undefined) return []
      const parent = parentOf(structure, id)
      return [
        {
          ...{ id: frameId(id), type: "frame", position: { x: area.x, y: area.y }, zIndex: -1 },
          ...{ width: area.width, height: area.height, selectable: false, focusable: false },
          data: { id, parent, loop: loops.get(id), onClose: () => onToggle(id) },
        },
      ]
    }),
    ...parts.tasks.map((task): TaskNode => {
      const id = task.task_id ?? ""
      return {
        ...{ id, type: "task", ariaLabel: `Task ${id}`, ...at(id) },
        data: { task, parent: task.task_group_id, expansion: byTask.get(id), direction },
      }
    }),
    ...parts.boxes.map(({ id, tasks }): BoxNode => {
      const found = tasks.flatMap((task) => byTask.get(task.task_id ?? "") ?? [])
      return {
        ...{ id: boxId(id), type: "box", ariaLabel: `Open the group ${id}`, ...at(id) },
        data: {
          ...{ id, parent: parentOf(structure, id), taskCount: tasks.length, loop: loops.get(id), direction },
          states: found.length === 0 ? null : found.map(({ state }) => state),
        },
      }
    }),
  ]
  const nodeOf = (id: string) => (parts.boxes.some((box) => box.id === id) ? boxId(id) : id)
  const drawn = [
    ...edges.map(({ upstream, downstream, isStream, of }): TaskEdge => ({
      id: `${upstream} ${downstream} ${isStream}`,
      source: nodeOf(upstream),
      target: nodeOf(downstream),
      type: "flow",
      focusable: false,
      data: {
        isStream,
        isFlowing:
          isStream && of.some((edge) => isFlowing(byTask.get(edge.upstream), byTask.get(edge.downstream))),
        window: isStream && of.length === 1 ? windowFill(byTask.get(downstream)) : null,
      },
    })),
    ...structure.loops.flatMap((loop) => wayBack(loop, { standsFor: parts.standsFor, places, byTask })),
  ]
  const pick = (id: string | undefined) => {
    const box = parts.boxes.find((one) => boxId(one.id) === id)
    if (box !== undefined) onToggle(box.id)
    else if (parts.tasks.some((task) => task.task_id === id) && id !== undefined) onPick(id)
  }
  return (
    <div ref={place} style={{ height: graphHeight }} data-graph>
      {ratio !== null && (
        <ReactFlow
          key={`${direction} ${structure.dag_id} ${structure.version_number}`}
          nodes={nodes}
          edges={drawn}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          onInit={(instance) => (flow.current = instance)}
          onNodeClick={(_event, node) => pick(node.id)}
          nodesDraggable={false}
          nodesConnectable={false}
          elementsSelectable
          fitView
          fitViewOptions={fitView}
          minZoom={0.1}
          maxZoom={1.5}
          preventScrolling={false}
          zoomOnScroll={false}
          proOptions={{ hideAttribution: true }}
          onKeyDown={(event) => {
            const node = (event.target as HTMLElement).closest<HTMLElement>(".react-flow__node")
            if (event.key === "Enter" && event.target === node) pick(node.dataset["id"])
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

function parentOf({ task_groups: groups }: Structure, id: string): string | null {
  return groups.find((group) => group.group_id === id)?.parent_id ?? null
}

/** The edges between what is drawn, each with those of the tasks; what goes on within a closed group is not drawn. */
function edgesOf({ edges }: Structure, standsFor: ReadonlyMap<string, string>) {
  const found = new Map<
    string,
    { upstream: string; downstream: string; isStream: boolean; of: Structure["edges"] }
  >()
  for (const edge of edges) {
    const upstream = standsFor.get(edge.upstream) ?? edge.upstream
    const downstream = standsFor.get(edge.downstream) ?? edge.downstream
    if (upstream === downstream) continue
    const isStream = edge.kind === "stream"
    const name = `${upstream} ${downstream} ${isStream}`
    found.set(name, { upstream, downstream, isStream, of: [...(found.get(name)?.of ?? []), edge] })
  }
  return [...found.values()]
}

/** How a loop goes round: from each of its ends back to where its iterations come from, within its frame. */
function wayBack(
  { loop_id: loopId, iterations, ends, max_iterations: most }: Loop,
  graph: {
    readonly standsFor: ReadonlyMap<string, string>
    readonly places: Places
    readonly byTask: ReadonlyMap<string, Expansion>
  },
): readonly BackEdge[] {
  const { direction, frames } = graph.places
  const frame = frames.get(loopId)
  if (graph.standsFor.get(iterations) !== iterations || frame === undefined) return []
  const turn = direction === "LR" ? frame.y + frame.height - 12 : frame.x + frame.width - 24
  const source = graph.byTask.get(iterations)
  const done = source === undefined ? "" : `${count(source.discovered)} of `
  return ends.map((end, nth) => ({
    id: `${end} back to ${iterations}`,
    source: end,
    target: iterations,
    type: "back",
    focusable: false,
    ariaLabel: `Loop ${loopId} goes round from ${end} to ${iterations}`,
    data: {
      label: nth === 0 ? `↺ ${done}≤ ${count(most)}` : null,
      isFlowing: isFlowing(graph.byTask.get(end), source),
      ...{ turn, direction },
    },
  }))
}

const goesOn = (expansion: Expansion | undefined) =>
  expansion !== undefined && (expansion.state === "open" || expansion.state === "draining")

/** Something flows while the reader still takes, and nobody has paused it. */
function isFlowing(above: Expansion | undefined, below: Expansion | undefined): boolean {
  if (below === undefined || !goesOn(below) || below.is_pulling_paused) return false
  return below.state === "open" || goesOn(above)
}

/** How full the window of the map is into which something flows. */
interface WindowFill {
  readonly used: number
  readonly of: number
}

function windowFill(below: Expansion | undefined): WindowFill | null {
  if (below?.window_use == null || below.window === null || !goesOn(below)) return null
  return {
    used: Math.max(below.window_use.unfinished, below.window_use.unconsumed ?? 0),
    of: below.window,
  }
}

function TaskBox({ data: { task, parent, expansion, direction }, selected }: NodeProps<TaskNode>) {
  const isMapped = task.kind === "mapped"
  const isSource = task.kind === "source" || task.kind === "fused"
  const state = expansion?.state ?? null
  return (
    <div
      className={`flex h-full flex-col justify-center gap-1.5 rounded-lg border bg-surface px-3 py-1.5 text-left hover:border-accent ${selected ? "border-accent" : "border-line"} ${isMapped ? "shadow-[3px_3px_0_-1px_var(--surface),3px_3px_0_0_var(--line)]" : ""}`}
      style={{ borderLeft: `3px solid ${expansion === undefined ? "var(--line-strong)" : fillOf(state)}` }}
    >
      <Ends direction={direction} />
      <div className="flex items-center gap-1.5">
        {expansion !== undefined && <StateIcon state={state} size={13} />}
        <span className="min-w-0 flex-1 truncate text-sm font-semibold">
          {shortName(task.task_id ?? "", parent)}
        </span>
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
    </div>
  )
}

/** Where edges come in and go out. */
function Ends({ direction }: { readonly direction: Direction }) {
  const look = "!size-0 !min-h-0 !min-w-0 !border-0 opacity-0"
  const [start, end] = direction === "LR" ? [Position.Left, Position.Right] : [Position.Top, Position.Bottom]
  return (
    <>
      <Handle type="target" position={start} className={look} />
      <Handle type="source" position={end} className={look} />
    </>
  )
}

/** A closed group: what is in it, in one box. */
function GroupBox({ data: { id, parent, taskCount, states, loop, direction } }: NodeProps<BoxNode>) {
  return (
    <div className="flex h-full cursor-pointer flex-col justify-center gap-1.5 rounded-lg border border-dashed border-line-strong bg-sunken px-3 py-1.5 text-left hover:border-accent">
      <Ends direction={direction} />
      <div className="flex items-center gap-1.5">
        <ChevronRight size={14} aria-hidden className="-ml-0.5 shrink-0 text-muted" />
        <span className="min-w-0 flex-1 truncate text-sm font-semibold">{shortName(id, parent)}</span>
        {loop === undefined ? (
          <Group size={13} aria-label="group" className="shrink-0 text-muted" />
        ) : (
          <Repeat size={13} aria-label="loop" className="shrink-0 text-accent" />
        )}
      </div>
      {states !== null && <StateBar mix={mixOfTasks(states)} height={5} />}
      <div className="text-2xs text-muted">{taskCount === 1 ? "1 task" : `${count(taskCount)} tasks`}</div>
    </div>
  )
}

/** An open group: a frame around what is in it. */
function GroupFrame({ data: { id, parent, loop, onClose } }: NodeProps<FrameNode>) {
  return (
    <div
      className={`pointer-events-none h-full rounded-xl border ${loop === undefined ? "border-line-strong/50" : "border-accent/60"} bg-[color-mix(in_srgb,var(--sunken)_70%,transparent)]`}
    >
      <button
        type="button"
        aria-expanded
        aria-label={`Close the group ${id}`}
        onClick={onClose}
        className="nopan nodrag pointer-events-auto flex max-w-full items-center gap-1 rounded-md px-2 py-1 text-xs font-semibold text-muted hover:text-ink"
      >
        <ChevronDown size={13} aria-hidden className="shrink-0" />
        <span className="truncate">{shortName(id, parent)}</span>
        {loop !== undefined && <Repeat size={12} aria-label="loop" className="shrink-0 text-accent" />}
      </button>
    </div>
  )
}

/** The way back of a loop. */
function LoopEdge({ id, sourceX: x1, sourceY: y1, targetX: x2, targetY: y2, data }: EdgeProps<BackEdge>) {
  const { turn = 0, direction = "LR", label = null, isFlowing: flows = false } = data ?? {}
  const bend = 26
  const path =
    direction === "LR"
      ? `M${x1},${y1} C${x1 + bend},${y1} ${x1 + bend},${turn} ${x1},${turn} L${x2},${turn} C${x2 - bend},${turn} ${x2 - bend},${y2} ${x2},${y2}`
      : `M${x1},${y1} C${x1},${y1 + bend} ${turn},${y1 + bend} ${turn},${y1} L${turn},${y2} C${turn},${y2 - bend} ${x2},${y2 - bend} ${x2},${y2}`
  const [x, y] = direction === "LR" ? [(x1 + x2) / 2, turn] : [turn, (y1 + y2) / 2]
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={flows ? "flowing" : ""}
        style={{ stroke: "var(--accent)", strokeWidth: 1.5, strokeDasharray: "5 4", fill: "none" }}
      />
      {label !== null && (
        <EdgeLabelRenderer>
          <div
            title={`The loop goes round, ${label}`}
            className="absolute rounded border border-line bg-surface px-1 text-2xs whitespace-nowrap text-muted"
            style={{ transform: `translate(-50%,-50%) translate(${x}px,${y}px)` }}
          >
            {label}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  )
}

function FlowEdge(props: EdgeProps<TaskEdge>) {
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
      {data?.window != null && <WindowLabel {...data.window} x={x} y={y} />}
    </>
  )
}

/** The use of a window on its edge, filled as the window is. */
function WindowLabel({ used, of, x, y }: WindowFill & { readonly x: number; readonly y: number }) {
  const part = Math.min(1, used / Math.max(1, of)) * 100
  return (
    <EdgeLabelRenderer>
      <div
        title={`${count(used)} of the window's ${count(of)} are used`}
        className="absolute rounded border border-line px-1.5 text-2xs font-medium text-soft"
        style={{
          transform: `translate(-50%,-50%) translate(${x}px,${y}px)`,
          background: `linear-gradient(to right, var(--accent-wash) ${part}%, var(--surface) ${part}%)`,
        }}
      >
        {count(used)} / {count(of)}
      </div>
    </EdgeLabelRenderer>
  )
}
