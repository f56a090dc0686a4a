import { dag } from "../../dag/dag.ts"
import { loop } from "../../dag/loop.ts"
import type { DagDefinition } from "../../dag/dag-definition.ts"
import type { Resumed } from "../../dag/deferral.ts"
import { source } from "../../dag/source.ts"
import { task } from "../../dag/task.ts"
import type { TaskContext } from "../../dag/task-context.ts"
import type { XCom } from "../../dag/xcom.ts"
import { orderAfter } from "../../dag/xcom.ts"
import { LazyXCom } from "../../stream/lazy-xcom.ts"
import { page } from "../../stream/page.ts"
import type {
  DagSpec,
  ExpandSpec,
  LoopSpec,
  MapSpec,
  NodeSpec,
  PipelineSpec,
  ReduceSpec,
  SourceSpec,
  ValueSpec,
} from "./dag-spec.ts"
import {
  keyOf,
  listOf,
  pipelineFunctions,
  resultOf,
  retriesOfAll,
  sourceItems,
  startOf,
} from "./user-code.ts"

/** What the functions of a simulated DAG do besides computing: take time, fail, open and close things. */
export interface Doings {
  /** Takes the time of an instance, and defers, fails or skips it where that is its lot. */
  readonly instance: (
    taskId: string,
    input: unknown,
    ctx: TaskContext<typeof resumePoint>,
    resumed?: Resumed,
  ) => Promise<void>
  /** Takes the time of a page, and fails where that is its lot. */
  readonly page: (source: SourceSpec, page: number, scope: SourceScope) => Promise<void>
  /** The same for bare items, which take no time. */
  readonly items: (source: SourceSpec, page: number, scope: SourceScope) => void
  /** The source as the run that reads it finds it now. */
  readonly found: (source: SourceSpec, scope: SourceScope) => SourceSpec
  readonly opened: (source: SourceSpec, scope: SourceScope) => void
  readonly closed: (source: SourceSpec, scope: SourceScope) => void
}

/** The one point at which every task goes on. */
export const resumePoint = "goOn"

/** What a source's function is called with, as far as it is used here. */
export interface SourceScope {
  readonly signal: AbortSignal
  readonly context: Readonly<Record<string, unknown>>
}

/** Builds a DAG of a spec with the authoring API. */
export function buildDag(spec: DagSpec, doings: Doings): DagDefinition {
  return dag("simulated", () => {
    const built = new Built(doings)
    for (const node of spec.nodes) built.add(node)
  })
}

const options = { retries: retriesOfAll, retryDelay: 200, retryBackoff: 1.5, retryDelayMax: 2_000 }

type Ctx = TaskContext<typeof resumePoint>

class Built {
  readonly #doings: Doings
  readonly #streams = new Map<string, LazyXCom<unknown>>()
  readonly #values = new Map<string, XCom<unknown>>()

  constructor(doings: Doings) {
    this.#doings = doings
  }

  add(node: NodeSpec): void {
    if (node.kind === "source") this.#streams.set(node.id, this.#source(node))
    else if (node.kind === "map") this.#streams.set(node.id, this.#map(node))
    else if (node.kind === "expand") this.#streams.set(node.id, this.#expand(node))
    else if (node.kind === "loop") this.#streams.set(node.id, this.#loop(node))
    else this.#values.set(node.id, node.kind === "value" ? this.#value(node) : this.#reduce(node))
  }

  #source(node: SourceSpec): LazyXCom<unknown> {
    const given = { ...options, ...node.bounds }
    if (node.form === "unfold") return source<unknown, number>(node.id, unfoldOf(node, this.#doings), given)()
    const read = node.form === "bare" ? bareOf(node, this.#doings) : generatorOf(node, this.#doings)
    return source<unknown>(node.id, read as (scope: object) => AsyncIterable<unknown>, given)()
  }

  #map(node: MapSpec): LazyXCom<unknown> {
    const items = this.#pipeline(node.over).map((item) => ({ item }))
    const run = this.#task(node, this.#run(node.id))
    const isBare = node.beside === null && node.over.op === "stream"
    const { keys } = node
    const itemOf = (given: unknown) => (isBare ? given : (given as { item: unknown }).item)
    const key = keys === null ? {} : { key: (given: unknown) => keyOf(itemOf(given), keys) }
    const bounds = { ...boundsOf(node), ...key, ordered: !node.isUnordered }
    const mapped =
      node.beside === null
        ? run.iterate(isBare ? this.#pipeline(node.over) : items, bounds)
        : run.partial({ beside: this.#valueOf(node.beside) } as never).iterate(items as never, bounds)
    return this.#ordered(node, mapped)
  }

  #expand(node: ExpandSpec): LazyXCom<unknown> {
    const run = this.#task(node, this.#run(node.id))
    const of = typeof node.of === "number" ? listOf(node.id, node.of, null) : this.#valueOf(node.of)
    return this.#ordered(node, run.expand(of as readonly unknown[], boundsOf(node)))
  }

  #loop(node: LoopSpec): LazyXCom<unknown> {
    const part = (id: string) => this.#task({ ...node, id }, this.#run(`${node.id}.${id}`))
    const body = (input: XCom<unknown>) => {
      const first = part("first")(input)
      if (node.hasSide) part("side")(first)
      return part("second")(first)
    }
    const { doneAt, maxIterations, onLimit, delayMs: delay } = node
    const until = (_: unknown, { iteration }: { readonly iteration: number }) => iteration >= doneAt
    const given = { until, maxIterations, onLimit, delay, defaultTaskOptions: options }
    const start = node.takes === null ? startOf(node) : this.#valueOf(node.takes)
    return loop(node.id, body, given)(start).iterations
  }

  #value(node: ValueSpec): XCom<unknown> {
    const run = async (input: unknown, ctx: Ctx, resumed?: Resumed) => {
      await this.#doings.instance(node.id, input, ctx, resumed)
      return listOf(node.id, node.length, input)
    }
    const taken = node.takes === null ? {} : { taken: this.#valueOf(node.takes) }
    return this.#ordered(node, this.#task(node, run)(taken))
  }

  #reduce(node: ReduceSpec): XCom<unknown> {
    const run = async ({ items }: { items: AsyncIterable<unknown> }, ctx: Ctx, resumed?: Resumed) => {
      const read: unknown[] = []
      for await (const item of items) read.push(item)
      await this.#doings.instance(node.id, read, ctx, resumed)
      return read
    }
    const items = this.#pipeline(node.over)
    return this.#ordered(node, this.#task(node, run)({ items }))
  }

  #run(taskId: string) {
    return async (input: unknown, ctx: Ctx, resumed?: Resumed) => {
      await this.#doings.instance(taskId, input, ctx, resumed)
      return resultOf(taskId, input)
    }
  }

