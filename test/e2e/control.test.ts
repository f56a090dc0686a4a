import { expect, it } from "vitest"
import { eventually, untilSteady } from "../harness/eventually.ts"
import type { Run } from "../harness/run.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["control"], engines: [{}, {}] })

/** Longer than any poll of the engine: what has not moved for so long waits for something. */
const standstillMs = 1_200

/** How soon running code must have its signal once it was cancelled. */
const abortMs = 1_000

/** Every instance has ended as exactly one thing. */
async function expectAddsUp(run: Run, taskId: string): Promise<void> {
  const { created, success, failed, skipped, upstreamFailed, running } = await run.view(taskId)
  expect(running).toBe(0)
  expect(success + failed + skipped + upstreamFailed).toBe(created)
  const states = await run.instanceStates(taskId)
  expect(states).toHaveLength(created)
  expect(states.filter((state) => state === "failed")).toHaveLength(failed)
}

it("pauses the running of a map: what is leased ends, nothing more begins, and it goes on when resumed", async () => {
  const run = await world.startRun("steered", { total: 600 })
  await run.untilView("work", "is under way", (view) => view.success > 20)
  await run.changeMap("work", { isRunningPaused: true })
  const ended = async () => (await run.view("work")).success
  const before = await untilSteady("what has ended", ended, standstillMs)
  expect(before).toBeLessThan(600)
  const paused = await run.view("work")
  expect(paused).toMatchObject({ running: 0, isRunningPaused: true, isPullingPaused: false })
  // Pulling goes on until the window is full.
  expect(paused.created).toBeGreaterThan(before)
  await run.changeMap("work", { isRunningPaused: false })
  expect((await run.untilEnd()).state).toBe("success")
  expect(await run.result("count")).toBe(600)
  expect(run.records.count("ran")).toBe(600)
})

it("pauses the pulling of a map: what exists ends, and its source is read no further", async () => {
  const run = await world.startRun("steered", { total: 600 })
  await run.untilView("work", "is under way", (view) => view.success > 20)
  await run.changeMap("work", { isPullingPaused: true })
  const created = async () => (await run.view("work")).created
  const before = await untilSteady("what was created", created, standstillMs)
  expect(before).toBeLessThan(600)
  expect((await run.view("work")).success).toBe(before)
  await run.changeMap("work", { isPullingPaused: false })
  expect((await run.untilEnd()).state).toBe("success")
  expect(await run.result("count")).toBe(600)
  expect((await run.events()).map(({ event, actor }) => [event, actor])).toEqual([
    ["map_paused", "tester"],
    ["map_resumed", "tester"],
  ])
})

it("resizes a map while it runs: window, page and concurrency count at once", async () => {
  const run = await world.startRun("counted", { total: 60 })
  await eventually("one runs", () => run.records.count("began") === 1 || undefined)
  await run.untilView("hold", "its window is full", (view) => view.created === 40)
  await run.changeMap("hold", { concurrency: 3 })
  await eventually("three run", () => run.records.count("began") === 3 || undefined)
  await run.changeMap("hold", { concurrency: 1, window: 10, pageSize: 5 })
  for (const n of [0, 1]) run.records.raise(`let_${n}`)
  await run.untilView("hold", "two have ended", (view) => view.success === 2)
  await untilSteady("what has begun", async () => run.records.count("began"), standstillMs)
  expect(run.records.count("began")).toBe(3)
  for (let n = 2; n < 60; n++) run.records.raise(`let_${n}`)
  expect((await run.untilEnd()).state).toBe("success")
  const pulled = run.records.all("pulled").map((fact) => Number(fact["size"]))
  expect(pulled.slice(0, 4)).toEqual([10, 10, 10, 10])
  expect(pulled.slice(4)).toEqual([5, 5, 5, 5])
  const late = run.records.all("began").slice(3)
  expect(Math.max(...late.map((fact) => Number(fact["running"])))).toBe(1)
})

it.each([
  ["limited_by_count", /^\d+ instances failed, and 3 are tolerated$/],
  ["limited_by_share", /^\d+ of \d+ ended instances failed, and a share of 0\.1 is tolerated$/],
  ["limited_to_none", /^\d+ instances failed, and 0 are tolerated$/],
])("%s: stops, fails and says why, and its totals add up", async (dagId, reason) => {
  const run = await world.startRun(dagId, { total: 100_000 })
  expect((await run.untilEnd()).state).toBe("failed")
  expect(await run.states()).toMatchObject({ work: "failed" })
  const view = await run.view("work")
  expect(view.stopReason).toMatchObject({ type: "TooManyFailures", message: expect.stringMatching(reason) })
  expect(view.created).toBeLessThan(5_000)
  await expectAddsUp(run, "work")
  await expectAddsUp(run, "follow")
  const [skipped] = await run.instances("work", ["skipped"])
  if (skipped !== undefined) expect(skipped.error).toMatchObject({ type: "MapStopped" })
  expect(run.records.count("closed")).toBe(run.records.count("opened"))
  const logs = (await run.logs("work")).filter(({ level }) => level === "error")
  expect(logs.map(({ message }) => message)).toContainEqual(expect.stringContaining("was stopped"))
  expect(await run.events()).toMatchObject([{ event: "map_stopped", actor: "sluice", taskId: "work" }])
})

it("cancels one map: its code is aborted within a second, what follows fails, the others go on", async () => {
  const run = await world.startRun("endless", { total: 1_000 })
  await eventually("some hang", () => run.records.count("began") > 0 || undefined)
  await run.untilView("hang", "its window is full", (view) => view.created === 40)
  const at = Date.now()
  await run.cancelMap("hang")
  const first = await eventually("one is aborted", () => run.records.all("aborted")[0])
  expect(first["isAborted"]).toBe(true)
  expect(first.at - at).toBeLessThan(abortMs)
  run.records.raise("go")
  expect((await run.untilEnd()).state).toBe("failed")
  expect(await run.states()).toMatchObject({ hang: "cancelled", after: "upstream_failed", work: "success" })
  await eventually(
    "all are aborted",
    () => run.records.count("aborted") === run.records.count("began") || undefined,
  )
  await eventually("the source is closed", () => run.records.count("closed") === 2 || undefined)
})

it("fails a run that takes longer than its timeout, and aborts what runs", async () => {
  const run = await world.startRun("impatient")
  await eventually("it runs", () => run.records.count("began") > 0 || undefined)
  const row = await run.untilEnd()
  expect(row).toMatchObject({ state: "failed", note: expect.stringContaining("timed out") })
  await eventually(
    "it is aborted",
    () => run.records.count("aborted") === run.records.count("began") || undefined,
  )
  expect(await run.events()).toMatchObject([{ event: "dag_run_timed_out", actor: "sluice" }])
})
