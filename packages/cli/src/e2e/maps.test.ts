import { afterAll, beforeAll, expect, it } from "vitest"
import { mapped, runEffect, serializedDag } from "@sluice/core/testing"
import { openStore } from "@sluice/postgres"
import { testDatabase } from "@sluice/postgres/testing"
import { type Ended, makeProject, type Project } from "./project.test.fixture.ts"

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

/** A run that nobody works on: what is done to its maps stays as it is. */
beforeAll(async () => {
  database = await testDatabase()
  project = makeProject({}, database.url)
  const { store, close } = openStore({ url: database.url, applicationName: "maps" })
  const tasks = [mapped("work", { mapping: { window: 50 } }), { taskId: "report" }, mapped("other")]
  const dag = serializedDag({ dagId: "big", tasks })
  await runEffect(store.registerDag({ dag, bundle: { hash: "h", code: "", sourceMap: null } }))
  const run = { dagId: "big", runId: "r1", runType: "manual", conf: {}, logicalDate: null } as const
  await runEffect(store.createDagRun(run))
  await close()
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

const maps = (verb: string, ...args: string[]) => project.sluice("maps", verb, "r1", ...args)
const json = ({ stdout }: Ended) => JSON.parse(stdout) as Record<string, unknown>

it("pauses and resumes a map, whole or in part", async () => {
  expect((await maps("pause", "work")).stdout).toMatch(/state +waiting, paused/)
  expect((await maps("resume", "work", "--pulling")).stdout).toMatch(/state +waiting, running paused/)
  expect(json(await maps("resume", "work", "--json"))).toMatchObject({
    ...{ task_id: "work", is_pulling_paused: false, is_running_paused: false },
  })
})

it("changes bounds, and shows them", async () => {
  const set = await maps("set", "work", "--window", "200", "--concurrency", "4", "--tolerated-failures", "5%")
  expect(set.stderr).toBe("")
  expect(json(await maps("show", "work", "--json"))).toMatchObject({
    ...{ window: 200, page_size: 10, concurrency: 4, stop_reason: null },
    tolerated_failures: { count: null, ratio: 0.05, min_sample: 100 },
  })
  expect((await maps("list")).stdout).toMatch(/work +waiting +0 +0 +0 +0 +0\/200 +10 +4 +5% of 100 and more/)
  await maps("set", "work", "--concurrency", "none", "--tolerated-failures", "none")
  expect((await maps("show", "work")).stdout).toMatch(/concurrency +none\ntolerated failures +any/)
})

it.each([
  [["set", "work"], "nothing to set was given"],
  [["set", "work", "--window", "0"], '--window: "0" came; expected a whole number from 1 on'],
  [["set", "work", "--page-size", "9999999999"], '--page-size: "9999999999" came'],
  [["set", "work", "--tolerated-failures", "120%"], '--tolerated-failures: "120%" came'],
  [["pause", "report"], 'task "report" is not mapped'],
  [["show", "nobody"], 'DAG "big" has no task "nobody"; expected one of work, report, other'],
])("refuses %j", async ([verb = "", ...args], message) => {
  const { code, stdout, stderr } = await maps(verb, ...args)
  expect({ stdout, isRefused: code !== 0 }).toEqual({ stdout: "", isRefused: true })
  expect(stderr).toContain(message)
})

it("cancels a map for good, and its events tell who did what", async () => {
  const { stdout, code } = await maps("cancel", "other", "--actor", "ada")
  expect({ stdout, code }).toEqual({ stdout: "cancelled other of big r1\n", code: 0 })
  expect((await maps("cancel", "other")).stderr).toContain('map "other" has ended (cancelled)')
  expect((await maps("show", "other")).stdout).toContain("MapCancelled: cancelled by ada")
  const events = await project.sluice("events", "list", "r1")
  expect(events.stdout).toMatch(/ada +map_cancelled +big\/r1\/other +\{"state":"waiting"\}/)
  expect(events.stdout).toContain('"window":{"from":50,"to":200}')
})
