import type { Json } from "../json.ts"
import type { DagRunState } from "../state/dag-run.ts"
import { parseDurationMs, type Duration } from "./duration.ts"
import { integerMax } from "./option-defaults.ts"
import { isPlainObject } from "./input-plan.ts"
import { parseJsonPath } from "./json-path.ts"
import { isId } from "./task-id.ts"
import { Trigger, TriggerError } from "./trigger.ts"

/** What `httpPoll` tells when it fires. */
export interface HttpAnswer {
  readonly status: number
  /** Parsed where it is JSON, text otherwise; null of a HEAD request. */
  readonly body: unknown
}

/** What `fileExists` tells when it fires. */
export interface FoundFile {
  readonly path: string
  readonly bytes: number
}

/** What `runFinished` tells when it fires. */
export interface FinishedRun {
  readonly dagId: string
  readonly runId: string
  readonly state: Extract<DagRunState, "success" | "failed">
}

/** How `httpPoll` asks, and when it is content. */
export interface HttpPollOptions {
  readonly url: string | URL
  /** The time between two requests: at least a second. */
  readonly every: Duration
  /** Default `"GET"`. */
  readonly method?: "GET" | "HEAD"
  /** They are stored with the trigger: no place for lasting secrets. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default: any status from 200 to 299. */
  readonly until?: {
    readonly status?: number | readonly number[]
    /** A value in a JSON body, such as `{ path: "job.state", equals: "done" }`. */
    readonly json?: { readonly path: string; readonly equals: Json }
  }
}

/** The shortest time between two looks at the same thing outside. */
export const everyMsMin = 1_000

/** How much of each text a trigger may hold, in characters. */
const textMax = 4_096
const headersMax = 64

/** The longest delay: a hundred years. */
const delayMsMax = 100 * 365 * 24 * 3_600_000

/** The last instant that a timer may have: the end of the year 9999. */
const instantMax = Date.UTC(10_000, 0, 1) - 1

/** Fires at an instant; at once when that is past. */
export function at(instant: Date): Trigger<null> {
  const ms = instant instanceof Date ? instant.getTime() : Number.NaN
  if (ms >= 0 && ms <= instantMax) return new Trigger({ kind: "time", at: ms })
  throw new TriggerError({ call: "at()", got: instant, expected: "a Date of the years 1970 to 9999" })
}

/**
 * Fires so long after the task has deferred.
 *
 * @example
 * return ctx.defer(after("1h"), { resume: "check" })
 */
export function after(duration: Duration): Trigger<null> {
  const ms = parseDurationMs(duration)
  if (ms !== null && ms <= delayMsMax) return new Trigger({ kind: "delay", ms })
  const expected = 'milliseconds, or a string such as "30s", "5m", "2h", "7d"'
  throw new TriggerError({ call: "after()", got: duration, expected })
}

/** Fires when a DagRun has ended, however; at once when it has already. One that is not there yet is waited for. */
export function runFinished(run: { readonly dagId: string; readonly runId: string }): Trigger<FinishedRun> {
  const { dagId, runId } = isPlainObject(run) ? run : { dagId: undefined, runId: undefined }
  if (isId(dagId) && isText(runId)) return new Trigger({ kind: "run", dagId, runId })
  throw new TriggerError({ call: "runFinished()", got: run, expected: '{ dagId: "…", runId: "…" }' })
}

/** Fires when a file is there, as the machine of the triggerer sees it: a file system that it shares with the workers. */
export function fileExists(options: { readonly path: string; readonly every: Duration }): Trigger<FoundFile> {
  const call = "fileExists()"
  const given = requireOptions(call, options, ["path", "every"])
  if (!isText(given.path) || !given.path.startsWith("/"))
    throw new TriggerError({ call: `${call} path`, got: given.path, expected: "an absolute path" })
  return new Trigger({ kind: "file", path: given.path, everyMs: requireEvery(call, given.every) })
}

/**
 * Fires when an HTTP request is answered as wanted. A server that cannot be reached, or answers otherwise, is asked again.
 *
 * @example
 * httpPoll({ url: job.url, every: "10s", until: { json: { path: "state", equals: "done" } } })
 */
