/**
 * What a group is mapped over, or what a loop goes round with. Its tasks are maps that keep step: each iterates what it
 * takes from the others at equal indexes, so that its i-th instance starts as soon as theirs have ended, whatever the
 * other items do.
 */
import { decideTrigger, type TriggerRule } from "../state/trigger-rule.ts"
import { Gap, isGap } from "../stream/gap.ts"
import { LazyXCom } from "../stream/lazy-xcom.ts"
import { resultStream } from "../stream/sources/result-stream.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { isPlainObject, type InputPlace } from "./input-plan.ts"
import type { GivenMapOptions } from "./options.ts"
import type { NodeMapping, TaskNode } from "./task-node.ts"
import { XCom } from "./xcom.ts"

/** What a task of a mapped group is called with. */
export interface Taken {
  /** Values of which there is one for each item, by field; one without a name is the whole input. */
  readonly perItem: readonly (readonly [field: string | null, stream: LazyXCom<unknown>])[]
  /** Fields that are the same for all items. */
  readonly constants: Readonly<Record<string, unknown>> | undefined
  /** The whole input, where it is the same for all items. */
  readonly whole: unknown
}

/** One mapping of a group, or a loop. */
export class MappedScope {
  readonly kind: NodeMapping["kind"]
  readonly options: GivenMapOptions
  /** The id of the loop's group; null: it is no loop. Of a loop there is one item at a time. */
  readonly loopId: string | null
  #items: LazyXCom<unknown>
  readonly #taken = new Map<TaskNode, Taken>()

  constructor(parts: Pick<MappedScope, "kind" | "items" | "options"> & { readonly loopId?: string }) {
    this.kind = parts.kind
    this.#items = parts.items
    this.options = parts.options
    this.loopId = parts.loopId ?? null
  }

  get isLoop(): boolean {
    return this.loopId !== null
  }

  get items(): LazyXCom<unknown> {
    return this.#items
  }

  /** Makes what is called from here on take the items from a task of the scope that passes them on. */
  takeItemsFrom(task: XCom<unknown>): void {
    this.#items = this.#streamOf(task) ?? this.#items
  }

  /** The tasks of the scope. */
  get nodes(): readonly TaskNode[] {
    return [...this.#taken.keys()]
  }

  /** The task of the scope behind a value; null: the value is none of these tasks' own. */
  nodeOf(value: unknown): TaskNode | null {
    const leaves = this.#streamOf(value)?.leaves ?? []
    return this.nodes.find((node) => leaves.length === 1 && leaves[0]?.node === node) ?? null
  }

  /** The item, as the group's function takes it. */
  item(): XCom<unknown> {
    return new XCom(null, { scope: this, stream: this.items })
  }

  /** Parts what there is for each item from what is the same for all. */
  partition(given: unknown, fixed: Readonly<Record<string, unknown>> | undefined): Taken {
    const own = this.#streamOf(given)
    if (own !== undefined) return { perItem: [[null, own]], constants: fixed, whole: undefined }
    if (given !== undefined && !isPlainObject(given)) return { perItem: [], constants: fixed, whole: given }
    const fields = Object.entries({ ...given, ...fixed })
    const perItem = fields.flatMap(([field, value]) => {
      const stream = this.#streamOf(value)
      return stream === undefined ? [] : [[field, stream] as const]
    })
    const same = fields.filter(([, value]) => this.#streamOf(value) === undefined)
    return { perItem, constants: same.length === 0 ? undefined : Object.fromEntries(same), whole: undefined }
  }

  /** Adds a task; gives its result as the others of the group take it. */
  add(node: TaskNode, taken: Taken): XCom<unknown> {
    this.#taken.set(node, taken)
    return new XCom(node, { scope: this, stream: resultsOf(node) })
  }

  /** Says what each task iterates, once all are there and in order. */
  finish(): void {
    for (const [node, taken] of this.#taken) {
      const before = [...node.after].filter((other) => this.#taken.has(other))
      for (const other of before) node.after.delete(other)
      const items = this.#itemsOf(taken, before.map(resultsOf), node.settings.triggerRule)
      // Its trigger rule counts item by item; as a map it starts with what it reads.
      node.mapOver(items, "all_success")
    }
  }

  #itemsOf(taken: Taken, before: readonly LazyXCom<unknown>[], rule: TriggerRule): LazyXCom<unknown> {
    const { perItem, whole } = taken
    const [first] = perItem
    const isPlain = rule === "all_success" && before.length === 0
    if (isPlain && first === undefined) return this.#mapped(this.items, () => whole ?? {})
    if (isPlain && first !== undefined && perItem.length === 1) {
      const [field, stream] = first
      return field === null ? stream : this.#mapped(stream, (value) => ({ [field]: value }))
    }
    // The items themselves come first: a place without one stays empty, whatever the rule.
    const streams = [this.items, ...perItem.map(([, stream]) => stream), ...before]
    const isResult = streams.map((stream) => stream !== this.items)
    return this.#zipped(streams, (values) => {
      const refused = gapOf(values, isResult, rule)
      if (refused !== null) return refused
      if (first?.[0] === null) return isGap(values[1]) ? undefined : values[1]
      if (first === undefined) return whole ?? {}
      const fields = perItem.map(([field], nth) => [field, values[nth + 1]] as const)
      return Object.fromEntries(fields.filter(([, value]) => !isGap(value)))
    })
  }

