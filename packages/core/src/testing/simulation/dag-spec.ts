import type { FailureTolerance } from "../../state/failure-tolerance.ts"
import type { TriggerRule } from "../../state/trigger-rule.ts"
import type { SeededRandom } from "./random.ts"

/** A DAG as data: it is built with the authoring API, and computed with plain arrays. */
export interface DagSpec {
  readonly nodes: readonly NodeSpec[]
  /** How often user code does something else than succeed, in parts of a hundred. */
  readonly troublePercent: number
  /** How often an instance defers, in parts of a hundred. */
  readonly deferPercent: number
  /** How long an instance takes, in virtual milliseconds, at most. */
  readonly instanceMsMax: number
}

export type NodeSpec = SourceSpec | MapSpec | ExpandSpec | ValueSpec | ReduceSpec | LoopSpec

interface NodeBase {
  readonly id: string
  readonly rule: TriggerRule
  /** Tasks waited for without taking anything from them. */
  readonly after: readonly string[]
}

/** A source of numbered items, in pages of any length. */
export interface SourceSpec extends NodeBase {
  readonly kind: "source"
  /** `bare` yields items and is re-opened by replay; the others go on at a cursor. */
  readonly form: "generator" | "unfold" | "bare"
  readonly pages: readonly number[]
  /** Whether the last page claims that more follows. */
  readonly hasFalseEnd: boolean
  /** How often the pull of a page fails, by page. */
  readonly failures: readonly number[]
  /** The page that can never be pulled; null: the stream ends well. */
  readonly breaksAt: number | null
  readonly bounds: Bounds
}

/** The bounds of a map; null: the default. */
export interface Bounds {
  readonly toleratedFailures?: FailureTolerance
  readonly window: number
  readonly pageSize: number
}

/** A task mapped over a pipeline. */
export interface MapSpec extends NodeBase {
  readonly kind: "map"
  readonly over: PipelineSpec
  /** A task whose value each instance takes as well. */
  readonly beside: string | null
  /** How many different keys the items have at most; null: they have none. */
  readonly keys: number | null
  /** Whether it takes the results of another map as they are completed. */
  readonly isUnordered: boolean
  readonly bounds: Bounds
  readonly concurrency: number | null
  readonly deferredMax: number | null
}

/** A task mapped over the list that another task returns, or over one of a known length. */
export interface ExpandSpec extends NodeBase {
  readonly kind: "expand"
  readonly of: string | number
  readonly bounds: Bounds
  readonly concurrency: number | null
}

/** An unmapped task that returns a list of this length. */
export interface ValueSpec extends NodeBase {
  readonly kind: "value"
  readonly length: number
  readonly takes: string | null
}

/** An unmapped task that reads a stream to its end. */
export interface ReduceSpec extends NodeBase {
  readonly kind: "reduce"
  readonly over: PipelineSpec
}

/** A loop of two tasks, of which one takes what the other leaves, and maybe of a third beside them. */
export interface LoopSpec extends NodeBase {
  readonly kind: "loop"
  /** A task whose value it begins with; null: one of its own. */
  readonly takes: string | null
  /** The iteration, counted from 1, from which on `until` holds. */
  readonly doneAt: number
  readonly maxIterations: number
  readonly onLimit: "fail" | "succeed"
  readonly hasSide: boolean
  /** Virtual milliseconds between two iterations. */
  readonly delayMs: number
}

/** A pipeline over what sources and mapped tasks leave. */
export type PipelineSpec =
  | { readonly op: "stream"; readonly id: string }
  | {
      readonly op: "map" | "filter" | "enumerate" | "take" | "takeWhile" | "drop" | "chunk" | "flatMap"
      readonly of: PipelineSpec
      readonly count: number
    }
  | { readonly op: "zip" | "concat"; readonly of: readonly PipelineSpec[] }

/** A stream that a pipeline may read. One that may break gives less than the whole, so only its order is known. */
interface Stream {
  readonly id: string
  readonly mayBreak: boolean
}

/** Draws a DAG: sources, maps over them and over each other, lists, values, reduces. */
export function drawDag(random: SeededRandom): DagSpec {
  const drawing = new Drawing(random)
  drawing.addSource()
  drawing.addMap()
  const more = random.integer(0, 5)
  for (let added = 0; added < more; added++) drawing.addAny()
  drawing.readUnread()
  return {
    nodes: drawing.nodes,
    troublePercent: random.pick([0, 0, 5, 20, 50]),
    instanceMsMax: random.pick([2, 20, 20, 300, 2_000]),
    deferPercent: random.pick([0, 0, 10, 30, 70]),
  }
}

