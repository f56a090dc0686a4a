import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { testDatabase } from "@sluice/postgres/testing"
import { afterAll, beforeAll, expect, it } from "vitest"
import { makeProject, type Project } from "./project.test.fixture.ts"

const growing = `
import { readFileSync } from "node:fs"
import { dag, page, source, task } from "sluice"
const lines = source("lines", async function* ({ cursor = 0 }: { cursor?: number }) {
  const all = readFileSync(process.env["SLUICE_TASK_LINES"] ?? "", "utf8").split("\\n").filter(Boolean)
  yield page(all.slice(cursor), null, { resume: all.length })
})
const load = task("load", async (line: string, ctx) => {
  ctx.log.info("loaded " + line)
  return line
})
const join = task("join", async ({ all }: { all: AsyncIterable<string> }) => {
  let text = ""
  for await (const line of all) text += line
  return text
})
export default dag("growing", () => {
  join({ all: load.iterate(lines()) })
})
`

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject({ "growing.ts": growing }, database.url)
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

it("extends a run that has ended, which goes on to its end by --resume", async () => {
  const file = join(project.dir, "lines.txt")
  const run = (...args: string[]) => project.start(args, { SLUICE_TASK_LINES: file }).ended
  writeFileSync(file, "a\nb\n")
  expect((await run("run", "growing.ts", "--run-id", "first")).stdout).toContain('join returned "ab"')

  writeFileSync(file, "a\nb\nc\nd\n")
  const dry = await run("maps", "extend", "first", "load", "--dry-run")
  expect(dry.stdout).toBe(
    "load: would go on where it ended\njoin: would begin anew\nnothing was done: say it again without --dry-run\n",
  )
  expect((await run("run", "growing.ts", "--resume")).stderr).toContain("nothing to resume")

  const extended = await run("maps", "extend", "first", "lines", "--actor", "ada", "--json")
  expect(JSON.parse(extended.stdout)).toEqual({
    dag_id: "growing",
    run_id: "first",
    is_dry_run: false,
    tasks: [
      { task_id: "load", does: "go on" },
      { task_id: "join", does: "begin anew" },
    ],
  })
  const again = await run("maps", "extend", "first", "load")
  expect(again).toMatchObject({ code: 1 })
  expect(again.stderr).toContain('run "first" is running; expected one that has ended. Fix: wait for its end')

  const resumed = await run("run", "growing.ts", "--resume")
  expect(resumed.stdout).toContain('join returned "abcd"')
  expect(resumed.code).toBe(0)
  const logged = await run("logs", "first", "load")
  expect(logged.stdout.match(/loaded ./g)).toEqual(["loaded a", "loaded b", "loaded c", "loaded d"])
  expect((await run("events", "list", "first", "--json")).stdout).toMatch(/"actor":"ada","event":"extended"/)

  const refused = await run("maps", "extend", "first", "join")
  expect(refused.stderr).toContain(
    'task "join" is not mapped, so it has no stream. Fix: name a map or a source',
  )
})