  #mapped(stream: LazyXCom<unknown>, fn: (value: unknown) => unknown): LazyXCom<unknown> {
    if (!this.isLoop) return stream.map(fn)
    return LazyXCom.inStep([stream], ([value]) => (isGap(value) ? value : fn(value)))
  }

  #zipped(streams: readonly LazyXCom<unknown>[], combine: (values: unknown[]) => unknown): LazyXCom<unknown> {
    return this.isLoop ? LazyXCom.inStep(streams, combine) : LazyXCom.zipWith(streams, combine)
  }

  #streamOf(value: unknown): LazyXCom<unknown> | undefined {
    const found = XCom.perItemOf(value)
    return found?.scope === this ? found.stream : undefined
  }
}

/** What takes the place of an instance that its trigger rule does not let run; null: it runs. */
function gapOf(values: readonly unknown[], isResult: readonly boolean[], rule: TriggerRule): Gap | null {
  const item = values.find((value, nth) => isResult[nth] === false && isGap(value))
  if (isGap(item)) return item
  const results = values.filter((_, nth) => isResult[nth] === true)
  const skipped = results.filter((value) => isGap(value) && value.state === "skipped").length
  const failed = results.filter((value) => isGap(value) && value.state === "upstream_failed").length
  const verdict = decideTrigger(rule, {
    ...{ total: results.length, opened: 0, success: results.length - skipped - failed, failed, skipped },
    ...{ upstreamFailed: 0, setups: 0, setupSuccess: 0, setupSkipped: 0 },
  })
  if (verdict === "wait") throw new Error(`the trigger rule ${rule} waits though all have ended`)
  return verdict === "run" ? null : new Gap(verdict)
}

/** The stream of what a task leaves, item by item. */
export function resultsOf(node: TaskNode): LazyXCom<unknown> {
  return LazyXCom.from(resultStream<unknown>(node.taskId), { node, kind: "result" })
}

/** The names of the tasks that a loop has of its own: what it goes round with, what waits, what has its result. */
export const loopTasks = { iterations: "iterations", delay: "delay", result: "result" } as const

/** Refuses a task in a loop under the name of one of the loop's own. */
export function refuseReserved(place: InputPlace, { loopId }: MappedScope): void {
  const names = Object.values(loopTasks)
  const name = names.find((each) => place.taskId === `${loopId}.${each}`)
  if (name === undefined) return
  throw new DagDefinitionError({
    ...place,
    problem: `a task in the loop is called "${name}", as one of the loop's own`,
    expected: `none of the names ${names.join(", ")}`,
    fix: `give it another id, as in someTask.withId("my_${name}")`,
  })
}

/** Refuses to map within a mapped group or a loop. */
export function nestedMapping(place: InputPlace, call: string, scope: MappedScope): DagDefinitionError {
  if (scope.isLoop)
    return new DagDefinitionError({
      ...place,
      problem: `${call} was called in a loop, whose tasks run once for each iteration`,
      expected: "tasks that are called plainly",
      fix: "map before the loop, or after it over its iterations; where each iteration needs it, make it a DAG of its own and start that with triggerRun()",
    })
  return new DagDefinitionError({
    ...place,
    problem: `${call} was called in a mapped group, whose tasks run once for each item`,
    expected: "tasks that are called plainly",
    fix: "map before the group, with flatMap() on the stream, or after it, over its result",
  })
}
