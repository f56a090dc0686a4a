import type {
  Connection,
  DataInterval,
  DeferOptions,
  TaskAssets,
  TaskContext,
  TaskLog,
  TaskXComs,
  Trigger,
} from "@sluice/core/dag"
import { encode } from "../codec/index.ts"
import type { ExecutionContext, Json, LogEntry, PushedXCom, TaskError } from "../port.ts"
import { AssetEvents } from "./asset-events.ts"
import { makeDeferral } from "./deferral.ts"
import { LogBudget, writeLog, type LogOwner } from "./log.ts"
import { readAssetEvents, readConnection, readVariable, readXCom } from "./reads.ts"
import { checkXComKey } from "./xcom-key.ts"

/** The parameters of a run: the DAG's defaults, overlaid with what the run was given. */
export type RunParams = Readonly<Record<string, Json>>

/** What an instance needs of the lease it runs in. */
export interface InstanceLease {
  readonly callId: number
  readonly context: ExecutionContext
  readonly params: RunParams
  readonly tryNumber: number
  readonly resultBytesMax: number
  /** The names of the points at which the task can go on. */
  readonly resumePoints: readonly string[]
  /** The names of the assets that the task makes. */
  readonly outlets: readonly string[]
  addLog(entry: LogEntry): boolean
  addXCom(xcom: PushedXCom): void
}

/**
 * One running task instance, and the `ctx` its function receives. One is made for each item, so everything in it that
 * costs more than a field is made when it is first asked for.
 */
export class Instance implements TaskContext<string>, LogOwner {
  readonly mapIndex: number
  readonly #lease: InstanceLease
  #budget: LogBudget | null = null
  #controller: AbortController | null = null
  #assetEvents: AssetEvents | null = null
  /** Why the instance was told to stop; null: it was not. */
  stopReason: Error | null = null
  /** Whether the function has called `defer`: then it must not return. */
  hasDeferred = false
  /** An error that surfaced outside what the function awaits. */
  strayError: TaskError | null = null

  constructor(lease: InstanceLease, mapIndex: number) {
    this.#lease = lease
    this.mapIndex = mapIndex
  }

  get dagId(): string {
    return this.#lease.context.dagId
  }
  get runId(): string {
    return this.#lease.context.runId
  }
  get taskId(): string {
    return this.#lease.context.taskId
  }
  get tryNumber(): number {
    return this.#lease.tryNumber
  }
  get logicalDate(): Date | null {
    return toDate(this.#lease.context.logicalDate)
  }
  get dataInterval(): DataInterval | null {
    return toInterval(this.#lease.context)
  }
  get params(): RunParams {
    return this.#lease.params
  }
  get log(): TaskLog {
    return createLog(this)
  }
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.stopReason !== null) this.#controller.abort(this.stopReason)
    }
    return this.#controller.signal
  }
  get xcom(): TaskXComs {
    const { callId, resultBytesMax } = this.#lease
    return {
      push: (key, value) => {
        checkXComKey(key)
        const text = encode(value, { name: `xcom ${key}`, bytesMax: resultBytesMax })
        this.#lease.addXCom({ mapIndex: this.mapIndex, key, value: text })
      },
      pull: (options) => readXCom(callId, options, this.#controller?.signal ?? null),
    }
  }

  variable(key: string): Promise<string | undefined> {
    return readVariable(this.#lease.callId, key, this.#controller?.signal ?? null)
  }

  connection(id: string): Promise<Connection | undefined> {
    return readConnection(this.#lease.callId, id, this.#controller?.signal ?? null)
  }

  get assets(): TaskAssets {
    const events = this.#events()
    const { callId } = this.#lease
    return {
      emit: (asset, extra) => events.emit(asset, extra),
      events: () => readAssetEvents(callId, this.#controller?.signal ?? null),
    }
  }

  /** The events that come with its success. */
  takeAssetEvents(): ReturnType<AssetEvents["taken"]> {
    return this.#lease.outlets.length === 0 ? [] : this.#events().taken(this.mapIndex)
  }

  #events(): AssetEvents {
    this.#assetEvents ??= new AssetEvents(this.#lease.outlets)
    return this.#assetEvents
  }

  defer(trigger: Trigger, options: DeferOptions): Promise<never> {
    const { context, resumePoints } = this.#lease
    const { taskId, bundleHash } = context
    this.hasDeferred = true
    throw makeDeferral({ taskId, bundleHash, resumePoints }, trigger, options)
  }

  get logIndex(): number {
    return this.mapIndex
  }
  get logBudget(): LogBudget {
    this.#budget ??= new LogBudget()
    return this.#budget
  }
  addLog(entry: LogEntry): boolean {
    return this.#lease.addLog(entry)
  }
  label(): string {
    return this.mapIndex < 0 ? this.taskId : `${this.taskId}[${this.mapIndex}]`
  }

  /** Tells the function to stop, through its signal. The first reason stays. */
  stop(reason: Error): void {
    if (this.stopReason !== null) return
    this.stopReason = reason
    this.#controller?.abort(reason)
  }
}

/** Gives the logger that writes on an owner's behalf. */
export function createLog(owner: LogOwner): TaskLog {
  return {
    debug: (message, fields) => writeLog(owner, "debug", message, fields),
    info: (message, fields) => writeLog(owner, "info", message, fields),
    warn: (message, fields) => writeLog(owner, "warning", message, fields),
    error: (message, fields) => writeLog(owner, "error", message, fields),
  }
}

/** Gives the date of an ISO text. */
export function toDate(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}

/** Gives a context's data interval, if it has both ends. */
export function toInterval(context: ExecutionContext): DataInterval | null {
  const start = toDate(context.dataIntervalStart)
  const end = toDate(context.dataIntervalEnd)
  return start === null || end === null ? null : { start, end }
}
