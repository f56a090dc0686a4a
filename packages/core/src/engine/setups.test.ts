import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { chain, dag, setup, Skip, source, task, teardown, type TaskOptions } from "../index.ts"
import { serializeDag } from "../dag/index.ts"
import { type PlayedRun, playRun } from "../testing/graph/play-run.ts"
import { clear, redrive } from "./redrive/index.ts"

type Outcome = "success" | "failed" | "skipped"

const doing = (outcome: Outcome) => () => {
  if (outcome === "skipped") throw new Skip()
  if (outcome === "failed") throw new Error("it broke")
  return outcome
}
const make = (outcome: Outcome = "success") => setup("make", doing(outcome))()
const undo = (outcome: Outcome = "success", options = {}) => teardown("undo", doing(outcome), options)()
const work = (id: string, outcome: Outcome = "success", options: TaskOptions = {}) =>
  task(id, doing(outcome), options)()

async function play(build: () => unknown, lengths: Record<string, number> = {}): Promise<PlayedRun> {
  const run = await playRun(
    dag("d", () => void build()),
    { lengths },
  )
  await run.toEnd()
  return run
}

async function statesOf(build: () => unknown, lengths: Record<string, number> = {}) {
  const run = await play(build, lengths)
  return { ...(await run.states()), run: await run.runState() }
}

/** A setup, two tasks of work, the teardown that follows both setup and work, and what the test adds. */
function scope(given: { make?: Outcome; first?: Outcome; undo?: Outcome; options?: object } = {}) {
  const made = make(given.make)
  const [first, second] = [work("first", given.first), work("second")]
  const undone = undo(given.undo, given.options).after(made)
  chain(made, first, second, undone)
  return { made, first, second, undone }
}

describe("a teardown", () => {
  it("runs when the work has ended, however it did, and the run ends as the work", async () => {
    expect(await statesOf(() => scope())).toMatchObject({ undo: "success", run: "success" })
    const failed = await statesOf(() => scope({ first: "failed" }))
    expect(failed).toMatchObject({
      first: "failed",
      second: "upstream_failed",
      undo: "success",
      run: "failed",
    })
    const skipped = await statesOf(() => scope({ first: "skipped" }))
    expect(skipped).toMatchObject({ second: "skipped", undo: "success", run: "success" })
  })

  it("does not run where nothing was made", async () => {
    const failed = await statesOf(() => scope({ make: "failed" }))
    expect(failed).toMatchObject({ first: "upstream_failed", undo: "upstream_failed", run: "failed" })
    const skipped = await statesOf(() => scope({ make: "skipped" }))
    expect(skipped).toMatchObject({ first: "skipped", undo: "skipped", run: "success" })
  })

  it("that fails does not fail the run, unless it says so", async () => {
    expect(await statesOf(() => scope({ undo: "failed" }))).toMatchObject({ undo: "failed", run: "success" })
    const told = await statesOf(() => scope({ undo: "failed", options: { onFailureFailDagRun: true } }))
    expect(told).toMatchObject({ undo: "failed", run: "failed" })
  })

  it("waits for a map and for what reads a stream, and runs though some of it failed", async () => {
    const numbers = source("numbers", async function* () {
      yield 1
    })
    const states = await statesOf(
      () => {
        const made = make()
        const items = numbers()
        chain(made, items)
        const first = task("first", doing("failed")).iterate(items)
        const second = task("second", doing("success")).iterate(first)
        chain([made, first, second], undo())
      },
      { numbers: 5 },
    )
    expect(states).toMatchObject({
      first: "failed",
      second: "upstream_failed",
      undo: "success",
      run: "failed",
    })
  })

  it("of two setups runs where one has succeeded", async () => {
    const states = await statesOf(() => {
      const broken = setup("broken", doing("failed"))()
      const made = make()
      chain([broken, made], work("first"))
      chain([broken, made], undo())
    })
    expect(states).toMatchObject({ first: "upstream_failed", undo: "success" })
  })

  it("alone in a DAG decides its run", async () => {
    expect(await statesOf(() => undo("failed"))).toMatchObject({ undo: "failed", run: "failed" })
  })
})

