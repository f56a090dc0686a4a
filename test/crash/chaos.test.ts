/**
 * Real processes, several for each role, while something goes wrong all the time: they are killed at random moments, their
 * connections are, Postgres is away, its disk is full, a process is stopped past its lease and goes on.
 *
 * Each time the run ends with nothing lost and nothing doubled, and no process dies by itself or hangs.
 * SLUICE_CHAOS_SEEDS says how many seeds the random kills try.
 */
import { migrate } from "@sluice/postgres"
import { expect, it, onTestFinished } from "vitest"
import { Fleet } from "../harness/chaos/fleet.ts"
import { seeded } from "../harness/chaos/seeded.ts"
import { judge } from "../harness/chaos/verdict.ts"
import { openDatabase } from "../harness/database.ts"
import { eventually, untilSteady } from "../harness/eventually.ts"
import { ownServer } from "../harness/own-server.ts"
import type { Run } from "../harness/run.ts"
import { openWorld, type World } from "../harness/world.ts"

const seeds = Number(process.env["SLUICE_CHAOS_SEEDS"] ?? 2)
/** Enough that the run is not over before the last kill. */
const total = 600
const kills = 10
const runMsMax = 60_000

/** What a process says while the database is away: never an error, which would be a bug. */
const away = /^\S+: Warn: /

async function openFleet(url?: string): Promise<{ world: World; fleet: Fleet }> {
  const world = await openWorld({ dagFiles: ["chaos"], ...(url !== undefined && { url }) }, onTestFinished)
  const fleet = new Fleet(world)
  onTestFinished(async () => void (await Promise.all(fleet.living.map((child) => child.kill()))))
  return { world, fleet }
}

/** Ends the run and its processes, and looks whether all is right. */
async function expectRight(world: World, fleet: Fleet, run: Run, alsoExpected?: RegExp): Promise<void> {
  expect((await run.untilEnd(runMsMax)).state).toBe("success")
  const verdict = () => judge(world, run, total)
  await eventually("nothing is left", async () => ((await verdict()).left === 0 ? true : undefined))
  expect(await verdict()).toMatchObject({ lost: 0, doubled: 0, left: 0 })
  expect(await run.result("reduce")).toEqual({ distinct: total, doubled: 0 })
  const count = fleet.living.length
  expect(await fleet.close()).toEqual(Array.from({ length: count }, () => 0))
  expect(fleet.complaints(alsoExpected)).toEqual([])
}

it.each(Array.from({ length: seeds }, (_, place) => place + 1))(
  "loses and doubles nothing while any process is killed at any time: seed %i",
  { timeout: 120_000 },
  async (seed) => {
    const { world, fleet } = await openFleet()
    const random = seeded(seed)
    await fleet.start(2)
    const run = await world.startRun("chaos", { total, itemMs: 20, pageMs: 10 })
    for (let kill = 0; kill < kills; kill++) {
      const created = Math.floor((total * (kill + random())) / kills)
      await run.untilView("first", `has ${created} items`, (view) => view.created >= created)
      const { living } = fleet
      const victim = living[Math.floor(random() * living.length)]
      if (victim !== undefined) await fleet.replace(victim)
    }
    await expectRight(world, fleet, run)
  },
)

