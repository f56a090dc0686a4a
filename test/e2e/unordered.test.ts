/** A map that takes results as they are completed is not held back by one slow instance. */
import { expect, it } from "vitest"
import { expectNothingLeft } from "../harness/expect-whole.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["unordered"] })
const numbers = (total: number) => Array.from({ length: total }, (_, n) => n)

it.each([
  ["unordered", (n: number) => n !== 15],
  ["unordered_pipeline", (n: number) => n !== 15 && n % 2 === 0],
])("%s: takes what is complete, each once, while the first waits, whoever dies", async (dagId, isTaken) => {
  const total = 100
  let engine = world.startEngine({ leaseSeconds: 1 })
  const run = await world.startRun(dagId, { total })
  const behind = numbers(total).filter((n) => n >= 10 && isTaken(n))
  await run.untilView("second", "has all but the first page", (view) => view.success === behind.length)
  // The first page is recorded as it comes: beside the one that waits.
  await run.untilView("first", "has all but one", (view) => view.success === total - 2)
  expect(await run.view("first")).toMatchObject({ state: "draining", failed: 1 })
  const taken = () => run.records.all("taken").map(({ n }) => n as number)
  expect(taken().sort((a, b) => a - b)).toEqual(behind)
  await engine.crash()
  engine = world.startEngine({ leaseSeconds: 1 })
  run.records.raise("go")
  await run.untilEnd()
  expect(taken().sort((a, b) => a - b)).toEqual(numbers(total).filter(isTaken))
  expect(await run.view("second")).toMatchObject({ failed: 0, upstreamFailed: 1, state: "upstream_failed" })
  expect(await run.result("sum")).toBe(
    numbers(total)
      .filter(isTaken)
      .reduce((a, b) => a + b),
  )
  await expectNothingLeft(world)
  await engine.stop()
})
