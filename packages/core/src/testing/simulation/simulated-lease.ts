import type { DagDefinition } from "../../dag/dag-definition.ts"
import { isFailWithoutRetry, isSkip } from "../../dag/task-outcome-error.ts"
import type { TaskContext } from "../../dag/task-context.ts"
import { Deferral, type DeferOptions, isDeferral } from "../../dag/deferral.ts"
import type { Trigger } from "../../dag/trigger.ts"
import type { ResumePayload } from "../../store/trigger-store.ts"
import type {
  Deferral as RecordedDeferral,
  ExecutionContext,
  LeaseWork,
  OtherOutcome,
  OutcomeBatch,
} from "../../host/host-pool.ts"
import { bind } from "../../stream/lazy-xcom.ts"
import type { StreamReader } from "../../stream/stream-reader.ts"
import type { SimulatedHost } from "./simulated-host.ts"

/** How many outcomes a host sends together, at most; the last batch may be empty. */
const batchMax = 5

/** What an instance sees of its host beside `ctx`, by which the world finds it. */
export interface SimulatedContext extends Pick<
  TaskContext,
  "runId" | "taskId" | "mapIndex" | "tryNumber" | "signal" | "defer"
> {
  readonly host: SimulatedHost
}

/** What `ctx.defer` throws, as the host makes it. */
function defer(trigger: Trigger, { resume, state, timeout }: DeferOptions): never {
  const { waitsFor } = trigger
  const spec = waitsFor.kind === "user" ? { ...waitsFor, args: JSON.stringify(waitsFor.args) } : waitsFor
  const recorded: RecordedDeferral = {
    trigger: spec,
    resume,
    state: JSON.stringify(state ?? null),
    timeoutMs: typeof timeout === "number" ? timeout : null,
  }
  throw new Deferral(recorded)
}

/** Runs the instances of one lease in a host, some at a time, and sends their outcomes in batches. */
export class SimulatedLease {
  readonly #host: SimulatedHost
  readonly #definition: DagDefinition
  readonly #context: ExecutionContext
  readonly #work: LeaseWork
  readonly #reader: StreamReader
  readonly #send: (batch: OutcomeBatch) => void
  readonly #startedAt: number
  readonly #abort = new AbortController()
  #values = new Map<number, { text: string; startedMs: number; endedMs: number }>()
  #others: OtherOutcome[] = []
  #next = 0
  #hasSent = false
  running = 0

  constructor(options: {
    host: SimulatedHost
    definition: DagDefinition
    context: ExecutionContext
    work: LeaseWork
    reader: StreamReader
    send: (batch: OutcomeBatch) => void
  }) {
    this.#host = options.host
    this.#definition = options.definition
    this.#context = options.context
    this.#work = options.work
    this.#reader = options.reader
    this.#send = options.send
    this.#startedAt = options.host.world.time.now
  }

  async run(): Promise<void> {
    const lanes = Math.max(1, Math.min(this.#work.concurrency, this.#work.count))
    await Promise.all(Array.from({ length: lanes }, () => this.#runLane()))
    this.#flush(true)
  }

  /** Starts no more instances and tells the running ones to stop. */
  abort(reason: string): void {
    this.#abort.abort(new DOMException(reason, "AbortError"))
  }

  async #runLane(): Promise<void> {
    for (let position = this.#take(); position !== null; position = this.#take()) {
      this.running += 1
      await this.#runInstance(position)
      this.running -= 1
      if (this.#values.size + this.#others.length >= this.#host.world.random.integer(1, batchMax))
        this.#flush(false)
    }
  }

  #take(): number | null {
    const { recorded, count } = this.#work
    while (this.#next < count && recorded.includes(this.#indexAt(this.#next))) this.#next += 1
    return this.#abort.signal.aborted || this.#next >= count ? null : this.#next++
  }

  #indexAt(position: number): number {
    return this.#work.indexes?.[position] ?? this.#work.firstIndex + position
  }

  async #runInstance(position: number): Promise<void> {
    const mapIndex = this.#indexAt(position)
    const startedMs = this.#elapsed()
    try {
      const value = await this.#call(position, mapIndex)
      this.#values.set(mapIndex, {
        text: JSON.stringify(value) ?? "null",
        startedMs,
        endedMs: this.#elapsed(),
      })
    } catch (thrown) {
      if (this.#abort.signal.aborted && !isDeferral(thrown)) return
      this.#others.push(this.#outcomeOf(thrown, mapIndex, startedMs))
    }
  }

  async #call(position: number, mapIndex: number): Promise<unknown> {
    const { taskId, runId, xcoms } = this.#context
    const node = this.#definition.node(taskId)
    const items = this.#work.items === null ? null : (JSON.parse(this.#work.items) as unknown[])
    const values = new Map(Object.entries(xcoms).map(([id, text]) => [id, JSON.parse(text) as unknown]))
    const { signal } = this.#abort
    const input = this.#definition.buildInput(node, items?.[position], values, (lazy) =>
      bind(lazy, { reader: this.#reader, signal }),
    )
    const tryNumber = this.#work.tryNumber
    const ctx: SimulatedContext = { runId, taskId, mapIndex, tryNumber, signal, defer, host: this.#host }
    const payload = this.#work.resumes?.[position] ?? null
    if (payload === null) return node.run(input, ctx as unknown as TaskContext)
    const { resume, ...resumed } = JSON.parse(payload) as ResumePayload
    return node.resume(resume, input, resumed, ctx as unknown as TaskContext)
  }

  #outcomeOf(thrown: unknown, mapIndex: number, startedMs: number): OtherOutcome {
    const times = { mapIndex, startedMs, endedMs: this.#elapsed() }
    if (isSkip(thrown)) return { ...times, kind: "skipped", reason: thrown.reason }
    if (isDeferral(thrown))
      return { ...times, kind: "deferred", deferral: thrown.recorded as RecordedDeferral }
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const kept = { type: error.name, message: error.message, stack: null }
    return { ...times, kind: "failed", error: kept, isFinal: isFailWithoutRetry(thrown) }
  }

  #elapsed(): number {
    return this.#host.world.time.now - this.#startedAt
  }

  #flush(isLast: boolean): void {
    if (!this.#host.isAlive) return
    const successes = [...this.#values].sort(([a], [b]) => a - b)
    const isWhole =
      isLast && !this.#hasSent && !this.#abort.signal.aborted && successes.length === this.#work.count
    const timed = this.#elapsed() > 10 && !isWhole
    const others = this.#others
    this.#values = new Map()
    this.#others = []
    this.#hasSent = true
    this.#send({
      leaseId: this.#work.leaseId,
      indexes: isWhole ? null : successes.map(([index]) => index),
      values: `[${successes.map(([, { text }]) => text).join(",")}]`,
      others,
      timings: timed
        ? {
            startedMs: successes.map(([, it]) => it.startedMs),
            endedMs: successes.map(([, it]) => it.endedMs),
          }
        : null,
      xcoms: [],
      assetEvents: [],
      logs: [],
      busyMs: successes.reduce((sum, [, it]) => sum + it.endedMs - it.startedMs, 0),
    })
  }
}
