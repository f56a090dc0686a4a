// Runs the instances of one lease, in as many lanes as may run at once.
//
// This is the hot path: for a task that does nothing, an item costs one small object, one AsyncLocalStorage frame, two
// clock readings and one await. Timers, signals and loggers are made when needed; batches are cut per lease or per
// 100 ms, never per item.

import { isDeferral, isFailWithoutRetry, isSkip, TriggerError } from "@sluice/core/dag"
import { encode, NotEncodable } from "../codec/index.ts"
import type { Deferral, ExecutionContext, LeaseWork, LogEntry, PushedXCom, TaskError } from "../port.ts"
import type { HostSettings } from "../protocol.ts"
import { InvalidAssetEvent } from "./asset-events.ts"
import { batchCharsMax, flushEveryMs } from "./bounds.ts"
import { caughtUp, isBackedUp, send, sendOut } from "./channel.ts"
import { isTurnDue, turn } from "./event-loop.ts"
import { InvalidDeferral, swallowedDeferral } from "./deferral.ts"
import { Instance, type InstanceLease, type RunParams } from "./instance.ts"
import { logging } from "./log.ts"
import { Outcomes } from "./outcomes.ts"
import { describeThrown } from "./thrown.ts"
import { InvalidXComKey } from "./xcom-key.ts"

/** Calls the task's function for one instance. */
export type CallTask = (position: number, instance: Instance) => unknown

/** What a lease's instances need: how to call the task, and the parameters of the run. */
export interface PreparedTask {
  readonly call: CallTask
  readonly params: RunParams
  readonly resumePoints: readonly string[]
  readonly outlets: readonly string[]
}

/** One of the places in which a lease runs instances one after the other. */
interface Lane {
  current: { readonly instance: Instance; readonly position: number; readonly startedAt: number } | null
  timer: NodeJS.Timeout | null
}

/** A lease while it runs in this host. */
export class LeaseRun implements InstanceLease {
  readonly callId: number
  readonly context: ExecutionContext
  params: RunParams = {}
  resumePoints: readonly string[] = []
  outlets: readonly string[] = []
  readonly tryNumber: number
  readonly resultBytesMax: number
  readonly #work: LeaseWork
  readonly #settings: HostSettings
  readonly #onStuck: (reason: string, instance: Instance) => void
  readonly #outcomes: Outcomes
  readonly #lanes: Lane[] = []
  /** Whether the parent must hear of the next start: of each when isolated, else of the first under a timeout. */
  #tellsStart: boolean
  readonly #told = new Set<number>()
  #nextPosition = 0
  #recordedSeen = 0
  readonly #startedAt = performance.now()
  #hasWaited = false
  #stopReason: Error | null = null
  #hasEnded = false

  constructor(options: {
    callId: number
    context: ExecutionContext
    work: LeaseWork
    settings: HostSettings
    onStuck: (reason: string, instance: Instance) => void
  }) {
    this.callId = options.callId
    this.context = options.context
    this.tryNumber = options.work.tryNumber
    this.resultBytesMax = options.settings.resultBytesMax
    this.#work = options.work
    this.#settings = options.settings
    this.#onStuck = options.onStuck
    this.#tellsStart = options.work.isolated || options.context.timeoutMs !== null
    this.#outcomes = new Outcomes({ ...options.work, startedAt: this.#startedAt })
  }