export function httpPoll(options: HttpPollOptions): Trigger<HttpAnswer> {
  const call = "httpPoll()"
  const given = requireOptions(call, options, ["url", "every", "method", "headers", "until"])
  const { method = "GET", headers = {}, until = {} } = given
  if (method !== "GET" && method !== "HEAD")
    throw new TriggerError({ call: `${call} method`, got: method, expected: '"GET" or "HEAD"' })
  const { status, json } = requireOptions(`${call} until`, until, ["status", "json"])
  if (json !== undefined && method === "HEAD")
    throw new TriggerError({
      call: `${call} until.json`,
      got: json,
      expected: "a GET request: HEAD has no body",
    })
  return new Trigger({
    kind: "http",
    url: requireUrl(call, given.url),
    method,
    headers: requireHeaders(call, headers),
    everyMs: requireEvery(call, given.every),
    statuses: status === undefined ? null : requireStatuses(call, status),
    json: json === undefined ? null : requireJson(call, json),
  })
}

function requireOptions<A extends object>(
  call: string,
  options: A,
  names: readonly (keyof A)[],
): Partial<A> & A {
  const unknown = isPlainObject(options)
    ? Object.keys(options).find((name) => !(names as readonly string[]).includes(name))
    : undefined
  if (isPlainObject(options) && unknown === undefined) return options
  const expected = `an object with ${names.map(String).join(", ")}`
  throw new TriggerError({
    call: unknown === undefined ? call : `${call} ${unknown}`,
    got: unknown ?? options,
    expected,
  })
}

function requireEvery(call: string, every: unknown): number {
  const ms = parseDurationMs(every)
  if (ms !== null && ms >= everyMsMin && ms <= integerMax) return ms
  const expected = `${everyMsMin} milliseconds or more, or a string such as "10s", "1m"`
  throw new TriggerError({ call: `${call} every`, got: every, expected })
}

function requireUrl(call: string, url: unknown): string {
  const text = url instanceof URL ? url.href : url
  if (isText(text) && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))
    return new URL(text).href
  throw new TriggerError({
    call: `${call} url`,
    got: url,
    expected: `an http or https URL of up to ${textMax} characters`,
  })
}

function requireHeaders(call: string, headers: unknown): Readonly<Record<string, string>> {
  const entries = isPlainObject(headers) ? Object.entries(headers) : null
  const isGood = entries?.every(([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && isHeader(value))
  if (entries !== null && isGood === true && entries.length <= headersMax)
    return headers as Readonly<Record<string, string>>
  const expected = `up to ${headersMax} header names with texts of up to ${textMax} characters in one line`
  throw new TriggerError({ call: `${call} headers`, got: headers, expected })
}

function requireStatuses(call: string, status: unknown): readonly number[] {
  const statuses: readonly unknown[] = Array.isArray(status) ? status : [status]
  const isStatus = (value: unknown) => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599
  if (statuses.length > 0 && statuses.length <= 500 && statuses.every(isStatus))
    return statuses as readonly number[]
  throw new TriggerError({
    call: `${call} until.status`,
    got: status,
    expected: "a status from 100 to 599, or several",
  })
}

function requireJson(call: string, json: unknown): { readonly path: string; readonly equals: Json } {
  const { path, equals } = (isPlainObject(json) ? json : {}) as Partial<Record<"path" | "equals", unknown>>
  if (!isText(path) || parseJsonPath(path) === null) {
    const expected = 'a path such as "state", "job.state" or "items[0].state"'
    throw new TriggerError({ call: `${call} until.json.path`, got: path, expected })
  }
  const text = equals === undefined ? undefined : JSON.stringify(equals)
  if (text === undefined || text.length > textMax) {
    const expected = `a JSON value of up to ${textMax} characters`
    throw new TriggerError({ call: `${call} until.json.equals`, got: equals, expected })
  }
  return { path, equals: JSON.parse(text) as Json }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= textMax && !value.includes("\u0000")
}

function isHeader(value: unknown): boolean {
  return value === "" || (isText(value) && !/[\r\n]/.test(value))
}
