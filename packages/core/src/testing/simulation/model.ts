import type { SerializedDag } from "../../dag/serialized-dag.ts"
import { type FinalExpansionState, isFinalExpansionState } from "../../state/expansion.ts"
import { decideExpansion } from "../../state/expansion-outcome.ts"
import { decideTrigger } from "../../state/trigger-rule.ts"
import type { UpstreamCounts } from "../../state/trigger-rule.ts"
import type { DagSpec, LoopSpec, NodeSpec, PipelineSpec, SourceSpec } from "./dag-spec.ts"
import { gapIn, isPlaceGap, pipelineItems, type PlaceGap } from "./pipeline-items.ts"
import { deedOf, keyOf, listOf, resultOf, sourceItems, startOf } from "./user-code.ts"

/** How one instance must end. */
export interface ExpectedInstance {
  readonly mapIndex: number
  readonly state: "success" | "failed" | "skipped" | "upstream_failed"
  /** What it returns; undefined: nothing. */
  readonly value: unknown
}

/** How one task of a run must end. */
export interface ExpectedTask {
  readonly taskId: string
  readonly state: FinalExpansionState
  readonly instances: readonly ExpectedInstance[]
  /** The items that a shared source stores. */
  readonly items: readonly unknown[]
  /** Set where its code is not the author's: nobody sees it run. */
  readonly isOurs?: boolean
}

/** How a run must end, whatever happens on the way. */
export interface ExpectedRun {
  readonly state: "success" | "failed"
  readonly tasks: ReadonlyMap<string, ExpectedTask>
}

/** A run that has ended, and of which the failed and skipped instances of one task were run again with mended code. */
export interface MendedRun {
  readonly taskId: string
  /** The maps of which instances followed; whatever else is below began anew. */
  readonly following: ReadonlySet<string>
}

/** Computes with plain arrays how a run of a DAG must end. */
export function expectedRun(
  spec: DagSpec,
  serialized: SerializedDag,
  mended: MendedRun | null = null,
): ExpectedRun {
  const before = mended === null ? null : new Model(spec, serialized)
  before?.computeAll()
  const model = new Model(spec, serialized, mended === null || before === null ? null : { ...mended, before })
  model.computeAll()
  const leaves = serialized.tasks.filter(
    ({ taskId }) => !serialized.edges.some((edge) => edge.upstream === taskId),
  )
  const hasFailed = leaves.some(({ taskId }) => isBad(model.tasks.get(taskId)?.state ?? "failed"))
  return {
    state: hasFailed ? "failed" : "success",
    tasks: model.tasks,
  }
}

function isBad(state: FinalExpansionState): boolean {
  return state === "failed" || state === "upstream_failed" || state === "cancelled"
}

/** What a task leaves for those that read its stream. */
interface LeftStream {
  readonly items: readonly unknown[]
  readonly isBroken: boolean
}

/** How a loop has gone: what each iteration took, and the instances of each of its tasks. */
interface PlayedLoop {
  readonly items: readonly unknown[]
  readonly instances: ReadonlyMap<string, readonly ExpectedInstance[]>
}

class Model {
  readonly tasks = new Map<string, ExpectedTask>()
  readonly #spec: DagSpec
  readonly #serialized: SerializedDag
  readonly #nodes: ReadonlyMap<string, NodeSpec>
  readonly #streams = new Map<string, LeftStream>()
  readonly #opened = new Set<string>()
  readonly #loops = new Map<string, PlayedLoop>()

  readonly #mended: (MendedRun & { readonly before: Model }) | null

  constructor(
    spec: DagSpec,
    serialized: SerializedDag,
    mended: (MendedRun & { readonly before: Model }) | null = null,
  ) {
    this.#mended = mended
    this.#spec = spec
    this.#serialized = serialized
    this.#nodes = new Map(spec.nodes.map((node) => [node.id, node]))
  }

