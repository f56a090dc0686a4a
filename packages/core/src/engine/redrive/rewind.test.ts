import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { dag, loop, task, type XCom } from "../../index.ts"
import { playRun } from "../../testing/graph/play-run.ts"
import { clear, redrive, type RedriveOptions } from "./index.ts"

/** A loop of two tasks that counts to 4, whose first breaks in some calls; what was called, by task and index. */
async function setup(breaks: (calls: readonly string[]) => boolean = () => false) {
  const calls: string[] = []
  const called = (what: string) => {
    calls.push(what)
    if (breaks(calls)) throw new Error("it broke")
  }
  const run = await playRun(
    dag("d", () => {
      const first = task("first", (n: number, ctx) => (called(`first ${ctx.mapIndex}`), n))
      const second = task("second", (n: number, ctx) => (called(`second ${ctx.mapIndex}`), n + 1))
      const start = task("start", () => (called("start"), 0))
      const outside = task("outside", () => 0)()
      const body = (n: XCom<number>) => second(first(n)).after(outside)
      const counted = loop("l", body, { until: (n) => n >= 4 })(start())
      task("each", (n: number, ctx) => called(`each ${ctx.mapIndex}: ${n}`)).iterate(counted.iterations)
      task("after", (n: number) => called(`after ${n}`))(counted.result)
    }),
  )
  await run.toEnd()
  const common = { dagRunId: run.dagRunId, downstream: true, isDryRun: false, actor: "ann" }
  const again = (taskId: string, options: Partial<RedriveOptions> = {}) =>
    Effect.runPromise(
      redrive(run.store, {
        ...common,
        taskId,
        select: { states: ["failed"] },
        event: "redriven",
        ...options,
      }),
    )
  const cleared = (taskId: string, indexes?: { from: number; to: number }) =>
    Effect.runPromise(
      clear(run.store, { ...common, tasks: [{ taskId, ...(indexes && { indexes }) }], onlyFailed: false }),
    )
  const since = (before: number) => calls.slice(before)
  return { run, calls, again, cleared, since }
}

const failsOnce = (what: string) => (calls: readonly string[]) =>
  calls.at(-1) === what && calls.filter((call) => call === what).length === 1

const allWell = { "l.iterations": "success", "l.first": "success", "l.result": "success", after: "success" }

describe("a loop in which an iteration is run again", () => {
  it("goes on from the one that failed, and leaves those before it as they are", async () => {
    const { run, calls, again, since } = await setup(failsOnce("second 2"))
    expect(await run.states()).toMatchObject({ "l.second": "failed", "l.result": "upstream_failed" })
    const before = calls.length
    expect(await again("l.second")).toEqual({
      taskId: "l.second",
      selected: 1,
      downstream: [
        { taskId: "l.first", runs: "instances", instances: 1 },
        { taskId: "l.result", runs: "anew" },
        { taskId: "each", runs: "anew" },
        { taskId: "after", runs: "anew" },
      ],
      notes: ['loop "l" goes on from iteration 3'],
    })
    await run.toEnd()
    expect(await run.states()).toMatchObject(allWell)
    expect(await run.runState()).toBe("success")
    expect(since(before).filter((call) => !call.startsWith("each"))).toEqual([
      ...["first 2", "second 2", "first 3", "second 3", "after 4"],
    ])
    expect(await run.view("l.second")).toMatchObject({ created: 4, success: 4, failed: 0 })
    const { expansionId } = await run.view("l.second")
    const tries = await Effect.runPromise(run.store.taskTries({ expansionId, mapIndex: 2 }))
    expect(tries.map(({ tryNumber, state }) => [tryNumber, state])).toEqual([[1, "failed"]])
  })

  it("is told what that would be, and nothing is done", async () => {
    const { run, again } = await setup(failsOnce("first 1"))
    const report = await again("l.first", { isDryRun: true })
    expect(report).toMatchObject({ selected: 1, notes: ['loop "l" goes on from iteration 2'] })
    expect(await run.runState()).toBe("failed")
  })

  it("follows from the first that is cleared, also where nothing had failed", async () => {
    const { run, cleared, calls, since } = await setup()
    const before = calls.length
    await cleared("l.first", { from: 1, to: 2 })
    await run.toEnd()
    expect(await run.states()).toMatchObject(allWell)
    expect(since(before).filter((call) => call.startsWith("first"))).toEqual([
      "first 1",
      "first 2",
      "first 3",
    ])
  })

  it.each(["l.first", "l.iterations", "start", "outside"])(
    "begins anew from its first one where %s is cleared",
    async (taskId) => {
      const { run, cleared, calls, since } = await setup()
      const before = calls.length
      await cleared(taskId)
      await run.toEnd()
      expect(await run.states()).toMatchObject(allWell)
      const firsts = since(before).filter((call) => call.startsWith("first"))
      expect(firsts).toEqual(["first 0", "first 1", "first 2", "first 3"])
      expect(await run.view("l.second")).toMatchObject({ created: 4, success: 4 })
    },
  )

  it("is refused without what follows from it, and while it has begun anew already", async () => {
    const { again, run } = await setup(failsOnce("first 1"))
    await expect(again("l.first", { downstream: false })).rejects.toThrow(
      /all that comes after it follows from it/,
    )
    await again("l.first")
    await expect(again("l.first")).rejects.toThrow(/has not started/)
    await run.toEnd()
    expect(await run.runState()).toBe("success")
  })
})
