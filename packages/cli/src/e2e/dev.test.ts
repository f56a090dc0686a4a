import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { testDatabase } from "@sluice/postgres/testing"
import { makeProject, type Project } from "./project.test.fixture.ts"

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject({}, database.url)
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

const dagText = (factor: number) => `
import { dag, task } from "sluice"
import { factor } from "./_factor.ts"
const scale = task("scale", async (n: number) => n * factor * ${factor})
const sum = task("sum", async ({ all }: { all: AsyncIterable<number> }) => {
  let total = 0
  for await (const n of all) total += n
  return total
})
export default dag("scaled", () => sum({ all: scale.expand([1, 2, 3]) }))
`

function write(name: string, text: string): void {
  writeFileSync(join(project.dir, "dags", name), text)
}

/** Triggers the DAG, and gives what its last task left. */
async function resultOf(runId: string): Promise<unknown> {
  const triggered = await project.sluice("dags", "trigger", "scaled", "--run-id", runId)
  expect(triggered).toMatchObject({ code: 0, stderr: "" })
  // Follows the run to its end.
  await project.sluice("logs", runId, "--follow")
  return JSON.parse((await project.sluice("xcom", "get", runId, "sum")).stdout)
}

describe("sluice dev", () => {
  it("refuses a folder that is not there, in one line", async () => {
    const { code, stderr } = await project.sluice("dev")
    expect(stderr).toContain("dags is no folder; expected a folder of DAG files. Fix: make it (`mkdir dags`)")
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
    expect(code).toBe(2)
  })

  it("runs what is in the folder, in the version that is there when a run is made", async () => {
    mkdirSync(join(project.dir, "dags"))
    write("_factor.ts", "export const factor = 1")
    write("scaled.ts", dagText(10))
    const dev = project.start(["dev", "--port", "0"])
    await dev.until("scaled.ts: scaled (new version)")
    expect(await resultOf("first")).toBe(60)
    const [, api] = /listening on (\S+)/.exec(dev.stdout()) ?? []
    const health = await fetch(`${api}/monitor/health`)
    expect(await health.json()).toMatchObject({ dag_processor: { status: "healthy" } })
    write("broken.ts", "export const = 1")
    await dev.until("broken.ts: cannot be used: SyntaxError: broken.ts:1:14: Unexpected token")
    const errors = await project.sluice("dags", "errors", "--json")
    expect(JSON.parse(errors.stdout)).toMatchObject({ path: "broken.ts", error: { type: "SyntaxError" } })
    expect(errors.code).toBe(1)
    write("_factor.ts", "export const factor = 7")
    rmSync(join(project.dir, "dags", "broken.ts"))
    await dev.until("broken.ts: gone")
    await dev.until("scaled.ts: scaled (new version)", 2)
    expect(await resultOf("second")).toBe(420)
    expect((await project.sluice("dags", "errors")).code).toBe(0)
    const versions = await project.sluice("dags", "versions", "scaled", "--limit", "2")
    const [titles, ...lines] = versions.stdout.trimEnd().split("\n")
    expect(titles).toMatch(/^version +stored +bundle$/)
    expect(lines.map((line) => line.split(/ +/)[0])).toEqual(["2", "1"])
    const unknown = await project.sluice("dags", "versions", "scale")
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining(`DAG "scale" does not exist`)])
    dev.child.kill("SIGTERM")
    const { code, stdout, stderr } = await dev.ended
    expect(stdout).toContain("stopped: everything it held is recorded")
    expect(stderr).toBe("")
    expect(code).toBe(0)
  }, 120_000)

  it("looks at a folder once for a program", async () => {
    write("twin.ts", dagText(1))
    const { code, stdout } = await project.sluice("dag-processor", "--once", "--json")
    const news = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(news.map((file) => [file["path"], file["outcome"]])).toEqual([
      ["scaled.ts", "unchanged"],
      ["twin.ts", "broken"],
    ])
    expect(news[1]).toMatchObject({
      error: { type: "DuplicateDag", message: expect.stringContaining("scaled.ts as well") as string },
    })
    expect(code).toBe(1)
  }, 60_000)
})
