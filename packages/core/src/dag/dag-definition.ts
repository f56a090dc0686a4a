import { LazyXCom } from "../stream/lazy-xcom.ts"
import { buildInput, type BindStream } from "./build-input.ts"
import type { DagSettings } from "./dag-options.ts"
import type { JsonObject } from "./json-object.ts"
import type { SerializedDag } from "./serialized-dag.ts"
import { serializeGraph } from "./serialize.ts"
import type { TaskGraph } from "./task-graph.ts"
import type { TaskNode } from "./task-node.ts"

const brand = Symbol.for("sluice.DagDefinition")

/** A DAG with its code: what `dag()` makes, and what a host runs. */
export class DagDefinition {
  readonly [brand] = true
  readonly dagId: string
  /** The defaults of the parameters of a run. */
  readonly params: JsonObject
  /** In topological order. */
  readonly nodes: readonly TaskNode[]
  readonly #byId: ReadonlyMap<string, TaskNode>
  readonly #settings: DagSettings
  readonly #graph: TaskGraph

  constructor(dagId: string, settings: DagSettings, graph: TaskGraph) {
    this.dagId = dagId
    this.params = settings.params
    this.nodes = graph.nodes
    this.#byId = new Map(graph.nodes.map((node) => [node.taskId, node]))
    this.#settings = settings
    this.#graph = graph
  }

  /** Gives a task by its id; throws when there is none, which means that another version of the DAG is asked for. */
  node(taskId: string): TaskNode {
    const node = this.#byId.get(taskId)
    if (node !== undefined) return node
    throw new RangeError(
      `Dag "${this.dagId}" has no task "${taskId}": it has ${[...this.#byId.keys()].slice(0, 20).join(", ")}.`,
    )
  }

  /** Writes the DAG down as the database knows it. */
  serialize(): SerializedDag {
    return serializeGraph(this.dagId, this.#settings, this.#graph)
  }

  /** See `buildInput`; a method, so that a host uses the copy of the module that made the DAG. */
  buildInput(
    node: TaskNode,
    item: unknown,
    xcoms: ReadonlyMap<string, unknown>,
    bindStream: BindStream,
  ): unknown {
    return buildInput(node, item, xcoms, bindStream)
  }

  /** See `inputStream`. */
  inputStream(node: TaskNode): LazyXCom<unknown> {
    return inputStream(node)
  }
}

/** Recognises a DAG, also one made by another copy of this module (a bundle brings its own). */
export function isDagDefinition(value: unknown): value is DagDefinition {
  return typeof value === "object" && value !== null && brand in value
}

/** Writes a DAG down as the database knows it. */
export function serializeDag(definition: DagDefinition): SerializedDag {
  return definition.serialize()
}

/** Gives the stream that is pulled for a task: the pipeline of a mapped one, or the source itself. */
export function inputStream(node: TaskNode): LazyXCom<unknown> {
  if (node.source !== null) return LazyXCom.from(node.source.stream, { node, kind: "source" })
  if (node.mapping !== null) return node.mapping.items
  throw new TypeError(`Task "${node.taskId}" is not mapped: it has no stream to be pulled.`)
}
