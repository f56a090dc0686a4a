import { expect, it } from "vitest"
import { openDatabase } from "../harness/database.ts"
import { eventually } from "../harness/eventually.ts"
import { expectEachRan, expectWholeMap } from "../harness/expect-whole.ts"
import { openWorld, type RunningEngine } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["crowds"] })
const sumBelow = (n: number) => (n * (n - 1)) / 2

async function stopAll(engines: readonly RunningEngine[]): Promise<void> {
  await Promise.all(engines.map((engine) => engine.stop()))
}

it("shares a map of 30,000 among three engines: each index is recorded once", async () => {
  const engines = [1, 2, 3].map(() => world.startEngine())
  const run = await world.startRun("crowd", { total: 30_000 })
  await run.untilEnd()
  await stopAll(engines)
  expect(await run.result("sum")).toEqual({ total: sumBelow(30_000), count: 30_000 })
  await expectWholeMap(world, run, "witness", 30_000)
  expect(expectEachRan(run, 30_000)).toBe(30_000)
  expect(new Set(run.records.all("ran").map((fact) => fact.pid)).size).toBe(3)
})

it("loses nothing when two of three engines crash in the middle: the third takes over", async () => {
  const engines = [1, 2, 3].map(() => world.startEngine({ leaseSeconds: 2 }))
  const run = await world.startRun("crowd_chain", { total: 12_000 })
  await run.untilView("negate", "is under way", (view) => view.success > 500)
  await engines[0]?.crash()
  await run.untilView("negate", "has gone on", (view) => view.success > 1_500)
  await engines[1]?.crash()
  await run.untilEnd()
  await stopAll(engines)
  expect(await run.result("sum")).toEqual({ total: -2 * sumBelow(6_000), count: 6_000 })
  await expectWholeMap(world, run, "witness", 12_000)
  await expectWholeMap(world, run, "negate", 6_000)
  expectEachRan(run, 12_000)
  expectEachRan(run, 6_000, "negated")
})

it("goes on when every engine has crashed and a new one comes", async () => {
  const run = await world.startRun("slow_crowd", { total: 3_000 })
  for (let crash = 1; crash <= 3; crash++) {
    const engine = world.startEngine({ leaseSeconds: 1 })
    await run.untilView("slow", "has gone on", (view) => view.success >= crash * 500)
    await engine.crash()
  }
  const last = world.startEngine({ leaseSeconds: 1 })
  await run.untilEnd()
  await last.stop()
  await expectWholeMap(world, run, "slow", 3_000)
  expect(expectEachRan(run, 3_000)).toBeLessThan(4_500)
})

it("holds nothing any more when an engine was stopped in order, at whatever moment", async () => {
  const database = openDatabase(world.url)
  const run = await world.startRun("slow_crowd", { total: 4_000 })
  for (let stop = 1; stop <= 8; stop++) {
    const engine = world.startEngine({ leaseSeconds: 600, name: `stopped-${stop}` })
    const before = (await run.view("slow")).success
    await run.untilView(
      "slow",
      "has gone on",
      (view) => view.success > before + 20 * stop || view.created === 4_000,
    )
    await engine.stop()
    const [held] = await database.query<{ leases: number; expansions: number }>(
      (sql) => sql`
      select
        (select count(*)::int from lease where worker_id = ${engine.name}) as leases,
        (select count(*)::int from expansion where runner_id = ${engine.name} and runner_expires_at > now()) as expansions
    `,
    )
    expect(held).toEqual({ leases: 0, expansions: 0 })
  }
  const last = world.startEngine({ leaseSeconds: 600 })
  await run.untilEnd()
  await last.stop()
  await expectWholeMap(world, run, "slow", 4_000)
  const opened = run.records.count("opened")
  await eventually("each source that was opened is closed", () =>
    run.records.count("closed") === opened ? true : undefined,
  )
})

it("divides the roles: engines that only schedule, only pull or only work do a run together", async () => {
  const engines = [["scheduler", "rescuer"] as const, ["expander"] as const, ["worker"] as const].map(
    (roles) => world.startEngine({ roles }),
  )
  const run = await world.startRun("crowd_chain", { total: 2_000 })
  await run.untilEnd()
  await stopAll(engines)
  expect(await run.result("sum")).toEqual({ total: -2 * sumBelow(1_000), count: 1_000 })
})
