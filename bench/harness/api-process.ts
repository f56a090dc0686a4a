/**
 * A process with the HTTP API in it, over a database that is there. Asked for an opponent, it serves the run list once more
 * from bare Hono: the same rows by one query, the same bytes.
 *
 * Arguments: the database's URL.
 */
import { createApi, hashApiToken, makeApiToken, loadSigningSecret, serveApi } from "@sluice/api"
import type { Json } from "@sluice/core"
import { createClient, openStore } from "@sluice/postgres"
import { Effect } from "effect"
import { Hono } from "hono"
import { serve } from "./child.ts"

/** What is asked for: where the API is, or an opponent that answers as the API does. */
export type ApiQuestion = "api" | { readonly dagId: string; readonly like: string }

/** Where it listens. */
export interface ApiAnswer {
  readonly url: string
  readonly token: string
}

const [databaseUrl = ""] = process.argv.slice(2)
const opened = openStore({ url: databaseUrl, applicationName: "sluice bench api" })
const client = createClient({ url: databaseUrl, applicationName: "sluice bench hono", max: 4 })
const { store } = opened
const closing = new AbortController()
const address = { host: "127.0.0.1", port: 0, isBehindTlsProxy: false }
const app = createApi({
  store,
  signingSecret: await loadSigningSecret(store),
  version: "bench",
  readValue: (encoded) => JSON.parse(encoded) as Json,
  closing: closing.signal,
  onFailure: (error) => console.error(error),
})
const api = await serveApi({ ...address, fetch: app.fetch })
const token = makeApiToken()
await Effect.runPromise(
  store.createApiToken({
    name: `bench ${process.pid}`,
    role: "viewer",
    tokenHash: hashApiToken(token),
    actor: "bench",
    expiresAt: null,
  }),
)
const servers = [api]

serve(
  async (question: ApiQuestion): Promise<ApiAnswer> =>
    question === "api" ? { url: api.url, token } : { url: await openBare(question), token },
  async () => {
    closing.abort()
    await Promise.all(servers.map((server) => server.close(0)))
    await Promise.all([client.close(), opened.close()])
  },
)

interface RunRow {
  readonly total: string
  readonly runId: string
  readonly logicalDate: Date | null
  readonly queuedAt: Date
  readonly startedAt: Date
  readonly endedAt: Date
  readonly runAfter: Date
  readonly conf: Json
  readonly state: string
}

/** What is the same for all runs of one version is taken from one that the API gave. */
async function openBare({ dagId, like }: Exclude<ApiQuestion, "api">): Promise<string> {
  const first = JSON.parse(like) as Record<string, unknown>
  const bare = new Hono()
  bare.get("/runs", async (c) => {
    const rows = await client.run(
      "runs",
      (sql) => sql<RunRow[]>`
        select count(*) over () as total, run_id, logical_date, queued_at, started_at, ended_at, run_after, conf, state
        from dag_run
        join dag_version version on version.id = dag_run.dag_version_id
        where dag_run.dag_id = ${dagId}
        order by dag_run.id
        limit 50
      `,
    )
    const runs = rows.map((row) => ({
      ...first,
      dag_run_id: row.runId,
      logical_date: row.logicalDate?.toISOString() ?? null,
      queued_at: row.queuedAt.toISOString(),
      start_date: row.startedAt.toISOString(),
      end_date: row.endedAt.toISOString(),
      duration: (row.endedAt.getTime() - row.startedAt.getTime()) / 1000,
      run_after: row.runAfter.toISOString(),
      conf: row.conf,
      state: row.state,
    }))
    return c.json({ dag_runs: runs, total_entries: Number(rows[0]?.total ?? 0) })
  })
  const server = await serveApi({ ...address, fetch: bare.fetch })
  servers.push(server)
  return `${server.url}/runs`
}
