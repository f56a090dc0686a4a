import { describe, expect, it } from "vitest"
import { branch, chain, dag, group, loop, Skip, source, task, type LoopOptions, type XCom } from "../index.ts"
import { playRun } from "../testing/graph/play-run.ts"
import { serializeDag } from "./index.ts"

const inc = task("inc", (n: number) => n + 1)
const add = task("add", ({ a, b }: { a: number; b: number }) => a + b)
const one = task("one", () => 1)
const numbers = source("numbers", async function* () {
  yield 1
})

const counting = (until: LoopOptions<number>["until"], options: Partial<LoopOptions<number>> = {}) =>
  loop("count", (n: XCom<number>) => inc(n), { until, ...options })

function shapeOf(build: () => unknown) {
  const { tasks, edges, groups, loops } = serializeDag(dag("d", () => void build()))
  const arrows = edges.map(({ upstream, downstream, kind, holdsBack }) => {
    const arrow = kind === "complete" ? "=>" : holdsBack ? "~>" : "->"
    return `${upstream} ${arrow} ${downstream}`
  })
  return { tasks, groups, loops, edges: arrows.toSorted() }
}

async function played(build: () => unknown, steps?: number) {
  const run = await playRun(dag("d", () => void build()))
  await run.toEnd(steps)
  return { run, states: { ...(await run.states()), run: await run.runState() } }
}

describe("a loop's shape", () => {
  it("is a source, maps that keep step, and a task with the result; its way back is no edge", () => {
    const { edges, groups, loops, tasks } = shapeOf(() => {
      const twice = loop("twice", (n: XCom<number>) => add({ a: n, b: inc(n) }), { until: (n) => n > 9 })
      inc.withId("after")(twice(one()).result)
    })
    expect(edges).toEqual([
      "one => twice.iterations",
      "twice.add => twice.result",
      "twice.inc ~> twice.add",
      "twice.iterations ~> twice.add",
      "twice.iterations ~> twice.inc",
      "twice.result => after",
    ])
    expect(groups).toEqual([{ groupId: "twice", parent: null }])
    expect(loops).toEqual([
      {
        loopId: "twice",
        iterations: "twice.iterations",
        body: ["twice.inc", "twice.add"],
        ends: ["twice.add"],
        maxIterations: 100,
      },
    ])
    expect(tasks.map(({ taskId, kind }) => `${taskId} ${kind}`)).toEqual([
      "one task",
      "twice.iterations source",
      "twice.inc mapped",
      "twice.add mapped",
      "twice.result task",
      "after task",
    ])
  })

  it("waits in each iteration for all that nothing of it follows", () => {
    const { loops, edges } = shapeOf(() => {
      const body = (n: XCom<number>) => {
        const next = inc(n)
        inc.withId("side")(next)
        return next
      }
      loop("l", body, { until: () => true })(1)
    })
    expect(loops[0]?.ends).toEqual(["l.inc", "l.side"])
    expect(edges).toContain("l.side => l.result")
  })

  it("puts a task that waits before the others, where iterations are to be apart", () => {
    const { loops, edges } = shapeOf(() => counting(() => true, { delay: "10s", maxIterations: 3 })(0))
    expect(edges).toEqual([
      "count.delay ~> count.inc",
      "count.inc => count.result",
      "count.iterations ~> count.delay",
    ])
    expect(loops[0]).toMatchObject({ body: ["count.delay", "count.inc"], maxIterations: 3 })
  })

  it("lets nobody hold a loop back who waits for an end in it", () => {
    const { edges } = shapeOf(() => {
      const counted = counting(() => true)(0)
      const reader = inc.withId("reader").iterate(counted.iterations)
      chain(counted, reader)
      inc.withId("free").iterate(counted.iterations)
    })
    expect(edges).toContain("count.inc -> reader")
    expect(edges).toContain("count.inc ~> free")
  })

  it("stands for its source where it comes after others, and for its result where others come after it", () => {
    const { edges } = shapeOf(() => chain(one(), counting(() => true)(0), one.withId("last")()))
    expect(edges).toContain("one => count.iterations")
    expect(edges).toContain("count.result => last")
  })

  it("may be used twice, in a group, and with groups in it", () => {
    const inner = group("inner", (n: XCom<number>) => inc(n))
    const looped = loop("l", (n: XCom<number>) => inner(n).result, { until: () => true })
    const { loops } = shapeOf(() => {
      group("outer", () => looped(1))()
      looped.withId("again")(2)
    })
    expect(loops.map(({ loopId, body }) => [loopId, body])).toEqual([
      ["outer.l", ["outer.l.inner.inc"]],
      ["again", ["again.inner.inc"]],
    ])
  })
})