  computeAll(): void {
    for (const { taskId } of this.#serialized.tasks) this.compute(taskId)
    for (const { taskId, kind } of this.#serialized.tasks) if (kind === "fused") this.endFused(taskId)
  }

  compute(taskId: string): void {
    const task = this.#serialized.tasks.find((each) => each.taskId === taskId)
    const node = this.#nodes.get(taskId) ?? this.#nodes.get(taskId.split(".")[0] ?? "")
    if (task === undefined || node === undefined) throw new Error(`the model knows no task ${taskId}`)
    const upstream = this.#upstreamOf(taskId)
    const decision = decideTrigger(task.triggerRule, upstream)
    if (decision === "wait") throw new Error(`the model never starts ${taskId}`)
    if (decision !== "run") {
      this.#streams.set(taskId, { items: [], isBroken: false })
      this.tasks.set(taskId, { taskId, state: decision, instances: [], items: [] })
      return
    }
    this.#opened.add(taskId)
    this.tasks.set(taskId, node.kind === "loop" ? this.#loopTask(node, taskId) : this.#run(node))
  }

  /** A fused source ends as its reader found it; one whose reader never started has nothing against it. */
  endFused(taskId: string): void {
    const known = this.tasks.get(taskId)
    const reader = this.#serialized.edges.find((edge) => edge.upstream === taskId)?.downstream ?? ""
    if (known === undefined || !this.#opened.has(taskId) || this.#opened.has(reader)) return
    this.tasks.set(taskId, { ...known, state: "success" })
  }

  #upstreamOf(taskId: string): UpstreamCounts {
    const edges = this.#serialized.edges.filter((edge) => edge.downstream === taskId)
    const counts = {
      ...{ total: edges.length, opened: 0, success: 0, failed: 0, skipped: 0, upstreamFailed: 0 },
      ...{ setups: 0, setupSuccess: 0, setupSkipped: 0 },
    }
    for (const { upstream, kind } of edges) {
      const state = this.tasks.get(upstream)?.state
      if (kind === "stream" && this.#opened.has(upstream)) counts.opened += 1
      else if (state === "upstream_failed") counts.upstreamFailed += 1
      else if (state === "success" || state === "skipped" || state === "failed") counts[state] += 1
    }
    return counts
  }

  #run(node: Exclude<NodeSpec, LoopSpec>): ExpectedTask {
    if (node.kind === "source") return this.#source(node)
    if (node.kind === "map") return this.#map(node.id, this.#mappedInputs(node), this.#isBroken(node.over))
    if (node.kind === "expand") {
      const list = typeof node.of === "number" ? listOf(node.id, node.of, null) : this.#valueOf(node.of)
      return this.#map(node.id, list as unknown[], false)
    }
    return this.#unmapped(node)
  }

  #source(node: SourceSpec): ExpectedTask {
    const pages = node.breaksAt ?? node.pages.length
    const items = Array.from({ length: pages }, (_, page) => sourceItems(node, page)).flat()
    const isBroken = node.breaksAt !== null
    this.#streams.set(node.id, { items, isBroken })
    return { taskId: node.id, state: isBroken ? "failed" : "success", instances: [], items }
  }

  #mappedInputs(node: Extract<NodeSpec, { kind: "map" }>): unknown[] {
    const items = this.#isFollowing(node.id)
      ? this.#repairedItems(node.over)
      : withoutDuplicates(this.#items(node.over), node.keys)
    if (node.beside === null && node.over.op === "stream") return items
    const beside = node.beside === null ? {} : { beside: this.#valueOf(node.beside) }
    return items.map((item) => (isPlaceGap(item) ? item : { item, ...beside }))
  }

  #isFollowing(taskId: string): boolean {
    return this.#mended?.following.has(taskId) === true
  }

  /**
   * What a map has whose upstream was run again: at the place of each gap what comes through now, or nothing, and all
   * others as they were.
   */
  #repairedItems(over: PipelineSpec): unknown[] {
    const before = this.#mended === null ? [] : this.#mended.before.#leafItems(over)
    return this.#leafItems(over).flatMap((item, index) => {
      const alone = pipelineItems(over, () => [item])
      return isPlaceGap(before[index]) && alone.length === 0 ? [gapIn("skipped")] : alone
    })
  }

  /** The items of the one stream that a pipeline reads. */
  #leafItems(over: PipelineSpec): readonly unknown[] {
    if (over.op === "stream") return this.#streams.get(over.id)?.items ?? []
    const [first] = [over.of].flat()
    return first === undefined ? [] : this.#leafItems(first)
  }

  #map(taskId: string, inputs: readonly unknown[], isBroken: boolean): ExpectedTask {
    return this.#mapOf(
      taskId,
      inputs.map((input, mapIndex) => this.#instance(taskId, mapIndex, input)),
      isBroken,
    )
  }

  #mapOf(taskId: string, instances: readonly ExpectedInstance[], isBroken: boolean): ExpectedTask {
    this.#streams.set(taskId, { items: instances.map(leftBy), isBroken })
    const count = (state: string) => instances.filter((instance) => instance.state === state).length
    const state = decideExpansion({
      created: instances.length,
      success: count("success"),
      failed: count("failed"),
      skipped: count("skipped"),
      upstreamFailed: count("upstream_failed"),
      exhausted: true,
      streamFailure: isBroken ? "upstream" : null,
    })
    if (state === null || !isFinalExpansionState(state)) throw new Error(`the model does not end ${taskId}`)
    return { taskId, state, instances, items: [] }
  }

  #instance(taskId: string, mapIndex: number, input: unknown): ExpectedInstance {
    if (isPlaceGap(input)) return { mapIndex, state: input.gap, value: undefined }
    const value = () => resultOf(taskId, input)
    return { mapIndex, ...this.#outcome(taskId, input, value) }
  }

  #outcome(taskId: string, input: unknown, value: () => unknown): Pick<ExpectedInstance, "state" | "value"> {
    if (this.#mended?.taskId === taskId) return { state: "success", value: value() }
    switch (deedOf(this.#spec, taskId, input).does) {
      case "succeed":
      case "failFirst":
        return { state: "success", value: value() }
      case "skip":
        return { state: "skipped", value: undefined }
      default:
        return { state: "failed", value: undefined }
    }
  }

  /** What a loop goes round with decides how often its tasks run; so with it all of them are known. */
  #loopTask(node: LoopSpec, taskId: string): ExpectedTask {
    const part = taskId.slice(node.id.length + 1)
    if (part === "iterations") this.#loops.set(node.id, this.#playLoop(node))
    // A loop that never began has no iteration.
    const played = this.#loops.get(node.id) ?? { items: [], instances: new Map() }
    if (part === "iterations") return { taskId, state: "success", instances: [], items: played.items }
    if (part === "result") return this.#loopResult(node, taskId, played)
    const task = this.#mapOf(taskId, played.instances.get(part) ?? [], false)
    if (part === "second") this.#streams.set(node.id, { items: task.instances.map(leftBy), isBroken: false })
    return part === "delay" ? { ...task, isOurs: true } : task
  }

  #playLoop(node: LoopSpec): PlayedLoop {
    const parts = ["delay", "first", "side", "second"]
    const instances = new Map(parts.map((part) => [part, [] as ExpectedInstance[]]))
    const items: unknown[] = []
    const play = (part: string, input: unknown) => {
      const mapIndex = items.length - 1
      const instance =
        part === "delay"
          ? { mapIndex, state: "success" as const, value: input }
          : this.#instance(`${node.id}.${part}`, mapIndex, input)
      instances.get(part)?.push(instance)
      return instance
    }
    for (let input = node.takes === null ? startOf(node) : this.#valueOf(node.takes); ;) {
      items.push(input)
      if (node.delayMs > 0) play("delay", input)
      const first = leftBy(play("first", input))
      const side = node.hasSide ? play("side", first) : null
      const second = play("second", first)
      const hasFailed = side?.state === "failed" || side?.state === "upstream_failed"
      const isLast = items.length >= Math.min(node.doneAt, node.maxIterations)
      if (second.state !== "success" || hasFailed || isLast) return { items, instances }
      input = second.value
    }
  }

  #loopResult(
    { doneAt, maxIterations, onLimit }: LoopSpec,
    taskId: string,
    played: PlayedLoop,
  ): ExpectedTask {
    const last = played.instances.get("second")?.at(-1)
    const isDone = onLimit === "succeed" || played.items.length < maxIterations || doneAt <= maxIterations
    const state = last?.state !== "success" ? "skipped" : isDone ? "success" : "failed"
    const value = state === "success" ? last?.value : undefined
    return { taskId, state, instances: [{ mapIndex: -1, state, value }], items: [], isOurs: true }
  }

  #unmapped(node: Extract<NodeSpec, { kind: "value" | "reduce" }>): ExpectedTask {
    const input = this.#inputOf(node)
    const value = () => (node.kind === "reduce" ? input : listOf(node.id, node.length, input))
    const instance = { mapIndex: -1, ...this.#outcome(node.id, input, value) }
    return { taskId: node.id, state: instance.state, instances: [instance], items: [] }
  }

  #inputOf(node: Extract<NodeSpec, { kind: "value" | "reduce" }>): unknown {
    if (node.kind === "reduce") return this.#items(node.over).filter((item) => !isPlaceGap(item))
    return node.takes === null ? {} : { taken: this.#valueOf(node.takes) }
  }

  #valueOf(taskId: string): unknown {
    return this.tasks.get(taskId)?.instances[0]?.value
  }

  #items(over: PipelineSpec): unknown[] {
    return pipelineItems(over, (id) => this.#streams.get(id)?.items ?? [])
  }

  #isBroken(over: PipelineSpec): boolean {
    if (over.op === "stream") return this.#streams.get(over.id)?.isBroken ?? false
    return [over.of].flat().some((part) => this.#isBroken(part))
  }
}

/** The first item of each key, and every gap. */
function withoutDuplicates(items: unknown[], keys: number | null): unknown[] {
  if (keys === null) return items
  const seen = new Set<string>()
  return items.filter((item) => {
    if (isPlaceGap(item)) return true
    const key = keyOf(item, keys)
    return !seen.has(key) && seen.add(key).size > 0
  })
}

/** What a reader of a stream meets at the place of an instance. */
function leftBy(instance: ExpectedInstance): unknown {
  if (instance.state === "success") return instance.value
  const gap: PlaceGap = gapIn(instance.state === "skipped" ? "skipped" : "upstream_failed")
  return gap
}
