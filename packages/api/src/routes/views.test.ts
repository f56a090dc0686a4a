import { createRun, mapped, register, serializedDag } from "@sluice/core/testing"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

/** A DAG with a map and a task after it, and three runs. */
async function setup() {
  const test = await openTestApi()
  const tasks = [mapped("load"), { taskId: "report" }]
  const edges = [{ upstream: "load", downstream: "report" }]
  await createRun({ store: test.store } as never, { dagId: "d", runId: "r1", tasks, edges })
  for (const id of ["r2", "r3"])
    await test.send("POST", "/api/v2/dags/d/dagRuns", { body: { logical_date: null, dag_run_id: id } })
  return test
}

describe("what views ask for", () => {
  it("says whose token it is", async () => {
    const { get } = await openTestApi()
    const { body } = await get("/api/v2/me", { as: "op" })
    expect(body).toMatchObject({ name: "test op", kind: "token", role: "op" })
  })

  it("gives the shape of a version, and refuses one that is not there", async () => {
    const { get } = await setup()
    const { body } = await get("/api/v2/dags/d/structure", { as: "viewer" })
    expect(body).toMatchObject({ dag_id: "d", version_number: 1, task_groups: [], loops: [] })
    expect(body.tasks.map((task: { task_id: string; kind: string }) => [task.task_id, task.kind])).toEqual([
      ["load", "mapped"],
      ["report", "task"],
    ])
    expect(body.edges).toMatchObject([{ upstream: "load", downstream: "report", kind: "complete" }])
    expect((await get("/api/v2/dags/d/structure?version_number=7")).status).toBe(404)
    expect((await get("/api/v2/dags/nobody/structure")).status).toBe(404)
  })

  it("tells what differs between two versions, by itself of the one before", async () => {
    const { get, store } = await setup()
    await register(store, serializedDag({ dagId: "d", tasks: [mapped("load"), { taskId: "mail" }] }), "b2")
    const { body } = await get("/api/v2/dags/d/dagVersions/2/changes", { as: "viewer" })
    expect(body).toMatchObject({
      ...{ version_number: 2, base_version_number: 1, is_code_same: false, options: [] },
      tasks: [
        { task_id: "mail", change: "added" },
        { task_id: "report", change: "removed" },
      ],
      edges: [{ upstream: "load", downstream: "report", kind: "complete", change: "removed" }],
    })
    const first = await get("/api/v2/dags/d/dagVersions/1/changes")
    expect(first.body).toMatchObject({ base_version_number: 1, is_code_same: true, tasks: [] })
    expect((await get("/api/v2/dags/d/dagVersions/2/changes?base_version_number=7")).status).toBe(404)
    expect((await get("/api/v2/dags/nobody/dagVersions/1/changes")).status).toBe(404)
  })

  it("gives the runs of a DAG with how their tasks stand, to the end", async () => {
    const { get } = await setup()
    const first = await get("/api/v2/dags/d/grid?limit=2")
    const idOf = ({ run }: { run: { dag_run_id: string } }) => run.dag_run_id
    expect(first.body.runs.map(idOf)).toEqual(["r3", "r2"])
    expect(first.body.runs[0].tasks).toMatchObject([
      { task_id: "load", state: "waiting", discovered: 0, exhausted: false, ended: 0 },
      { task_id: "report", state: "waiting" },
    ])
    const second = await get(`/api/v2/dags/d/grid?limit=2&cursor=${first.body.next_cursor}`)
    expect(second.body.runs.map(idOf)).toEqual(["r1"])
    expect(second.body.next_cursor).toBeNull()
  })

  it("gives the newest runs of several DAGs, also of those that have none", async () => {
    const { get } = await setup()
    const { body } = await get("/api/v2/recentDagRuns?dag_ids=d&dag_ids=other&limit=2")
    const dags = body.dags as { dag_id: string; dag_runs: { dag_run_id: string }[] }[]
    expect(dags.map((dag) => [dag.dag_id, dag.dag_runs.map((run) => run.dag_run_id)])).toEqual([
      ["d", ["r3", "r2"]],
      ["other", []],
    ])
  })
})
