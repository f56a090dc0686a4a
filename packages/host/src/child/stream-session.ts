// A pipeline that stays open in this host between pulls, for one context.

import type { Gap, OwnedPullScope, Page, PagedStream } from "@sluice/core/stream"
import { createPullScope, isGap, jsonEquals, leafOf } from "@sluice/core/stream"
import { inputStream, isFailWithoutRetry, itemKeys, itemLabels, type TaskNode } from "@sluice/core/dag"
import { encode } from "../codec/index.ts"
import type { ExecutionContext, Json, LogEntry, PulledPage, PullRequest } from "../port.ts"
import { cursorBytesMax, emptyPagesMs, pageItemsMax } from "./bounds.ts"
import { itemCodec } from "./bind-stream.ts"
import { InvalidDeferral } from "./deferral.ts"
import type { FoundTask } from "./definitions.ts"
import { createLog, type RunParams, toDate, toInterval } from "./instance.ts"
import { LogBudget, takeStrayLogs, writeLog, type LogOwner } from "./log.ts"
import { createReader, readConnection, readVariable } from "./reads.ts"
import { describeThrown } from "./thrown.ts"
import type { FromHost } from "../protocol.ts"

/** A page that breaks a bound that no retry can mend. */
class PageTooLarge extends Error {
  override readonly name = "PageTooLarge"
  readonly retryable = false
}

/** A pipeline that is open for one context. Pulls take turns. */
export class StreamSession implements LogOwner {
  readonly context: ExecutionContext
  readonly logIndex = null
  readonly tryNumber = 0
  logBudget = new LogBudget()
  readonly #node: TaskNode
  readonly #stream: PagedStream<unknown>
  readonly #scope: OwnedPullScope
  readonly #abort = new AbortController()
  #logs: LogEntry[] = []
  #callId = 0
  #hasEnded = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(context: ExecutionContext, { node, params }: FoundTask) {
    this.context = context
    this.#node = node
    this.#stream = inputStream(node).stream
    this.#scope = createPullScope({
      signal: this.#abort.signal,
      reader: createReader(() => this.#callId),
      codec: itemCodec,
      isOrdered: node.mapping?.options.ordered,
      context: {
        ...sourceContext(this, params),
        variable: (key: string) => readVariable(this.#callId, key, this.#abort.signal),
        connection: (id: string) => readConnection(this.#callId, id, this.#abort.signal),
      },
    })
  }

  /** Pulls one page, after the pulls asked for before it. */
  pull(callId: number, request: PullRequest): Promise<PulledPage> {
    const page = this.#turn.then(() => this.#pull(callId, request))
    this.#turn = page.catch(() => {})
    return page
  }

  /** Aborts what the pipeline is doing and closes it. */
  abort(reason: string): void {
    this.#abort.abort(new DOMException(reason, "AbortError"))
  }

  /** Closes the pipeline after the pull that is under way, running its `finally` blocks. */
  close(): Promise<void> {
    return this.#turn.then(() => this.#scope.close())
  }

  /** Closes the pipeline for good: what it logs from now on no pull will take. */
  end(): Promise<void> {
    this.#hasEnded = true
    return this.close()
  }

  async #pull(callId: number, request: PullRequest): Promise<PulledPage> {
    this.#callId = callId
    this.logBudget = new LogBudget()
    this.#scope.pageSize = request.pageSize
    const page = await this.#pullFilled(request.cursor)
    const next = encodeCursor(page.next)
    const items = encodeItems(page.items, request.pageBytesMax)
    // After the items are written down: what the author's functions do to an item changes nothing of it.
    const keys = itemKeys(this.#node, page.items)
    const labels = itemLabels(this.#node, page.items, (message) =>
      writeLog(this, "warning", message, undefined),
    )
    const waiting = page.waiting ?? false
    const end = encodeEnd(page.end)
    return { items, keys, labels: anyOf(labels), next, waiting, end, logs: this.takeLogs() }
  }

