import type { StoreService } from "@sluice/core/store"
import { serializedDag } from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

async function setup() {
  const test = await openTestApi()
  const bundle = { hash: "h", code: "", sourceMap: null }
  const assets = [{ name: "orders", uri: "s3://orders" }, { name: "users" }]
  const planning = { assets: { all: [{ asset: "orders" }, { asset: "users" }] } }
  const waits = serializedDag({ dagId: "waits", tasks: [{ taskId: "t" }], assets, planning })
  const makes = serializedDag({ dagId: "makes", tasks: [{ taskId: "load", outlets: ["orders"] }], assets })
  for (const dag of [waits, makes]) await Effect.runPromise(test.store.registerDag({ dag, bundle }))
  const ids = Object.fromEntries(
    await Promise.all(
      assets.map(async ({ name }) => [
        name,
        Number((await Effect.runPromise(test.store.asset({ name }))).id),
      ]),
    ),
  ) as Record<"orders" | "users", number>
  const emit = (asset_id: number, extra = {}) =>
    test.send("POST", "/api/v2/assets/events", { body: { asset_id, extra } })
  return { ...test, ids, emit }
}

/** What the planner does: tells DAGs, and makes their runs. */
async function plan(store: StoreService) {
  const epoch = await Effect.runPromise(store.lead({ role: "planner", holder: "p", leaseSeconds: 60 }))
  const leadership = { role: "planner", holder: "p", epoch: epoch! }
  await Effect.runPromise(store.takeAssetEvents({ leadership, limit: 100 }))
  for (const { dagId, seq, queued } of await Effect.runPromise(store.dueAssetDags({ limit: 10 })))
    await Effect.runPromise(
      store.moveAssetDag({ leadership, dagId, seq, runId: queued.length === 2 ? "after" : null }),
    )
}

describe("assets", () => {
  it("are listed with who uses them, found by pattern, and shown alone", async () => {
    const { get, ids } = await setup()
    const { body } = await get("/api/v2/assets?order_by=-name")
    expect(body).toMatchObject({ total_entries: 2, assets: [{ name: "users" }, { name: "orders" }] })
    expect((await get("/api/v2/assets?uri_pattern=s3%25")).body.assets).toMatchObject([
      {
        ...{ id: ids.orders, name: "orders", uri: "s3://orders", group: "asset", last_asset_event: null },
        scheduled_dags: [{ dag_id: "waits" }],
        producing_tasks: [{ dag_id: "makes", task_id: "load" }],
      },
    ])
    expect((await get("/api/v2/assets?dag_ids=makes")).body.total_entries).toBe(1)
    expect((await get(`/api/v2/assets/${ids.users}`)).body).toMatchObject({ name: "users", extra: {} })
    expect((await get("/api/v2/assets/4711")).status).toBe(404)
    expect((await get("/api/v2/assets/orders")).status).toBe(422)
    expect((await get("/api/v2/assets?order_by=group")).status).toBe(400)
    const details = await get("/api/v2/dags/waits/details")
    expect(details.body.asset_expression).toEqual({
      all: [{ asset: { name: "orders" } }, { asset: { name: "users" } }],
    })
  })

  it("have events, which runs are made for and tell of", async () => {
    const { get, emit, store, ids, send } = await setup()
    expect((await emit(ids.orders, { rows: 3 })).body).toMatchObject({
      ...{ asset_id: ids.orders, name: "orders", extra: { rows: 3 }, source_dag_id: null },
      created_dagruns: [],
    })
    await plan(store)
    const queued = { dag_id: "waits", asset_id: ids.orders, events: 1 }
    expect((await get("/api/v2/dags/waits/assets/queuedEvents")).body.queued_events).toMatchObject([queued])
    await emit(ids.users)
    await plan(store)
    const { body } = await get("/api/v2/dags/waits/dagRuns/after/upstreamAssetEvents")
    expect(body).toMatchObject({ total_entries: 2, asset_events: [{ name: "orders" }, { name: "users" }] })
    const { body: events } = await get(`/api/v2/assets/events?asset_id=${ids.orders}&order_by=-timestamp`)
    expect(events.asset_events).toMatchObject([
      { created_dagruns: [{ dag_id: "waits", run_id: "after", state: "running" }] },
    ])
    expect((await get("/api/v2/dags/waits/dagRuns/after")).body.run_type).toBe("asset_triggered")
    const unknown = await emit(4711)
    expect(unknown.status).toBe(404)
    const large = await emit(ids.orders, { text: "x".repeat(70_000) })
    expect(large.status).toBe(422)
    expect(
      (await send("POST", "/api/v2/assets/events", { as: "viewer", body: { asset_id: 1 } })).status,
    ).toBe(403)
  })

  it("are forgotten from the queues of DAGs", async () => {
    const { get, emit, send, store, ids } = await setup()
    await emit(ids.orders)
    await plan(store)
    const paths = [
      `/api/v2/assets/${ids.orders}/queuedEvents`,
      "/api/v2/dags/waits/assets/queuedEvents",
      `/api/v2/dags/waits/assets/${ids.orders}/queuedEvents`,
    ]
    for (const path of paths) expect((await get(path)).status).toBe(200)
    expect((await get(`/api/v2/dags/waits/assets/${ids.users}/queuedEvents`)).status).toBe(404)
    expect((await get(`${paths[0]}?before=2000-01-01T00:00:00Z`)).body.total_entries).toBe(0)
    for (const path of paths) {
      expect((await send("DELETE", path)).status).toBe(204)
      expect((await get("/api/v2/dags/waits/assets/queuedEvents")).body.total_entries).toBe(0)
      await emit(ids.orders)
      await plan(store)
    }
    expect((await send("DELETE", "/api/v2/assets/4711/queuedEvents")).status).toBe(404)
    expect((await send("DELETE", "/api/v2/dags/none/assets/queuedEvents")).status).toBe(404)
    expect((await send("DELETE", `/api/v2/dags/waits/assets/${ids.users}/queuedEvents`)).status).toBe(404)
  })

  it("are made anew by a run of the DAG that makes them, where one does", async () => {
    const { send, ids, store } = await setup()
    const made = await send("POST", `/api/v2/assets/${ids.orders}/materialize`, { body: { note: "again" } })
    expect(made.body).toMatchObject({ dag_id: "makes", note: "again", triggered_by: "rest_api" })
    expect((await send("POST", `/api/v2/assets/${ids.orders}/materialize`)).status).toBe(200)
    expect((await send("POST", `/api/v2/assets/${ids.users}/materialize`)).status).toBe(404)
    const all = await send("POST", `/api/v2/assets/${ids.orders}/materialize`, { body: { dag_run_id: "~" } })
    expect(all.status).toBe(422)
    const other = serializedDag({
      ...{ dagId: "too", tasks: [{ taskId: "t", outlets: ["orders"] }], assets: [{ name: "orders" }] },
    })
    const bundle = { hash: "h", code: "", sourceMap: null }
    await Effect.runPromise(store.registerDag({ dag: other, bundle }))
    const refused = await send("POST", `/api/v2/assets/${ids.orders}/materialize`)
    expect([refused.status, refused.body.detail]).toEqual([400, expect.stringContaining("makes, too")])
  })
})
