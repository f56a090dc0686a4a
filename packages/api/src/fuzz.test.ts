/*
 * What holds for any request to any operation, drawn from the API's own document: a route that is added is tried without
 * a word here. Each trial is a sequence over a store of its own, so that what one request changed the next one meets.
 */
import { fc, test } from "@fast-check/vitest"
import { claimOne, complete, createRun, failed, mapped, openStream } from "@sluice/core/testing"
import { makeMemoryStore, type StoreService, userRoles } from "@sluice/core/store"
import { createClient, openStore } from "@sluice/postgres"
import { testDatabase } from "@sluice/postgres/testing"
import { describe, expect } from "vitest"
import { arbitraryRequest, type FuzzRequest, type Sender } from "./testing/fuzz/arbitrary-request.ts"
import { type Operation, operationFinder, operationsOf } from "./testing/fuzz/operations.ts"
import { bearer, openTestApi, type TestApi } from "./testing/index.ts"

/** Found in every value that is kept: no answer to somebody without the role has it. */
const canary = "canary-5d1f"

interface Opened {
  readonly store: StoreService
  /** What the rows of each table are, as texts; none where rows cannot be looked at. */
  readonly rows: () => Promise<Rows>
  readonly close: () => Promise<void>
}

type Rows = ReadonlyMap<string, string>

interface Trial extends Opened {
  readonly api: TestApi
  readonly find: (method: string, pathname: string) => Operation | null
}

/** A DAG whose run goes on, with a failed instance, and one whose run was cancelled. */
async function populate(store: StoreService): Promise<void> {
  const tasks = [mapped("load"), { taskId: "report" }]
  const edges = [{ upstream: "load", downstream: "report" }]
  const harness = { store } as never
  const { run, ids } = await createRun(harness, { dagId: "d", runId: "r", tasks, edges })
  const map = await openStream(store, run.id, ids["load"]!)
  await map.commit(Array.from({ length: 5 }, () => JSON.stringify(canary)))
  await complete(store, await claimOne(store, { sizeDefault: 3 }), { exceptions: [failed(1)] })
  await createRun(harness, { dagId: "ended", runId: "done", tasks, edges })
}

async function begin(open: () => Promise<Opened>): Promise<Trial> {
  const opened = await open()
  await populate(opened.store)
  const api = await openTestApi(opened.store)
  await api.send("PATCH", "/api/v2/dags/ended/dagRuns/done", { body: { note: canary, state: "failed" } })
  const body = { dag_run_id: "manual", logical_date: null, conf: { secret: canary } }
  await api.send("POST", "/api/v2/dags/d/dagRuns", { body })
  return { ...opened, api, find: operationFinder(operationsOf(api.document)) }
}

/** Sends a request, and gives what is wrong with the answer. */
async function attempt({ api, find }: Trial, request: FuzzRequest) {
  const { sender, method, path, body } = request
  const token = sender === "nobody" || sender === "forger" ? {} : bearer(api.tokens[sender])
  const headers = { ...request.headers, ...token }
  const failuresBefore = api.failures.length
  const response = await api.api.request(path, { method, headers, ...(body !== null && { body }) })
  const { status } = response
  const contentType = response.headers.get("content-type") ?? ""
  const isJson = contentType.startsWith("application/json")
  // A stream may follow for ever; that it began is what is asked here.
  const text = isJson || status >= 400 ? await response.text() : ""
  if (text === "") await response.body?.cancel()
  const { pathname } = new URL(path, "http://localhost")
  const operation = find(method, pathname)
  const answer = isJson ? JSON.parse(text) : text
  const seen = { method, path: pathname, status, contentType, body: answer }
  const wrong = [
    ...api.failures.slice(failuresBefore).map(String),
    ...(status >= 500 ? [`answered with ${status}: ${text}`] : []),
    ...(operation === null || (!isJson && status < 400) ? [] : api.check(seen).problems),
    ...(operation === null || mayAsk(sender, operation) ? [] : leaksOf(status, text)),
  ]
  const isRead = operation === null || operation.role === "viewer" || operation.role === "public"
  return { status, wrong, mayChange: status < 400 && !isRead }
}

function mayAsk(sender: Sender, { role }: Operation): boolean {
  if (role === "public") return true
  return (userRoles as readonly Sender[]).indexOf(sender) >= userRoles.indexOf(role)
}

/** Refused for the lack of a role, or before that for what no request may have; and nothing else is told. */
function leaksOf(status: number, text: string): string[] {
  return [
    ...([401, 403, 413, 422].includes(status) ? [] : [`without the role it is answered with ${status}`]),
    ...(text.includes(canary) ? ["without the role it tells what is kept"] : []),
    ...(Object.keys(JSON.parse(text)).join() === "detail" ? [] : ["without the role it tells more than why"]),
  ]
}

const requests = await openTestApi().then(({ document }) =>
  arbitraryRequest(operationsOf(document), document),
)

function holdsFor(name: string, open: () => Promise<Opened>, numRuns: number) {
  describe(`any requests, over the ${name} store`, () => {
    test.prop([fc.array(requests, { minLength: 100, maxLength: 150, size: "max" })], {
      numRuns,
      // What is found is told in time, though it could be told shorter.
      interruptAfterTimeLimit: 40_000,
    })(
      "never break the server, change a row where they are refused, or tell anything to whoever may not know it",
      async (sequence) => {
        const trial = await begin(open)
        try {
          let before = await trial.rows()
          for (const request of sequence) {
            const { status, wrong, mayChange } = await attempt(trial, request)
            const after = await trial.rows()
            const changed = [...after.keys()].filter((table) => after.get(table) !== before.get(table))
            if (!mayChange && changed.length > 0)
              wrong.push(`rows of ${changed.join(", ")} changed, and the status is ${status}`)
            before = after
            expect(wrong, JSON.stringify(request).slice(0, 2_000)).toEqual([])
          }
        } finally {
          await trial.close()
        }
      },
    )
  })
}

holdsFor(
  "memory",
  () => {
    const store = makeMemoryStore()
    return Promise.resolve({ store, rows: () => Promise.resolve(new Map()), close: () => Promise.resolve() })
  },
  8,
)

holdsFor(
  "Postgres",
  async () => {
    const database = await testDatabase()
    const opened = openStore({ url: database.url, applicationName: "api fuzz" })
    const client = createClient({ url: database.url, max: 1, applicationName: "api fuzz rows" })
    const rows = await rowReader(client)
    return {
      ...{ store: opened.store, rows },
      close: async () => {
        await Promise.all([opened.close(), client.close()])
        await database.drop()
      },
    }
  },
  5,
)

/** Reads a text a table that is another one as soon as a row was inserted, deleted or written again, be it as it was. */
async function rowReader(client: ReturnType<typeof createClient>): Promise<() => Promise<Rows>> {
  const tables = await client.run(
    "tables",
    (sql) => sql<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name
    from pg_tables
    where schemaname = current_schema()
    order by 1`,
  )
  // That somebody tried to sign in is recorded though it was refused, and because of it.
  const kept = (name: string) => (name.endsWith("event_log") ? "where event <> 'sign_in_refused'" : "")
  const one = (name: string) =>
    `select '${name}' as table, string_agg(ctid::text || xmin::text, ',' order by ctid) as rows from ${name} ${kept(name)}`
  const all = tables.map(({ name }) => one(name)).join(" union all ")
  return async () => {
    const found = await client.run("rows", (sql) => sql.unsafe<{ table: string; rows: string | null }[]>(all))
    return new Map(found.map(({ table, rows }) => [table, rows ?? ""]))
  }
}
