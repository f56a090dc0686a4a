import type { LazyXCom } from "../stream/lazy-xcom.ts"
import type { Gate } from "../state/gate.ts"
import type { TriggerRule } from "../state/trigger-rule.ts"
import type { PagedStream } from "../stream/paged-stream.ts"
import type { InputPlan } from "./input-plan.ts"
import type { Resumed } from "./deferral.ts"
import type { GivenMapOptions, GivenPageOptions, TaskSettings } from "./options.ts"
import { checkChoice } from "./choice.ts"
import type { TaskContext } from "./task-context.ts"
import type { TaskPurpose } from "./task-purpose.ts"

/** A task function with its types forgotten. What it is called with, `buildInput` made. */
export type AnyTaskFunction = (input: unknown, ctx: TaskContext) => unknown

/** A resume point with its types forgotten. */
export type AnyResumePoint = (input: unknown, resumed: Resumed, ctx: TaskContext) => unknown

/** The resume points of a task, by name. */
export type AnyResumePoints = Readonly<Record<string, AnyResumePoint>>

/** What a mapped task iterates, and how. */
export interface NodeMapping {
  readonly kind: "iterate" | "expand"
  readonly items: LazyXCom<unknown>
  readonly options: GivenMapOptions
}

/** What a source reads, and the bounds it was given. */
export interface NodeSource {
  readonly stream: PagedStream<unknown>
  readonly options: GivenPageOptions
  /** What it goes round with; absent: it is not the source of a loop. */
  readonly loop?: NodeLoop
}

/** A loop, known once its body has been called. */
export interface NodeLoop {
  /** The tasks of an iteration. */
  readonly body: readonly TaskNode[]
  /** Those that an iteration waits for: the one that it results in first, and all that nothing of it follows. */
  readonly ends: readonly TaskNode[]
  readonly maxIterations: number
}

/** What a node is made of. */
export interface NodeParts {
  readonly taskId: string
  /** The group that it is directly in; null: none. */
  readonly groupId: string | null
  readonly settings: TaskSettings
  readonly input: InputPlan
  /** null: a source, which has no instances. */
  readonly run: AnyTaskFunction | null
  readonly resume?: AnyResumePoints
  /** null: not mapped. */
  readonly mapping: NodeMapping | null
  /** null: not a source. */
  readonly source: NodeSource | null
  /** What it is for beside its result; absent: nothing. */
  readonly purpose?: TaskPurpose | undefined
}

/**
 * A task in one DAG: what `dag()` collects while the DAG is built, and what a host runs.
 *
 * It belongs to the `owner` that collects it, so that a task of one DAG cannot be wired into another.
 */
export class TaskNode {
  readonly owner: object
  readonly dagId: string
  readonly taskId: string
  readonly groupId: string | null
  settings: TaskSettings
  readonly input: InputPlan
  readonly source: NodeSource | null
  readonly purpose: TaskPurpose | null
  /** Tasks it waits for without taking anything from them. */
  readonly after = new Set<TaskNode>()
  readonly #run: AnyTaskFunction | null
  readonly #resume: AnyResumePoints
  #mapping: NodeMapping | null
  #isFused = false
  #gate: Gate | null = null

  constructor(owner: { readonly dagId: string }, parts: NodeParts) {
    this.owner = owner
    this.dagId = owner.dagId
    this.taskId = parts.taskId
    this.groupId = parts.groupId
    this.settings = parts.settings
    this.input = parts.input
    this.#mapping = parts.mapping
    this.source = parts.source
    this.purpose = parts.purpose ?? null
    this.#run = parts.run
    this.#resume = parts.resume ?? {}
  }

  get mapping(): NodeMapping | null {
    return this.#mapping
  }

  /** Says what a task of a mapped group iterates, once all that it follows there is known. */
  mapOver(items: LazyXCom<unknown>, triggerRule: TriggerRule): void {
    if (this.#mapping === null) throw new Error(`Task "${this.taskId}" is not mapped.`)
    this.#mapping = { ...this.#mapping, items }
    this.settings = { ...this.settings, triggerRule }
  }

  /** What the task is, as in `SerializedTask`. A source is `fused` only after `dag()` has seen all its readers. */
  get kind(): "task" | "mapped" | "source" | "fused" {
    if (this.source !== null) return this.#isFused ? "fused" : "source"
    return this.mapping === null ? "task" : "mapped"
  }

  /** Makes the one mapped task that reads this source pull it. */
  fuse(): void {
    this.#isFused = true
  }

  /** Makes its results say what may run below it. */
  guard(gate: Gate): void {
    this.#gate = gate
  }

  /** Calls the author's function for one instance. */
  run(input: unknown, ctx: TaskContext): unknown {
    if (this.#run === null)
      throw new Error(`Source "${this.taskId}" has no instances: pull its inputStream instead.`)
    return this.#checked(this.#run(input, ctx))
  }

  /** The names of the points at which the task can go on after a deferral. */
  get resumePoints(): readonly string[] {
    return Object.keys(this.#resume)
  }

  /** Goes on with one instance at a resume point. */
  resume(point: string, input: unknown, resumed: Resumed, ctx: TaskContext): unknown {
    const run = Object.hasOwn(this.#resume, point) ? this.#resume[point] : undefined
    if (run === undefined) throw new Error(`Task "${this.taskId}" has no resume point "${point}".`)
    return this.#checked(run(input, resumed, ctx))
  }

  /** Refuses a result that says nothing a gate could follow. */
  #checked(result: unknown): unknown {
    const gate = this.#gate
    if (gate === null) return result
    const check = (value: unknown) => checkChoice(gate, value, this.taskId)
    return isThenable(result) ? Promise.resolve(result).then(check) : check(result)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"
}
