import { makeResponseChecker, readAirflowDocument } from "@sluice/api/testing"
import { serializedDag } from "@sluice/core/testing"
import { Effect } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { type Answer, openApi, type ServedApi } from "../harness/api.ts"
import { eventually } from "../harness/eventually.ts"
import type { Run } from "../harness/run.ts"
import { openWorld, type World } from "../harness/world.ts"

const check = makeResponseChecker(readAirflowDocument())

/** The operations that clients need to monitor with, and others that are served: each is asked for below. */
const served = [
  "bulk_connections",
  "bulk_pools",
  "bulk_variables",
  "cancel_backfill",
  "clear_dag_run",
  "create_asset_event",
  "create_backfill",
  "create_backfill_dry_run",
  "delete_asset_queued_events",
  "delete_connection",
  "delete_dag",
  "delete_dag_asset_queued_event",
  "delete_dag_asset_queued_events",
  "delete_dag_run",
  "delete_pool",
  "delete_variable",
  "get_asset",
  "get_asset_aliases",
  "get_asset_events",
  "get_asset_queued_events",
  "get_assets",
  "get_backfill",
  "get_config",
  "get_config_value",
  "get_connection",
  "get_connections",
  "get_dag",
  "get_dag_asset_queued_event",
  "get_dag_asset_queued_events",
  "get_dag_details",
  "get_dag_run",
  "get_dag_runs",
  "get_dag_source",
  "get_dag_stats",
  "get_dag_tags",
  "get_dag_version",
  "get_dag_versions",
  "get_dags",
  "get_event_log",
  "get_event_logs",
  "get_health",
  "get_import_error",
  "get_import_errors",
  "get_jobs",
  "get_list_dag_runs_batch",
  "get_log",
  "get_mapped_task_instance",
  "get_mapped_task_instance_tries",
  "get_mapped_task_instances",
  "get_pool",
  "get_pools",
  "get_task",
  "get_task_instance",
  "get_task_instance_tries",
  "get_task_instances",
  "get_task_instances_batch",
  "get_tasks",
  "get_upstream_asset_events",
  "get_variable",
  "get_variables",
  "get_version",
  "get_xcom_entries",
  "get_xcom_entry",
  "list_backfills",
  "list_dag_warnings",
  "materialize_asset",
  "patch_connection",
  "patch_dag",
  "patch_dag_run",
  "patch_pool",
  "patch_variable",
  "pause_backfill",
  "post_clear_task_instances",
  "post_connection",
  "post_pool",
  "post_variable",
  "trigger_dag_run",
  "unpause_backfill",
  "wait_dag_run_until_finished",
]

let world: World
let api: ServedApi
const runs: Record<string, Run> = {}
const seen = new Set<string>()

/** Asks, and holds the answer to Airflow's document. */
async function ask(
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string>; status?: number } = {},
): Promise<Answer["body"]> {
  const answer = await api.send(method, path, options)
  const [pathname = ""] = path.split("?")
  const verdict = check({ method, path: decodeURI(pathname), ...answer })
  expect([method, path, answer.status, verdict.problems]).toEqual([method, path, options.status ?? 200, []])
  if (answer.status < 300) seen.add(verdict.operationId ?? "")
  return answer.body
}

const ofRun = (run: Run | undefined) => `/api/v2/dags/${run!.dagId}/dagRuns/${run!.runId}`

beforeAll(async () => {
  world = await openWorld({ dagFiles: ["outcomes", "shapes", "windows"], engines: [{}] })
  api = await openApi(world)
  for (const dagId of ["gaps", "retried", "rules", "empty_list", "caught"])
    runs[dagId] = await world.runToEnd(dagId)
  const lazy = await world.startRun("endless_for_ever")
  const [first] = await lazy.views()
  const map = (await lazy.views()).find((view) => view.kind === "mapped") ?? first!
  await lazy.untilView(map.taskId, "some are done", (view) => view.success > 5)
  runs["lazy"] = lazy
  const cancelled = await world.startRun("endless_for_ever")
  await cancelled.untilView(map.taskId, "some are done", (view) => view.success > 5)
  await cancelled.cancel()
  runs["cancelled"] = cancelled
  // Nothing of it begins while its DAG is paused.
  await Effect.runPromise(world.store.setDagPaused({ dagId: "diamond", isPaused: true, actor: "test" }))
  runs["queued"] = await world.startRun("diamond")
}, 120_000)

