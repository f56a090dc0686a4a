import { claimOne, complete, createRun, items, mapped, openStream } from "@sluice/core/testing"
import type { StoreService } from "@sluice/core/store"
import { type Client, createClient, openStore } from "@sluice/postgres"
import { testDatabase } from "@sluice/postgres/testing"
import { afterAll, beforeAll, expect, it } from "vitest"
import { openTestApi, type TestApi } from "./testing/index.ts"

type Sql = Parameters<Parameters<Client["run"]>[1]>[0]

/** How many instances the map has when the lists are asked for. */
const sizes = [10, 1_000, 100_000]
const pageSize = 100

/** The most statements that a list needs. */
const statementsMax = 5

/** What stands for a list: it says how many there are, or where to go on. */
const listFields = ["total_entries", "next_after", "next_cursor"]

const names: Readonly<Record<string, string>> = {
  dag_id: "d",
  dag_run_id: "r",
  task_id: "load",
  map_index: "0",
  try_number: "1",
}

/** Lists with what makes them look further than their first page. */
const deeper = [
  "/api/v2/dags/d/dagRuns/r/taskInstances?limit=5&offset=5",
  "/api/v2/dags/d/dagRuns/r/taskInstances?state=success&offset=4",
  "/api/v2/dags/~/dagRuns/~/taskInstances?task_id=load&limit=100",
  "/api/v2/dags/d/dagRuns/r/taskInstances/load/listMapped?offset=9",
  "/api/v2/dags/d/dagRuns/r/expansions/load/instances?after=4&state=success",
  "/api/v2/dags/d/dagRuns?cursor=",
]

const closers: (() => Promise<void>)[] = []
let api: TestApi
let fill: (size: number) => Promise<void>
/** Statements sent so far, but for those that look a token up: these are remembered for a second. */
let statements: () => number

beforeAll(async () => {
  const database = await testDatabase()
  closers.push(() => database.drop())
  const opened = openStore({ url: database.url, applicationName: "api statements" })
  const client = createClient({ url: database.url, max: 1, applicationName: "api statements fill" })
  closers.push(opened.close, () => client.close())
  let lookups = 0
  const store: StoreService = {
    ...opened.store,
    apiTokenByHash: (hash) => {
      lookups += 1
      return opened.store.apiTokenByHash(hash)
    },
  }
  statements = () => opened.statements() - lookups
  api = await openTestApi(store)
  const tasks = [mapped("load"), { taskId: "report" }]
  const edges = [{ upstream: "load", downstream: "report" }]
  const { run, ids } = await createRun({ store } as never, { dagId: "d", runId: "r", tasks, edges })
  const map = await openStream(store, run.id, ids["load"]!)
  await map.commit(items(sizes[0]!))
  await complete(store, await claimOne(store))
  fill = async (size) => {
    await client.run("fill", (sql) => fillMap(sql, ids["load"]!, size))
  }
})

afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

/** Adds pages of ended instances to a map, until it has so many. */
async function fillMap(sql: Sql, expansionId: string, size: number): Promise<void> {
  const [row] = await sql<{ nextIndex: string }[]>`select next_index from expansion where id = ${expansionId}`
  const from = Number(row?.nextIndex ?? 0)
  if (from >= size) return
  await sql`
    insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number, value)
    select ${expansionId}, place, now(), now(), 'success', 1, '1'
    from generate_series(${from}::int, ${size - 1}::int) place
  `
  await sql`
    insert into page (expansion_id, first_index, count, urgency, claimable, folded, claimed, finished, success)
    select ${expansionId}, first, size, 0, false, true, size, size, size
    from generate_series(${from}::int, ${size - 1}::int, ${pageSize}::int) first
    cross join lateral (select least(${pageSize}::int, ${size}::int - first) as size) page
  `
  await sql`
    update expansion
    set next_index = ${size}, created = ${size}, pages = pages + ${Math.ceil((size - from) / pageSize)},
      success = success + ${size - from}
    where id = ${expansionId}
  `
}

// oxlint-disable-next-line typescript/no-explicit-any -- a document is read as it comes.
type Document = any

/** Every list of the API's own document, as a request. */
function listsOf(document: Document): { readonly method: string; readonly path: string }[] {
  const resolve = (schema: Document) =>
    schema?.$ref === undefined ? schema : document.components.schemas[schema.$ref.split("/").at(-1)]
  return Object.entries(document.paths as Record<string, Record<string, Document>>).flatMap(
    ([template, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) => {
        const isRead = method === "get" || template.endsWith("/list")
        const schema = resolve(operation.responses["200"]?.content?.["application/json"]?.schema)
        const isList = listFields.some((field) => schema?.properties?.[field] !== undefined)
        const isKnown = [...template.matchAll(/\{(\w+)\}/g)].every(([, name = ""]) => name in names)
        if (!isRead || !isList || !isKnown) return []
        const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
          template.endsWith("/list") && name !== "task_id" ? "~" : (names[name] ?? ""),
        )
        // Of one instance, where it has to be said which.
        const isOfOne = (operation.parameters ?? []).some(
          (parameter: Document) => parameter.name === "map_index" && parameter.schema?.type === "integer",
        )
        return [{ method: method.toUpperCase(), path: isOfOne ? `${path}?map_index=0` : path }]
      }),
  )
}

it("each list costs the same number of statements, however many instances there are", async () => {
  const lists = [...listsOf(api.document), ...deeper.map((path) => ({ method: "GET", path }))]
  expect(lists.length).toBeGreaterThan(20)
  const ask = async ({ method, path }: (typeof lists)[number]) => {
    const before = statements()
    const { status } = await api.send(method, path, method === "POST" ? { body: {} } : {})
    return [status, statements() - before] as const
  }
  const costs = new Map<string, number[]>()
  // What is read once and remembered, such as the shapes of DAGs, is read before.
  for (const list of lists) expect([list.path, (await ask(list))[0]]).toEqual([list.path, 200])
  for (const size of sizes) {
    await fill(size)
    for (const list of lists) {
      const [, cost] = await ask(list)
      costs.set(`${list.method} ${list.path}`, [...(costs.get(`${list.method} ${list.path}`) ?? []), cost])
    }
  }
  const growing = [...costs].filter(([, [first, ...more]]) => more.some((cost) => cost !== first))
  expect(growing).toEqual([])
  // None costs many, either.
  expect([...costs].filter(([, [first = 0]]) => first > statementsMax)).toEqual([])
}, 60_000)
