/** `sluice engine` as users run it, stopped by signals. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { openDatabase } from "../harness/database.ts"
import { eventually } from "../harness/eventually.ts"
import { Sluice } from "../harness/sluice.ts"
import { openWorld, type World } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["patience", "crowds"] })

/** What is leased, and what is pulled, by anybody. */
async function held(of: World): Promise<{ leases: number; expansions: number; offers: number }> {
  const [row] = await openDatabase(of.url).query<{ leases: number; expansions: number; offers: number }>(
    (sql) => sql`
      select (select count(*)::int from lease) as leases, (select count(*)::int from offer) as offers,
        (select count(*)::int from expansion where runner_expires_at > now()) as expansions
    `,
  )
  if (row === undefined) throw new Error("no row")
  return row
}

const total = 40

it("records what ends within its grace, gives the rest back at once, and holds nothing", async () => {
  const helper = new Sluice(world, ["engine", "--roles", "scheduler,expander,rescuer"])
  const worker = new Sluice(world, ["engine", "--roles", "worker", "--grace", "3", "--concurrency", "40"])
  await Promise.all([helper.until("plays scheduler, expander, rescuer"), worker.until("plays worker")])
  const run = await world.startRun("patience", { total })
  await eventually("all have begun", () => (run.records.count("begun") === total ? true : undefined))
  worker.child.kill("SIGTERM")
  expect(await worker.ended, worker.stderr).toBe(0)

  const view = await run.view("wait")
  expect(view).toMatchObject({ success: total / 2, running: 0, failed: 0, retrying: 0 })
  expect(await held(world)).toMatchObject({ leases: 0 })
  expect(worker.stdout).toMatch(
    /stopping: what runs has 3 s to end\n.*stopped: what was left is given back\n$/,
  )
  expect(worker.stderr).toBe("")

  run.records.raise("go")
  const second = new Sluice(world, ["engine", "--roles", "worker"])
  await run.untilEnd()
  const times = [...run.records.times("ran", "n").values()]
  expect(times).toEqual(Array.from({ length: total }, () => 1))
  second.child.kill("SIGTERM")
  helper.child.kill("SIGINT")
  expect(await Promise.all([second.ended, helper.ended])).toEqual([0, 0])
  expect(second.stdout).toMatch(/stopped: everything it held is recorded\n$/)
  expect(await held(world)).toEqual({ leases: 0, expansions: 0, offers: 0 })
  expect(await Effect.runPromise(world.store.listRoles({ limit: 10 }))).toEqual([])
})

it("stops where it stands at the second signal; what it held can be taken from it", async () => {
  const first = new Sluice(world, ["engine", "--grace", "600", "--concurrency", "40", "--json"])
  const run = await world.startRun("patience", { total })
  await eventually("all have begun", () => (run.records.count("begun") === total ? true : undefined))
  first.child.kill("SIGTERM")
  await first.until("stopping")
  // One that comes at once counts as the same: npm passes a terminal's signal on to who had it already.
  await eventually("it has ended", () => {
    if (first.hasEnded) return true
    first.child.kill("SIGTERM")
    return undefined
  })
  expect(await first.ended).toBe(130)
  expect((await held(world)).leases).toBeGreaterThan(0)

  const [role] = await Effect.runPromise(world.store.listRoles({ limit: 10 }))
  await Effect.runPromise(world.store.forgetWorker({ workerId: role?.engine ?? "" }))
  run.records.raise("go")
  const engine = world.startEngine()
  await run.untilEnd()
  await engine.stop()
  expect(await run.view("wait")).toMatchObject({ success: total, state: "success" })
})

it("lets go of the streams it pulls, in the middle of a map", async () => {
  const worker = world.startEngine({ roles: ["worker", "scheduler"] })
  const run = await world.startRun("slow_crowd", { total: 4_000 })
  for (let stop = 1; stop <= 3; stop++) {
    const expander = new Sluice(world, ["engine", "--roles", "expander"])
    await run.untilView("slow", "has gone on", (view) => view.created >= stop * 1_000)
    expander.child.kill("SIGTERM")
    expect(await expander.ended, expander.stderr).toBe(0)
    expect(await held(world)).toMatchObject({ expansions: 0 })
  }
  const last = world.startEngine({ roles: ["expander"] })
  await run.untilEnd()
  await Promise.all([worker.stop(), last.stop()])
  expect(await run.view("slow")).toMatchObject({ created: 4_000, success: 4_000 })
})
