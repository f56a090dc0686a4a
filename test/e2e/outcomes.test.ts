import { expect, it } from "vitest"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["outcomes"], engines: [{}] })

it("makes failed and skipped instances gaps at their indexes, all down a chain", async () => {
  const run = await world.runToEnd("gaps", { total: 23 })
  const item = (n: number) => ["success", "failed", "success", "skipped", "success"][n % 5]
  const numbers = Array.from({ length: 23 }, (_, n) => n)
  const below = numbers.map((n) => (item(n) === "failed" ? "upstream_failed" : item(n)))
  expect(await run.instanceStates("ends_as")).toEqual(numbers.map(item))
  expect(await run.instanceStates("pass_on")).toEqual(below)
  expect(await run.instanceStates("pass_on_again")).toEqual(below)
  expect(await run.result("pass_on_again", 22)).toBe(2300)
  expect(await run.states()).toMatchObject({
    ends_as: "failed",
    pass_on: "upstream_failed",
    pass_on_again: "upstream_failed",
    collect_all_success: "upstream_failed",
    collect_all_done: "success",
  })
  const good = numbers.filter((n) => item(n) === "success")
  expect(await run.result("collect_all_done")).toEqual(good.map((n) => (n + 1) * 100))
  const [bad] = await run.instances("ends_as", ["failed"])
  expect(bad).toMatchObject({ mapIndex: 1, tryNumber: 1, error: { type: "Error", message: "item 1 is bad" } })
  expect(bad?.error?.stack).toMatch(/outcomes\.ts:\d+/)
  const [skipped] = await run.instances("ends_as", ["skipped"])
  expect(skipped).toMatchObject({ mapIndex: 3, error: { type: "Skip", message: "item 3 is not wanted" } })
})

const ran = "success"
const up = "upstream_failed"
const skip = "skipped"

it("decides every trigger rule as Airflow does, over failed, skipped and good upstreams", async () => {
  const run = await world.runToEnd("rules")
  const decided: Record<string, Record<string, string>> = {}
  for (const [taskId, state] of Object.entries(await run.states())) {
    const [rule, mix] = taskId.split("__")
    if (rule !== undefined && mix !== undefined) (decided[rule] ??= {})[mix] = state
  }
  const columns = ["good", "bad", "skipped", "good_bad", "good_skipped", "bad_skipped", "below_bad"]
  const row = (...states: string[]) => Object.fromEntries(columns.map((column, at) => [column, states[at]]))
  expect(decided).toEqual({
    all_success: row(ran, up, skip, up, skip, expect.stringMatching(/skipped|upstream_failed/) as never, up),
    all_done: row(ran, ran, ran, ran, ran, ran, ran),
    // Without a setup above.
    all_done_setup_success: row(ran, ran, ran, ran, ran, ran, ran),
    none_failed: row(ran, up, ran, up, ran, up, up),
    one_success: row(ran, up, skip, ran, ran, up, up),
    all_failed: row(skip, ran, skip, skip, skip, skip, ran),
    all_skipped: row(skip, skip, ran, skip, skip, skip, skip),
    all_done_min_one_success: row(ran, up, skip, ran, ran, up, up),
    one_failed: row(skip, ran, skip, ran, skip, ran, ran),
    one_done: row(ran, ran, skip, ran, ran, ran, skip),
    none_failed_min_one_success: row(ran, up, skip, up, ran, up, up),
    none_skipped: row(ran, ran, skip, ran, skip, skip, ran),
    always: row(ran, ran, ran, ran, ran, ran, ran),
  })
  expect((await run.row()).state).toBe("failed")
})

it.each([
  ["caught", "success"],
  ["one_leaf_fails", "failed"],
  ["only_skips", "success"],
])("ends a run as its leaves ended: %s", async (dagId, state) => {
  const run = await world.runToEnd(dagId)
  expect((await run.row()).state).toBe(state)
})

it("retries after a delay that grows, and keeps each try", async () => {
  const run = await world.runToEnd("retried")
  expect(await run.instanceStates("flaky")).toEqual(["success", "success", "success", "failed"])
  expect(await run.result("flaky", 2)).toBe(3)
  const tries = await Promise.all([0, 1, 2, 3].map((mapIndex) => run.tries("flaky", mapIndex)))
  expect(tries.map((of) => of.map((one) => one.tryNumber))).toEqual([[], [1], [1, 2], [1, 2]])
  expect(tries[2]?.map((one) => one.error?.message)).toEqual(["try 1 of 2", "try 2 of 2"])
  const instances = await run.instances("flaky")
  expect(instances.map((instance) => instance.tryNumber)).toEqual([1, 2, 3, 3])
  const tried = run.records.all("tried").filter((fact) => fact["mapIndex"] === 2)
  const [first, second, third] = tried.map((fact) => fact.at)
  expect(second! - first!).toBeGreaterThanOrEqual(119)
  expect(third! - second!).toBeGreaterThanOrEqual(239)
  expect(tried).toHaveLength(3)
})

it("does not retry what user code declared final", async () => {
  const run = await world.runToEnd("final")
  expect(run.records.count("tried")).toBe(1)
  const [gone] = await run.instances("gone")
  expect(gone).toMatchObject({ state: "failed", tryNumber: 1, error: { type: "FailWithoutRetry" } })
})

it("ends a try at its timeout through its signal, and retries it", async () => {
  const run = await world.runToEnd("timed_out")
  expect(run.records.count("tried")).toBe(2)
  expect(run.records.count("aborted")).toBe(2)
  const [slow] = await run.instances("slow")
  expect(slow).toMatchObject({ state: "failed", tryNumber: 2 })
  expect(slow?.error?.message).toMatch(/timeout|timed out/i)
  expect(await run.tries("slow")).toHaveLength(1)
})

it("never runs more instances of a task at once than its concurrency", async () => {
  const second = world.startEngine()
  const run = await world.runToEnd("limited", { total: 60 })
  await second.stop()
  expect(await run.states()).toMatchObject({ counted: "success" })
  let running = 0
  let peak = 0
  for (const { what } of run.records.all()) {
    if (what === "started") running += 1
    if (what === "ended") running -= 1
    peak = Math.max(peak, running)
  }
  expect(run.records.count("ended")).toBe(60)
  expect(peak).toBeLessThanOrEqual(3)
  expect(peak).toBeGreaterThan(1)
})

it("tells each instance what it is, keeps what it logged with it, and lets others read what it left", async () => {
  const run = await world.runToEnd("contexts", { city: "Basel" })
  expect(await run.result("tell", 2)).toEqual({
    dagId: "contexts",
    runId: run.runId,
    taskId: "tell",
    mapIndex: 2,
    tryNumber: 1,
    logicalDate: null,
    params: { city: "Basel", total: 3, depth: 4 },
    isAborted: false,
  })
  const logs = await run.logs("tell", 1)
  expect(logs.map(({ level, message }) => [level, message])).toEqual([
    ["info", "item 1 speaks"],
    ["warning", "and warns"],
    ["info", "item 1 prints"],
  ])
  expect(logs.every((line) => line.mapIndex === 1 && line.tryNumber === 1)).toBe(true)
  expect(logs[0]?.fields).toMatchObject({ n: 1 })
  expect(await run.result("pull")).toMatchObject({ half: 0.5, none: undefined, result: { mapIndex: 2 } })
})
