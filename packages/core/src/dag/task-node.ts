import type { LazyXCom } from "../stream/lazy-xcom.ts"
import type { PagedStream } from "../stream/paged-stream.ts"
import type { InputPlan } from "./input-plan.ts"
import type { Resumed } from "./deferral.ts"
import type { GivenMapOptions, GivenPageOptions, TaskSettings } from "./options.ts"
import type { TaskContext } from "./task-context.ts"

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
}

/** What a node is made of. */
export interface NodeParts {
  readonly taskId: string
  readonly settings: TaskSettings
  readonly input: InputPlan
  /** null: a source, which has no instances. */
  readonly run: AnyTaskFunction | null
  readonly resume?: AnyResumePoints
  /** null: not mapped. */
  readonly mapping: NodeMapping | null
  /** null: not a source. */
  readonly source: NodeSource | null
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
  readonly settings: TaskSettings
  readonly input: InputPlan
  readonly mapping: NodeMapping | null
  readonly source: NodeSource | null
  /** Tasks it waits for without taking anything from them. */
  readonly after = new Set<TaskNode>()
  readonly #run: AnyTaskFunction | null
  readonly #resume: AnyResumePoints
  #isFused = false

  constructor(owner: { readonly dagId: string }, parts: NodeParts) {
    this.owner = owner
    this.dagId = owner.dagId
    this.taskId = parts.taskId
    this.settings = parts.settings
    this.input = parts.input
    this.mapping = parts.mapping
    this.source = parts.source
    this.#run = parts.run
    this.#resume = parts.resume ?? {}
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

  /** Calls the author's function for one instance. */
  run(input: unknown, ctx: TaskContext): unknown {
    if (this.#run === null)
      throw new Error(`Source "${this.taskId}" has no instances: pull its inputStream instead.`)
    return this.#run(input, ctx)
  }

  /** The names of the points at which the task can go on after a deferral. */
  get resumePoints(): readonly string[] {
    return Object.keys(this.#resume)
  }

  /** Goes on with one instance at a resume point. */
  resume(point: string, input: unknown, resumed: Resumed, ctx: TaskContext): unknown {
    const run = Object.hasOwn(this.#resume, point) ? this.#resume[point] : undefined
    if (run === undefined) throw new Error(`Task "${this.taskId}" has no resume point "${point}".`)
    return run(input, resumed, ctx)
  }
}