/** Gives some of a DAG's maps a key. */
export function drawKeys(spec: DagSpec, random: SeededRandom): DagSpec {
  const keyed = (node: NodeSpec): NodeSpec =>
    node.kind === "map" && random.chance(0.25) ? { ...node, keys: random.pick([1, 3, 10, 100]) } : node
  return { ...spec, nodes: spec.nodes.map(keyed) }
}

/** Lets some of a DAG's maps take results as they are completed: those whose own order nobody sees. */
export function drawOrder(spec: DagSpec, random: SeededRandom): DagSpec {
  const read = new Set(spec.nodes.flatMap(readBy))
  const results = new Set(
    spec.nodes.flatMap(({ id, kind }) => (kind === "map" || kind === "expand" ? [id] : [])),
  )
  const mayBe = (node: NodeSpec): node is MapSpec =>
    node.kind === "map" && node.keys === null && !read.has(node.id) && isOfEach(node.over, results)
  const chosen = spec.nodes.filter((node) => mayBe(node) && random.chance(0.5))
  const above = new Set(chosen.flatMap(readBy))
  const reordered = (node: NodeSpec): NodeSpec => {
    const changed = chosen.includes(node) && node.kind === "map" ? { ...node, isUnordered: true } : node
    // Small pages, and several of them under way, so that a later one is complete before an earlier one.
    const bounds = { window: 30, pageSize: random.integer(1, 3) }
    return above.has(node.id) && "bounds" in changed ? { ...changed, bounds } : changed
  }
  return { ...spec, nodes: spec.nodes.map(reordered) }
}

/** Adds a loop to some DAGs, with a map and a reduce over its iterations. */
export function drawLoops(spec: DagSpec, random: SeededRandom): DagSpec {
  if (!random.chance(0.4)) return spec
  const values = spec.nodes.flatMap(({ id, kind }) => (kind === "value" || kind === "reduce" ? [id] : []))
  const id = `loop_${spec.nodes.length}`
  const loop: LoopSpec = {
    ...{ id, kind: "loop", rule: "all_success", after: [] },
    takes: values.length > 0 && random.chance(0.4) ? random.pick(values) : null,
    doneAt: random.integer(1, 7),
    maxIterations: random.integer(1, 7),
    onLimit: random.pick(["fail", "succeed"] as const),
    hasSide: random.chance(0.4),
    delayMs: random.pick([0, 0, 30]),
  }
  const over = { op: "stream", id } as const
  const map: MapSpec = {
    ...{ id: `map_of_${id}`, kind: "map", rule: "all_success", after: [], over, beside: null, keys: null },
    ...{ isUnordered: false, concurrency: null, deferredMax: null },
    bounds: { window: random.integer(1, 4), pageSize: 1 },
  }
  const reduce: ReduceSpec = { id: `reduce_of_${id}`, kind: "reduce", rule: "all_done", after: [], over }
  const readers = [map, reduce].filter(() => random.chance(0.5))
  return { ...spec, nodes: [...spec.nodes, loop, ...readers] }
}

/** The tasks whose streams or values a task reads. */
function readBy(node: NodeSpec): string[] {
  if (node.kind === "expand") return typeof node.of === "string" ? [node.of] : []
  return node.kind === "map" || node.kind === "reduce" ? leavesOf(node.over) : []
}

function leavesOf(over: PipelineSpec): string[] {
  return over.op === "stream" ? [over.id] : [over.of].flat().flatMap(leavesOf)
}

/** Whether a pipeline makes of each result what it makes of it, whatever comes before. */
function isOfEach(over: PipelineSpec, results: ReadonlySet<string>): boolean {
  if (over.op === "stream") return results.has(over.id)
  return (over.op === "map" || over.op === "filter" || over.op === "flatMap") && isOfEach(over.of, results)
}

class Drawing {
  readonly nodes: NodeSpec[] = []
  readonly #random: SeededRandom
  readonly #streams: Stream[] = []
  readonly #values: string[] = []
  readonly #unread = new Set<string>()

  constructor(random: SeededRandom) {
    this.#random = random
  }