  /** Runs every instance of the lease and sends its outcomes; the last batch says that it is the last. */
  async run({ call, params, resumePoints, outlets }: PreparedTask): Promise<void> {
    this.params = params
    this.resumePoints = resumePoints
    this.outlets = outlets
    const flushing = setInterval(() => this.#isNearlyDone() || this.flush(), flushEveryMs)
    const lanes = Math.max(1, Math.min(this.#work.concurrency, this.#work.count))
    await Promise.all(Array.from({ length: lanes }, () => this.#runLane(call)))
    clearInterval(flushing)
    this.#hasEnded = true
    this.#send(true)
  }

  /** Whether the rest is likely to end before long: then what has gathered waits for it, once. */
  #isNearlyDone(): boolean {
    const started = this.#nextPosition - this.#work.recorded.length
    const left = this.#work.count - this.#nextPosition
    const perMs = started / (performance.now() - this.#startedAt)
    const isNear = !this.#hasWaited && left < perMs * (flushEveryMs / 2)
    this.#hasWaited ||= isNear
    return isNear
  }

  /** Starts no more instances and tells the running ones to stop. */
  abort(reason: string): void {
    this.#stopReason ??= new DOMException(reason, "AbortError")
    for (const lane of this.#lanes) lane.current?.instance.stop(this.#stopReason)
  }

  /** Sends what has gathered so far. */
  flush(): void {
    if (!this.#hasEnded && !this.#outcomes.isEmpty) this.#send(false)
  }

  addLog(entry: LogEntry): boolean {
    if (this.#hasEnded) return false
    this.#outcomes.addLog(entry)
    return true
  }

  addXCom(xcom: PushedXCom): void {
    this.#outcomes.addXCom(xcom)
  }

  /** Records that an instance failed before its function did anything about it, and sends it: the host is about to end. */
  failNow(instance: Instance, error: TaskError): void {
    for (const lane of this.#lanes) {
      if (lane.current?.instance !== instance) continue
      this.#recordFailure(lane.current.position, lane.current.startedAt, error, false)
      lane.current = null
    }
    this.flush()
  }

  /** Tells which instances may be why the host is about to end: the one that is known to be, or all that run. */
  tellLast(culprit: Instance | null): void {
    const running = this.#lanes.flatMap((lane) => (lane.current === null ? [] : [lane.current.instance]))
    // It may be the bundle's own top level: that none runs does not clear the lease.
    if (culprit === null && running.length === 0) return
    const blamed = culprit === null ? running : running.filter((instance) => instance === culprit)
    send({ kind: "running", callId: this.callId, indexes: blamed.map(({ mapIndex }) => mapIndex) })
  }

  async #runLane(call: CallTask): Promise<void> {
    const lane: Lane = { current: null, timer: null }
    this.#lanes.push(lane)
    for (;;) {
      let startedAt = performance.now()
      // Asked right before each start, in the same tick: else a host could be silent for what several instances took.
      while (this.#nextPosition < this.#work.count && isTurnDue(startedAt)) {
        await turn()
        startedAt = performance.now()
      }
      const position = this.#take()
      if (position < 0) break
      const instance = new Instance(this, this.#indexAt(position))
      if (this.#tellsStart) {
        startedAt = await this.#tellStart(instance.mapIndex)
        while (isTurnDue(startedAt)) {
          await turn()
          startedAt = performance.now()
        }
        if (this.#stopReason !== null) break
      }
      lane.current = { instance, position, startedAt }
      if (this.context.timeoutMs !== null) this.#watch(lane, this.context.timeoutMs)
      try {
        const result = logging.run(instance, call, position, instance)
        const value = isThenable(result) ? await result : result
        this.#succeed(instance, position, startedAt, value)
      } catch (thrown) {
        this.#fail(instance, position, startedAt, thrown)
      }
      lane.current = null
      this.#told.delete(instance.mapIndex)
      if (this.#outcomes.chars > batchCharsMax) this.flush()
      if (isBackedUp()) await caughtUp()
    }
    if (lane.timer !== null) clearTimeout(lane.timer)
  }

  /**
   * Tells the parent that an instance is about to start, and waits until that has left the process: were it to end the
   * host, no word of it could be sent later. It costs 9 µs, so that only isolated leases tell each start.
   */
  async #tellStart(mapIndex: number): Promise<number> {
    const { isolated } = this.#work
    this.#tellsStart = isolated
    if (isolated) this.#told.add(mapIndex)
    await sendOut({ kind: "running", callId: this.callId, indexes: isolated ? [...this.#told] : null })
    return performance.now()
  }

  /** The position of the next instance to run, or -1. */
  #take(): number {
    if (this.#stopReason !== null) return -1
    const { recorded, count } = this.#work
    while (this.#nextPosition < count && recorded[this.#recordedSeen] === this.#indexAt(this.#nextPosition)) {
      this.#recordedSeen += 1
      this.#nextPosition += 1
    }
    return this.#nextPosition < count ? this.#nextPosition++ : -1
  }

  #indexAt(position: number): number {
    return this.#work.indexes?.[position] ?? this.#work.firstIndex + position
  }

  #succeed(instance: Instance, position: number, startedAt: number, value: unknown): void {
    const endedAt = performance.now()
    if (instance.strayError !== null)
      return this.#recordFailure(position, startedAt, instance.strayError, false)
    if (isTimeout(instance.stopReason)) return this.#fail(instance, position, startedAt, instance.stopReason)
    if (instance.hasDeferred) throw swallowedDeferral(this.context.taskId)
    const text = encode(value, { name: "result", bytesMax: this.resultBytesMax })
    this.#outcomes.succeed(position, text, startedAt, endedAt)
    for (const event of instance.takeAssetEvents()) this.#outcomes.addAssetEvent(event)
  }

  /** An instance that throws because its lease was aborted has not failed: it gets no outcome, and may run again. */
  #fail(instance: Instance, position: number, startedAt: number, thrown: unknown): void {
    if (isTimeout(instance.stopReason))
      return this.#recordFailure(position, startedAt, timeoutError(instance, thrown), false)
    if (isDeferral(thrown)) return this.#recordDeferral(position, startedAt, thrown.recorded as Deferral)
    if (instance.stopReason !== null) return
    if (isSkip(thrown)) return this.#recordSkip(position, startedAt, thrown.reason)
    const isFinal = isRefusal(thrown) || isFailWithoutRetry(thrown)
    this.#recordFailure(position, startedAt, describeThrown(thrown), isFinal)
  }

  #recordFailure(position: number, startedAt: number, error: TaskError, isFinal: boolean): void {
    const mapIndex = this.#indexAt(position)
    this.#outcomes.addOther({ mapIndex, kind: "failed", error, isFinal, ...this.#times(startedAt) })
  }

  #recordSkip(position: number, startedAt: number, reason: string | null): void {
    const mapIndex = this.#indexAt(position)
    this.#outcomes.addOther({ mapIndex, kind: "skipped", reason, ...this.#times(startedAt) })
  }

  #recordDeferral(position: number, startedAt: number, deferral: Deferral): void {
    const mapIndex = this.#indexAt(position)
    this.#outcomes.addOther({ mapIndex, kind: "deferred", deferral, ...this.#times(startedAt) })
  }

  #times(startedAt: number): { startedMs: number; endedMs: number } {
    return {
      startedMs: this.#outcomes.sinceStart(startedAt),
      endedMs: this.#outcomes.sinceStart(performance.now()),
    }
  }

  /** Starts the clock of the lane's instance anew: one timer for the lane, since refreshing it costs next to nothing. */
  #watch(lane: Lane, timeoutMs: number): void {
    if (lane.timer === null) lane.timer = setTimeout(() => this.#timeOut(lane, timeoutMs), timeoutMs)
    else lane.timer.refresh()
  }

  #timeOut(lane: Lane, timeoutMs: number): void {
    const current = lane.current
    if (current === null) return
    const message = `${current.instance.label()} took longer than its timeout of ${seconds(timeoutMs)}`
    current.instance.stop(new DOMException(message, "TimeoutError"))
    setTimeout(() => {
      if (lane.current === current) this.#giveUp(current.instance, message)
    }, this.#settings.abortGraceMs)
  }

  /** The instance ignores its signal. Its outcome is known; the host can only be rid of it by ending. */
  #giveUp(instance: Instance, message: string): void {
    const grace = seconds(this.#settings.abortGraceMs)
    this.failNow(instance, { type: "TimeoutError", message, stack: null })
    this.#onStuck(`${message}, and was still running ${grace} after its signal was aborted`, instance)
  }

  #send(isLast: boolean): void {
    const chars = this.#outcomes.chars
    const isWhole = isLast && this.#stopReason === null
    send({ kind: "batch", callId: this.callId, batch: this.#outcomes.take(isWhole), isLast }, chars)
  }
}

/** Writes a duration for people: `5 s`, `0.25 s`. */
function seconds(ms: number): string {
  return `${ms / 1000} s`
}

/** What we refuse of the author's would be refused at each try. */
function isRefusal(thrown: unknown): boolean {
  return [NotEncodable, InvalidAssetEvent, InvalidXComKey, InvalidDeferral, TriggerError].some(
    (refusal) => thrown instanceof refusal,
  )
}

function isTimeout(reason: Error | null): reason is Error {
  return reason?.name === "TimeoutError"
}

/** The timeout, with the stack of what the function threw when its signal was aborted: where it was waiting. */
function timeoutError(instance: Instance, thrown: unknown): TaskError {
  const stack = thrown === instance.stopReason ? null : describeThrown(thrown).stack
  return { type: "TimeoutError", message: instance.stopReason?.message ?? "timed out", stack }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  )
}
