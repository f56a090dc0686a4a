import { expect, it } from "vitest"
import { dag, page, source, task } from "../index.ts"
import { isDagDefinition, serializeDag } from "./index.ts"

interface User {
  readonly id: string
  readonly active: boolean
}

const FIRST_URL = "/users?page=1"

const pages: Record<string, { value: User[]; "@odata.nextLink"?: string }> = {
  [FIRST_URL]: { value: [{ id: "a", active: true }], "@odata.nextLink": "/users?page=2" },
  "/users?page=2": {
    value: [
      { id: "b", active: false },
      { id: "c", active: true },
    ],
  },
}

async function getJson(url: string, _options: { signal: AbortSignal }) {
  return pages[url]!
}

const listUsers = source("list_users", async function* ({ cursor = FIRST_URL, signal }) {
  for (let url: string | null = cursor; url;) {
    const body = await getJson(url, { signal })
    url = body["@odata.nextLink"] ?? null
    yield page(body.value, url)
  }
})

const upsert = task(
  "upsert",
  async ({ user, table }: { user: User; table: string }, ctx) => {
    ctx.log.info("upserting", { id: user.id, table })
    return user.id
  },
  { retries: 3 },
)

const report = task("report", async ({ ids }: { ids: AsyncIterable<string> }) => {
  let n = 0
  for await (const _ of ids) n++
  return { n }
})

const usersSync = dag("users_sync", { schedule: "@hourly" }, () => {
  const users = listUsers()
    .filter((u) => u.active)
    .map((user) => ({ user }))
  const ids = upsert.partial({ table: "users" }).iterate(users, { window: 2000, key: ({ user }) => user.id })
  report({ ids })
})

it("serializes the example of the design", () => {
  expect(isDagDefinition(usersSync)).toBe(true)
  expect(serializeDag(usersSync)).toMatchInlineSnapshot(`
    {
      "assets": [],
      "awaited": [],
      "dagId": "users_sync",
      "description": null,
      "edges": [
        {
          "downstream": "upsert",
          "holdsBack": true,
          "kind": "stream",
          "upstream": "list_users",
        },
        {
          "downstream": "report",
          "holdsBack": false,
          "kind": "complete",
          "upstream": "upsert",
        },
      ],
      "groups": [],
      "loops": [],
      "paramsSchema": null,
      "parse": "on-change",
      "planning": {
        "assets": null,
        "catchup": false,
        "endDate": null,
        "jitterMs": 0,
        "keepRuns": null,
        "maxActiveRuns": 16,
        "maxActiveTasks": null,
        "startDate": null,
        "timetable": {
          "crons": [
            {
              "expression": "0 * * * *",
              "timezone": "UTC",
            },
          ],
          "dataInterval": "since_previous",
          "kind": "cron",
        },
      },
      "runTimeoutMs": null,
      "schedule": "@hourly",
      "tags": [],
      "tasks": [
        {
          "concurrency": null,
          "dagConcurrency": null,
          "decidesRun": false,
          "deferredMax": null,
          "gate": null,
          "gatesAbove": 0,
          "groupId": null,
          "kind": "fused",
          "mapping": null,
          "ordinal": 0,
          "outlets": [],
          "pool": "default_pool",
          "poolSlots": 1,
          "priority": 1,
          "retries": 0,
          "retryBackoff": 1,
          "retryDelayMaxMs": 86400000,
          "retryDelayMs": 300000,
          "setupTeardown": null,
          "taskId": "list_users",
          "timeoutMs": null,
          "triggerRule": "all_success",
          "weight": 1,
          "weightRule": "absolute",
          "xcomInputs": [],
        },
        {
          "concurrency": null,
          "dagConcurrency": null,
          "decidesRun": false,
          "deferredMax": null,
          "gate": null,
          "gatesAbove": 0,
          "groupId": null,
          "kind": "mapped",
          "mapping": {
            "isDirect": false,
            "isKeyed": true,
            "isLabelled": false,
            "isOrdered": true,
            "kind": "iterate",
            "leaves": [
              {
                "kind": "fused",
                "taskId": "list_users",
              },
            ],
            "maxItems": null,
            "operators": [
              "filter",
              "map",
            ],
            "pageBytesMax": 16777216,
            "pageSize": 500,
            "paused": false,
            "toleratedFailures": null,
            "window": 2000,
          },
          "ordinal": 1,
          "outlets": [],
          "pool": "default_pool",
          "poolSlots": 1,
          "priority": 1,
          "retries": 3,
          "retryBackoff": 1,
          "retryDelayMaxMs": 86400000,
          "retryDelayMs": 300000,
          "setupTeardown": null,
          "taskId": "upsert",
          "timeoutMs": null,
          "triggerRule": "all_success",
          "weight": 1,
          "weightRule": "absolute",
          "xcomInputs": [],
        },
        {
          "concurrency": null,
          "dagConcurrency": null,
          "decidesRun": true,
          "deferredMax": null,
          "gate": null,
          "gatesAbove": 0,
          "groupId": null,
          "kind": "task",
          "mapping": null,
          "ordinal": 2,
          "outlets": [],
          "pool": "default_pool",
          "poolSlots": 1,
          "priority": 1,
          "retries": 0,
          "retryBackoff": 1,
          "retryDelayMaxMs": 86400000,
          "retryDelayMs": 300000,
          "setupTeardown": null,
          "taskId": "report",
          "timeoutMs": null,
          "triggerRule": "all_success",
          "weight": 1,
          "weightRule": "absolute",
          "xcomInputs": [],
        },
      ],
    }
  `)
})

it("reads the source of the example outside a DAG, for tests", async () => {
  const ids: string[] = []
  for await (const user of listUsers().filter((u) => u.active)) ids.push(user.id)
  expect(ids).toEqual(["a", "c"])
})
