import { fc, test } from "@fast-check/vitest"
import type { StoreService } from "@sluice/core/store"
import {
  claimOne,
  complete,
  createRun,
  failed,
  items,
  mapped,
  openStream,
  register,
  serializedDag,
} from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

/** A run of maps of these sizes and of tasks that wait, some of whose first instances have ended, every third badly. */
async function openRun(store: StoreService, sizes: readonly number[], ended = 7): Promise<string> {
  const tasks = sizes.flatMap((_, i) => [
    mapped(`map_${i}`, { mapping: { window: 1_000 } }),
    { taskId: `waits_${i}` },
  ])
  const edges = sizes.map((_, i) => ({ upstream: `map_${i}`, downstream: `waits_${i}` }))
  const { run, ids } = await createRun({ store } as never, { dagId: "d", runId: "r", tasks, edges })
  for (const [i, size] of sizes.entries()) {
    const map = await openStream(store, run.id, ids[`map_${i}`]!)
    for (let left = size; left > 0; left -= 4) await map.commit(items(Math.min(left, 4)))
    if (size === 0) continue
    const lease = await claimOne(store, { sizeDefault: Math.min(ended, 4) })
    const bad = Array.from({ length: lease.count }, (_, at) => at).filter((at) => at % 3 === 1)
    await complete(store, lease, { exceptions: bad.map((at) => failed(lease.firstIndex + at)) })
  }
  return "/api/v2/dags/d/dagRuns/r/taskInstances"
}

interface Shown {
  readonly task_id: string
  readonly map_index: number
  readonly state: string | null
}

const nameOf = ({ task_id: id, map_index: index }: Shown) => `${id}[${index}]`