  /** A task that goes on where it deferred with what it does at its beginning. */
  #task<Input>(node: NodeSpec, run: (input: Input, ctx: Ctx, resumed?: Resumed) => Promise<unknown>) {
    const concurrency = "concurrency" in node ? node.concurrency : null
    const deferredMax = "deferredMax" in node ? node.deferredMax : null
    const resume = { [resumePoint]: (input: Input, resumed: Resumed, ctx: Ctx) => run(input, ctx, resumed) }
    const given = { ...options, triggerRule: node.rule, concurrency, deferredMax, resume }
    return task(node.id, (input: Input, ctx: Ctx) => run(input, ctx), given)
  }

  #ordered<A extends LazyXCom<unknown> | XCom<unknown>>(node: NodeSpec, built: A): A {
    if (node.after.length > 0 && built !== undefined) this.#order(node, built)
    return built
  }

  /** `after` of a mapped task's stream orders the task, which is its only leaf. */
  #order(node: NodeSpec, built: LazyXCom<unknown> | XCom<unknown>): void {
    const upstreams = node.after.flatMap((id) => this.#streams.get(id) ?? this.#values.get(id) ?? [])
    orderAfter(built, upstreams, "after()")
  }

  #valueOf(id: string): XCom<unknown> {
    const value = this.#values.get(id)
    if (value === undefined) throw new Error(`no task ${id} leaves a value`)
    return value
  }

  #pipeline(spec: PipelineSpec): LazyXCom<unknown> {
    switch (spec.op) {
      case "stream": {
        const stream = this.#streams.get(spec.id)
        if (stream === undefined) throw new Error(`no task ${spec.id} leaves a stream`)
        return stream
      }
      case "zip":
        return LazyXCom.zip(spec.of.map((part) => this.#pipeline(part)))
      case "concat":
        return LazyXCom.concat(...spec.of.map((part) => this.#pipeline(part)))
      default:
        return piped(this.#pipeline(spec.of), spec.op, spec.count)
    }
  }
}

/** A part of a limit that is null is left out, as an author does. */
function boundsOf({ bounds: { toleratedFailures: limit, ...bounds } }: MapSpec | ExpandSpec) {
  if (limit === undefined) return bounds
  const { count, ratio, minSample } = limit
  const share = ratio === null ? {} : { ratio, minSample }
  return { ...bounds, toleratedFailures: { ...(count !== null && { count }), ...share } }
}

type UnaryOp = Exclude<PipelineSpec["op"], "stream" | "zip" | "concat">

function piped(items: LazyXCom<unknown>, op: UnaryOp, count: number): LazyXCom<unknown> {
  switch (op) {
    case "map":
      return items.map(pipelineFunctions.map)
    case "filter":
      return items.filter(pipelineFunctions.filter(count))
    case "takeWhile":
      return items.takeWhile(pipelineFunctions.takeWhile(count))
    case "flatMap":
      return items.flatMap(pipelineFunctions.flatMap(count))
    case "enumerate":
      return items.enumerate()
    case "take":
      return items.take(count)
    case "drop":
      return items.drop(count)
    case "chunk":
      return items.chunk(count + 1)
  }
}

function generatorOf(spec: SourceSpec, doings: Doings) {
  return async function* (scope: SourceScope & { readonly cursor: unknown }) {
    const node = doings.found(spec, scope)
    doings.opened(node, scope)
    try {
      for (let at = typeof scope.cursor === "number" ? scope.cursor : 0; at < node.pages.length; at++) {
        await doings.page(node, at, scope)
        const isLast = at + 1 === node.pages.length && !node.hasFalseEnd
        yield page(sourceItems(node, at), isLast ? null : at + 1)
      }
    } finally {
      doings.closed(node, scope)
    }
  }
}

function bareOf(spec: SourceSpec, doings: Doings) {
  return async function* (scope: SourceScope) {
    const node = doings.found(spec, scope)
    doings.opened(node, scope)
    try {
      for (let at = 0; at < node.pages.length; at++) {
        doings.items(node, at, scope)
        for (const item of sourceItems(node, at)) yield item
      }
    } finally {
      doings.closed(node, scope)
    }
  }
}

function unfoldOf(spec: SourceSpec, doings: Doings) {
  return {
    start: 0,
    async pull(cursor: number, scope: SourceScope) {
      const node = doings.found(spec, scope)
      if (cursor >= node.pages.length) return { items: [], next: null }
      await doings.page(node, cursor, scope)
      const isLast = cursor + 1 === node.pages.length && !node.hasFalseEnd
      return { items: sourceItems(node, cursor), next: isLast ? null : cursor + 1 }
    },
  }
}
