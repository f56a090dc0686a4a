import { AsyncLocalStorage } from "node:async_hooks"
import { format, inspect } from "node:util"
import { toJson } from "../codec/index.ts"
import type { Json, LogEntry } from "../port.ts"
import { logCharsMax, logLineCharsMax, logLinesMax, strayLinesMax } from "./bounds.ts"
import { clip } from "./thrown.ts"

/** Who logs: whatever runs inside `logging.run(owner, …)`, across its awaits and timers. */
export interface LogOwner {
  /** The map index to put on the lines, or null outside any instance. */
  readonly logIndex: number | null
  readonly tryNumber: number
  readonly logBudget: LogBudget
  /** Takes a line, or says that it is too late for this owner. */
  addLog(entry: LogEntry): boolean
  /** The owner's name for lines that come too late. */
  label(): string
}

/**
 * Knows on whose behalf code runs. It costs 0.2 µs an item (measured: 55 against 270 ns for a no-op task), which buys
 * the right owner for `console.log` and for errors nobody awaited.
 */
export const logging = new AsyncLocalStorage<LogOwner>()

/** How much one owner has logged. */
export class LogBudget {
  lines = 0
  chars = 0
}

type Level = LogEntry["level"]

let stray: LogEntry[] = []
let strayDropped = 0

/** Records a line of an owner within its bounds; the first line too many says so, the others are dropped. */
export function writeLog(owner: LogOwner | undefined, level: Level, message: string, fields: unknown): void {
  const entry = makeEntry(owner, level, message, fields)
  if (owner === undefined) return writeStray(entry)
  const budget = owner.logBudget
  if (budget.lines > logLinesMax) return
  budget.lines += 1
  budget.chars += entry.message.length + (entry.fields === null ? 0 : JSON.stringify(entry.fields).length)
  const isOver = budget.lines > logLinesMax || budget.chars > logCharsMax
  if (isOver) budget.lines = logLinesMax + 1
  const kept: LogEntry = isOver
    ? { ...entry, level: "warning", message: droppedMessage, fields: null }
    : entry
  if (!owner.addLog(kept))
    writeStray({ ...kept, mapIndex: null, message: `(${owner.label()}, after it ended) ${kept.message}` })
}

const droppedMessage = `… further lines dropped: an instance keeps ${logLinesMax} lines and ${logCharsMax} characters of log`

function makeEntry(owner: LogOwner | undefined, level: Level, message: string, fields: unknown): LogEntry {
  return {
    mapIndex: owner?.logIndex ?? null,
    tryNumber: owner?.tryNumber ?? 0,
    at: Date.now(),
    level,
    message: clip(toText(message), logLineCharsMax),
    fields: fields === undefined ? null : safeFields(fields),
  }
}

/** User code may pass anything, whatever the types say. */
function toText(message: unknown): string {
  return typeof message === "string" ? message : inspect(message, { depth: 3 })
}

function safeFields(fields: unknown): Json {
  try {
    return toJson(fields, { name: "fields", bytesMax: logLineCharsMax })
  } catch {
    return { inspected: clip(inspect(fields, { depth: 3 }), logLineCharsMax) }
  }
}

function writeStray(entry: LogEntry): void {
  if (stray.length < strayLinesMax) stray.push(entry)
  else strayDropped += 1
}

/** Takes what was logged outside any running owner since the last call. */
export function takeStrayLogs(): LogEntry[] {
  if (stray.length === 0) return stray
  const taken = stray
  if (strayDropped > 0)
    taken.push(makeEntry(undefined, "warning", `… ${strayDropped} further lines dropped`, undefined))
  stray = []
  strayDropped = 0
  return taken
}

/** Sends `console` and the standard streams to the log of whoever runs. */
export function captureOutput(): void {
  const levels = { debug: "debug", log: "info", info: "info", warn: "warning", error: "error" } as const
  for (const [method, level] of Object.entries(levels)) {
    Reflect.set(console, method, (...parts: unknown[]) =>
      writeLog(logging.getStore(), level, format(...parts), undefined),
    )
  }
  captureStream(process.stdout, "info")
  captureStream(process.stderr, "warning")
}

function captureStream(stream: NodeJS.WriteStream, level: Level): void {
  const write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk as Uint8Array).toString("utf8")
    writeLog(logging.getStore(), level, text.replace(/\n$/, ""), undefined)
    const done = typeof encoding === "function" ? encoding : callback
    if (typeof done === "function") process.nextTick(done)
    return true
  }
  Reflect.set(stream, "write", write)
}
