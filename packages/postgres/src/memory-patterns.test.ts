/*
 * The eight patterns by which a scheduler's memory and statements grow with what has run, each shown to be absent. Those that
 * tests elsewhere show are named in bench/README.md.
 *
 * A table that a verb must not look into is locked against everybody meanwhile: a verb that looks waits, and misses its deadline.
 */
import {
  claimOne,
  complete,
  createRun,
  mapped,
  openStream,
  register,
  runEffect,
  serializedDag,
} from "@sluice/core/testing"
import { afterAll, expect, it } from "vitest"
import { createClient } from "./client.ts"
import { openStore } from "./open-store.ts"
import { testDatabase } from "./testing.ts"

const database = await testDatabase()
const { store, statements, close } = openStore({ url: database.url, applicationName: "patterns" })
const locker = createClient({ url: database.url, max: 1, applicationName: "patterns locker" })
afterAll(async () => {
  await Promise.all([close(), locker.close()])
  await database.drop()
})

/** What a run of a map leaves, with an instance that left an XCom beside its result. */
const dag = { dagId: "d", tasks: [mapped("load"), { taskId: "report" }] }
const { run, ids } = await createRun({ store } as never, { ...dag, runId: "r" })
const map = await openStream(store, run.id, ids["load"]!)
await map.commit(["1", "2", "3"], { exhausted: true })
await complete(store, await claimOne(store), { xcoms: [{ mapIndex: 1, key: "url", value: '"x"' }] })

/** Does something while nobody may read or write some tables. */
function withoutTables(tables: readonly string[], use: () => Promise<unknown>): Promise<unknown> {
  return locker.run("lock", (sql) =>
    sql.begin(async (held) => {
      await held.unsafe(`lock table ${tables.join(", ")} in access exclusive mode`)
      return use()
    }),
  )
}

const instances = ["task_instance", "page", "lease", "offer", "xcom", "log", "task_try"]

it("1: loads no task instances with runs", async () => {
  const page = { filter: {}, isDescending: true, after: null, limit: 100 }
  const slice = { filter: {}, orderBy: [], skip: 0, limit: 100 }
  await withoutTables(instances, async () => {
    expect(await runEffect(store.listDagRuns({ limit: 100 }))).toHaveLength(1)
    expect(await runEffect(store.pageDagRuns(page))).toHaveLength(1)
    expect((await runEffect(store.searchDagRuns(slice))).total).toBe(1)
    expect(await runEffect(store.dagRun({ dagId: "d", runId: "r" }))).toEqual(run)
  })
})

it("3: writes nothing of what is unfinished when a DAG changes, and not one statement for each", async () => {
  const before = statements()
  const changed = serializedDag({ ...dag, tasks: [...dag.tasks, { taskId: "more" }] })
  await withoutTables([...instances, "dag_run", "expansion"], () => register(store, changed, "bundle-2"))
  expect(statements() - before).toBeLessThanOrEqual(3)
  expect((await runEffect(store.dagRunById(run.id))).dagVersionId).toBe(run.dagVersionId)
})

it("4: asks whether anything is unfinished, and counts nothing for it", async () => {
  await withoutTables(instances, async () => {
    expect(await runEffect(store.runCounts(run.id))).toMatchObject({ hasUnfinished: true })
    expect(await runEffect(store.stalledRuns({ limit: 10 }))).toEqual([])
    expect(await runEffect(store.finishDagRun({ dagRunId: run.id, state: "success", reopenings: 0 }))).toBe(
      false,
    )
  })
})

it("7: lists DAGs without their code, a page at a time", async () => {
  const slice = { filter: {}, orderBy: [], skip: 0, limit: 100 }
  await withoutTables([...instances, "bundle", "task", "edge"], async () => {
    expect(await runEffect(store.listDags({ after: null, limit: 1 }))).toHaveLength(1)
    expect((await runEffect(store.searchDags(slice))).total).toBe(1)
  })
})

it("6: clears the XComs of instances that run again in the statement that takes them back", async () => {
  const { expansionId } = map
  const before = statements()
  const again = { expansionId, indexes: [0, 1, 2], states: ["success" as const], followers: [] }
  expect(
    await runEffect(store.redriveInstances({ ...again, actor: "test", event: "redriven" })),
  ).toHaveLength(3)
  expect(statements() - before).toBe(1)
  const left = { expansionId, mapIndex: null, skip: 0, limit: 10 }
  expect((await runEffect(store.listXComs(left))).total).toBe(0)
})
