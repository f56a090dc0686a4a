import { fc, test } from "@fast-check/vitest"
import { openStore } from "@sluice/postgres"
import { testDatabase } from "@sluice/postgres/testing"
import { claimOne, complete, createRun, failed, items, mapped, openStream } from "@sluice/core/testing"
import { makeMemoryStore, type StoreService } from "@sluice/core/store"
import { afterAll, beforeAll, describe, expect } from "vitest"
import { openTestApi, type TestApi } from "./testing/index.ts"

/** One operation, as the API's own document tells it. */
interface Operation {
  readonly method: string
  readonly template: string
  readonly role: string
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly properties: readonly string[]
}

// oxlint-disable-next-line typescript/no-explicit-any -- a document is read as it comes.
type Document = any

function operationsOf(document: Document): Operation[] {
  const schemaOf = (schema: { $ref?: string }) =>
    schema?.$ref === undefined ? schema : document.components.schemas[schema.$ref.split("/").at(-1)!]
  return Object.entries(document.paths as Record<string, Record<string, Document>>).flatMap(
    ([template, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        template,
        role: operation["x-sluice-role"] as string,
        parameters: operation.parameters ?? [],
        properties: Object.keys(
          schemaOf(operation.requestBody?.content?.["application/json"]?.schema)?.properties ?? {},
        ),
      })),
  )
}

/** What a client may send by mistake or on purpose: words that fit, and everything else. */
const words = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("d", "r", "load", "report", "~", "0", "1", "-1", "-2", "2", "failed", "true"),
  },
  fc.constantFrom(
    "",
    " ",
    "%",
    "_",
    "\\",
    "%\\",
    "'",
    '"',
    ";--",
    "../..",
    "a|b",
    "\u0000",
    "\ud800",
    "🙂",
    "null",
    "NaN",
  ),
  fc.constantFrom(
    "9007199254740993",
    "99999999999999999999",
    "-9223372036854775809",
    "1e309",
    "0x10",
    "2147483648",
  ),
  fc.constantFrom(
    "2026-01-01T00:00:00Z",
    "275760-09-13T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-13-45T99:99:99Z",
  ),
  fc.constantFrom("-id", "--id", "return_value", "eyJyIjotMX0", "e30", "WzEwXQ"),
  fc.string({ maxLength: 20, unit: "binary" }),
)
const value: fc.Arbitrary<unknown> = fc.oneof(
  words,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constant(null),
  fc.integer(),
  fc.double(),
)

/** A number within the operations, names, a query, a body, and a role. */
const attempt = fc.record({
  operation: fc.nat(),
  names: fc.array(words, { minLength: 5, maxLength: 5 }),
  query: fc.array(fc.tuple(fc.nat(), words), { maxLength: 6 }),
  body: fc.oneof(fc.array(fc.tuple(fc.nat(), value), { maxLength: 5 }), value),
  isOwnName: fc.boolean(),
})

/** Streams end by themselves only when they are not asked to follow. */
const endless = new Set([
  "/api/v2/events",
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/events",
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait",
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/results",
])

function requestOf(
  operations: readonly Operation[],
  given: typeof attempt extends fc.Arbitrary<infer A> ? A : never,
) {
  const operation = operations[given.operation % operations.length]!
  const own: Record<string, string> = { dag_id: "d", dag_run_id: "r", task_id: "load", backfill_id: "1" }
  let nth = 0
  const path = operation.template.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const word = given.names[nth++ % given.names.length]!
    return encode(given.isOwnName && own[name] !== undefined ? own[name] : word === "" ? "x" : word)
  })
  const known = operation.parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name)
  const query = given.query.map(
    ([place, word]) => `${known[place % Math.max(1, known.length)] ?? "x"}=${encode(word)}`,
  )
  const body = Array.isArray(given.body)
    ? Object.fromEntries(
        (given.body as [number, unknown][])
          .filter((entry) => Array.isArray(entry))
          .map(([place, one]) => [
            operation.properties[place % Math.max(1, operation.properties.length)] ?? "x",
            one,
          ]),
      )
    : given.body
  return { operation, path: `${path}?${query.join("&")}`, body }
}

/** As a client would, for text that is no Unicode too. */
function encode(word: string): string {
  return encodeURIComponent(word.toWellFormed())
}

async function populate(store: StoreService): Promise<void> {
  const tasks = [mapped("load"), { taskId: "report" }]
  const edges = [{ upstream: "load", downstream: "report" }]
  const { run, ids } = await createRun({ store } as never, { dagId: "d", runId: "r", tasks, edges })
  const map = await openStream(store, run.id, ids["load"]!)
  await map.commit(items(5))
  await complete(store, await claimOne(store, { sizeDefault: 3 }), { exceptions: [failed(1)] })
}

function neverBreaks(
  name: string,
  open: () => Promise<{ store: StoreService; close: () => Promise<void> }>,
  numRuns: number,
) {
  describe(`any request, over the ${name} store`, () => {
    let api: TestApi
    let operations: Operation[]
    let close: () => Promise<void>
    beforeAll(async () => {
      const opened = await open()
      close = opened.close
      await populate(opened.store)
      api = await openTestApi(opened.store)
      const all = operationsOf((await api.get("/api/v2/openapi.json")).body)
      operations = all.filter(({ template, role }) => !endless.has(template) && role !== "public")
      expect(operations.length).toBeGreaterThan(30)
    })
    afterAll(() => close())

    test.prop([attempt], { numRuns })(
      "never breaks the server, and is answered as the document says",
      async (given) => {
        const { operation, path, body } = requestOf(operations, given)
        const hasBody = operation.method !== "GET"
        const before = api.failures.length
        const answer = await api.send(operation.method, path, hasBody ? { body } : {})
        const failures = api.failures.slice(before).map(String)
        expect([operation.method, path, answer.status < 500, failures]).toEqual([
          operation.method,
          path,
          true,
          [],
        ])
      },
    )
  })
}

neverBreaks(
  "memory",
  () => Promise.resolve({ store: makeMemoryStore(), close: () => Promise.resolve() }),
  1_000,
)

neverBreaks(
  "Postgres",
  async () => {
    const database = await testDatabase()
    const opened = openStore({ url: database.url, applicationName: "api fuzz" })
    return {
      store: opened.store,
      close: async () => {
        await opened.close()
        await database.drop()
      },
    }
  },
  1_000,
)