  addAny(): void {
    const kind = this.#random.pick([
      "source",
      "map",
      "map",
      "map",
      "expand",
      "value",
      "reduce",
      "reduce",
    ] as const)
    if (kind === "source") this.addSource()
    else if (kind === "map") this.addMap()
    else if (kind === "expand") this.#addExpand()
    else if (kind === "value") this.#addValue()
    else this.#addReduce()
  }

  addSource(): void {
    const random = this.#random
    const pages = Array.from({ length: random.integer(0, 6) }, () =>
      random.integer(0, random.pick([1, 3, 8])),
    )
    // One only: failures count in a row, and pages without items between them change nothing of that.
    const failingPage = random.chance(0.3) ? random.integer(0, pages.length) : -1
    const breaksAt = random.chance(0.12) && pages.length > 0 ? random.integer(0, pages.length - 1) : null
    const form = random.pick(["generator", "generator", "unfold", "bare"] as const)
    const node: SourceSpec = {
      ...this.#base("source"),
      kind: "source",
      form,
      pages,
      hasFalseEnd: random.chance(0.3),
      failures: pages.map((_, at) => (at === failingPage ? random.integer(1, 2) : 0)),
      breaksAt,
      bounds: this.#bounds(),
    }
    this.nodes.push(node)
    this.#streams.push({ id: node.id, mayBreak: breaksAt !== null })
    this.#unread.add(node.id)
  }

  addMap(): void {
    const { over, mayBreak } = this.#pipeline()
    const node: MapSpec = {
      ...this.#base("map"),
      kind: "map",
      over,
      beside: this.#values.length > 0 && this.#random.chance(0.3) ? this.#random.pick(this.#values) : null,
      keys: null,
      isUnordered: false,
      bounds: this.#bounds(),
      concurrency: this.#random.chance(0.2) ? this.#random.integer(1, 3) : null,
      deferredMax: this.#random.chance(0.15) ? this.#random.integer(1, 4) : null,
    }
    this.nodes.push(node)
    this.#streams.push({ id: node.id, mayBreak })
  }

  /** A source that nobody reads is refused, so the last map reads it. */
  readUnread(): void {
    for (const id of [...this.#unread]) {
      this.nodes.push({
        ...this.#base("map"),
        kind: "map",
        over: { op: "stream", id },
        beside: null,
        keys: null,
        isUnordered: false,
        bounds: this.#bounds(),
        concurrency: null,
        deferredMax: null,
      })
    }
  }

  #addExpand(): void {
    const of =
      this.#values.length > 0 && this.#random.chance(0.7)
        ? this.#random.pick(this.#values)
        : this.#random.integer(0, 9)
    const base = { ...this.#base("expand"), rule: "all_success" as const }
    this.nodes.push({ ...base, kind: "expand", of, bounds: this.#bounds(), concurrency: null })
    this.#streams.push({ id: base.id, mayBreak: false })
  }

  #addValue(): void {
    const takes = this.#values.length > 0 && this.#random.chance(0.4) ? this.#random.pick(this.#values) : null
    const node: ValueSpec = {
      ...this.#base("value"),
      kind: "value",
      length: this.#random.integer(0, 7),
      takes,
    }
    this.nodes.push(node)
    this.#values.push(node.id)
  }

  #addReduce(): void {
    const node: ReduceSpec = { ...this.#base("reduce"), kind: "reduce", over: this.#pipeline().over }
    this.nodes.push(node)
    this.#values.push(node.id)
  }

  #base(kind: string): NodeBase {
    const random = this.#random
    const earlier = this.nodes.filter((node) => node.kind !== "source")
    const after = earlier.length > 0 && random.chance(0.1) ? [random.pick(earlier).id] : []
    const rule = random.pick([
      "all_success",
      "all_success",
      "all_success",
      "all_success",
      "all_done",
      "none_failed",
      // Of the others those whose verdict does not come before all upstream tasks have ended: what a task reads is then sure.
      "all_done_min_one_success",
      "none_failed_min_one_success",
    ] as const)
    return {
      id: `${kind}_${this.nodes.length}`,
      rule: kind === "source" ? "all_success" : rule,
      after: kind === "source" ? [] : after,
    }
  }

  #bounds(): Bounds {
    const window = this.#random.pick([1, 2, 3, 5, 10, 30])
    return { window, pageSize: this.#random.integer(1, window) }
  }

  #pipeline(): { over: PipelineSpec; mayBreak: boolean } {
    const random = this.#random
    const first = this.#stream(() => true)
    let over: PipelineSpec = { op: "stream", id: first.id }
    let { mayBreak } = first
    if (!mayBreak && random.chance(0.25)) {
      const second = this.#stream((stream) => !stream.mayBreak)
      over = { op: random.pick(["zip", "concat"] as const), of: [over, { op: "stream", id: second.id }] }
    }
    const operators = random.pick([0, 0, 1, 2])
    for (let added = 0; added < operators; added++) {
      const ops = mayBreak
        ? (["map", "filter", "enumerate"] as const)
        : (["map", "filter", "enumerate", "take", "takeWhile", "drop", "chunk", "flatMap"] as const)
      over = { op: random.pick(ops), of: over, count: random.integer(0, 6) }
    }
    return { over, mayBreak }
  }

  #stream(fits: (stream: Stream) => boolean): Stream {
    const fitting = this.#streams.filter(fits)
    const unread = fitting.filter((stream) => this.#unread.has(stream.id))
    const from = unread.length > 0 && this.#random.chance(0.6) ? unread : fitting
    const stream = this.#random.pick(from)
    this.#unread.delete(stream.id)
    return stream
  }
}
