/**
 * Pipelines whose state is in their cursors (chunks half full, lists half entered, two sides of a zip) are taken over
 * again and again at random moments, and still give what plain arrays give.
 */
import { expect, it } from "vitest"
import { openDatabase } from "../harness/database.ts"
import { expectNothingLeft } from "../harness/expect-whole.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["pipelines", "shapes"], engines: [{}, {}] })

const numbers = (total: number) => Array.from({ length: total }, (_, n) => n)
const total = 1_200

function chunked<A>(items: readonly A[], size: number): A[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  )
}

const chain = numbers(total)
  .map((n) => n * 2)
  .filter((n) => n % 4 === 0)
  .map((n) => n / 2 + 1)

/** Streams taken over so far, in all the runs: how many it are in one depends on how fast it is. */
let stolen = 0

it.each([
  ["plain", numbers(total)],
  ["replayed", numbers(25).map((n) => n + 100)],
  ["chained", chunked(chain, 5)],
  ["diamond", numbers(total).map((n) => (n + 1) * 10_000 + (n + 1) * 2)],
  ["one_after_the_other", [...numbers(total).map((n) => (n + 1) * 2), ...numbers(total).map((n) => n * 4)]],
  ["fan_out", numbers(1_500).map((n) => n + 1)],
])("survives any number of takeovers: %s", async (dagId, expected) => {
  const database = openDatabase(world.url)
  const run = await world.startRun(dagId, { total })
  const end = run.untilEnd()
  while ((await run.row()).state === "running") {
    const taken = await database.query(
      (sql) => sql`
      with victim as materialized (
        select id from expansion
        where dag_run_id = ${run.id} and state = 'open' and random() < 0.3 and runner_id is not null
        order by id
        for update skip locked
      )
      update expansion set runner_expires_at = '-infinity' from victim where expansion.id = victim.id
      returning expansion.id
    `,
    )
    stolen += taken.length
    world.store.wake("open")
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 20 + 40 * Math.random()))])
  }
  expect((await end).state).toBe("success")
  expect(await run.result("collect")).toEqual(expected)
  await expectNothingLeft(world)
})

it("took streams over while they ran", () => {
  expect(stolen).toBeGreaterThan(5)
})