  /** Pulls on past pages that come out empty, for a short while; a cursor that stands still is not pulled again. */
  async #pullFilled(cursor: string | null): Promise<Page<unknown>> {
    const until = performance.now() + emptyPagesMs
    let from = cursor === null ? this.#stream.start : (JSON.parse(cursor) as Json)
    for (;;) {
      const page = await this.#stream.pull(from, this.#scope)
      const isPassedOver = page.items.length === 0 && page.next !== null && page.waiting !== true
      if (!isPassedOver || jsonEquals(page.next, from) || performance.now() >= until) return page
      from = page.next
    }
  }

  addLog(entry: LogEntry): boolean {
    if (this.#hasEnded) return false
    this.#logs.push(entry)
    return true
  }

  takeLogs(): LogEntry[] {
    const logs = [...this.#logs, ...takeStrayLogs()]
    this.#logs = []
    return logs
  }

  label(): string {
    return `the stream of ${this.context.taskId}`
  }
}

/** Says how a pull failed. */
export function pullFailure(callId: number, thrown: unknown, logs: readonly LogEntry[]): FromHost {
  return {
    kind: "pullFailed",
    callId,
    error: describeThrown(thrown),
    leafTaskId: leafOf(thrown)?.taskId ?? null,
    retryable: !isFinal(thrown),
    logs,
  }
}

/** What our own errors say of themselves, and what the author asked for. */
function isFinal(thrown: unknown): boolean {
  if (typeof thrown !== "object" || thrown === null) return false
  return Reflect.get(thrown, "retryable") === false || isFailWithoutRetry(thrown)
}

/** What a source's function is told beside its cursor and signal. */
function sourceContext(session: StreamSession, params: RunParams): Readonly<Record<string, unknown>> {
  const { context } = session
  return {
    dagId: context.dagId,
    runId: context.runId,
    taskId: context.taskId,
    logicalDate: toDate(context.logicalDate),
    dataInterval: toInterval(context),
    params,
    log: createLog(session),
    defer: () => {
      throw new InvalidDeferral(
        `the source "${context.taskId}" called ctx.defer(): a source waits in its generator, where back-pressure holds no slot. ` +
          "Fix: await what it waits for, or defer in a task before it",
      )
    },
  }
}

function anyOf(labels: ReturnType<typeof itemLabels>): ReturnType<typeof itemLabels> {
  return labels?.some((label) => label !== null) === true ? labels : null
}

function encodeItems(items: readonly unknown[], pageBytesMax: number): PulledPage["items"] {
  if (items.length > pageItemsMax) {
    throw new PageTooLarge(
      `a page of ${items.length} items came, and at most ${pageItemsMax} are taken at once. Fix: yield smaller pages`,
    )
  }
  let bytes = 0
  return items.map((item, index) => {
    if (isGap(item)) return pulledGap(item)
    const text = encode(item, { name: `items[${index}]` })
    bytes += Buffer.byteLength(text)
    if (bytes > pageBytesMax) refusePage(items.length, index + 1, bytes, pageBytesMax)
    return text
  })
}

function pulledGap({ state, index }: Gap): PulledPage["items"][number] {
  return index === null ? { gap: state } : { gap: state, index }
}

function refusePage(count: number, taken: number, bytes: number, pageBytesMax: number): never {
  throw new PageTooLarge(
    `the first ${taken} of the page's ${count} items take ${bytes} bytes as JSON, over the limit of ${pageBytesMax} (pageBytesMax). ` +
      `Fix: yield smaller pages, leave out of the items what the task does not need, or raise pageBytesMax`,
  )
}

function encodeEnd(end: Page<unknown>["end"]): PulledPage["end"] {
  if (end === undefined) return null
  return "resume" in end ? { resume: encodeCursor(end.resume) ?? "null" } : end
}

function encodeCursor(cursor: Page<unknown>["next"]): string | null {
  if (cursor === null) return null
  const text = JSON.stringify(cursor)
  const bytes = Buffer.byteLength(text)
  if (bytes <= cursorBytesMax) return text
  throw new PageTooLarge(
    `the cursor after the page takes ${bytes} bytes as JSON, and at most ${cursorBytesMax} are kept with each page. ` +
      `Fix: keep in the cursor only where to go on; chunk and zip carry items in it, so use smaller chunks or smaller items there`,
  )
}
