import { afterAll, beforeAll, expect, it } from "vitest"
import { runEffect, serializedDag } from "@sluice/core/testing"
import { openStore } from "@sluice/postgres"
import { testDatabase } from "@sluice/postgres/testing"
import { makeProject, type Project } from "./project.test.fixture.ts"

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject({}, database.url)
  const { store, close } = openStore({ url: database.url, applicationName: "deletion" })
  const dag = serializedDag({ dagId: "d", tasks: [{ taskId: "t" }] })
  await runEffect(store.registerDag({ dag, bundle: { hash: "h", code: "", sourceMap: null } }))
  for (const runId of ["r1", "r2", "r3", "r4"]) {
    const options = { dagId: "d", runId, runType: "manual", conf: {}, logicalDate: null } as const
    const run = await runEffect(store.createDagRun(options))
    if (runId !== "r4")
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "enough", actor: "tester" }))
  }
  await close()
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

it("says what would go, and deletes runs and DAGs with --yes", async () => {
  const runs = (...args: string[]) => project.sluice("runs", "delete", ...args)
  const dags = (...args: string[]) => project.sluice("dags", "delete", ...args)
  const asked = await runs("--dag", "d", "--keep", "2")
  expect(asked.stdout).toBe(
    "would delete 1 run with 0 instances; nothing was done: say it again with --yes\n",
  )
  const kept = await runs("--dag", "d", "--keep", "2", "--yes", "--json")
  expect(JSON.parse(kept.stdout)).toEqual({ dag_id: "d", run_id: "r1", instances: 0, is_deleted: true })
  const running = await runs("d/r4", "--yes")
  expect([running.code === 0, running.stderr]).toEqual([false, expect.stringContaining("cancel it first")])
  const unclear = await runs("--older-than", "3")
  expect(unclear.stderr).toContain("expected either a run, or --dag <id>")
  const busy = await dags("d", "--yes")
  expect([busy.code === 0, busy.stderr]).toEqual([false, expect.stringContaining("cancel them")])
  await project.sluice("runs", "cancel", "d/r4")
  expect((await runs("d/r2", "--yes")).stdout).toBe("deleted 1 run with 0 instances\n")
  expect(JSON.parse((await dags("d", "--json")).stdout)).toEqual({
    ...{ dag_id: "d", runs: 2, versions: 1, is_deleted: false },
  })
  expect((await dags("d", "--yes")).stdout).toBe("deleted DAG d with 2 runs and 1 version\n")
  expect((await dags("d", "--yes")).code).not.toBe(0)
})
