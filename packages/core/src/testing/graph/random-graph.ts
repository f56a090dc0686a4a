/** Random DAGs for a property: what they are, as data, and the DAG that it makes. */
import * as fc from "fast-check"
import {
  dag,
  type DagDefinition,
  loop,
  setup,
  Skip,
  source,
  task,
  teardown,
  type TaskOptions,
} from "../../dag/index.ts"
import { branch, shortCircuit } from "../../dag/index.ts"
import { orderAfter, type Orderable } from "../../dag/xcom.ts"
import { type TriggerRule, triggerRules } from "../../state/trigger-rule.ts"
import type { LazyXCom } from "../../stream/lazy-xcom.ts"

/** How an instance ends by itself. */
export type Deed = "success" | "failed" | "skipped"

/** A task, with the places of the tasks before it that it follows. */
export interface GraphNode {
  readonly kind:
    | "task"
    | "branch"
    | "short_circuit"
    | "setup"
    | "teardown"
    | "expand"
    | "lazy"
    | "chain"
    | "loop"
  readonly after: readonly number[]
  readonly rule: TriggerRule
  /** How its instances end, over and over. */
  readonly deeds: readonly Deed[]
  /** Of an expanded list or of its own source: how many items it has. Of a loop: how many iterations it may have, less one. */
  readonly length: number
  /** Of a map over another's results: the place of that one. */
  readonly reads: number | null
  /** Of a lazy map: the places of the tasks that its source follows. */
  readonly sourceAfter: readonly number[]
  /** Of a branch: for each task that directly follows it, in their order, whether it is chosen. */
  readonly chooses: readonly boolean[]
  /**
   * Of a short circuit: whether it goes on, and whether it skips everything. Of a teardown the first: it fails the run. Of a
   * loop: whether `until` holds of the last result that it may have, and whether a task stands beside the one of its result.
   */
  readonly flags: readonly [boolean, boolean]
}

/** The nodes in an order in which each follows only earlier ones. */
export type Graph = readonly GraphNode[]

const drawn = fc.record({
  kind: fc.oneof(
    { weight: 4, arbitrary: fc.constant("task" as const) },
    ...(["branch", "short_circuit", "setup", "teardown", "expand", "lazy", "chain", "loop"] as const).map(
      (kind) => ({ weight: 1, arbitrary: fc.constant(kind) }),
    ),
  ),
  after: fc.array(fc.nat(), { maxLength: 3 }),
  rule: fc.oneof(fc.constant("all_success" as const), fc.constantFrom(...triggerRules)),
  deeds: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant("success" as const) },
      fc.constantFrom<Deed>("failed", "skipped"),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  length: fc.nat(4),
  reads: fc.nat(),
  sourceAfter: fc.array(fc.nat(), { maxLength: 1 }),
  chooses: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  flags: fc.tuple(fc.boolean(), fc.boolean()),
})

/** Any graph of up to so many tasks. */
export function graphs(nodesMax: number): fc.Arbitrary<Graph> {
  return fc.array(drawn, { minLength: 1, maxLength: nodesMax }).map((all) => {
    const nodes: GraphNode[] = []
    for (const each of all) {
      const earlier = (places: readonly number[]) =>
        nodes.length === 0 ? [] : [...new Set(places.map((place) => place % nodes.length))]
      const maps = nodes.flatMap(({ kind }, place) => (isMap(kind) ? [place] : []))
      const isChain = each.kind === "chain" && maps.length > 0
      nodes.push({
        ...each,
        kind: each.kind === "chain" && !isChain ? "task" : each.kind,
        rule: each.kind === "teardown" ? "all_done_setup_success" : each.rule,
        after: earlier(each.after),
        reads: isChain ? (maps[each.reads % maps.length] ?? null) : null,
        sourceAfter: each.kind === "lazy" ? earlier(each.sourceAfter) : [],
      })
    }
    return nodes
  })
}

/** Whether a node has an instance for each item. */
export function isMap(kind: GraphNode["kind"]): boolean {
  return kind === "expand" || kind === "lazy" || kind === "chain"
}

/** The task id of a node, and of the source of a lazy one. A loop has tasks of its own, behind the node's id. */
export const nodeId = (place: number) => `n${place}`
export const sourceId = (place: number) => `s${place}`

/** The task of a node that stands where others follow it. */
export const lastIdOf = (graph: Graph, place: number) =>
  graph[place]?.kind === "loop" ? `${nodeId(place)}.result` : nodeId(place)

