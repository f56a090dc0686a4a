import type { Json } from "../json.ts"
import type { DagSettings } from "./dag-options.ts"
import { namesOf } from "../time/asset-condition.ts"
import { assetsOfDag } from "./dag-assets.ts"
import { tolerationOf } from "./failure-options.ts"
import { xcomNodes } from "./input-plan.ts"
import { mapDefaults } from "./option-defaults.ts"
import type { GivenPageOptions } from "./options.ts"
import type {
  SerializedDag,
  SerializedLeaf,
  SerializedLoop,
  SerializedMapping,
  SerializedTask,
} from "./serialized-dag.ts"
import type { TaskGraph } from "./task-graph.ts"
import type { TaskNode } from "./task-node.ts"
import { weightsOf } from "./weight.ts"

/** Writes a DAG down as the database knows it. The same DAG always gives the same JSON. */
export function serializeGraph(dagId: string, settings: DagSettings, graph: TaskGraph): SerializedDag {
  const { schedule, planning, awaited, description, tags, parse, runTimeoutMs } = settings
  const gatesAbove = countByTarget(graph.gates)
  const weights = weightsOf(graph.nodes, graph.edges)
  return {
    dagId,
    schedule,
    planning,
    assets: assetsOfDag(dagId, [...awaited, ...outletsOf(graph)]),
    awaited: planning.assets === null ? [] : namesOf(planning.assets),
    description,
    tags,
    parse,
    runTimeoutMs,
    paramsSchema: paramsSchemaOf(settings),
    tasks: graph.nodes.map((node, ordinal) => ({
      ...serializeTask(node, ordinal),
      weight: weights.get(node) ?? node.settings.priority,
      gate: graph.gates.get(node) ?? null,
      gatesAbove: gatesAbove.get(ordinal) ?? 0,
      decidesRun: graph.deciding.has(node),
    })),
    groups: graph.groups,
    loops: graph.nodes.flatMap(loopsOf),
    edges: graph.edges.map(({ upstream, downstream, kind, holdsBack }) => {
      return { upstream: upstream.taskId, downstream: downstream.taskId, kind, holdsBack }
    }),
  }
}

function loopsOf({ taskId, groupId, source }: TaskNode): SerializedLoop[] {
  if (source?.loop === undefined) return []
  const { body, ends, maxIterations } = source.loop
  const ids = (nodes: readonly TaskNode[]) => nodes.map((node) => node.taskId)
  const loopId = groupId ?? taskId
  return [{ loopId, iterations: taskId, body: ids(body), ends: ids(ends), maxIterations }]
}

function countByTarget(gates: TaskGraph["gates"]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const { targets } of gates.values())
    for (const target of targets) counts.set(target, (counts.get(target) ?? 0) + 1)
  return counts
}

function serializeTask(
  node: TaskNode,
  ordinal: number,
): Omit<SerializedTask, "weight" | "gate" | "gatesAbove" | "decidesRun"> {
  const purpose = node.purpose?.kind
  return {
    taskId: node.taskId,
    groupId: node.groupId,
    ordinal,
    kind: node.kind,
    ...node.settings,
    outlets: node.settings.outlets.map((asset) => asset.name),
    xcomInputs: xcomNodes(node.input).map((upstream) => upstream.taskId),
    mapping: mappingOf(node),
    setupTeardown: purpose === "setup" || purpose === "teardown" ? purpose : null,
  }
}

function outletsOf(graph: TaskGraph) {
  return graph.nodes.flatMap((node) => node.settings.outlets.flatMap((asset) => asset.definitions))
}

function mappingOf(node: TaskNode): SerializedMapping | null {
  if (node.kind === "source") {
    const bounds = boundsOf(node.source?.options ?? {}, [])
    return {
      kind: "iterate",
      ...bounds,
      toleratedFailures: null,
      leaves: [],
      operators: [],
      ...unnamed,
      isDirect: false,
    }
  }
  if (node.mapping === null) return null
  const { kind, items, options } = node.mapping
  const leaves = serializeLeaves(node)
  const fused = items.leaves
    .map((leaf) => leaf.node as TaskNode | null)
    .flatMap((leaf) => (leaf?.kind === "fused" ? (leaf.source?.options ?? []) : []))
  const names = { isKeyed: options.key !== undefined, isLabelled: options.label !== undefined }
  const isPlain = items.operators.length === 0 && !names.isKeyed && !names.isLabelled
  const isOrdered = options.ordered !== false
  const isDirect = leaves.length === 1 && leaves[0]?.kind === "stream" && isPlain
  const bounds = { ...boundsOf(options, fused), toleratedFailures: tolerationOf(options) }
  return { kind, ...bounds, leaves, operators: items.operators, ...names, isOrdered, isDirect }
}

const unnamed = { isKeyed: false, isLabelled: false, isOrdered: true }

function serializeLeaves(node: TaskNode): readonly SerializedLeaf[] {
  const leaves = (node.mapping?.items.leaves ?? []).map((leaf): SerializedLeaf => {
    const upstream = leaf.node as TaskNode | null
    if (upstream === null) return { kind: "list" }
    const kind = leaf.kind === "xcom" ? "xcom" : upstream.kind === "fused" ? "fused" : "stream"
    return { kind, taskId: upstream.taskId }
  })
  return [...new Map(leaves.map((leaf) => [JSON.stringify(leaf), leaf] as const)).values()]
}

type Bounds = Pick<SerializedMapping, "window" | "pageSize" | "pageBytesMax" | "maxItems" | "paused">

/** What a map says itself counts; then the least that the sources say which are fused into it; then the default. */
function boundsOf(own: GivenPageOptions, fused: readonly GivenPageOptions[]): Bounds {
  const least = (name: "window" | "pageSize" | "pageBytesMax") => {
    const said = fused.flatMap((options) => options[name] ?? [])
    return own[name] ?? (said.length > 0 ? Math.min(...said) : mapDefaults[name])
  }
  const window = least("window")
  return {
    window,
    pageSize: Math.min(least("pageSize"), window),
    pageBytesMax: least("pageBytesMax"),
    maxItems: own.maxItems ?? mapDefaults.maxItems,
    paused: own.paused ?? (fused.some((options) => options.paused === true) || mapDefaults.paused),
  }
}

/** Puts the default values of `params` into their schema, as Airflow does. */
function paramsSchemaOf({ params, paramsSchema }: DagSettings): Json | null {
  const names = Object.keys(params)
  if (names.length === 0) return paramsSchema
  const schema = paramsSchema ?? { type: "object" }
  const given = asObject(schema["properties"])
  const withDefaults = names.map((name) => [
    name,
    { ...asObject(given[name]), default: params[name] ?? null },
  ])
  return { ...schema, properties: { ...given, ...Object.fromEntries(withDefaults) } }
}

function asObject(json: Json | undefined): { readonly [key: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? (json as { readonly [key: string]: Json })
    : {}
}
