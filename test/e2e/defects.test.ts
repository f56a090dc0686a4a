/**
 * The ten defects of the proof of concept that Airflow's lazy expansion (AIP-88) came with: one test each, by number, that
 * fails on an implementation that has it.
 */
import { expect, it, onTestFinished } from "vitest"
import { openDatabase, usage } from "../harness/database.ts"
import { eventually, untilSteady } from "../harness/eventually.ts"
import type { Run } from "../harness/run.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["defects"] })
const standstillMs = 1_200

const sumBelow = (n: number) => (n * (n - 1)) / 2
const froms = (run: Run) => run.records.all("pulled").map((fact) => fact["from"])

function expectEachOnce(run: Run, total: number): void {
  const times = run.records.times("ran", "n")
  expect(times.size).toBe(total)
  expect([...times.values()].every((count) => count === 1)).toBe(true)
}

/** Runs with engines that are there for this test alone. */
async function withEngines<A>(count: number, use: () => Promise<A>): Promise<A> {
  const engines = Array.from({ length: count }, () => world.startEngine({ leaseSeconds: 5 }))
  try {
    return await use()
  } finally {
    await Promise.all(engines.map((engine) => engine.stop()))
  }
}

it("1: gives each item of a page of many once, in order, none lost and none twice", async () => {
  const run = await withEngines(1, () => world.runToEnd("pages_of_many", { total: 105 }))
  expectEachOnce(run, 105)
  expect(run.records.all("ran").every((fact) => fact["n"] === fact["mapIndex"])).toBe(true)
  const results = await Promise.all([0, 1, 19, 20, 21, 104].map((index) => run.result("keep", index)))
  expect(results).toEqual([0, 1, 19, 20, 21, 104])
})

/** What a run of this many items reads and leaves in a database that nothing else has used. */
async function costOf(total: number): Promise<{ storedBytes: number; readBlocks: number }> {
  const alone = await openWorld({ dagFiles: ["defects"] }, onTestFinished)
  const engine = alone.startEngine()
  const warmUp = await alone.runToEnd("weighty", { total: 100 })
  expect(await warmUp.result("sum")).toBe(sumBelow(100))
  await engine.stop()
  const database = openDatabase(alone.url)
  const before = await usage(database)
  const second = alone.startEngine()
  await alone.runToEnd("weighty", { total })
  // Its connections flush what they have counted when they end.
  await second.stop()
  const after = await untilSteady("the statistics", () => usage(database), 300)
  return {
    storedBytes: after.storedBytes - before.storedBytes,
    readBlocks: after.readBlocks - before.readBlocks,
  }
}

it("2 and 8: writes and reads as much for each item of many as for each of few", async () => {
  const few = await costOf(2_000)
  const many = await costOf(10_000)
  expect(many.storedBytes / few.storedBytes).toBeLessThan(5 * 1.3)
  expect(many.readBlocks / few.readBlocks).toBeLessThan(5 * 1.3)
})

it("3: goes on at the committed cursor after a crash, and never from the start", async () => {
  const first = world.startEngine({ leaseSeconds: 1 })
  const run = await world.startRun("waiting", { total: 200 })
  await run.untilView("waits", "is full", (view) => view.created === 60)
  await untilSteady("what was pulled", async () => froms(run), 500)
  await first.crash()
  run.records.raise("go")
  await withEngines(1, () => run.untilEnd())
  expect(await run.result("sum")).toBe(sumBelow(200))
  expect(run.records.all("opened").map((fact) => fact["cursor"])).toEqual([0, 60])
  expect(new Set(froms(run)).size).toBe(froms(run).length)
})

it("4: uses every page that comes, and collects none beyond what is used", async () => {
  const run = await withEngines(1, () => world.runToEnd("taken_from_endless"))
  expect(await run.result("sum")).toBe(sumBelow(30))
  expect(froms(run)).toEqual([0, 10, 20])
})

it("5: makes each item once although two expanders pull the same expansion", async () => {
  const database = openDatabase(world.url)
  const run = await withEngines(2, async () => {
    const started = await world.startRun("unhurried", { total: 300 })
    for (let takeover = 1; takeover <= 4; takeover++) {
      await started.untilView("keep", "has moved", (view) => view.created >= takeover * 40)
      // As if the lease had run out under a runner that is alive, and does not know it yet.
      await database.query(
        (sql) => sql`
        update expansion set runner_expires_at = '-infinity'
        where dag_run_id = ${started.id} and state = 'open' and kind = 'mapped'
      `,
      )
      world.store.wake("open")
    }
    await started.untilEnd()
    return started
  })
  expectEachOnce(run, 300)
  expect(await run.result("sum")).toBe(sumBelow(300))
  expect(run.records.count("opened")).toBeGreaterThan(1)
  expect(run.records.count("closed")).toBe(run.records.count("opened"))
})

it("6: stops expanding whatever ends or pauses a run, and not only a failure", async () => {
  const database = openDatabase(world.url)
  await withEngines(1, async () => {
    const cancelled = await world.startRun("waiting", { total: 1_000 })
    await cancelled.untilView("waits", "is full", (view) => view.created === 60)
    await cancelled.cancel()
    cancelled.records.raise("go")
    const paused = await world.startRun("paused", { total: 50 })
    await untilSteady(
      "both",
      async () => [froms(cancelled), (await paused.view("keep")).created],
      standstillMs,
    )
    expect(await cancelled.view("waits")).toMatchObject({ created: 60, state: "cancelled" })
    expect(froms(cancelled)).toEqual([0, 20, 40])
    expect(froms(paused)).toEqual([])
    await database.query(
      (sql) => sql`update expansion set is_pulling_paused = false where dag_run_id = ${paused.id}`,
    )
    world.store.wake("progress")
    await paused.untilEnd()
    expect(await paused.result("sum")).toBe(sumBelow(50))
  })
})

it("7: starts no reduce, and nothing with any trigger rule, on a part of the stream", async () => {
  await withEngines(1, async () => {
    const run = await world.startRun("interrupted", { total: 60 })
    await run.untilView("keep", "has ended its first page", (view) => view.success === 20)
    await untilSteady("the states", () => run.states(), standstillMs)
    expect(await run.states()).toMatchObject({ keep: "open", sum: "waiting", after: "waiting" })
    expect(run.records.count("reduced")).toBe(0)
    run.records.raise("go")
    await run.untilEnd()
    expect(await run.result("sum")).toBe(sumBelow(60))
    expect(run.records.count("reduced")).toBe(2)
  })
})

it("9: retries a source that fails by its policy, then fails the expansion with the error to be seen", async () => {
  const run = await withEngines(1, () => world.runToEnd("refusing", { total: 100 }))
  expect(run.records.count("threw")).toBe(3)
  expect(await run.states()).toEqual({ broken: "failed", keep: "upstream_failed", sum: "upstream_failed" })
  expect((await run.view("broken")).streamError).toMatchObject({ message: "503 from the API" })
  expectEachOnce(run, 40)
})

it("10: lets no source that waits hold up the sources of other DAGs", async () => {
  await withEngines(1, async () => {
    const stuck = await Promise.all(Array.from({ length: 12 }, () => world.startRun("stuck_for_ever")))
    await eventually("all of them wait", () =>
      stuck.every((run) => run.records.count("opened") === 1) ? true : undefined,
    )
    const run = await world.runToEnd("pages_of_many", { total: 100 })
    expect(await run.result("sum")).toBe(sumBelow(100))
    for (const one of stuck) await one.cancel()
  })
})
