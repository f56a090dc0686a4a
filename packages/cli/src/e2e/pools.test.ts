import { afterAll, beforeAll, expect, it } from "vitest"
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