describe("a setup", () => {
  it("that failed keeps all its work from running, whatever the trigger rules of what does not follow it directly", async () => {
    const states = await statesOf(() => {
      const { second, undone } = scope({ make: "failed" })
      const late = work("late", "success", { triggerRule: "all_done" }).after(second)
      undone.after(late)
      work("after", "success", { triggerRule: "all_done" }).after(undone)
    })
    expect(states).toMatchObject({ late: "upstream_failed", after: "success" })
  })

  it("lets work that follows it directly go by its trigger rule, as in Airflow", async () => {
    const states = await statesOf(() => {
      const made = make("failed")
      chain(made, work("first", "success", { triggerRule: "all_done" }), undo().after(made))
    })
    expect(states).toMatchObject({ first: "success", undo: "upstream_failed" })
  })

  it("is no setup for what follows the teardown", () => {
    const { tasks } = serializeDag(
      dag("d", () => {
        const { undone } = scope()
        work("after").after(undone)
      }),
    )
    expect(tasks.find(({ taskId }) => taskId === "make")?.gate).toMatchObject({
      targets: [1, 2],
      direct: [1],
    })
  })
})

describe("what was torn down", () => {
  const store = async (run: PlayedRun, taskId: string, indexes?: { from: number; to: number }) => {
    const tasks = [{ taskId, ...(indexes && { indexes }) }]
    const options = { dagRunId: run.dagRunId, tasks, onlyFailed: false, downstream: false, actor: "ann" }
    const dry = await Effect.runPromise(clear(run.store, { ...options, isDryRun: true }))
    await Effect.runPromise(clear(run.store, { ...options, isDryRun: false }))
    return dry
  }

  it("is made again for work that is cleared, and torn down again", async () => {
    let made = 0
    const log: string[] = []
    const run = await play(() => {
      const first = setup("make", () => log.push(`make ${++made}`))()
      const second = task("first", () => log.push(`first with ${made}`))()
      const undone = teardown("undo", () => log.push(`undo ${made}`))()
      chain(first, [second, task("beside", () => log.push("beside"))()], undone.after(first))
    })
    await store(run, "first")
    log.length = 0
    await run.toEnd()
    expect(log).toEqual(["make 2", "first with 2", "undo 2"])
    expect(await run.runState()).toBe("success")
  })

  it("refuses to run some instances of a map again, which would find it gone", async () => {
    const run = await play(
      () => {
        const made = make()
        const first = task("first", doing("failed")).expand([1, 2, 3])
        chain(made, first, undo().after(made))
      },
      { first: 3 },
    )
    await expect(store(run, "first", { from: 1, to: 1 })).rejects.toThrow(
      /its teardown has undone \(make, undo\)/,
    )
    const select = { states: ["failed"] as const }
    const options = { dagRunId: run.dagRunId, taskId: "first", select, downstream: true, isDryRun: false }
    const again = redrive(run.store, { ...options, actor: "ann", event: "redriven" })
    await expect(Effect.runPromise(again)).rejects.toThrow(/clear the whole task/)
    await store(run, "first")
    await run.toEnd()
    expect(await run.states()).toEqual({ make: "success", first: "failed", undo: "success" })
    expect((await run.view("first")).failed).toBe(3)
  })
})

it("setups and teardowns have their options checked", () => {
  expect(() => teardown("t", () => 1, { triggerRule: "all_done" } as never)).toThrow(
    /got the string "all_done" as its trigger rule/,
  )
  expect(() => teardown("t", () => 1, { onFailureFailDagRun: 1 } as never)).toThrow(/true or false/)
  expect(() => setup("s", () => 1, { onFailureFailDagRun: true } as never)).toThrow(/setup\(\) has no option/)
  const untyped = setup("s", () => 1) as unknown as { iterate(items: unknown): void }
  expect(() => dag("d", () => untyped.iterate([]))).toThrow(/called on what setup\(\) made/)
})