describe("a loop is refused", () => {
  const looped = (build: (n: XCom<number>) => unknown, options = {}) => {
    const all = { until: () => true, ...options }
    return () => shapeOf(() => loop("l", build as (n: XCom<number>) => XCom<number>, all)(1))
  }
  const plain = (n: XCom<number>) => inc(n)
  it.each([
    ["without until", plain, { until: undefined }, /loop\(\) has no until.*write until/s],
    [
      "with no iteration",
      plain,
      { maxIterations: 0 },
      /option "maxIterations".*number 0.*whole number from 1/s,
    ],
    ["with half an iteration", plain, { maxIterations: 1.5 }, /option "maxIterations"/],
    ["with an unknown option", plain, { window: 3 }, /loop\(\) has no option "window"/],
    [
      "with a map in it",
      (n: XCom<number>) => inc.iterate(n as never),
      {},
      /iterate\(\) was called in a loop/,
    ],
    ["with a source in it", () => numbers(), {}, /the source was called in a loop/],
    [
      "with a branch in it",
      (n: XCom<number>) => branch("b", (n: number) => `${n}`)(n),
      {},
      /branch\(\) made/,
    ],
    [
      "with a task that is called as one of its own",
      (n: XCom<number>) => inc.withId("iterations")(n),
      {},
      /task "l.iterations".*one of the loop's own/,
    ],
    ["with a loop in it", () => counting(() => true)(1), {}, /a loop was called in a loop.*triggerRun/s],
    ["without a task", () => one, {}, /the group has no task/],
    [
      "where it returns no task's value",
      (n: XCom<number>) => ({ n: inc(n) }),
      {},
      /returned an? .*XCom of one/s,
    ],
    ["where it returns what it took", (n: XCom<number>) => (inc(n), n), {}, /returned .*XCom of one/s],
  ])("%s", (_, build, options, message) => {
    expect(looped(build, options)).toThrow(message)
  })

  it("in a mapped group, and with a stream to begin with", () => {
    const perItem = group("g", (n: XCom<number>) => counting(() => true)(n as never).result)
    expect(() => shapeOf(() => perItem.iterate(numbers()))).toThrow(/a loop was called in a mapped group/)
    expect(() => shapeOf(() => counting(() => true)(numbers() as never))).toThrow(/stream as "input"/)
  })

  it("where a value of it leaves it otherwise than as its result", () => {
    let kept: XCom<number> | undefined
    const leaking = loop("l", (n: XCom<number>) => (kept = inc(n)), { until: () => true })
    expect(() => shapeOf(() => (leaking(1), inc.withId("out")(kept as XCom<number>)))).toThrow(
      /for each item/,
    )
  })
})

