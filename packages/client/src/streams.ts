import { createParser, type EventSourceMessage } from "eventsource-parser"
import type { Send } from "./authorized-fetch.ts"
import { linesOf, textOf } from "./body-text.ts"
import type { components } from "./openapi.ts"
import { resumed, type RetryOptions } from "./resumed.ts"

/** A run, by its names. */
export interface RunName {
  readonly dagId: string
  readonly runId: string
}

/** A task of a run. */
export interface TaskName extends RunName {
  readonly taskId: string
}

/** A run as the API tells it. */
export type DagRun = components["schemas"]["DAGRunResponse"]

/** How far a task has been unrolled. */
export type Expansion = components["schemas"]["ExpansionResponse"]

/** A line of a map's results; `cursor` is the place after it, good for ever and at any server. */
export type Result<A> =
  | { readonly type: "result"; readonly map_index: number; readonly value: A; readonly cursor: string }
  | {
      readonly type: "gap"
      readonly map_index: number
      readonly reason: "upstream_failed" | "skipped"
      readonly cursor: string
    }
  /** The last one. A broken stream was stopped or failed: there would have been more. */
  | { readonly type: "end"; readonly state: string; readonly is_broken: boolean; readonly cursor: string }

/** Which results, and in which order. */
export interface ResultOptions extends RetryOptions {
  /** The cursor to go on after. */
  readonly after?: string
  readonly order?: "index" | "completed"
  /** Whether to wait for what is not there yet. Default: true. */
  readonly follow?: boolean
  /** After so many it ends. */
  readonly limit?: number
}

type ResultLine<A> = Result<A> | { readonly type: "waiting"; readonly cursor: string }

/** Gives the results of a map while it runs and after. */
export async function* results<A>(
  send: Send,
  url: string,
  name: TaskName,
  options: ResultOptions,
): AsyncGenerator<Result<A>, void, undefined> {
  const { order, follow = true } = options
  let { after, limit = Number.POSITIVE_INFINITY } = options
  if (limit <= 0) return
  const lines = resumed<ResultLine<A>>(
    {
      connect: (signal) => {
        const query = { after, order, follow, limit: Number.isFinite(limit) ? limit : undefined }
        const path = `${pathOf(name)}/expansions/${encodeURIComponent(name.taskId)}/results`
        return send(new Request(`${url}${path}?${queryOf(query)}`, { signal }))
      },
      read: readJson,
      take: (line) => {
        after = line.cursor
        if (line.type === "result" || line.type === "gap") limit -= 1
        return line.type === "end" || limit <= 0
      },
      endsWithAnswer: !follow,
    },
    options,
  )
  for await (const line of lines) if (line.type !== "waiting") yield line
}

/** What became of a run, with the results of tasks that were asked for. */
export interface EndedRun {
  readonly state: "success" | "failed"
  readonly results: Readonly<Record<string, unknown>>
}

/** How to wait for a run. */
export interface WaitOptions extends RetryOptions {
  /** Tasks whose results are told with the end. */
  readonly results?: readonly string[]
}

/** How often the server says that a run goes on, in seconds: often enough that silence means a lost connection. */
const waitIntervalSeconds = 10

/** Waits until a run has ended. */
export async function wait(send: Send, url: string, name: RunName, options: WaitOptions): Promise<EndedRun> {
  const query = queryOf({ interval: waitIntervalSeconds, result: options.results })
  const lines = resumed<{ state: DagRun["state"]; results?: Record<string, unknown> }>(
    {
      connect: (signal) => send(new Request(`${url}${pathOf(name)}/wait?${query}`, { signal })),
      read: readJson,
      take: ({ state }) => state === "success" || state === "failed",
      endsWithAnswer: false,
    },
    options,
  )
  for await (const { state, results = {} } of lines)
    if (state === "success" || state === "failed") return { state, results }
  throw new Error("the run was told of no more before it ended")
}

/** What changed: all of the thing it names, as it stands now. */
export type RunEvent =
  | { readonly type: "run"; readonly run: DagRun }
  | { readonly type: "expansion"; readonly expansion: Expansion }

/** A run that has not ended, or just has, with its counters. */
export type LiveRun = DagRun & {
  readonly instances: Readonly<Record<"discovered" | "ended" | "running" | "success" | "failed", number>>
}

/** Where to begin. */
export interface EventOptions extends RetryOptions {
  /** The id of the last event that is known: nothing is told again unless something changed since. */
  readonly lastEventId?: string
}

/** Gives what changes in a run, until it has ended. */
export async function* runEvents(
  send: Send,
  url: string,
  name: RunName,
  options: EventOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  for await (const { event, data } of serverEvents(send, `${url}${pathOf(name)}/events`, options))
    if (event === "run") yield { type: "run", run: JSON.parse(data) as DagRun }
    else if (event === "expansion") yield { type: "expansion", expansion: JSON.parse(data) as Expansion }
}

/** Gives what changes in all unfinished runs, for ever. */
export async function* allEvents(
  send: Send,
  url: string,
  options: EventOptions,
): AsyncGenerator<LiveRun, void, undefined> {
  for await (const { event, data } of serverEvents(send, `${url}/api/v2/events`, options))
    if (event === "run") yield JSON.parse(data) as LiveRun
}

function serverEvents(
  send: Send,
  url: string,
  options: EventOptions,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  let lastId = options.lastEventId
  return resumed<EventSourceMessage>(
    {
      connect: (signal) =>
        send(new Request(url, { signal, headers: lastId === undefined ? {} : { "last-event-id": lastId } })),
      read: readEvents,
      take: ({ event, id }) => {
        lastId = id ?? lastId
        return event === "end"
      },
      endsWithAnswer: false,
    },
    options,
  )
}

async function* readJson<A>(body: ReadableStream<Uint8Array>, silenceMs: number): AsyncGenerator<A> {
  for await (const line of linesOf(textOf(body, silenceMs))) yield JSON.parse(line) as A
}

async function* readEvents(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<EventSourceMessage> {
  const parsed: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => parsed.push(event) })
  for await (const text of textOf(body, silenceMs)) {
    parser.feed(text)
    yield* parsed.splice(0)
  }
}

function pathOf({ dagId, runId }: RunName): string {
  return `/api/v2/dags/${encodeURIComponent(dagId)}/dagRuns/${encodeURIComponent(runId)}`
}

type QueryValue = string | number | boolean | readonly string[] | undefined

function queryOf(values: Readonly<Record<string, QueryValue>>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one): [string, string] => [name, String(one)]),
  )
  return new URLSearchParams(pairs).toString()
}