describe("lists of instances", () => {
  it("are narrowed to a group, what is in groups inside it too, and to an operator as it is shown", async () => {
    const { get, store } = await openTestApi()
    const dag = serializedDag({
      dagId: "d",
      tasks: [
        { taskId: "a" },
        { taskId: "g.b", groupId: "g" },
        { taskId: "g.h.c", groupId: "g.h", setupTeardown: "setup" },
      ],
    })
    const groups = [
      { groupId: "g", parent: null },
      { groupId: "g.h", parent: "g" },
    ]
    await register(store, { ...dag, groups })
    const options = { dagId: "d", runId: "r", runType: "manual", conf: {}, logicalDate: null } as const
    await Effect.runPromise(store.createDagRun(options))
    const list = async (query: string) => {
      const { body } = await get(`/api/v2/dags/d/dagRuns/r/taskInstances?${query}`)
      return body.task_instances.map(
        (shown: Shown & { operator: string }) => `${shown.task_id} ${shown.operator}`,
      )
    }
    expect(await list("task_group_id=g")).toEqual(["g.b task", "g.h.c setup"])
    expect(await list("task_group_id=g.h")).toEqual(["g.h.c setup"])
    expect(await list("task_group_id=none")).toEqual([])
    expect(await list("operator=setup")).toEqual(["g.h.c setup"])
    expect(await list("operator_name_pattern=t%sk")).toEqual(["a task", "g.b task"])
  })

  it("show tasks that have not begun as one instance each, in the order of the tasks", async () => {
    const { get, store } = await openTestApi()
    const path = await openRun(store, [3, 0])
    const { body } = await get(path)
    expect(body.task_instances.map((shown: Shown) => `${nameOf(shown)} ${shown.state}`)).toEqual([
      "map_0[0] success",
      "map_0[1] failed",
      "map_0[2] success",
      "waits_0[-1] null",
      "map_1[-1] scheduled",
      "waits_1[-1] null",
    ])
    expect(body.total_entries).toBe(6)
    expect((await get(`${path}?state=none`)).body.total_entries).toBe(2)
    expect((await get(`${path}/map_1/listMapped`)).body).toEqual({ task_instances: [], total_entries: 0 })
    expect((await get(`${path}/waits_0/listMapped`)).status).toBe(404)
    expect((await get(`${path}/map_0`)).body.detail).toContain("add a map index")
    expect((await get(`${path}/map_0/3`)).status).toBe(404)
    expect((await get(`${path}/map_0/2`)).body).toMatchObject({ state: "success", rendered_map_index: "2" })
    expect((await get(`${path}/waits_0`)).body).toMatchObject({ state: null, try_number: 0, map_index: -1 })
  })

  test.prop(
    [
      fc.array(fc.nat({ max: 14 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom("", "&state=success", "&state=failed&state=scheduled", "&state=none&state=success"),
    ],
    { numRuns: 25 },
  )("by offset and by cursor always come to the same, each instance once", async (sizes, limit, filter) => {
    const { get, store } = await openTestApi()
    const path = await openRun(store, sizes)
    const { body: whole } = await get(`${path}?limit=100${filter}`)
    const expected = whole.task_instances.map(nameOf)
    expect(whole.total_entries).toBe(expected.length)
    const byOffset: string[] = []
    for (let offset = 0; offset <= expected.length; offset += limit) {
      const { body } = await get(`${path}?limit=${limit}&offset=${offset}${filter}`)
      expect(body.total_entries).toBe(expected.length)
      byOffset.push(...body.task_instances.map(nameOf))
    }
    const byCursor: string[] = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const { body }: { body: { task_instances: Shown[]; next_cursor: string | null } } = await get(
        `${path}?limit=${limit}&cursor=${cursor}${filter}`,
      )
      byCursor.push(...body.task_instances.map(nameOf))
      cursor = body.next_cursor
    }
    expect([byOffset, byCursor]).toEqual([expected, expected])
  })

  it("are ordered and filtered by what only the rows tell, and refused where these are too many", async () => {
    const { get, store } = await openTestApi()
    const path = await openRun(store, [10, 5])
    const names = async (query: string) =>
      (await get(`${path}?${query}`)).body.task_instances.map((shown: Shown) => nameOf(shown))
    expect(await names("order_by=-map_index&task_id=map_1&limit=2")).toEqual(["map_1[4]", "map_1[3]"])
    expect(await names("order_by=state&order_by=-map_index&limit=2")).toEqual(["map_0[5]", "map_0[1]"])
    expect(await names("map_index=9&map_index=4&map_index=-1")).toEqual([
      "map_0[9]",
      "map_0[4]",
      "waits_0[-1]",
      "map_1[4]",
      "waits_1[-1]",
    ])
    expect(await names("try_number=1&state=failed")).toEqual(["map_0[1]", "map_0[5]"])
    expect(await names("duration_gte=0&task_display_name_pattern=%25_0")).toHaveLength(8)
    expect(await names("executor=x")).toEqual([])
    expect(await names("pool=default_pool&queue=none")).toEqual([])
    const large = await openTestApi()
    const largePath = await openLarge(large.store, 10_001)
    expect((await large.get(`${largePath}?order_by=-start_date`)).body.detail[0].msg).toContain(
      "Narrow it down",
    )
    expect((await large.get(`${largePath}?order_by=map_index&task_id=map&offset=10000`)).body).toMatchObject({
      total_entries: 10_001,
      task_instances: [{ map_index: 10_000 }],
    })
  })

  it("go over many runs", async () => {
    const { get, send, store } = await openTestApi()
    await openRun(store, [4])
    const all = await get("/api/v2/dags/~/dagRuns/~/taskInstances?state=scheduled&state=success")
    expect(all.body.total_entries).toBe(3)
    const none = await get("/api/v2/dags/~/dagRuns/~/taskInstances?run_after_lt=2000-01-01T00:00:00Z")
    expect(none.body).toEqual({ task_instances: [], total_entries: 0 })
    const body = { dag_ids: ["d"], task_ids: ["map_0"], state: ["failed"], page_limit: 1 }
    const batch = await send("POST", "/api/v2/dags/~/dagRuns/~/taskInstances/list", { body })
    expect(batch.body).toMatchObject({ total_entries: 1, task_instances: [{ map_index: 1 }] })
  })
})

/** A run of one map of so many instances that are all scheduled. */
async function openLarge(store: StoreService, size: number): Promise<string> {
  const mapping = { window: size, pageSize: 1_000 }
  const { run, ids } = await createRun({ store } as never, {
    dagId: "d",
    runId: "r",
    tasks: [mapped("map", { mapping })],
  })
  const map = await openStream(store, run.id, ids["map"]!)
  for (let left = size; left > 0; left -= 1_000) await map.commit(items(Math.min(left, 1_000)))
  return "/api/v2/dags/d/dagRuns/r/taskInstances"
}

describe("reading instances over Postgres", () => {
  it("never takes more statements because there are more instances", async () => {
    const { openStore } = await import("@sluice/postgres")
    const { testDatabase } = await import("@sluice/postgres/testing")
    const counts: number[][] = []
    for (const size of [10, 1_000, 30_000]) {
      const database = await testDatabase()
      const opened = openStore({ url: database.url, applicationName: "api cost" })
      let calls = 0
      // Each verb that reads is one statement. Who asks is looked up once a second, whatever is asked.
      const store = new Proxy(opened.store, {
        get: (target, name: keyof StoreService) => {
          if (name !== "apiTokenByHash") calls += 1
          return target[name]
        },
      })
      const { get } = await openTestApi(store)
      const path = await openLarge(opened.store, size)
      const count = async (query: string) => {
        const before = calls
        expect((await get(`${path}${query}`)).status).toBe(200)
        return calls - before
      }
      await count("")
      counts.push([
        await count(""),
        await count(`?offset=${size - 1}`),
        await count("?state=scheduled&offset=5"),
        await count("?cursor="),
        await count(`/map/${size - 1}`),
        await count(`/map/listMapped?state=success`),
      ])
      await opened.close()
      await database.drop()
    }
    expect(counts[1]).toEqual(counts[0])
    expect(counts[2]).toEqual(counts[0])
    expect(Math.max(...counts.flat())).toBeLessThanOrEqual(5)
  })
})
