import type { Json } from "../json.ts"
import type { Asset } from "./asset.ts"
import type { Connection } from "./connection.ts"
import type { DeferOptions } from "./deferral.ts"
import type { JsonObject } from "./json-object.ts"
import type { Trigger } from "./trigger.ts"

/** What a running task instance knows of itself and may do beside returning a value. The host implements it. */
export interface TaskContext<Points extends string = never> {
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
  /** The position of this instance's item in its expansion, from 0; -1 for an unmapped task. */
  readonly mapIndex: number
  /** Counts attempts, from 1. */
  readonly tryNumber: number
  readonly logicalDate: Date | null
  readonly dataInterval: DataInterval | null
  /** The DAG's `params`, overlaid with those the run was started with. */
  readonly params: Readonly<Record<string, Json>>
  readonly log: TaskLog
  /** Aborts on timeout, cancellation and shutdown. Pass it on to whatever waits. */
  readonly signal: AbortSignal
  readonly xcom: TaskXComs
  readonly assets: TaskAssets
  /**
   * Reads a variable (`sluice variables set`); undefined when there is none. Read anew each time, so a change counts at
   * once. Where its name says that it is secret, its value is hidden in the logs of this task.
   *
   * @example
   * const { region } = JSON.parse((await ctx.variable("warehouse")) ?? "{}")
   */
  variable(key: string): Promise<string | undefined>
  /** Reads a connection (`sluice connections set`); undefined when there is none. Its password is hidden in logs. */
  connection(id: string): Promise<Connection | undefined>
  /**
   * Ends this call and gives its slot back; the task goes on at a resume point when the trigger has fired, as often as it
   * likes. It never returns: it throws, and what catches that must throw it on.
   *
   * @example
   * return ctx.defer(after("10m"), { resume: "check", state: { jobId } })
   */
  defer(trigger: Trigger, options: DeferOptions<Points>): Promise<never>
}

/** The span of time a DagRun covers: from `start`, up to but not including `end`. */
export interface DataInterval {
  readonly start: Date
  readonly end: Date
}

/** Logs into the instance's log; `fields` are kept as structured data. */
export interface TaskLog {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** Structured data beside a log message. What is not JSON is logged as text. */
export type LogFields = Readonly<Record<string, unknown>>

/** Leaves values for other tasks beside the returned one, and reads theirs. */
export interface TaskXComs {
  push(key: string, value: unknown): void
  /** Reads a value of this run; undefined when it is not there. Without `key`: what the task returned. */
  pull(options: {
    readonly taskId: string
    readonly key?: string
    readonly mapIndex?: number
  }): Promise<unknown>
}

/** An event of an asset that a run was made for. */
export interface AssetEvent {
  readonly asset: string
  readonly uri: string
  readonly at: Date
  readonly extra: JsonObject
  /** Who made it; null: it came from outside. The index is -1 for a whole task or map. */
  readonly source: {
    readonly dagId: string
    readonly runId: string
    readonly taskId: string
    readonly mapIndex: number
  } | null
}

/** Tells of the assets that a task makes, and of those that its run waited for. */
export interface TaskAssets {
  /**
   * Says what this instance has made of an asset among its task's `outlets`. With the instance's success, and only
   * then, it is an event of the asset, stored together with it. Said again of the same asset, the last counts.
   */
  emit(asset: Asset | string, extra?: JsonObject): void
  /**
   * The events that this run was made for, oldest first, read a hundred at a time; none where it was made otherwise.
   *
   * @example
   * for await (const { asset, extra } of ctx.assets.events()) ctx.log.info(asset, extra)
   */
  events(): AsyncIterable<AssetEvent>
}