it("goes on while the connections of all processes are killed at random", { timeout: 120_000 }, async () => {
  const { world, fleet } = await openFleet()
  await fleet.start(2)
  const database = openDatabase(world.url)
  const run = await world.startRun("chaos", { total, itemMs: 20, pageMs: 10 })
  let killed = 0
  for (let isRunning = true; isRunning;) {
    const rows = await database.query(
      (sql) => sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name ~ '^(scheduler|expander|worker|rescuer)-'
        order by random() limit 3
      `,
    )
    killed += rows.length
    const end = run.untilEnd(runMsMax).then(() => true)
    isRunning = !(await Promise.race([
      end,
      new Promise<boolean>((resolve) => setTimeout(resolve, 100, false)),
    ]))
  }
  expect(killed).toBeGreaterThan(20)
  await expectRight(world, fleet, run, away)
})

it("goes on when Postgres is stopped, and when it crashes, in the middle", { timeout: 120_000 }, async () => {
  const server = await ownServer()
  await migrate({ url: server.url })
  const { world, fleet } = await openFleet(server.url)
  await fleet.start(1)
  const run = await world.startRun("chaos", { total, itemMs: 10, pageMs: 10 })
  await run.untilView("second", "is under way", (view) => view.success > 50)
  await server.stop()
  await server.start()
  await run.untilView("second", "has gone on", (view) => view.success > 200)
  await server.crash()
  await server.start()
  await expectRight(world, fleet, run, away)
})

/** As if the disk were full, wherever a row is inserted: the server itself says so. */
const fullDisk = [
  "create table disk (is_full boolean)",
  "insert into disk values (false)",
  `create function write_to_disk() returns trigger language plpgsql as $$
    begin
      if (select is_full from disk) then
        raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
      end if;
      return null;
    end $$`,
  ...["page", "lease", "offer", "task_instance", "log", "task_try"].map(
    (table) =>
      `create trigger disk before insert on ${table} for each statement execute function write_to_disk()`,
  ),
]

it("goes on when the disk was full for a while", { timeout: 120_000 }, async () => {
  const { world, fleet } = await openFleet()
  const database = openDatabase(world.url)
  for (const statement of fullDisk) await database.query((sql) => sql.unsafe(statement))
  await fleet.start(1)
  const run = await world.startRun("chaos", { total, itemMs: 10, pageMs: 10 })
  for (const created of [100, 300]) {
    await run.untilView(
      "first",
      "has gone on",
      (view) => view.created >= created && view.success >= created / 2,
    )
    await database.query((sql) => sql`update disk set is_full = true`)
    const before = (await run.view("first")).created
    // Whatever was on its way has been refused by the time that the processes say so.
    await eventually("a process says so", () =>
      fleet.complaints().some((line) => line.includes("53100")) ? true : undefined,
    )
    expect((await run.view("first")).created).toBeLessThanOrEqual(before + 30)
    await database.query((sql) => sql`update disk set is_full = false`)
  }
  await expectRight(world, fleet, run, away)
})

/** Longer than the test: it is taken back by its silence alone, and no renewal tells the sleeper so before it brings something. */
const longLease = { leaseSeconds: 600 }

it("refuses what a worker brings that was stopped past its lease", { timeout: 120_000 }, async () => {
  const { world, fleet } = await openFleet()
  await fleet.start(1, ["scheduler", "expander", "rescuer"])
  const sleeper = await fleet.add(["worker"], longLease).ready()
  const run = await world.startRun("chaos", { total, itemMs: 300 })
  // Its host goes on while it is stopped, and its results wait for it.
  await run.untilView("first", "runs", (view) => view.success > 0 && view.running > 0)
  const database = openDatabase(world.url)
  const leasesLeft = () =>
    database.query((sql) => sql`select id from lease where worker_id = ${sleeper.name}`)
  await eventually("it is stopped with leases in hand", async () => {
    sleeper.signal("SIGSTOP")
    // What it had sent before may still be done.
    if ((await untilSteady("its leases", leasesLeft, 100)).length > 0) return true
    sleeper.signal("SIGCONT")
    return undefined
  })
  await fleet.add(["worker"]).ready()
  await eventually("what it held is taken back", async () =>
    (await leasesLeft()).length === 0 ? true : undefined,
  )
  sleeper.signal("SIGCONT")
  await eventually("its results were refused", () =>
    sleeper.refused.includes("complete") ? true : undefined,
  )
  await expectRight(world, fleet, run)
  expect(sleeper.refused).toContain("complete")
})

it("refuses the page of an expander that was stopped past its lease", { timeout: 120_000 }, async () => {
  const { world, fleet } = await openFleet()
  await fleet.start(1, ["scheduler", "worker", "rescuer"])
  const sleeper = await fleet.add(["expander"], longLease).ready()
  const run = await world.startRun("chaos", { total, pageMs: 120 })
  await run.untilView("first", "is pulled", (view) => view.pages >= 2)
  sleeper.signal("SIGSTOP")
  const held = await run.view("first")
  await fleet.add(["expander"]).ready()
  await run.untilView("first", "has gone on", (view) => view.pages > held.pages + 1)
  sleeper.signal("SIGCONT")
  await eventually("its page was refused", () => (sleeper.refused.includes("commitPage") ? true : undefined))
  await expectRight(world, fleet, run)
})
