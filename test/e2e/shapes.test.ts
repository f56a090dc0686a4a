/** Shapes of DAGs that would stand still for ever, or run too much at once, if the bounds were not reckoned right. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { eventually } from "../harness/eventually.ts"
import type { Run } from "../harness/run.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["shapes"], engines: [{}] })

const numbers = (total: number) => Array.from({ length: total }, (_, n) => n)

const whole = (numbers(300).length * 301) / 2

it.each([
  ["diamond", numbers(300).map((n) => (n + 1) * 10_000 + (n + 1) * 2)],
  ["drifting", numbers(60).map((n) => (n * 5 + 1) * 10_000 + n * 2)],
  ["one_after_the_other", [...numbers(300).map((n) => (n + 1) * 2), ...numbers(300).map((n) => n * 4)]],
  ["whole_first", numbers(300).map((n) => `${n + 1}/${whole}`)],
  ["in_order", numbers(300)],
  ["fan_out", numbers(1_500).map((n) => n + 1)],
])("comes to its end although its streams depend on each other: %s", async (dagId, expected) => {
  const run = await world.runToEnd(dagId, { total: 300 })
  expect((await run.row()).state).toBe("success")
  expect(await run.result("collect")).toEqual(expected)
})

it("bounds what one item becomes by the window", async () => {
  const run = await world.runToEnd("fan_out", { total: 300 })
  expect((await run.view("plus_one")).unfinishedPeak).toBeLessThanOrEqual(47)
})

it("runs a group for each item, in step, with what is the same for all", async () => {
  const run = await world.runToEnd("grouped_items", { total: 100 })
  expect(await run.states()).toMatchObject({ "per_item.label": "success", "per_item.pair": "success" })
  expect(await run.result("collect")).toEqual(numbers(100).map((n) => `${n}:n${n}`))
})

it("counts the trigger rules of a mapped group item by item", async () => {
  const run = await world.runToEnd("mended_items", { total: 60 })
  const odd = (n: number) => n % 2 === 1
  const stateOf = (n: number) => (odd(n) ? "success" : n % 4 === 0 ? "upstream_failed" : "skipped")
  expect(await run.result("collect")).toEqual(numbers(60).map((n) => (odd(n) ? n : -n)))
  expect(await run.instanceStates("per_item.mended")).toEqual(numbers(60).map(() => "success"))
  expect(await run.instanceStates("per_item.twice")).toEqual(numbers(60).map(stateOf))
  expect(await run.instanceStates("per_item.plus_one")).toEqual(numbers(60).map(stateOf))
  expect(await run.states()).toMatchObject({ collect: "success", collect_good: "upstream_failed" })
})

it("lets the first items of a group end before the last begin, within the window", async () => {
  const run = await world.runToEnd("in_step", { total: 300 })
  const facts = run.records.all().map(({ what }) => what)
  expect(facts.indexOf("finished")).toBeLessThan(facts.lastIndexOf("begun"))
  for (const taskId of ["per_item.begin", "per_item.finish"])
    expect((await run.view(taskId)).unfinishedPeak).toBeLessThanOrEqual(47)
})

it("ends a run without tasks, and a map over an empty list", async () => {
  expect((await (await world.runToEnd("empty")).row()).state).toBe("success")
  const run = await world.runToEnd("empty_list")
  expect(await run.states()).toMatchObject({ list: "success", plus_one: "skipped", collect: "skipped" })
})

it("says what came where a list to map over was expected", async () => {
  const run = await world.runToEnd("no_list")
  expect(await run.states()).toMatchObject({ plus_one: "failed" })
  expect((await run.view("plus_one")).streamError?.message).toMatch(/list.*(object|list)/)
})

it("reads a stream to its end even in a task that waits for nothing", async () => {
  const run = await world.runToEnd("always_reduced", { total: 20 })
  expect(await run.result("collect_all")).toHaveLength(20)
  expect(await run.result("eager")).toBe(20)
})

function peakOf(run: Run): number {
  let running = 0
  let peak = 0
  for (const { what } of run.records.all()) {
    running += what === "started" ? 1 : -1
    peak = Math.max(peak, running)
  }
  return peak
}

it("counts retries in a task's concurrency", async () => {
  const run = await world.runToEnd("one_at_a_time")
  expect(await run.states()).toEqual({ flaky: "success" })
  expect(run.records.count("ended")).toBe(24)
  expect(peakOf(run)).toBe(1)
})

it("lets a small run end while a large one is under way", async () => {
  const large = await world.startRun("busy", { total: 3_000 })
  await large.untilView("work", "is under way", (view) => view.success > 0)
  const run = await world.runToEnd("small", { total: 10 })
  expect(await run.result("sum")).toBe(55)
  expect((await large.row()).state).toBe("running")
  await large.cancel()
})

it("runs many runs side by side, each to its own result", async () => {
  const runs = await Promise.all(numbers(20).map((n) => world.startRun("small", { total: n + 1 })))
  await Promise.all(runs.map((run) => run.untilEnd()))
  const sums = await Promise.all(runs.map((run) => run.result("sum")))
  expect(sums).toEqual(numbers(20).map((n) => ((n + 1) * (n + 2)) / 2))
})

it("ends a cancelled run whose task does not listen, and has its slot back", async () => {
  const run = await world.startRun("deaf")
  await eventually("it runs", () => (run.records.count("started") === 1 ? true : undefined))
  await run.cancel()
  const next = await world.runToEnd("small", { total: 10 })
  expect(await next.result("sum")).toBe(55)
  await run.untilView("listen", "is no longer under way", (view) => view.running === 0)
  expect(await run.states()).toEqual({ listen: "cancelled" })
})

it("keeps a run to the version it was started with", async () => {
  const path = join(world.folder, "versioned.ts")
  const text = (answer: number) => `
    import { dag, source, page, task } from "sluice"
    import { existsSync } from "node:fs"
    const slow = source("slow", async function* ({ context }) {
      yield page([1], 1)
      const flag = process.env.SLUICE_TASK_RECORDS + "/" + context.runId + ".go.flag"
      while (!existsSync(flag)) await new Promise((resolve) => setTimeout(resolve, 20))
      yield page([2], null)
    })
    const tell = task("tell", async () => ${answer})
    export default dag("versioned", () => { tell.iterate(slow()) })
  `
  await writeFile(path, text(1))
  await world.loadFile(path)
  const old = await world.startRun("versioned")
  await old.untilView("tell", "has its first page", (view) => view.success === 1)
  await writeFile(path, text(2))
  await world.loadFile(path)
  const young = await world.startRun("versioned")
  for (const run of [old, young]) run.records.raise("go")
  await Promise.all([old.untilEnd(), young.untilEnd()])
  const told = (run: Run) => Promise.all([0, 1].map((index) => run.result("tell", index)))
  expect([await told(old), await told(young)]).toEqual([
    [1, 1],
    [2, 2],
  ])
})

it("goes round a loop, each iteration with what the one before has left, and waits between", async () => {
  const run = await world.runToEnd("halving")
  expect((await run.row()).state).toBe("success")
  expect(await run.result("last")).toBe(1)
  expect(await run.result("collect")).toEqual([32, 16, 8, 4, 2, 1])
  const halved = await run.instances("halve.half")
  expect(halved.map(({ state, label }) => [state, label])).toEqual(
    numbers(6).map((n) => ["success", `iteration ${n + 1}`]),
  )
  expect(run.records.all().map((fact) => fact["mapIndex"])).toEqual(numbers(6))
  expect((await run.view("halve.half")).unfinishedPeak).toBe(1)
})

it("retries and defers in a loop's iterations", async () => {
  const run = await world.runToEnd("asking")
  expect(await run.states()).toMatchObject({ "poll.ask": "success", "poll.result": "success" })
  expect(await run.result("poll.result")).toBe(4)
})

it("fails a loop whose until throws, and says so where it is asked", async () => {
  const run = await world.runToEnd("unsure")
  expect(await run.states()).toMatchObject({ "l.iterations": "failed", "l.result": "upstream_failed" })
  expect((await run.view("l.iterations")).streamError).toMatchObject({ message: "who knows" })
})

it("goes on with the iteration of a loop that failed, once it is run again", async () => {
  const run = await world.runToEnd("mending")
  expect(await run.states()).toMatchObject({ "l.fragile": "failed", "l.result": "upstream_failed" })
  run.records.raise("mended")
  const report = await run.redrive("l.fragile")
  expect(report.notes).toEqual(['loop "l" goes on from iteration 3'])
  expect((await run.untilEnd()).state).toBe("success")
  expect(await run.result("collect")).toEqual([1, 2, 3, 4])
  const again = ["before 2", "fragile 2", "before 3", "fragile 3"]
  expect(run.records.all().map(({ what }) => what)).toEqual([
    ...["before 0", "fragile 0", "before 1", "fragile 1", "before 2", "fragile 2", ...again],
  ])
})
