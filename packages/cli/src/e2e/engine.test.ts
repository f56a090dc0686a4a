import { afterAll, beforeAll, expect, it } from "vitest"
import { engineRoles } from "@sluice/core/engine"
import { testDatabase } from "@sluice/postgres/testing"
import { dagFiles } from "./dag-files.test.fixture.ts"
import { makeProject, type Project } from "./project.test.fixture.ts"

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject(dagFiles, database.url)
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

async function roles(): Promise<Record<string, unknown>[]> {
  const { stdout } = await project.sluice("roles", "--json")
  const lines = stdout.split("\n").slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

it("plays the roles it is told to, is listed while it lives, and ends with 0", async () => {
  const engine = project.start(["engine", "--roles", "worker, rescuer"])
  await engine.until("plays worker, rescuer")
  const seen = await until(roles, (rows) => rows.length === 2)
  expect(new Set(seen.map(({ role }) => role))).toEqual(new Set(["rescuer", "worker"]))
  expect(seen[0]).toMatchObject({ health: "alive", pid: engine.child.pid, died_at: null })
  const table = await project.sluice("roles")
  expect(table.stdout).toMatch(/^role +health +heard of +engine +host +process +since\n/)
  expect(table.stdout).toMatch(/worker +alive +\d+ s ago/)
  engine.child.kill("SIGTERM")
  expect(await engine.ended).toMatchObject({ code: 0, stderr: "" })
  expect(await roles()).toEqual([])
})

it("tells its metrics to this machine where it is told to", async () => {
  const engine = project.start(["engine", "--roles", "scheduler,rescuer", "--metrics-port", "0", "--json"])
  await engine.until('"type":"started"')
  const [line = ""] = engine.stdout().split("\n")
  const { type, url } = JSON.parse(line) as { type: string; url: string }
  expect([type, new URL(url).hostname]).toEqual(["metrics", "127.0.0.1"])
  const told = () => fetch(url).then((answer) => answer.text())
  const text = await until(told, (so) => so.includes('sluice_turn_seconds_count{loop="scheduler"}'))
  expect(text).toContain('sluice_store_call_seconds_bucket{le="+Inf",operation="dueExpansions"}')
  engine.child.kill("SIGTERM")
  expect(await engine.ended).toMatchObject({ code: 0, stderr: "" })
})

it("refuses a role that there is not, and a database that it cannot reach", async () => {
  const role = await project.sluice("engine", "--roles", "worker,cook")
  expect(role).toMatchObject({ code: 2, stdout: "" })
  expect(role.stderr).toContain(`--roles: "cook" came; expected some of ${engineRoles.join(", ")}`)
  const away = await project.sluice("engine", "--database-url", "postgres://nobody@127.0.0.1:1/none")
  expect(away).toMatchObject({ code: 1, stdout: "" })
  expect(away.stderr.trimEnd().split("\n")).toHaveLength(1)
  expect(away.stderr).toContain("127.0.0.1:1")
})

/** Asks until the answer is as it should be. The test's own time limit ends it. */
async function until<A>(ask: () => Promise<A>, isSo: (answer: A) => boolean): Promise<A> {
  for (;;) {
    const answer = await ask()
    if (isSo(answer)) return answer
  }
}
