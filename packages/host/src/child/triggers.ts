// User-defined triggers: generators that wait in this host, many beside each other, until their first event.

import { eventBytesMax, type TaskLog, type TriggerScope } from "@sluice/core/dag"
import { decode, encode, NotEncodable } from "../codec/index.ts"
import type { ExecutionContext, LogEntry, TriggerEnd, TriggerWork } from "../port.ts"
import { flushEveryMs } from "./bounds.ts"
import { send } from "./channel.ts"
import { findTask, triggersOf } from "./definitions.ts"
import { createLog } from "./instance.ts"
import { LogBudget, logging, type LogOwner } from "./log.ts"
import { describeThrown } from "./thrown.ts"

const running = new Map<number, TriggerRun>()

/** Runs a trigger to its first event, and sends how it ended. */
export async function runTrigger(options: {
  callId: number
  context: ExecutionContext
  work: TriggerWork
}): Promise<void> {
  const trigger = new TriggerRun(options)
  running.set(options.callId, trigger)
  await logging.run(trigger, () => trigger.run())
  running.delete(options.callId)
}

/** Tells a trigger to stop: nobody waits for it any more. */
export function abortTrigger(callId: number, reason: string): void {
  running.get(callId)?.abort(reason)
}

/** Tells all triggers to stop. */
export function abortTriggers(reason: string): void {
  for (const trigger of running.values()) trigger.abort(reason)
}

/** Sends what triggers have logged, and says which one is why this process is about to end, where it is known. */
export function sayLastOfTriggers(culprit: LogOwner | null): void {
  for (const trigger of running.values()) {
    trigger.flush()
    if (trigger === culprit) send({ kind: "blamed", callId: trigger.callId })
  }
}

/** A trigger while it waits in this host. */
class TriggerRun implements LogOwner {
  readonly callId: number
  readonly logBudget = new LogBudget()
  readonly logIndex: number
  readonly tryNumber: number
  readonly #context: ExecutionContext
  readonly #work: TriggerWork
  readonly #abort = new AbortController()
  #logs: LogEntry[] = []
  #hasEnded = false

  constructor(options: { callId: number; context: ExecutionContext; work: TriggerWork }) {
    this.callId = options.callId
    this.#context = options.context
    this.#work = options.work
    this.logIndex = options.work.mapIndex
    this.tryNumber = options.work.tryNumber
  }

  /** Waits for the first event. The generator is closed after it was sent: what it does then keeps nobody waiting. */
  async run(): Promise<void> {
    const flushing = setInterval(() => this.flush(), flushEveryMs)
    let iterator: AsyncIterator<unknown> | null = null
    try {
      iterator = await this.#open()
      send({ kind: "running", callId: this.callId, indexes: null })
      const { done, value } = await iterator.next()
      if (done === true) return this.#end({ kind: "ended" })
      const name = `the event of trigger "${this.#work.name}"`
      this.#end({ kind: "event", value: encode(value, { name, bytesMax: eventBytesMax }) })
    } catch (thrown) {
      this.#end({ kind: "failed", error: describeThrown(thrown), isFinal: thrown instanceof NotEncodable })
    } finally {
      clearInterval(flushing)
      this.#abort.abort(new DOMException("the event has come", "AbortError"))
      await Promise.resolve(iterator?.return?.()).catch(() => {})
    }
  }

  abort(reason: string): void {
    this.#abort.abort(new DOMException(reason, "AbortError"))
  }

  flush(): void {
    if (this.#logs.length === 0) return
    send({ kind: "triggerLogs", callId: this.callId, logs: this.#logs })
    this.#logs = []
  }

  addLog(entry: LogEntry): boolean {
    if (this.#hasEnded) return false
    this.#logs.push(entry)
    return true
  }

  label(): string {
    const { taskId } = this.#context
    const place = this.logIndex < 0 ? taskId : `${taskId}[${this.logIndex}]`
    return `trigger "${this.#work.name}" of ${place}`
  }

  async #open(): Promise<AsyncIterator<unknown>> {
    // Evaluates the bundle, where this is its first use.
    await findTask(this.#context)
    const wait = triggersOf(this.#context.bundleHash).get(this.#work.name)
    if (wait === undefined) throw new Error(`the bundle defines no trigger "${this.#work.name}"`)
    const events = wait(decode(this.#work.args), this.#scope())
    if (typeof events?.[Symbol.asyncIterator] !== "function")
      throw new TypeError(
        `trigger "${this.#work.name}" gives no async iterable. Fix: async function* (…) { yield event }`,
      )
    return events[Symbol.asyncIterator]()
  }

  #scope(): TriggerScope {
    const { dagId, runId, taskId } = this.#context
    const log: TaskLog = createLog(this)
    return { signal: this.#abort.signal, log, dagId, runId, taskId, mapIndex: this.logIndex }
  }

  #end(end: TriggerEnd): void {
    if (this.#hasEnded) return
    this.flush()
    this.#hasEnded = true
    send({ kind: "triggerEnded", callId: this.callId, end })
  }
}
