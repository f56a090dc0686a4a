import openapiClient, { type Client } from "openapi-fetch"
import { dataOf } from "./api-error.ts"
import { authorizedFetch } from "./authorized-fetch.ts"
import type { components, paths } from "./openapi.ts"
import {
  allEvents,
  type DagRun,
  type EndedRun,
  type EventOptions,
  type LiveRun,
  type Result,
  type ResultOptions,
  results,
  type RunEvent,
  runEvents,
  type RunName,
  type TaskName,
  wait,
  type WaitOptions,
} from "./streams.ts"
import { type Credentials, makeTokens } from "./tokens.ts"

/** Where the server is, and who asks. */
export type ClientOptions = Credentials & {
  /** Without `/api/v2`: `http://127.0.0.1:8080`. */
  readonly url: string
  /** What requests go through, in place of the global `fetch`. */
  readonly fetch?: typeof fetch
}

/** What a run is made with; names as on the wire. */
export type TriggerBody = Partial<components["schemas"]["TriggerDAGRunPostBody"]>

/** A client of one server. */
export interface SluiceClient {
  /** Every operation, typed by the server's own document: `http.GET("/api/v2/dags", { params: { query: { limit: 10 } } })`. */
  readonly http: Client<paths>
  /** Makes a run of a DAG's newest version. */
  readonly trigger: (dagId: string, body?: TriggerBody) => Promise<DagRun>
  /** Waits until a run has ended, through lost connections. */
  readonly wait: (run: RunName, options?: WaitOptions) => Promise<EndedRun>
  /** Gives the results of a map while it runs and after; over a lost connection none is missing and none comes twice. */
  readonly results: <A = unknown>(
    task: TaskName,
    options?: ResultOptions,
  ) => AsyncGenerator<Result<A>, void, undefined>
  /** Gives what changes in a run, until it has ended. */
  readonly events: (run: RunName, options?: EventOptions) => AsyncGenerator<RunEvent, void, undefined>
  /** Gives what changes in all unfinished runs, for ever. */
  readonly allEvents: (options?: EventOptions) => AsyncGenerator<LiveRun, void, undefined>
}

/**
 * Makes a client. It connects with the first request; there is nothing to close.
 *
 * @example
 * const client = createClient({ url: "http://127.0.0.1:8080", token: "sluice_…" })
 * const run = await client.trigger("users_sync")
 */
export function createClient(options: ClientOptions): SluiceClient {
  const url = new URL(options.url).href.replace(/\/+$/, "")
  // Looked up with each call: a browser's fetch must be called as its window's, and tests may replace it.
  const { fetch: sendBy = (...args: Parameters<typeof fetch>) => globalThis.fetch(...args) } = options
  const send = authorizedFetch(makeTokens(url, options, { fetch: sendBy, now: Date.now }), sendBy)
  const http = openapiClient<paths>({ baseUrl: url, fetch: send })
  return {
    http,
    trigger: (dagId, body = {}) =>
      dataOf(
        http.POST("/api/v2/dags/{dag_id}/dagRuns", {
          params: { path: { dag_id: dagId } },
          body: { logical_date: null, ...body },
        }),
      ),
    wait: (run, how = {}) => wait(send, url, run, how),
    results: (task, how = {}) => results(send, url, task, how),
    events: (run, how = {}) => runEvents(send, url, run, how),
    allEvents: (how = {}) => allEvents(send, url, how),
  }
}
