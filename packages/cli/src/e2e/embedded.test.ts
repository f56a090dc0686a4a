import { existsSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { dagFiles } from "./dag-files.test.fixture.ts"
import { makeProject, type Project } from "./project.test.fixture.ts"

let project: Project

beforeAll(() => {
  project = makeProject(dagFiles, "")
})

afterAll(() => project.remove())

/** The server of the project's folder leaves this file as long as it runs. */
const isServerRunning = () => existsSync(join(project.dir, ".sluice", "postgres", "data", "postmaster.pid"))

describe("a project without a database", () => {
  it("says so to a command that only looks, and makes none", async () => {
    const { code, stderr } = await project.sluice("runs", "list")
    expect(stderr).toContain("there is no database here")
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
    expect(code).toBe(1)
    expect(existsSync(join(project.dir, ".sluice"))).toBe(false)
  })

  it("gets one with its first run, follows it from another command, and is left stopped", async () => {
    const running = project.start(["run", "slow.ts", "--run-id", "first"], { SLUICE_TASK_STUCK: "1" })
    await running.until("done=10")
    const following = project.start(["logs", "first", "work", "--follow"])
    await following.until("work[3]  at 3")
    expect(following.child.exitCode).toBeNull()
    expect(isServerRunning()).toBe(true)
    running.child.kill("SIGINT")
    expect((await running.ended).code).toBe(130)
    const followed = await following.ended
    expect(followed.stdout.trimEnd().split("\n")).toHaveLength(10)
    expect(followed.stderr).toBe("")
    expect(followed.code).toBe(0)
    expect(isServerRunning()).toBe(false)
  }, 60_000)

  it("keeps its runs between commands", async () => {
    const resumed = await project.sluice("run", "slow.ts", "--resume")
    expect(resumed.stdout).toContain("sum returned 780")
    expect(resumed.code).toBe(0)
    const list = await project.sluice("runs", "list", "--json")
    expect(JSON.parse(list.stdout)).toMatchObject({ run_id: "first", state: "success" })
    expect(isServerRunning()).toBe(false)
  }, 60_000)
})
