import type { EmittedAssetEvent, LogEntry, OtherOutcome, OutcomeBatch, PushedXCom } from "../port.ts"
import { timingsFromMs } from "./bounds.ts"
import { takeStrayLogs } from "./log.ts"

/** Gathers what a lease has to report, and cuts it into batches. Positions count from the lease's first index. */
export class Outcomes {
  readonly #leaseId: string
  readonly #firstIndex: number
  readonly #indexes: readonly number[] | null
  readonly #startedAt: number
  /** The encoded results not yet sent, by position. */
  readonly #values: (string | undefined)[]
  readonly #startedMs: Float64Array
  readonly #endedMs: Float64Array
  #succeeded = 0
  #busyMs = 0
  #others: OtherOutcome[] = []
  #xcoms: PushedXCom[] = []
  #assetEvents: EmittedAssetEvent[] = []
  #logs: LogEntry[] = []
  #hasSent = false
  /** About how large the batch is so far. */
  chars = 0

  constructor(options: {
    leaseId: string
    firstIndex: number
    count: number
    indexes: readonly number[] | null
    startedAt: number
  }) {
    this.#leaseId = options.leaseId
    this.#firstIndex = options.firstIndex
    this.#indexes = options.indexes
    this.#startedAt = options.startedAt
    this.#values = Array.from({ length: options.count })
    this.#startedMs = new Float64Array(options.count)
    this.#endedMs = new Float64Array(options.count)
  }

  succeed(position: number, text: string, startedAt: number, endedAt: number): void {
    this.#values[position] = text
    this.#succeeded += 1
    this.#startedMs[position] = startedAt - this.#startedAt
    this.#endedMs[position] = endedAt - this.#startedAt
    this.#busyMs += endedAt - startedAt
    this.chars += text.length
  }

  addOther(outcome: OtherOutcome): void {
    this.#others.push(outcome)
    this.#busyMs += outcome.endedMs - outcome.startedMs
    this.chars += 200 + charsOf(outcome)
  }

  addXCom(xcom: PushedXCom): void {
    this.#xcoms.push(xcom)
    this.chars += xcom.value.length
  }

  addAssetEvent(event: EmittedAssetEvent): void {
    this.#assetEvents.push(event)
    this.chars += event.extra.length
  }

  addLog(entry: LogEntry): void {
    this.#logs.push(entry)
    this.chars += entry.message.length + 50
  }

  /** Milliseconds from the lease's start to a time of `performance.now()`. */
  sinceStart(at: number): number {
    return Math.round(at - this.#startedAt)
  }

  get isEmpty(): boolean {
    return this.#succeeded + this.#others.length + this.#xcoms.length + this.#logs.length === 0
  }

  /** Takes what has gathered. `isWhole`: each instance of the lease has ended, so the successes need no naming. */
  take(isWhole: boolean): OutcomeBatch {
    const isAll = isWhole && !this.#hasSent
    const ready = this.#takeValues(isAll, performance.now() - this.#startedAt > timingsFromMs)
    const batch: OutcomeBatch = {
      leaseId: this.#leaseId,
      indexes: isAll ? null : ready.indexes,
      values: ready.values,
      others: this.#others,
      timings: ready.timings,
      xcoms: this.#xcoms,
      assetEvents: this.#assetEvents,
      logs: [...this.#logs, ...takeStrayLogs()],
      busyMs: this.#busyMs,
    }
    this.#hasSent = true
    this.#others = []
    this.#xcoms = []
    this.#assetEvents = []
    this.#logs = []
    this.#busyMs = 0
    this.chars = 0
    return batch
  }

  #takeValues(
    isAll: boolean,
    isTimed: boolean,
  ): Pick<OutcomeBatch, "values" | "timings"> & { indexes: number[] } {
    if (isAll && !isTimed && this.#succeeded === this.#values.length) {
      return { indexes: [], values: `[${this.#values.join(",")}]`, timings: null }
    }
    const indexes: number[] = []
    const texts: string[] = []
    const startedMs: number[] = []
    const endedMs: number[] = []
    for (let position = 0; position < this.#values.length && this.#succeeded > 0; position++) {
      const text = this.#values[position]
      if (text === undefined) continue
      this.#values[position] = undefined
      this.#succeeded -= 1
      indexes.push(this.#indexes?.[position] ?? this.#firstIndex + position)
      texts.push(text)
      startedMs.push(Math.round(this.#startedMs[position] ?? 0))
      endedMs.push(Math.round(this.#endedMs[position] ?? 0))
    }
    return { indexes, values: `[${texts.join(",")}]`, timings: isTimed ? { startedMs, endedMs } : null }
  }
}

/** About how large an outcome is beside its numbers. */
function charsOf(outcome: OtherOutcome): number {
  if (outcome.kind === "failed") return outcome.error.stack?.length ?? 0
  if (outcome.kind === "skipped") return 0
  const { state, trigger } = outcome.deferral
  return state.length + (trigger.kind === "user" ? trigger.args.length : 0)
}
