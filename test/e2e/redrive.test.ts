import { expect, it } from "vitest"
import { expectWholeMap } from "../harness/expect-whole.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["redrive"], engines: [{}] })
const sumBelow = (n: number) => (n * (n - 1)) / 2

it("runs the 137 failed among 100,000 again and nothing else, pulls no page, and reports anew", async () => {
  const total = 100_000
  const run = await world.runToEnd("flaky_crowd", { total })
  expect((await run.row()).state).toBe("failed")
  const before = await run.view("flaky")
  expect(before).toMatchObject({ created: total, success: total - 137, failed: 137, state: "failed" })
  expect(await run.states()).toMatchObject({ sum: "upstream_failed" })
  const pulled = run.records.count("pulled")
  expect(run.records.count("ran")).toBe(total)

  const wouldBe = await run.redrive("flaky", {}, { isDryRun: true })
  expect(wouldBe).toMatchObject({ selected: 137, downstream: [{ taskId: "sum", runs: "anew" }] })
  expect((await run.row()).state).toBe("failed")

  run.records.raise("mended")
  expect(await run.redrive("flaky")).toEqual(wouldBe)
  await run.untilEnd()

  expect((await run.row()).state).toBe("success")
  const after = await run.view("flaky")
  expect(after).toMatchObject({ pulls: before.pulls, pages: before.pages, success: total, failed: 0 })
  expect(run.records.count("pulled")).toBe(pulled)
  const again = run.records.all("ran").slice(total)
  expect(again).toHaveLength(137)
  expect(again.every(({ n, tryNumber }) => Number(n) % 730 === 7 && tryNumber === 2)).toBe(true)
  expect(run.records.count("summed")).toBe(1)
  expect(await run.result("sum")).toEqual({ total: sumBelow(total), count: total })
  const [first] = await run.tries("flaky", 7)
  expect(first).toMatchObject({ tryNumber: 1, state: "failed", error: { type: "TypeError" } })
  await expectWholeMap(world, run, "flaky", total)
}, 120_000)
