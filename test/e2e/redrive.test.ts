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

it("runs exactly the indexes again that follow, all down a chain of maps, and the reports below", async () => {
  const total = 200
  const run = await world.runToEnd("flaky_chain", { total })
  const bad = [7, 57, 107, 157]
  expect(await run.states()).toMatchObject({
    a: "failed",
    b: "failed",
    c: "upstream_failed",
    odd: "upstream_failed",
  })
  const gapsOf = async (taskId: string) =>
    (await run.instances(taskId, ["upstream_failed"])).map(({ mapIndex }) => mapIndex)
  expect(await gapsOf("b")).toEqual(bad)
  expect(await gapsOf("c")).toEqual([3, ...bad])
  // Of the even numbers none came through the filter.
  expect(await gapsOf("odd")).toEqual([3, 28, 53, 78])
  const ran = (what: string) => run.records.count(what)
  const before = { a: ran("a"), b: ran("b"), c: ran("c"), odd: ran("odd"), pulled: ran("pulled") }
  const pulls = async (taskId: string) => (await run.view(taskId)).pulls
  const pullsBefore = [await pulls("a"), await pulls("b"), await pulls("c"), await pulls("odd")]

  run.records.raise("a_mended")
  const expected = {
    selected: 4,
    downstream: [
      { taskId: "b", runs: "instances", instances: 4 },
      { taskId: "c", runs: "instances", instances: 4 },
      { taskId: "odd", runs: "instances", instances: 4 },
      { taskId: "pairs", runs: "nothing", reason: "chunk() joins, splits or shifts items" },
      { taskId: "sum_c", runs: "anew" },
      { taskId: "sum_odd", runs: "anew" },
    ],
  }
  const sorted = (report: { selected: number; downstream: readonly { taskId: string }[] }) => ({
    selected: report.selected,
    downstream: [...report.downstream].sort((a, b) => (a.taskId < b.taskId ? -1 : 1)),
  })
  expect(sorted(await run.redrive("a", {}, { isDryRun: true }))).toEqual(expected)
  expect(sorted(await run.redrive("a"))).toEqual(expected)
  await run.untilEnd()

  for (const what of ["a", "b", "c", "odd"] as const) {
    const again = run.records.all(what).slice(before[what])
    expect(again.map(({ n }) => Number(n) % 1_000).sort((x, y) => x - y)).toEqual(bad)
  }
  expect(ran("pulled")).toBe(before.pulled)
  expect([await pulls("a"), await pulls("b"), await pulls("c"), await pulls("odd")]).toEqual(pullsBefore)
  expect(await gapsOf("b")).toEqual([])
  expect(await gapsOf("c")).toEqual([3])
  expect(await run.states()).toMatchObject({
    a: "success",
    b: "failed",
    c: "upstream_failed",
    odd: "success",
  })
  const odds = Array.from({ length: total / 2 }, (_, n) => 2 * n + 1)
  expect(await run.result("sum_odd")).toEqual({ total: odds.reduce((x, y) => x + y), count: total / 2 })
  expect((await run.row()).state).toBe("failed")

  run.records.raise("b_mended")
  expect(await run.redrive("b")).toMatchObject({ selected: 1 })
  await run.untilEnd()
  expect(await run.states()).toMatchObject({ b: "success", c: "success", sum_c: "success" })
  expect(await run.result("sum_c")).toEqual({ total: sumBelow(total) + 1_000 * total, count: total })
  expect(ran("c")).toBe(before.c + 5)
}, 120_000)

it("clears a task with all that its value has made: the map over it has the new items", async () => {
  const run = await world.runToEnd("listed")
  expect(await run.result("sum")).toEqual({ total: 3, count: 1 })
  run.records.raise("grown")
  const [report] = await run.clear(["list"])
  expect(report).toMatchObject({
    selected: 1,
    downstream: [
      { taskId: "each", runs: "anew" },
      { taskId: "big", runs: "anew" },
      { taskId: "sum", runs: "anew" },
    ],
  })
  await run.untilEnd()
  expect(await run.result("sum")).toEqual({ total: 12, count: 3 })
  expect((await run.instances("each")).map(({ tryNumber }) => tryNumber)).toEqual([2, 2, 2, 2, 2])
  expect(await run.tries("each", 1)).toMatchObject([{ tryNumber: 1, state: "success" }])
})

it("clears a whole map: what reads it past a filter begins anew, and has exactly what comes through now", async () => {
  const run = await world.runToEnd("listed")
  run.records.raise("tenfold")
  const [part] = await run.clear(["each"], { indexes: { from: 0, to: 0 }, isDryRun: true })
  expect(part).toMatchObject({ selected: 1, downstream: [{ taskId: "big", runs: "nothing" }] })
  const [whole] = await run.clear(["each"])
  expect(whole).toMatchObject({
    selected: 3,
    downstream: [
      { taskId: "big", runs: "anew" },
      { taskId: "sum", runs: "anew" },
    ],
  })
  await run.untilEnd()
  expect(await run.result("sum")).toEqual({ total: 60, count: 3 })
  expect(run.records.all("each").map(({ tryNumber }) => tryNumber)).toEqual([1, 1, 1, 2, 2, 2])
})

it("refuses a source, and what was cancelled, with what to do instead", async () => {
  const run = await world.runToEnd("flaky_chain", { total: 20 })
  await expect(run.clear(["numbers"])).rejects.toThrow(/is a source.*Fix: start a new run/)
  const cancelled = await world.startRun("flaky_crowd", { total: 1_000_000 })
  await cancelled.untilView("flaky", "has begun", (view) => view.success > 0)
  await cancelled.cancel()
  await expect(cancelled.redrive("flaky")).rejects.toThrow(/was cancelled. Fix: resume it first/)
})
