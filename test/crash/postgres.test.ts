import { migrate } from "@sluice/postgres"
import { expect, it, onTestFinished } from "vitest"
import { openDatabase } from "../harness/database.ts"
import { expectEachRan, expectWholeMap } from "../harness/expect-whole.ts"
import { ownServer } from "../harness/own-server.ts"
import { openWorld } from "../harness/world.ts"

const sumBelow = (n: number) => (n * (n - 1)) / 2

it("ends a map of 20,000 right while its connections are killed at random", async () => {
  const world = await openWorld({ dagFiles: ["crowds"], engines: [{ leaseSeconds: 3 }] }, onTestFinished)
  const database = openDatabase(world.url)
  const run = await world.startRun("crowd", { total: 20_000 })
  let killed = 0
  const kill = async () => {
    const rows = await database.query(
      (sql) => sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like 'engine-%'
      order by random() limit 2
    `,
    )
    killed += rows.length
  }
  const end = run.untilEnd(50_000)
  for (let isRunning = true; isRunning;) {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 150)), end])
    isRunning = (await run.row()).state === "running"
    if (isRunning) await kill()
  }
  expect(killed).toBeGreaterThan(5)
  expect(await run.result("sum")).toEqual({ total: sumBelow(20_000), count: 20_000 })
  await expectWholeMap(world, run, "witness", 20_000)
  expectEachRan(run, 20_000)
})

it("goes on by itself when Postgres is stopped, and when it crashes, in the middle of a run", async () => {
  const server = await ownServer()
  await migrate({ url: server.url })
  const options = { url: server.url, dagFiles: ["crowds"], engines: [{ leaseSeconds: 3 }] }
  const world = await openWorld(options, onTestFinished)
  const run = await world.startRun("crowd_chain", { total: 20_000 })
  await run.untilView("negate", "is under way", (view) => view.success > 1_000)
  await server.stop()
  await server.start()
  await run.untilView("negate", "has gone on", (view) => view.success > 3_000)
  await server.crash()
  await server.start()
  await run.untilEnd(45_000)
  expect(await run.result("sum")).toEqual({ total: -2 * sumBelow(10_000), count: 10_000 })
  await expectWholeMap(world, run, "witness", 20_000)
  await expectWholeMap(world, run, "negate", 10_000)
  expectEachRan(run, 20_000)
})

it("says in one line that a database cannot be reached, and what to do", async () => {
  const world = await openWorld({ url: "postgres://nobody:secret@127.0.0.1:1/none" }, onTestFinished)
  const refused = await world.startRun("crowd").catch((error: unknown) => error as Error)
  const message = refused instanceof Error ? refused.message : ""
  expect(message).toMatch(/127\.0\.0\.1:1/)
  expect(message).not.toMatch(/secret|\n/)
})
