import { expect, it } from "vitest"
import { untilSteady } from "../harness/eventually.ts"
import type { Run } from "../harness/run.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["windows"], engines: [{}] })

/** Longer than any poll of the engine: what has not moved for so long waits for something. */
const standstillMs = 1_200

/** Items that the run's source has given so far. */
function given(run: Run): number {
  return run.records.all("pulled").reduce((sum, fact) => sum + Number(fact["size"]), 0)
}

it("never has more unfinished instances than the window and one page", async () => {
  const run = await world.startRun("steady", { total: 2_000 })
  let peak = 0
  let samples = 0
  for (let isRunning = true; isRunning; samples++) {
    const { created, success, failed, skipped } = await run.view("work")
    peak = Math.max(peak, created - success - failed - skipped)
    isRunning = (await run.row()).state === "running"
  }
  expect(samples).toBeGreaterThan(20)
  expect(peak).toBeGreaterThan(20)
  expect(peak).toBeLessThanOrEqual(120)
  expect((await run.view("work")).unfinishedPeak).toBeLessThanOrEqual(120)
  expect(await run.result("count")).toBe(2_000)
})

it("holds back the first source while the last map of a chain is slow, and lets it go on after", async () => {
  const run = await world.startRun("held_back", { total: 1_000 })
  await run.untilView("last", "is full", (view) => view.created === 50)
  await untilSteady("what the source gave", async () => given(run), standstillMs)
  // Each map may hold one window that the next has not taken; the last has its own under way.
  expect(given(run)).toBeGreaterThanOrEqual(50)
  expect(given(run)).toBeLessThanOrEqual(150 + 10)
  for (const task of ["first", "second", "last"]) {
    expect((await run.view(task)).unfinishedPeak).toBeLessThanOrEqual(60)
  }
  run.records.raise("go")
  await run.untilEnd()
  expect(await run.result("count")).toBe(1_000)
})

it("runs the first page's items before the second page is there", async () => {
  const run = await world.runToEnd("first_things_first", { total: 30 })
  expect(await run.result("count")).toBe(30)
  const order = run.records.all().map((fact) => fact.what)
  expect(order.indexOf("ran")).toBeLessThan(order.indexOf("pulled", order.indexOf("pulled") + 1))
  // The second page may be pulled between the end of the first item and its record.
  expect((await run.view("run")).pullsAtFirstSuccess).toBeLessThanOrEqual(2)
})

it("runs a second map's items before the first map's source has gone on", async () => {
  const run = await world.runToEnd("chain_first", { total: 30 })
  expect(await run.result("count")).toBe(30)
  const order = run.records.all().map((fact) => fact.what)
  expect(order.indexOf("ran")).toBeLessThan(order.indexOf("pulled", order.indexOf("pulled") + 1))
})

it("pulls no page beyond the window while all consumers wait", async () => {
  const run = await world.startRun("blocked")
  await run.untilView("wait", "is full", (view) => view.created === 60)
  await untilSteady("what the source gave", async () => given(run), standstillMs)
  expect(run.records.all("pulled").map((fact) => fact["from"])).toEqual([0, 20, 40])
  expect(run.records.count("closed")).toBe(0)
  run.records.raise("go")
  await run.untilEnd()
  expect(await run.result("count")).toBe(1_000)
  expect(given(run)).toBe(1_000)
})

it("ends over an endless source as soon as it has taken enough, and closes the source once", async () => {
  const run = await world.runToEnd("endless_taken")
  expect((await run.row()).state).toBe("success")
  expect(await run.result("count")).toBe(10_000)
  expect(await run.view("noop")).toMatchObject({ created: 10_000, success: 10_000, exhausted: true })
  expect(given(run)).toBe(10_000)
  expect(run.records.count("opened")).toBe(1)
  expect(run.records.count("closed")).toBe(1)
})

it("ends an endless run by hand: the source is closed once, no page beyond the window was pulled", async () => {
  const run = await world.startRun("endless_for_ever")
  await run.untilView("pass", "is under way", (view) => view.success > 300)
  expect(await run.cancel()).toBe(true)
  expect(await run.row()).toMatchObject({ state: "failed", isCancelled: true, note: "cancelled by the test" })
  await untilSteady("what user code records", async () => run.records.all().length, standstillMs)
  expect(run.records.count("closed")).toBe(run.records.count("opened"))
  expect(run.records.count("opened")).toBe(1)
  const { created, success, unfinishedPeak } = await run.view("work")
  expect(unfinishedPeak).toBeLessThanOrEqual(125)
  expect(created - success).toBeLessThanOrEqual(125)
  // A page pulled at the very moment of the cancel may be one that nobody has seen.
  expect(given(run)).toBeLessThanOrEqual(created + 25)
  expect(await run.states()).toEqual({ endless: "cancelled", work: "cancelled", pass: "cancelled" })
})

it("ends a source that waits for its page for ever when its run is cancelled", async () => {
  const run = await world.startRun("endless_stuck")
  await run.untilView("noop", "has its first page", (view) => view.success === 3)
  await run.cancel()
  await untilSteady("what user code records", async () => run.records.all().length, standstillMs)
  expect(run.records.count("closed")).toBe(1)
  const next = await world.runToEnd("first_things_first", { total: 5 })
  expect(await next.result("count")).toBe(5)
})

it("goes on where a cancelled run stood when it is resumed", async () => {
  const run = await world.startRun("held_back", { total: 200 })
  await run.untilView("last", "is full", (view) => view.created === 50)
  await run.cancel()
  run.records.raise("go")
  expect(await run.resume()).toBe(true)
  expect((await run.untilEnd()).state).toBe("success")
  expect(await run.result("count")).toBe(200)
  const froms = run.records.all("pulled").map((fact) => fact["from"])
  // A page that was pulled and not committed is the only one that may be pulled again.
  expect(froms.length - new Set(froms).size).toBeLessThanOrEqual(1)
})
