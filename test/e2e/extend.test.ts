/** Runs that have ended go on where their sources did: only what is new is processed, and what needs the whole is run again. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { expectNothingLeft } from "../harness/expect-whole.ts"
import type { Run } from "../harness/run.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["extend"] })
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)
const isKept = (n: number) => n % 10 !== 7

function setTotal(run: Run, total: number): void {
  writeFileSync(join(world.folder, `${run.runId}.total`), String(total))
}

async function ended(dagId: string, total: number): Promise<Run> {
  const run = await world.startRun(dagId)
  setTotal(run, total)
  expect((await run.untilEnd()).state).toBe("success")
  return run
}

/** The numbers that user code recorded, in the order of the numbers. */
const recorded = (run: Run, what: string) =>
  run.records
    .all(what)
    .map(({ n }) => n as number)
    .sort((a, b) => a - b)

it("processes only what an append-only source has got since, and runs the report on the whole again", async () => {
  const engine = world.startEngine()
  const run = await ended("extend_appended", 24)
  const before = await run.view("load")
  expect(await run.result("after")).toBe(22)
  const dry = await run.extend("load", { isDryRun: true })
  expect(dry.effects).toEqual([
    { taskId: "load", does: "go on" },
    { taskId: "check", does: "go on" },
    { taskId: "few", does: "stay", reason: "it has all that take() wants" },
    { taskId: "report", does: "begin anew" },
    { taskId: "after", does: "begin anew" },
  ])
  expect((await run.row()).state).toBe("success")

  setTotal(run, 47)
  expect(await run.extend("appended")).toEqual(dry)
  expect((await run.untilEnd()).state).toBe("success")
  expect(recorded(run, "loaded")).toEqual([...numbers(0, 47).filter(isKept), 0, 1, 2].sort((a, b) => a - b))
  expect(recorded(run, "checked")).toEqual(numbers(0, 47).filter(isKept))
  expect(await run.result("report")).toEqual(numbers(0, 47).filter(isKept))
  expect(await run.result("after")).toBe(43)
  expect(run.records.all("reported").map(({ count, tryNumber }) => [count, tryNumber])).toEqual([
    [22, 1],
    [43, 2],
  ])
  expect(await run.tries("report")).toMatchObject([{ tryNumber: 1, state: "success" }])
  // The last page is read again from its start, and none before it.
  expect(run.records.all("pulled").map(({ from }) => from)).toEqual([0, 10, 20, 20, 30, 40])
  expect((await run.view("load")).created).toBe(before.created + 21)

  // Nothing new: everything is as it was, but for the report.
  await run.extend("load")
  expect((await run.untilEnd()).state).toBe("success")
  expect(recorded(run, "checked")).toHaveLength(43)
  expect(await run.result("report")).toEqual(numbers(0, 47).filter(isKept))
  expect(run.records.count("reported")).toBe(3)
  await expectNothingLeft(world)
  await engine.stop()
})

it("goes on where the source itself says, again and again, whoever dies meanwhile", async () => {
  let engine = world.startEngine({ leaseSeconds: 1 })
  const run = await ended("extend_delta", 20)
  for (const total of [20, 21, 60, 140]) {
    setTotal(run, total)
    const { created } = await run.view("load")
    await run.extend("delta")
    if (total > 60) {
      await run.untilView("load", "is under way", (view) => view.created > created)
      await engine.crash()
      engine = world.startEngine({ leaseSeconds: 1 })
    }
    expect((await run.untilEnd()).state).toBe("success")
    expect(await run.result("report")).toEqual(numbers(0, total))
  }
  expect(await run.view("check")).toMatchObject({ created: 140, success: 140 })
  // What was committed is never pulled again.
  const pulls = run.records.all("pulled").map(({ from, size }) => [from, size] as const)
  expect(
    pulls
      .filter(([, size]) => Number(size) > 0)
      .map(([from]) => from)
      .slice(0, 4),
  ).toEqual([0, 10, 20, 21])
  await expectNothingLeft(world)
  await engine.stop()
})

it("drops by key what comes again, in whatever order", async () => {
  const engine = world.startEngine()
  const run = await ended("extend_keyed", 18)
  setTotal(run, 33)
  await run.extend("load")
  expect((await run.untilEnd()).state).toBe("success")
  expect(recorded(run, "loaded")).toEqual(numbers(0, 33))
  expect((await run.result("report")) as number[]).toHaveLength(33)
  await engine.stop()
})

it("extends a source that several read, each from where it stands", async () => {
  const engine = world.startEngine()
  const run = await ended("extend_shared", 15)
  setTotal(run, 38)
  const { effects } = await run.extend("appended")
  expect(effects.map(({ taskId, does }) => [taskId, does])).toEqual([
    ["appended", "go on"],
    ["load", "go on"],
    ["check", "go on"],
    ["report", "begin anew"],
  ])
  expect((await run.untilEnd()).state).toBe("success")
  expect(recorded(run, "loaded")).toEqual(numbers(0, 38))
  expect(run.records.count("checked")).toBe(76)
  expect(await run.result("report")).toEqual(numbers(0, 38))
  await expectNothingLeft(world)
  await engine.stop()
})

it("refuses what could not go on exactly, and says what to do", async () => {
  const engine = world.startEngine()
  const run = await ended("extend_chunked", 10)
  await expect(run.extend("load")).rejects.toThrow(
    '"count" reads through chunk(), which cannot go on exactly',
  )
  await expect(run.extend("count")).rejects.toThrow(
    'task "count" reads what other tasks leave, and has all of it. Fix: extend "appended", and it goes on with it',
  )
  expect((await run.row()).state).toBe("success")
  const even = await ended("extend_chunked", 8)
  setTotal(even, 14)
  await even.extend("load")
  await expect(even.extend("load")).rejects.toThrow("is running; expected one that has ended")
  expect((await even.untilEnd()).state).toBe("success")
  expect(await even.view("count")).toMatchObject({ created: 4, success: 4 })
  await engine.stop()
})
