import { expect, it } from "vitest"
import { openDatabase } from "../harness/database.ts"
import { expectEachRan, expectWholeMap } from "../harness/expect-whole.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["hostile"], engines: [{}] })

it("keeps any text as it is, in items, results and cursors", async () => {
  const run = await world.runToEnd("hostile_values")
  expect((await run.row()).state).toBe("success")
  expect(await run.result("compare")).toEqual({ wrong: [], index: 14 })
})

it("records failures and logs whatever text is in them", async () => {
  const run = await world.runToEnd("hostile_errors")
  expect(await run.view("fail")).toMatchObject({ created: 14, failed: 14 })
  const failed = await run.instances("fail")
  expect(failed[6]?.error?.message).toBe("🏙️ Zürich")
  expect(failed[3]?.error?.message).toBe("'; drop table expansion; --")
  expect(await run.logs("fail", 6)).toHaveLength(2)
  expect(await run.logs("fail", 0)).toHaveLength(2)
})

it("refuses a key that cannot be kept, by failing its instance alone", async () => {
  const run = await world.runToEnd("hostile_keys")
  expect(await run.instanceStates("push")).toEqual([
    "success",
    ...Array.from({ length: 4 }, () => expect.stringMatching(/success|failed/) as string),
  ])
  const [, , tooLong] = await run.instances("push")
  expect(tooLong?.error?.message).toMatch(/512|xcom/)
})

it("gives every item to the end although hosts are killed from outside at random", async () => {
  const run = await world.startRun("hunted")
  let killed = 0
  while ((await run.row()).state === "running") {
    const pids = new Set(
      [...run.records.all("ran").slice(-20), ...run.records.all("pulled")].map((fact) => fact.pid),
    )
    const victim = [...pids][Math.floor(Math.random() * pids.size)]
    if (victim !== undefined && killed < 12) {
      try {
        process.kill(victim, "SIGKILL")
        killed += 1
      } catch {
        // It is gone already.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(killed).toBeGreaterThan(3)
  await expectWholeMap(world, run, "work", 1_500)
  expectEachRan(run, 1_500)
})

it("fails no source for what another in its host has done", async () => {
  const run = await world.runToEnd("neighbours")
  expect(await run.states()).toEqual({
    stuck: "failed",
    patient: "success",
    same: "success",
    never: "upstream_failed",
  })
  expect(await run.instanceStates("same")).toEqual(["success", "success", "success", "success"])
})

it("goes on by its polls alone when no notification ever arrives", async () => {
  const deaf = await openWorld({ dagFiles: ["pipelines"] })
  const database = openDatabase(deaf.url)
  // What one engine tells does not reach the others while their listening connections die.
  deaf.startEngine({ roles: ["scheduler", "rescuer"] })
  deaf.startEngine({ roles: ["expander"] })
  deaf.startEngine({ roles: ["worker"] })
  const cut = setInterval(() => {
    void database.query(
      (sql) => sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query ilike 'listen%'
    `,
    )
  }, 20)
  const run = await deaf.startRun("plain", { total: 30 })
  await run.untilEnd()
  clearInterval(cut)
  expect(await run.result("collect")).toHaveLength(30)
  await deaf.close()
})
