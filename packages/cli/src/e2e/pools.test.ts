import { afterAll, beforeAll, expect, it } from "vitest"
import { mapped, runEffect, serializedDag } from "@sluice/core/testing"
import { openStore } from "@sluice/postgres"
import { testDatabase } from "@sluice/postgres/testing"
import { makeProject, type Project } from "./project.test.fixture.ts"

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject({}, database.url)
  const { store, close } = openStore({ url: database.url, applicationName: "pools" })
  const dag = serializedDag({ dagId: "big", tasks: [mapped("work")] })
  await runEffect(store.registerDag({ dag, bundle: { hash: "h", code: "", sourceMap: null } }))
  const run = { dagId: "big", runId: "r1", runType: "manual", conf: {}, logicalDate: null } as const
  await runEffect(store.createDagRun(run))
  await close()
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

it("makes, changes, lists and deletes pools, and refuses what cannot be", async () => {
  const pools = (...args: string[]) => project.sluice("pools", ...args)
  const [early, made, changed, listed, gone, never] = [
    await pools("set", "crm", "--description", "calls"),
    await pools("set", "crm", "--slots", "4", "--json"),
    await pools("set", "crm", "--slots", "none", "--include-deferred", "--json"),
    await pools("list"),
    await pools("delete", "crm"),
    await pools("delete", "default_pool"),
  ]
  expect(early.stderr).toContain('there is no pool "crm" yet; expected --slots')
  expect(JSON.parse(made.stdout)).toEqual({
    ...{ name: "crm", slots: 4, open: 4, running: 0, deferred: 0, waiting: 0 },
    ...{ include_deferred: false, description: null },
  })
  expect(JSON.parse(changed.stdout)).toMatchObject({ slots: null, open: null, include_deferred: true })
  expect(listed.stdout).toMatch(/crm +no limit +0 +0 \(counted\) +0\n.*default_pool +no limit/)
  expect(gone.stdout).toBe("deleted the pool crm\n")
  expect([never.code === 0, never.stderr]).toEqual([
    false,
    expect.stringContaining("the default pool cannot be deleted"),
  ])
})

it("sets limits of a DAG and of a task, and refuses what cannot be", async () => {
  const dag = await project.sluice("dags", "set", "big", "--max-active-runs", "2", "--max-active-tasks", "7")
  expect([dag.stdout, dag.stderr]).toEqual([
    "DAG big: at most 2 runs at once, at most 7 instances of each\n",
    "",
  ])
  const task = await project.sluice(
    "tasks",
    "set",
    "big",
    "work",
    "--dag-concurrency",
    "3",
    "--priority",
    "-4",
  )
  expect([task.stdout, task.stderr]).toEqual(["changed work in 1 unfinished run of big\n", ""])
  const none = await project.sluice("dags", "set", "big", "--max-active-tasks", "none")
  expect(none.stderr).toContain('--max-active-tasks: "none" came; expected a whole number from 1 to')
  const unknown = await project.sluice("tasks", "set", "big", "nobody", "--concurrency", "none")
  expect([unknown.code === 0, unknown.stderr]).toEqual([false, expect.stringContaining("nobody")])
})
