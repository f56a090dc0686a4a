import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { testDatabase } from "@sluice/postgres/testing"
import { makeProject, type Project } from "./project.test.fixture.ts"

/** The DAG's tasks are the lines of a file beside it. */
const copyFile = `
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { captured, dag, task } from "sluice"

const tables = await captured("tables", async ({ folder }) => {
  const text = await readFile(join(folder, "_tables.yaml"), "utf8")
  if (!text.startsWith("- ")) throw new RangeError("_tables.yaml is no list")
  return text.split("\\n").filter((line) => line !== "").map((line) => line.slice(2))
})
const copy = task("copy", async ({ table }: { table: string }) => "copied " + table)

export default dag("copy", { parse: "every-run" }, () => {
  for (const table of tables) copy.withId("copy_" + table)({ table })
})
`

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

const writeTables = (...tables: string[]) => writeText(tables.map((table) => `- ${table}\n`).join(""))
const writeText = (text: string) => writeFileSync(join(project.dir, "dags/_tables.yaml"), text)

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject({}, database.url)
  mkdirSync(join(project.dir, "dags"))
  writeFileSync(join(project.dir, "dags/copy.ts"), copyFile)
  writeTables("users", "orders")
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

interface Shown {
  readonly state: string
  readonly note: string | null
  readonly awaits_parse: boolean
  readonly tasks: readonly { readonly task_id: string; readonly state: string }[]
}

async function show(runId: string): Promise<Shown> {
  const { stdout } = await project.sluice("runs", "show", `copy/${runId}`, "--json")
  return JSON.parse(stdout) as Shown
}

async function ended(runId: string): Promise<Shown> {
  for (;;) {
    const run = await show(runId)
    if (run.state === "success" || run.state === "failed") return run
  }
}

const trigger = (runId: string) => project.sluice("dags", "trigger", "copy", "--run-id", runId)
const tasksOf = ({ tasks }: Shown) => tasks.map(({ task_id, state }) => `${task_id} ${state}`).toSorted()

it("gives each run the tasks that its own parse gave, and runs them where the file is not", async () => {
  const processor = project.start(["dag-processor", "--dags", "dags"])
  await processor.until("copy.ts: copy (new version)")
  // In a folder where neither the DAG file nor what it reads is.
  const engine = project.start(["engine"], {}, "..")
  await engine.until("plays")
  expect((await trigger("r1")).stdout).toContain("is queued: it waits until copy.ts has been parsed for it\n")
  expect(tasksOf(await ended("r1"))).toEqual(["copy_orders success", "copy_users success"])
  writeTables("orders", "items")
  await trigger("r2")
  const second = await ended("r2")
  expect(second.state).toBe("success")
  expect(tasksOf(second)).toEqual(["copy_items success", "copy_orders success"])
  await trigger("r3")
  await ended("r3")
  expect(tasksOf(await show("r1"))).toEqual(["copy_orders success", "copy_users success"])
  const versions = await project.sluice("dags", "versions", "copy", "--json")
  expect(versions.stdout.trimEnd().split("\n")).toHaveLength(2)

  writeText("users, orders")
  await trigger("r4")
  const broken = await ended("r4")
  expect(broken).toMatchObject({ state: "failed", awaits_parse: true, tasks: [] })
  expect(broken.note).toMatch(
    /^not run: its DAG file could not be parsed: copy\.ts:8:\d+: _tables\.yaml is no list$/,
  )
  expect((await project.sluice("runs", "show", "copy/r4")).stdout).toContain("is no list")
  expect((await project.sluice("dags", "errors")).stdout).toContain("_tables.yaml is no list")

  processor.child.kill("SIGTERM")
  await processor.ended
  writeTables("users")
  const waiting = await trigger("r5")
  expect(waiting.stdout).toContain(
    "copy.ts has been parsed for it, and no DAG processor lives: start one with `sluice dag-processor` or `sluice dev`",
  )
  expect((await project.sluice("runs", "show", "copy/r5")).stdout).toContain("no DAG processor lives")
  expect((await project.sluice("dags", "show", "copy")).stdout).toMatch(
    /parse +every-run\n[^]*runs_awaiting_parse +1\n/,
  )
  const next = project.start(["dag-processor", "--dags", "dags"])
  expect(tasksOf(await ended("r5"))).toEqual(["copy_users success"])
  const alone = await project.sluice("run", "dags/copy.ts", "--run-id", "r6")
  expect(alone).toMatchObject({ code: 0 })
  expect(tasksOf(await show("r6"))).toEqual(["copy_users success"])
  for (const { child } of [next, engine]) child.kill("SIGTERM")
  await Promise.all([next.ended, engine.ended])
}, 120_000)