describe("a loop's run", () => {
  it("goes round until its result is good, and leaves the last one", async () => {
    const asked: number[][] = []
    const seen: number[] = []
    const { run, states } = await played(() => {
      const counted = counting((n, { iteration }) => (asked.push([n, iteration]), n >= 13))(
        task("ten", () => 10)(),
      )
      task("after", (n: number) => void seen.push(n))(counted.result)
    })
    expect(states).toEqual({
      ...{ ten: "success", "count.iterations": "success", "count.inc": "success", "count.result": "success" },
      ...{ after: "success", run: "success" },
    })
    expect(asked).toEqual([
      [11, 1],
      [12, 2],
      [13, 3],
    ])
    expect(seen).toEqual([13])
    expect(await run.view("count.inc")).toMatchObject({ created: 3, success: 3, unfinishedPeak: 1 })
  })

  it("leaves the results of all iterations as a stream", async () => {
    const seen: number[] = []
    await played(() => {
      const counted = counting((n) => n >= 4)(0)
      task("sum", async ({ all }: { all: AsyncIterable<number> }) => {
        for await (const n of all) seen.push(n)
      })({ all: counted.iterations })
    })
    expect(seen).toEqual([1, 2, 3, 4])
  })

  it("fails where it has had its iterations, or ends with the last result where that is asked for", async () => {
    const never = () => false
    const failed = await played(() => counting(never, { maxIterations: 3 })(0))
    expect(failed.states).toMatchObject({ "count.inc": "success", "count.result": "failed", run: "failed" })
    expect(await failed.run.view("count.inc")).toMatchObject({ created: 3 })
    const { states } = await played(() => counting(never, { maxIterations: 3, onLimit: "succeed" })(0))
    expect(states).toMatchObject({ "count.result": "success", run: "success" })
    const lastly = await played(() => counting((n) => n === 3, { maxIterations: 3 })(0))
    expect(lastly.states).toMatchObject({ "count.result": "success" })
  })

  const failsAt = (index: number, error: Error) =>
    task("step", (n: number, ctx) => {
      if (ctx.mapIndex === index) throw error
      return n + 1
    })

  it("ends with an iteration that failed, as what follows it is told", async () => {
    const step = failsAt(2, new Error("it broke"))
    const { run, states } = await played(() => {
      const body = (n: XCom<number>) => inc(step(n))
      const ended = loop("l", body, { until: (n) => n > 99 })(0)
      task("after", () => 1)().after(ended)
      task("anyway", () => 1, { triggerRule: "all_done" })().after(ended)
    })
    expect(states).toMatchObject({
      ...{ "l.step": "failed", "l.inc": "upstream_failed", "l.result": "upstream_failed" },
      ...{ after: "upstream_failed", anyway: "success", run: "failed" },
    })
    expect(await run.view("l.step")).toMatchObject({ created: 3, success: 2, failed: 1 })
    expect(await run.view("l.inc")).toMatchObject({ created: 3, success: 2 })
  })

  it("ends with an iteration in which a task beside the result failed, and not with one that was skipped", async () => {
    const beside = (error: Error) => (n: XCom<number>) => {
      failsAt(1, error)(n)
      return inc(n)
    }
    const until = (n: number) => n >= 4
    const failed = await played(() => loop("l", beside(new Error("it broke")), { until })(0))
    expect(failed.states).toMatchObject({
      "l.inc": "success",
      "l.step": "failed",
      "l.result": "upstream_failed",
    })
    expect(await failed.run.view("l.inc")).toMatchObject({ created: 2 })
    const skipped = await played(() => loop("l", beside(new Skip()), { until })(0))
    expect(skipped.states).toMatchObject({ "l.step": "success", "l.result": "success" })
    expect(await skipped.run.view("l.inc")).toMatchObject({ created: 4 })
  })

  it("is skipped where the result of its last iteration was", async () => {
    for (const index of [0, 2]) {
      const { states } = await played(() => {
        const ended = loop("l", (n: XCom<number>) => failsAt(index, new Skip())(n), { until: () => false })(0)
        task("after", () => 1)().after(ended)
      })
      expect(states).toMatchObject({ "l.result": "skipped", after: "skipped", run: "success" })
    }
  })

  it("does not begin where what it starts from failed or was skipped", async () => {
    const given = (error: Error) =>
      task("given", (): number => {
        throw error
      })
    const failed = await played(() => counting(() => true)(given(new Error("it broke"))()))
    expect(failed.states).toMatchObject({ "count.inc": "upstream_failed", "count.result": "upstream_failed" })
    const skipped = await played(() => counting(() => true)(given(new Skip())()))
    expect(skipped.states).toMatchObject({ "count.inc": "skipped", "count.result": "skipped" })
  })

  it("counts trigger rules in each iteration alone", async () => {
    const { run } = await played(() => {
      const body = (n: XCom<number>) => {
        const tried = failsAt(1, new Skip())(n)
        return task("anyway", ({ n, tried = 100 }: { n: number; tried?: number }) => n + tried, {
          triggerRule: "all_done",
        })({ n, tried })
      }
      loop("l", body, { until: (n) => n > 100 })(0)
    })
    expect(await run.view("l.anyway")).toMatchObject({ created: 2, success: 2 })
  })

  it("goes round with nothing where its body takes nothing", async () => {
    let calls = 0
    const { states } = await played(() => {
      const poll = task("poll", () => ++calls)
      loop("wait", () => poll(), { until: (n) => n === 3 })()
    })
    expect(calls).toBe(3)
    expect(states).toMatchObject({ "wait.result": "success" })
  })
})
