/** The triggerer dies while hundreds wait: what they wait for is fired all the same, once each. */
import { expect, it } from "vitest"
import { openDatabase } from "../harness/database.ts"
import { eventually } from "../harness/eventually.ts"
import { expectEachRan, expectNothingLeft, expectWholeMap } from "../harness/expect-whole.ts"
import { Sluice } from "../harness/sluice.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["deferral"] })
const total = 200

it("loses no timer when the triggerer is killed half-way", async () => {
  const engine = world.startEngine({ roles: ["scheduler", "expander", "worker", "rescuer"] })
  const first = new Sluice(world, ["engine", "--roles", "triggerer"])
  await first.until("plays triggerer")
  const run = await world.startRun("patient", { total, ms: 5_000 })
  await run.untilView("wait", "all are deferred", (view) => view.deferred === total)
  first.child.kill("SIGKILL")
  expect(await first.ended).toBe("SIGKILL")
  expect(run.records.count("resumed")).toBeLessThan(total)
  const second = new Sluice(world, ["engine", "--roles", "triggerer"])
  await run.untilEnd(60_000)
  second.child.kill("SIGTERM")
  expect(await second.ended).toBe(0)
  await engine.stop()
  expect(await run.result("sum")).toBe((total * (total - 1)) / 2)
  await expectWholeMap(world, run, "wait", total)
  expect(expectEachRan(run, total, "resumed")).toBe(total)
  expect(run.records.all("resumed").every(({ n, kept, tryNumber }) => n === kept && tryNumber === 1)).toBe(
    true,
  )
})

it("shares user-defined triggers among triggerers, and takes over those of one that crashed", async () => {
  const database = openDatabase(world.url)
  const owners = () =>
    database.query<{ owner: string; count: number }>(
      (sql) => sql`
        select owner_id as owner, count(*)::int as count from trigger where owner_id is not null group by 1 order by 1
      `,
    )
  const engine = world.startEngine({ roles: ["scheduler", "expander", "worker", "rescuer"] })
  const start = (name: string) => world.startEngine({ roles: ["triggerer"], leaseSeconds: 2, name })
  const [one] = [start("one"), start("two")]
  const run = await world.startRun("patient", { total })
  const shares = await eventually("all are watched", async () => {
    const rows = await owners()
    return rows.reduce((sum, { count }) => sum + count, 0) === total ? rows : undefined
  })
  expect(shares.map(({ owner }) => owner)).toEqual(["one", "two"])
  expect(Math.min(...shares.map(({ count }) => count))).toBeGreaterThan(total / 10)
  await one?.crash()
  await eventually("the other one watches all", async () => {
    const rows = await owners()
    return rows.length === 1 && rows[0]?.owner === "two" && rows[0].count === total ? true : undefined
  })
  run.records.raise("go")
  await run.untilEnd(60_000)
  await engine.stop()
  await expectWholeMap(world, run, "wait", total)
  expect(expectEachRan(run, total, "resumed")).toBe(total)
  await expectNothingLeft(world)
})
