import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { branch, chain, dag, shortCircuit, Skip, task, type Choice, type TaskOptions } from "../index.ts"
import { playRun } from "../testing/graph/play-run.ts"

const none = { triggerRule: "none_failed_min_one_success" } as const
const work = (id: string, options: TaskOptions = {}) => task(id, () => id, options)()
const failing = (id: string) =>
  task(id, () => {
    throw new Error("it broke")
  })()
const pick = (choice: Choice) => branch("pick", () => choice)()

async function statesOf(build: () => unknown, lengths: Record<string, number> = {}) {
  const run = await playRun(
    dag("d", () => void build()),
    { lengths },
  )
  await run.toEnd()
  return { ...(await run.states()), run: await run.runState() }
}

describe("a branch", () => {
  it("runs what it chose, skips the other ways with all that follows only them, and joins", async () => {
    const states = await statesOf(() => chain(pick("a"), [work("a"), chained("b", "b2")], work("join", none)))
    expect(states).toEqual({
      ...{ pick: "success", a: "success", b: "skipped", b2: "skipped", join: "success", run: "success" },
    })
  })

  it("may choose several ways, or none", async () => {
    const shape = (choice: Choice) => () =>
      chain(pick(choice), [work("a"), work("b"), work("c")], work("join", none))
    const several = await statesOf(shape(["a", "c"]))
    expect(several).toMatchObject({ a: "success", b: "skipped", c: "success", join: "success" })
    for (const choice of [null, []]) {
      const states = await statesOf(shape(choice))
      expect(states).toMatchObject({
        a: "skipped",
        b: "skipped",
        c: "skipped",
        join: "skipped",
        run: "success",
      })
    }
  })

  it("does not skip what the chosen way leads to, though it follows the branch directly", async () => {
    const states = await statesOf(() => {
      const choice = pick("a")
      chain(choice, work("a"), work("join", none).after(choice))
    })
    expect(states).toMatchObject({ a: "success", join: "success" })
  })

  it("skips a task whatever its trigger rule, and what another failure would have made of it", async () => {
    const states = await statesOf(() => {
      const choice = pick("a")
      chain(choice, work("a"))
      for (const triggerRule of ["always", "one_failed", "all_done", "all_success"] as const)
        work(triggerRule, { triggerRule }).after(choice, failing(`broken_${triggerRule}`))
    })
    expect(states).toMatchObject({
      always: "skipped",
      one_failed: "skipped",
      all_done: "skipped",
      all_success: "skipped",
    })
  })

  it("skips maps and the sources of streams like any task", async () => {
    const states = await statesOf(
      () => {
        const skipped = task("map", () => 1).expand([1, 2])
        chain(pick("go_on"), [skipped, work("go_on")])
        task("reader", () => 1).iterate(skipped)
      },
      { map: 2 },
    )
    expect(states).toMatchObject({ map: "skipped", reader: "skipped", go_on: "success" })
  })

  it.each([
    [
      "b2",
      'branch "pick" returned "b2", which is no task that directly follows it; expected of a, b, or null for none.',
    ],
    ["pick", 'returned "pick"'],
    ["no_such", 'returned "no_such"'],
    [["a", "c"], 'returned "c"'],
    [3, "returned the number 3"],
    [undefined, "returned undefined"],
  ])("that returns %j fails with what it returned, and what it could have", async (choice, message) => {
    const run = await playRun(dag("d", () => chain(pick(choice as Choice), [work("a"), chained("b", "b2")])))
    await run.toEnd()
    expect(await run.states()).toEqual({
      ...{ pick: "failed", a: "upstream_failed", b: "upstream_failed", b2: "upstream_failed" },
    })
    const { expansionId } = await run.view("pick")
    const [instance] = await Effect.runPromise(
      run.store.listTaskInstances({ expansionId, afterIndex: -2, limit: 1 }),
    )
    expect(instance?.error?.message).toContain(message)
  })

  it("that was skipped itself leaves what follows to the trigger rules", async () => {
    const states = await statesOf(() => {
      const skipped = branch("pick", (): string => {
        throw new Skip()
      })()
      chain(skipped, [work("a"), work("b", { triggerRule: "all_done" })])
    })
    expect(states).toMatchObject({ pick: "skipped", a: "skipped", b: "success" })
  })
})

describe("a short circuit", () => {
  const closed = shortCircuit("go_on", () => false)
  const narrow = shortCircuit("go_on", () => false, { ignoreDownstreamTriggerRules: false })

  it("lets the run go on", async () => {
    const open = shortCircuit("go_on", async () => true)
    const states = await statesOf(() => chain(open(), work("a"), work("b")))
    expect(states).toMatchObject({ a: "success", b: "success" })
  })

  it("skips everything below it, whatever the trigger rules", async () => {
    const states = await statesOf(() => chain(closed(), work("a"), work("b", { triggerRule: "all_done" })))
    expect(states).toMatchObject({ go_on: "success", a: "skipped", b: "skipped", run: "success" })
  })

  it("holds back what it may skip further down, until it has ended", async () => {
    const states = await statesOf(() => {
      chain(work("slow"), closed(), work("a"), work("b", { triggerRule: "one_success" }).after(work("quick")))
    })
    expect(states).toMatchObject({ quick: "success", b: "skipped" })
  })

  it("that respects them skips only what comes next", async () => {
    const states = await statesOf(() => chain(narrow(), work("a"), work("b", { triggerRule: "all_done" })))
    expect(states).toMatchObject({ a: "skipped", b: "success" })
  })

  it("fails where it returns no boolean", async () => {
    const wrong = shortCircuit("go_on", () => "yes" as unknown as boolean)
    expect(await statesOf(() => chain(wrong(), work("a")))).toMatchObject({
      go_on: "failed",
      a: "upstream_failed",
    })
  })
})

it("a run ends though its last task is followed by one that was decided before", async () => {
  const states = await statesOf(() => {
    work("early", { triggerRule: "all_failed" }).after(work("quick"), work("slow"))
  })
  expect(states).toMatchObject({ early: "skipped", slow: "success", run: "success" })
})

describe("gates", () => {
  it("are mapped by nobody, and have their options checked", () => {
    const untyped = pickTask as unknown as { expand(items: number[]): void }
    expect(() => dag("d", () => untyped.expand([1]))).toThrow(/expand\(\) was called on what branch\(\) made/)
    expect(() => branch("b", 3 as never)).toThrow(/branch\(\) got the number 3 .*write branch\("b", async/)
    expect(() => shortCircuit("s", () => true, { retry: 3 } as never)).toThrow(
      /shortCircuit\(\) has no option "retry"/,
    )
    expect(() => shortCircuit("s", () => true, { ignoreDownstreamTriggerRules: 1 } as never)).toThrow(
      /true or false/,
    )
  })
})

const pickTask = branch("pick", () => null)

/** Two tasks, one after the other: what is put before them comes before the first. */
function chained(first: string, second: string) {
  const begin = work(first)
  work(second).after(begin)
  return begin
}