/** The task of a node that stands where it follows others. */
const firstIdOf = (graph: Graph, place: number) =>
  graph[place]?.kind === "loop" ? `${nodeId(place)}.iterations` : nodeId(place)

/** What directly follows a node, by task id: a source follows in the place of its map. */
function idsAfter(graph: Graph, place: number): string[] {
  return graph.flatMap((node, other) => [
    ...(node.sourceAfter.includes(place) ? [sourceId(other)] : []),
    ...(node.after.includes(place) || node.reads === place ? [firstIdOf(graph, other)] : []),
  ])
}

/** What a branch chooses. */
export function chosenIds(graph: Graph, place: number): string[] {
  const { chooses = [] } = graph[place] ?? {}
  return idsAfter(graph, place).filter((_, nth) => chooses[nth % chooses.length] === true)
}

/** Writes a graph with the authoring API. */
export function buildGraph(graph: Graph): DagDefinition {
  return dag("random", () => {
    const made: Orderable[] = []
    const streams = new Map<number, LazyXCom<unknown>>()
    graph.forEach((node, place) => {
      const built = buildNode(graph, place, { made, streams })
      made.push(built)
      if (node.after.length > 0)
        orderAfter(
          built,
          node.after.flatMap((at) => made[at] ?? []),
          "after()",
        )
    })
  })
}

function buildNode(
  graph: Graph,
  place: number,
  { made, streams }: { made: readonly Orderable[]; streams: Map<number, LazyXCom<unknown>> },
): Orderable {
  const node = graph[place] as GraphNode
  const id = nodeId(place)
  const options: TaskOptions = { triggerRule: node.rule }
  const run = (_: unknown, ctx: { readonly mapIndex: number }) => act(node, ctx.mapIndex)
  switch (node.kind) {
    case "task":
      return task(id, run, options)(undefined)
    case "setup":
      return setup(id, run, options)(undefined)
    case "teardown":
      return teardown(id, run, { onFailureFailDagRun: node.flags[0] })(undefined)
    case "loop":
      return buildLoop(node, id)
    case "branch":
      return branch(id, () => (act(node, -1), chosenIds(graph, place)), options)()
    case "short_circuit": {
      const given = { ...options, ignoreDownstreamTriggerRules: node.flags[1] }
      return shortCircuit(id, () => (act(node, -1), node.flags[0]), given)()
    }
    default: {
      const mapped = task(id, run as (item: number, ctx: { readonly mapIndex: number }) => unknown, options)
      const stream = buildMap(mapped, node, place, { made, streams })
      streams.set(place, stream)
      return stream
    }
  }
}

/** A loop that counts its iterations; the task beside takes what that of the result leaves. */
function buildLoop(node: GraphNode, id: string): Orderable {
  const run = (_: unknown, ctx: { readonly mapIndex: number }) => act(node, ctx.mapIndex)
  const body = () => {
    const last = task("last", run)(undefined)
    if (node.flags[1]) task("beside", () => "beside", { triggerRule: "all_done" })().after(last)
    return last
  }
  const until = (_: unknown, { iteration }: { readonly iteration: number }) =>
    node.flags[0] && iteration > node.length
  return loop(id, body, { until, maxIterations: node.length + 1, triggerRule: node.rule })()
}

function buildMap(
  mapped: ReturnType<typeof task<number>>,
  node: GraphNode,
  place: number,
  { made, streams }: { made: readonly Orderable[]; streams: ReadonlyMap<number, LazyXCom<unknown>> },
): LazyXCom<unknown> {
  if (node.kind === "expand") return mapped.expand(Array.from({ length: node.length }, (_, item) => item))
  const read = node.reads === null ? undefined : streams.get(node.reads)
  if (read !== undefined) return mapped.iterate(read as LazyXCom<number>)
  const items = source(sourceId(place), async function* () {
    yield 0
  })()
  if (node.sourceAfter.length > 0)
    orderAfter(
      items,
      node.sourceAfter.flatMap((at) => made[at] ?? []),
      "after()",
    )
  return mapped.iterate(items)
}

function act({ deeds }: GraphNode, mapIndex: number): string {
  const deed = deedOf(deeds, mapIndex)
  if (deed === "skipped") throw new Skip()
  if (deed === "failed") throw new Error("it broke")
  return "done"
}

/** How the instance at an index ends. */
export function deedOf(deeds: readonly Deed[], mapIndex: number): Deed {
  return deeds[Math.max(mapIndex, 0) % deeds.length] ?? "success"
}
