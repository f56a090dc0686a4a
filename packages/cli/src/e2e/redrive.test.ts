import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { testDatabase } from "@sluice/postgres/testing"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type Project } from "./project.test.fixture.ts"

const flaky = `
import { existsSync } from "node:fs"
import { dag, task } from "sluice"
const check = task("check", async (n: number) => {
  if (n % 2 === 1 && !existsSync(process.env["SLUICE_TASK_FLAG"] ?? "")) throw new TypeError(n + " is odd")
  return n
})
const sum = task("sum", async ({ all }: { all: AsyncIterable<number> }) => {
  let total = 0
  for await (const n of all) total += n
  return total
})
export default dag("flaky", () => {
  sum({ all: check.expand([0, 1, 2, 3, 4, 5]) })
})
`

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>
let flag: string

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject({ "flaky.ts": flaky }, database.url)
  flag = join(project.dir, "mended")
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

describe("sluice maps redrive", () => {
  it("says what would run again, lets it run, and the run goes on to its end by --resume", async () => {
    const env = { SLUICE_TASK_FLAG: flag }
    const run = (...args: string[]) => project.start(args, env).ended
    expect((await run("run", "flaky.ts")).code).toBe(1)

    const dry = await run("maps", "redrive", "latest", "check", "--dry-run")
    expect(dry).toMatchObject({ code: 0, stderr: "" })
    expect(dry.stdout).toContain("check: 3 instances would run again\n  sum: begins anew\nnothing was done")
    expect((await run("run", "flaky.ts", "--resume")).stderr).toContain("nothing to resume")

    const one = await run("maps", "redrive", "latest", "check", "--index", "4-5", "--json", "--actor", "ada")
    expect(JSON.parse(one.stdout)).toMatchObject({
      dag_id: "flaky",
      is_dry_run: false,
      selected: 1,
      tasks: [{ task_id: "check", selected: 1, downstream: [{ task_id: "sum", runs: "anew" }], notes: [] }],
    })
    writeFileSync(flag, "")
    const again = await run("maps", "redrive", "latest", "check", "--error", "TypeError")
    expect(again.stdout).toContain("check: 2 instances run again")
    expect(again.stdout).toContain("`sluice run <file> --resume` takes it to its end")
    const resumed = await run("run", "flaky.ts", "--resume")
    expect(resumed.stdout).toContain("sum returned 15")
    expect(resumed.code).toBe(0)
    const events = await run("events", "list", "latest", "--json")
    expect(events.stdout).toMatch(/"actor":"ada","event":"redriven"/)
  })

  it.each([
    [["maps", "redrive", "latest", "nobody"], 'DAG "flaky" has no task "nobody"'],
    [
      ["maps", "redrive", "latest", "check", "--index", "7-3"],
      '--index: "7-3" came; expected a map index (5), or two (10-20)',
    ],
    [
      ["maps", "redrive", "latest", "check", "--state", "running"],
      "expected one of failed, skipped, success",
    ],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await project.sluice(...args)
    expect(stderr).toContain(message)
    expect(code).toBeGreaterThan(0)
  })
})

describe("sluice tasks clear", () => {
  it("says what would run, does it with --yes, and keeps the attempts before", async () => {
    const env = { SLUICE_TASK_FLAG: flag }
    const run = (...args: string[]) => project.start(args, env).ended
    const asked = await run("tasks", "clear", "latest", "check")
    expect(asked.stdout).toContain(
      "check: 6 instances would run again\n  sum: begins anew\nnothing was done: say it again with --yes",
    )
    const alone = await run("tasks", "clear", "latest", "check", "--index", "2", "--no-downstream", "--yes")
    expect(alone.stdout).toMatch(/^check: 1 instance run again\nflaky .* is running/)
    expect((await run("run", "flaky.ts", "--resume")).code).toBe(0)
    const cleared = await run("tasks", "clear", "latest", "sum", "--yes")
    expect(cleared.stdout).toContain("sum: 1 instance run again")
    expect((await run("run", "flaky.ts", "--resume")).stdout).toContain("sum returned 15")

    const shown = await run("tasks", "show", "latest", "check", "--index", "1", "--json")
    expect(JSON.parse(shown.stdout)).toMatchObject({
      map_index: 1,
      attempts: [
        { try_number: 1, state: "failed", error: { type: "TypeError" } },
        { try_number: 2, state: "success" },
      ],
    })
    const sum = await run("tasks", "show", "latest", "sum")
    expect(sum.stdout.match(/success/g)).toHaveLength(2)
    expect((await run("tasks", "show", "latest", "check", "--index", "9")).stderr).toContain(
      '"check" has no instance 9',
    )
  })
})