describe("every answer fits Airflow's document", () => {
  it("of health, version, jobs and tags", async () => {
    const health = await ask("GET", "/api/v2/monitor/health")
    expect(health).toMatchObject({ metadatabase: { status: "healthy" }, scheduler: { status: "healthy" } })
    await ask("GET", "/api/v2/version")
    const jobs = await ask("GET", "/api/v2/jobs?is_alive=true&order_by=-latest_heartbeat")
    expect(jobs.jobs.map((job: { job_type: string }) => job.job_type)).toContain("SchedulerJob")
    await ask("GET", "/api/v2/dagTags")
    const file = { folder: "elsewhere", path: "broken.ts" }
    const error = { type: "SyntaxError", message: "unexpected token", stack: "frame" }
    await Effect.runPromise(world.store.storeImportError({ file, error }))
    const { import_errors: broken } = await ask("GET", "/api/v2/importErrors?filename_pattern=broken%25")
    expect(await ask("GET", `/api/v2/importErrors/${broken[0].import_error_id}`)).toEqual(broken[0])
    await ask("GET", "/api/v2/importErrors/1", { status: 404 })
    await ask("GET", "/api/v2/dagWarnings")
    await ask("GET", "/api/v2/assets/aliases")
    await ask("GET", "/api/v2/nowhere", { status: 404 }).catch(() => undefined)
  })

  it("of DAGs, their tasks and versions", async () => {
    const all = await ask("GET", "/api/v2/dags?limit=3&offset=1&order_by=-dag_id&tags=x&paused=false")
    expect(all.total_entries).toBe(0)
    const { dags, total_entries } = await ask("GET", "/api/v2/dags?limit=100")
    expect(dags).toHaveLength(total_entries)
    for (const { dag_id: id } of dags as { dag_id: string }[]) {
      await ask("GET", `/api/v2/dags/${id}`)
      await ask("GET", `/api/v2/dags/${id}/details`)
      const tasks = await ask("GET", `/api/v2/dags/${id}/tasks?order_by=-task_id`)
      for (const task of tasks.tasks as { task_id: string }[])
        await ask("GET", `/api/v2/dags/${id}/tasks/${task.task_id}`)
    }
    await ask("GET", "/api/v2/dags/gaps/dagVersions")
    await ask("GET", "/api/v2/dags/~/dagVersions?limit=2")
    await ask("GET", "/api/v2/dags/gaps/dagVersions/1")
    await ask("GET", "/api/v2/dagSources/gaps", { headers: { accept: "application/json" } })
    await ask("GET", "/api/v2/dagSources/gaps", { headers: { accept: "text/plain" } })
    await ask("GET", "/api/v2/dagStats?dag_ids=gaps&dag_ids=retried")
    const paused = await ask("PATCH", "/api/v2/dags/gaps?update_mask=is_paused", {
      body: { is_paused: true },
    })
    expect(paused.is_paused).toBe(true)
    await ask("PATCH", "/api/v2/dags/gaps", { body: { is_paused: false } })
  })

  it("of runs, of any state and kind", async () => {
    const all = await ask("GET", "/api/v2/dags/~/dagRuns?order_by=-run_after&limit=100")
    expect(new Set(all.dag_runs.map((run: { state: string }) => run.state))).toEqual(
      new Set(["success", "failed", "running", "queued"]),
    )
    for (const run of Object.values(runs)) await ask("GET", ofRun(run))
    const since = encodeURIComponent(new Date(0).toISOString())
    await ask("GET", `/api/v2/dags/gaps/dagRuns?state=failed&start_date_gte=${since}&duration_lt=1000`)
    await ask("POST", "/api/v2/dags/~/dagRuns/list", {
      body: { dag_ids: ["gaps"], states: ["failed", null], page_limit: 5, order_by: "-start_date" },
    })
    const made = await ask("POST", "/api/v2/dags/caught/dagRuns", {
      body: { logical_date: null, conf: { a: [1] }, note: "by hand" },
    })
    expect(made).toMatchObject({
      conf: { a: [1] },
      note: "by hand",
      triggered_by: "rest_api",
      run_type: "manual",
    })
    const path = `/api/v2/dags/caught/dagRuns/${encodeURIComponent(made.dag_run_id)}`
    const noted = await ask("PATCH", path, { body: { note: "seen" } })
    expect(noted.note).toBe("seen")
  })

  it("of backfills", async () => {
    const planning = {
      timetable: { kind: "delta", everyMs: 3_600_000, dataInterval: "since_previous" },
      startDate: "2024-12-31T00:00:00Z",
    } as const
    const dag = serializedDag({ dagId: "hourly", tasks: [{ taskId: "t" }], planning })
    const bundle = { hash: "hourly", code: "", sourceMap: null }
    await Effect.runPromise(world.store.registerDag({ dag, bundle }))
    // Its runs are not made while it is paused: there is no code to run.
    await Effect.runPromise(world.store.setDagPaused({ dagId: "hourly", isPaused: true, actor: "test" }))
    const body = { dag_id: "hourly", from_date: "2025-01-01T00:00:00Z", to_date: "2025-01-01T03:00:00Z" }
    expect((await ask("POST", "/api/v2/backfills/dry_run", { body })).total_entries).toBe(4)
    const { id } = await ask("POST", "/api/v2/backfills", { body: { ...body, dag_run_conf: { a: 1 } } })
    await ask("POST", "/api/v2/backfills", { body, status: 409 })
    await ask("POST", "/api/v2/backfills", { body: { ...body, dag_id: "none" }, status: 404 })
    expect((await ask("GET", "/api/v2/backfills?dag_id=hourly")).total_entries).toBe(1)
    await ask("GET", `/api/v2/backfills/${id}`)
    for (const verb of ["pause", "unpause", "cancel"]) await ask("PUT", `/api/v2/backfills/${id}/${verb}`)
    await ask("PUT", `/api/v2/backfills/${id}/pause`, { status: 409 })
    await ask("GET", "/api/v2/backfills/999999", { status: 404 })
  })

  it("of variables and connections", async () => {
    const named = { key: "api_token", value: { a: 1 }, description: "d" }
    await ask("POST", "/api/v2/variables", { body: named, status: 201 })
    await ask("POST", "/api/v2/variables", { body: named, status: 409 })
    await ask("GET", "/api/v2/variables?order_by=key&variable_key_pattern=%25")
    expect((await ask("GET", "/api/v2/variables/api_token")).value).toBe("***")
    await ask("PATCH", "/api/v2/variables/api_token?update_mask=value", { body: { ...named, value: "x" } })
    await ask("PATCH", "/api/v2/variables/api_token", { body: { ...named, key: "b" }, status: 400 })
    const bulk = { actions: [{ action: "create", entities: [named] }] }
    expect((await ask("PATCH", "/api/v2/variables", { body: bulk })).create.errors).toHaveLength(1)
    await ask("DELETE", "/api/v2/variables/api_token", { status: 204 })
    await ask("GET", "/api/v2/variables/api_token", { status: 404 })
    const crm = { connection_id: "crm", conn_type: "http", password: "secret", extra: "{}", port: 1 }
    await ask("POST", "/api/v2/connections", { body: crm, status: 201 })
    await ask("POST", "/api/v2/connections", { body: crm, status: 409 })
    await ask("GET", "/api/v2/connections?order_by=connection_id")
    expect((await ask("GET", "/api/v2/connections/crm")).password).toBe("***")
    await ask("PATCH", "/api/v2/connections/crm", { body: { ...crm, port: 2 } })
    await ask("PATCH", "/api/v2/connections", { body: { actions: [] } })
    await ask("DELETE", "/api/v2/connections/crm", { status: 204 })
    await ask("GET", "/api/v2/connections/crm", { status: 404 })
  })

  it("of the event log and the configuration", async () => {
    const { event_logs: events } = await ask("GET", "/api/v2/eventLogs?order_by=-when&limit=5&owner=test")
    await ask("GET", `/api/v2/eventLogs/${events[0].event_log_id}`)
    await ask("GET", "/api/v2/eventLogs?event=dag_paused&dag_id_pattern=%25&before=2100-01-01T00:00:00Z")
    await ask("GET", "/api/v2/eventLogs/999999", { status: 404 })
    for (const accept of ["application/json", "text/plain"]) {
      await ask("GET", "/api/v2/config", { headers: { accept } })
      await ask("GET", "/api/v2/config/section/api/option/port", { headers: { accept } })
    }
    await ask("GET", "/api/v2/config?section=none", { status: 404 })
    await ask("GET", "/api/v2/config", { headers: { accept: "image/png" }, status: 406 })
  })

  it("of pools", async () => {
    const pools = "/api/v2/pools"
    await ask("POST", pools, { body: { name: "api", slots: 2 }, status: 201 })
    await ask("POST", pools, { body: { name: "api", slots: 2 }, status: 409 })
    expect((await ask("GET", `${pools}?order_by=-name`)).total_entries).toBe(2)
    const bulk = { actions: [{ action: "create", entities: [{ name: "api", slots: 2 }] }] }
    expect((await ask("PATCH", pools, { body: bulk })).create.errors).toHaveLength(1)
    expect(await ask("PATCH", `${pools}/api`, { body: { slots: -1 } })).toMatchObject({ slots: -1 })
    await ask("GET", `${pools}/api`)
    await ask("GET", `${pools}/none`, { status: 404 })
    await ask("DELETE", `${pools}/default_pool`, { status: 400 })
    await ask("DELETE", `${pools}/api`, { status: 204 })
  })

  it("of assets, their events and queues", async () => {
    const assets = [{ name: "orders", uri: "s3://orders", extra: { owner: "ada" } }]
    const planning = { assets: { asset: "orders" } }
    const waits = serializedDag({ dagId: "after_orders", tasks: [{ taskId: "t" }], assets, planning })
    const makes = serializedDag({ dagId: "orders", tasks: [{ taskId: "load", outlets: ["orders"] }], assets })
    const bundle = { hash: "orders", code: "", sourceMap: null }
    for (const dag of [waits, makes]) await Effect.runPromise(world.store.registerDag({ dag, bundle }))
    const pause = (dagId: string, isPaused: boolean) =>
      Effect.runPromise(world.store.setDagPaused({ dagId, isPaused, actor: "test" }))
    await pause("after_orders", true)
    await pause("orders", true)
    const [{ id }] = (await ask("GET", "/api/v2/assets?name_pattern=orders")).assets
    const emit = () => ask("POST", "/api/v2/assets/events", { body: { asset_id: id, extra: { rows: 3 } } })
    await emit()
    await ask("GET", `/api/v2/assets/${id}`)
    const queue = `/api/v2/dags/after_orders/assets/${id}/queuedEvents`
    const told = () =>
      eventually("the DAG has been told", async () => {
        const rows = await Effect.runPromise(world.store.queuedAssets({ limit: 1 }))
        return rows.length > 0 ? rows : undefined
      })
    for (const path of [
      queue,
      `/api/v2/assets/${id}/queuedEvents`,
      "/api/v2/dags/after_orders/assets/queuedEvents",
    ]) {
      await told()
      await ask("GET", path)
      await ask("DELETE", path, { status: 204 })
      await emit()
    }
    await ask("DELETE", "/api/v2/dags/none/assets/queuedEvents", { status: 404 })
    await told()
    await pause("after_orders", false)
    const run = await eventually("a run after the asset", async () => {
      const [row] = await Effect.runPromise(world.store.listDagRuns({ dagId: "after_orders", limit: 1 }))
      return row
    })
    const of = `/api/v2/dags/after_orders/dagRuns/${encodeURIComponent(run.runId)}`
    expect(await ask("GET", of)).toMatchObject({ run_type: "asset_triggered", triggered_by: "asset" })
    await Effect.runPromise(world.store.cancelDagRun({ dagRunId: run.id, note: "no code", actor: "test" }))
    expect((await ask("GET", `${of}/upstreamAssetEvents`)).total_entries).toBeGreaterThan(0)
    const { asset_events: events } = await ask(
      "GET",
      `/api/v2/assets/events?asset_id=${id}&order_by=-timestamp`,
    )
    expect(events[0].created_dagruns).toMatchObject([{ run_id: run.runId }])
    await ask("POST", `/api/v2/assets/${id}/materialize`, { body: {} })
    await ask("GET", "/api/v2/assets/4711", { status: 404 })
  })

  it("of a run that is waited for", async () => {
    const answer = await ask("GET", `${ofRun(runs["caught"])}/wait?interval=0.5&result=recover`)
    const lines = (answer as string).trim().split("\n")
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ state: "success", results: {} })
  })

  it("of task instances in every state, in every run", async () => {
    const states = new Set<string | null>()
    for (const run of Object.values(runs)) {
      const { task_instances: instances } = await ask("GET", `${ofRun(run)}/taskInstances?limit=100`)
      for (const instance of instances as { task_id: string; map_index: number; state: string | null }[]) {
        const { task_id: id, map_index: index } = instance
        const isNew = !states.has(instance.state)
        states.add(instance.state)
        if (!isNew) continue
        const path = `${ofRun(run)}/taskInstances/${id}`
        await ask("GET", index < 0 ? path : `${path}/${index}`)
        await ask("GET", `${path}/tries?map_index=${index}`)
        if (index >= 0) await ask("GET", `${path}/${index}/tries`)
        await ask("GET", `${path}/logs/1?map_index=${index}`)
        await ask("GET", `${path}/logs/1?map_index=${index}&full_content=true`, {
          headers: { accept: "application/x-ndjson" },
        })
      }
    }
    expect([...states].map(String).sort()).toEqual(
      expect.arrayContaining(["failed", "null", "running", "skipped", "success", "upstream_failed"]),
    )
  })

  it("of task instances that are filtered, ordered and paged", async () => {
    const instances = `${ofRun(runs["gaps"])}/taskInstances`
    const failed = await ask("GET", `${instances}?state=failed&state=skipped&limit=2&offset=1`)
    expect(failed.task_instances).toHaveLength(2)
    await ask("GET", `${instances}?map_index=1&map_index=3&pool=default_pool&queue=default`)
    await ask("GET", `${instances}?order_by=-end_date&order_by=task_id&task_display_name_pattern=%25pass%25`)
    await ask("GET", `${instances}?duration_gte=0&try_number=1&start_date_gt=2020-01-01T00:00:00Z`)
    await ask("GET", `${instances}/ends_as/listMapped?state=success&limit=3`)
    await ask("GET", "/api/v2/dags/~/dagRuns/~/taskInstances?state=running")
    await ask("POST", "/api/v2/dags/~/dagRuns/~/taskInstances/list", {
      body: {
        dag_ids: ["gaps", "retried"],
        state: ["failed", "success"],
        page_limit: 10,
        order_by: "-start_date",
      },
    })
  })

  it("of XComs", async () => {
    const task = `${ofRun(runs["gaps"])}/taskInstances/pass_on`
    const { xcom_entries: entries } = await ask("GET", `${task}/xcomEntries?limit=5`)
    expect(entries).toHaveLength(5)
    const [{ key, map_index: index }] = entries as [{ key: string; map_index: number }]
    const value = await ask("GET", `${task}/xcomEntries/${key}?map_index=${index}&deserialize=true`)
    expect(typeof value.value).toBe("number")
    const text = await ask("GET", `${task}/xcomEntries/${key}?map_index=${index}&stringify=true`)
    expect(text.value).toBe(String(value.value))
  })

  it("of what is cleared", async () => {
    const clear = "/api/v2/dags/gaps/clearTaskInstances"
    const dag_run_id = runs["gaps"]!.runId
    const would = await ask("POST", clear, { body: { dag_run_id, task_ids: ["ends_as"] } })
    expect(would.total_entries).toBe(would.task_instances.length)
    expect(would.total_entries).toBeGreaterThan(1)
    const one = { dag_run_id, task_ids: [["ends_as", 1]], dry_run: false, include_downstream: true }
    expect((await ask("POST", clear, { body: one })).total_entries).toBe(1)
    await runs["gaps"]!.untilEnd()
    const tries = await ask("GET", `${ofRun(runs["gaps"])}/taskInstances/ends_as/tries?map_index=1`)
    expect(tries.total_entries).toBe(2)
    await ask("POST", `${ofRun(runs["retried"])}/clear`, { body: {} })
    const run = await ask("POST", `${ofRun(runs["retried"])}/clear`, { body: { dry_run: false } })
    expect(run.dag_run_id).toBe(runs["retried"]!.runId)
    await runs["retried"]!.untilEnd()
    await ask("POST", clear, { body: { dag_run_id, task_ids: ["numbers"] }, status: 409 })
    await ask("POST", clear, { body: { task_ids: ["ends_as"] }, status: 422 })
    await ask("POST", clear, { body: { dag_run_id, include_past: true }, status: 422 })
  })

  it("of refusals", async () => {
    await ask("GET", "/api/v2/dags/none", { status: 404 })
    await ask("GET", "/api/v2/dags?limit=-1", { status: 422 })
    await ask("POST", "/api/v2/dags/gaps/dagRuns", { body: { conf: {} }, status: 422 })
    const body = { logical_date: null, dag_run_id: runs["gaps"]!.runId }
    const taken = await ask("POST", "/api/v2/dags/gaps/dagRuns", { body, status: 409 })
    expect(taken.detail).toMatchObject({ reason: "Unique constraint violation" })
    await ask("GET", `${ofRun(runs["gaps"])}/taskInstances/none`, { status: 404 })
    await ask("GET", `${ofRun(runs["gaps"])}/taskInstances?order_by=nonsense`, { status: 400 })
  })

  it("of what is deleted", async () => {
    await ask("DELETE", ofRun(runs["caught"]), { status: 204 })
    await ask("GET", ofRun(runs["caught"]), { status: 404 })
    await ask("DELETE", "/api/v2/dags/caught")
    await ask("GET", "/api/v2/dags/caught", { status: 404 })
    await ask("DELETE", "/api/v2/dags/caught", { status: 404 })
  })

  it("and nothing that is served was left out", () => {
    expect([...seen].sort()).toEqual(served)
    expect(api.failures).toEqual([])
  })
})
