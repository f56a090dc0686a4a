import { execFile } from "node:child_process"
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { testDatabase } from "@sluice/postgres/testing"
import { expect, it, onTestFinished } from "vitest"
import { makeProject } from "./project.test.fixture.ts"

const workspace = fileURLToPath(new URL("../../../../node_modules", import.meta.url))

async function setup() {
  const database = await testDatabase()
  const project = makeProject({}, database.url)
  onTestFinished(async () => {
    project.remove()
    await database.drop()
  })
  return project
}

it("makes a project whose DAG type-checks and runs", async () => {
  const project = await setup()
  const { code, stdout } = await project.sluice("init", "My Flows", "--no-install")
  expect(code).toBe(0)
  expect(stdout).toContain("Now: cd My Flows && npm install && npx sluice dev")
  const root = join(project.dir, "My Flows")
  expect(readdirSync(root).toSorted()).toEqual([
    ".gitignore",
    "README.md",
    "dags",
    "package.json",
    "tsconfig.json",
  ])
  // What npm install would bring.
  symlinkSync(workspace, join(root, "node_modules"))
  const tsc = join(workspace, ".bin", "tsc")
  await promisify(execFile)(tsc, ["--customConditions", "@sluice/source"], { cwd: root })
  const ran = await project.sluice("run", join("My Flows", "dags", "hello.ts"))
  expect(ran.stdout).toContain('report returned {"sum":20825}')
  expect(ran.code).toBe(0)
}, 60_000)

it("changes nothing in a folder that has one of its files", async () => {
  const project = await setup()
  mkdirSync(dirname(join(project.dir, "old", "package.json")))
  writeFileSync(join(project.dir, "old", "package.json"), "{}")
  const { code, stderr } = await project.sluice("init", "old")
  expect(stderr).toContain(
    "old has package.json already; expected a folder without them. Fix: name another folder",
  )
  expect(code).toBe(2)
  expect(readdirSync(join(project.dir, "old"))).toEqual(["package.json"])
})
