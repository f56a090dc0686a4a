import { describe, expect, it } from "vitest"
import { branch, chain, dag, group, setup, source, task, teardown } from "../index.ts"
import { playRun } from "../testing/graph/play-run.ts"
import { serializeDag } from "./index.ts"

const work = (id: string) => task(id, () => id)()
const shapeOf = (build: () => unknown, options = {}) => {
  const { tasks, edges, groups } = serializeDag(dag("d", options, () => void build()))
  const names = edges.map(({ upstream, downstream }) => `${upstream} => ${downstream}`)
  return { tasks, groups, edges: names.toSorted(), ids: tasks.map(({ taskId }) => taskId).toSorted() }
}

const load = group("load", (day: string) => {
  const rows = task("fetch", (given: { day: string }) => [given.day])({ day })
  return task("store", ({ rows }: { rows: string[] }) => rows.length)({ rows })
})

describe("a task group", () => {
  it("puts its id before those of its tasks, and of the groups in it", () => {
    const outer = group("outer", () => chain(work("first"), load("monday")))
    const { ids, groups, edges, tasks } = shapeOf(() => outer())
    expect(ids).toEqual(["outer.first", "outer.load.fetch", "outer.load.store"])
    expect(groups).toEqual([
      { groupId: "outer", parent: null },
      { groupId: "outer.load", parent: "outer" },
    ])
    expect(edges).toEqual(["outer.first => outer.load.fetch", "outer.load.fetch => outer.load.store"])
    expect(tasks.map(({ groupId }) => groupId)).toEqual(["outer", "outer.load", "outer.load"])
  })

  it("gives what its function returned, to be used as if it were called outside", () => {
    const { edges } = shapeOf(() => task("report", (n: number) => n)(load("monday").result))
    expect(edges).toContain("load.store => report")
  })

  it("stands for its first tasks where it comes after others, and for its last where others come after it", () => {
    const both = group("both", () => [work("a"), work("b")])
    const { edges } = shapeOf(() => chain(work("begin"), both(), work("end").after(load("monday"))))
    expect(edges).toEqual(
      [
        ...["begin => both.a", "begin => both.b", "both.a => end", "both.b => end"],
        ...["load.fetch => load.store", "load.store => end"],
      ].toSorted(),
    )
  })

  it("is not waited for by its teardowns, and a setup alone is no last task", () => {
    const scoped = group("scoped", () => {
      const made = setup("make", () => 1)()
      chain(made, work("work"), teardown("undo", () => 1)().after(made))
    })
    const { edges } = shapeOf(() => chain(scoped(), work("next")))
    expect(edges.filter((edge) => edge.endsWith("next"))).toEqual(["scoped.work => next"])
  })

  it("can hold sources and maps, whose streams go on working", async () => {
    const numbers = source("numbers", async function* () {
      yield 1
    })
    const streamed = group("streamed", () => task("map", (n: number) => n).iterate(numbers()))
    const definition = dag("d", () => task("again", (n: number) => n).iterate(streamed().result))
    const run = await playRun(definition, { lengths: { "streamed.numbers": 5 } })
    await run.toEnd()
    expect(await run.states()).toEqual({
      ...{ "streamed.numbers": "success", "streamed.map": "success", again: "success" },
    })
    expect((await run.view("again")).success).toBe(5)
  })

  it("lays its default options over the DAG's, and under those of its tasks", () => {
    const inner = group("inner", () => [work("a"), task("b", () => 1, { retries: 9 })()], {
      defaultTaskOptions: { retries: 3 },
    })
    const outer = group("outer", () => inner(), { defaultTaskOptions: { retries: 2, pool: "slow" } })
    const { tasks } = shapeOf(() => [outer(), work("c")], { defaultTaskOptions: { retries: 1 } })
    expect(tasks.map(({ taskId, retries, pool }) => [taskId, retries, pool])).toEqual([
      ["outer.inner.a", 3, "slow"],
      ["outer.inner.b", 9, "slow"],
      ["c", 1, "default_pool"],
    ])
  })

  it("can be chosen by a branch as a whole", async () => {
    const way = group("way", () => [work("a"), chain(work("b"), work("c"))])
    const definition = dag("d", () => chain(branch("pick", () => "way")(), [way(), work("other")]))
    const run = await playRun(definition)
    await run.toEnd()
    expect(await run.states()).toMatchObject({
      ...{ "way.a": "success", "way.b": "success", "way.c": "success", other: "skipped" },
    })
  })

  it("is used twice under another id", () => {
    const { ids } = shapeOf(() => chain(load("monday"), load.withId("again")("tuesday")))
    expect(ids).toEqual(["again.fetch", "again.store", "load.fetch", "load.store"])
  })

  it("is refused with what is wrong", () => {
    const inDag = (build: () => unknown) => () => shapeOf(build)
    expect(inDag(() => [load("a"), load("b")])).toThrow(/task "load": the id is used twice/)
    expect(inDag(() => [work("load"), load("b")])).toThrow(/task "load": the id is used twice/)
    expect(inDag(() => [load("b"), work("load")])).toThrow(/task "load": the id is used twice/)
    expect(inDag(() => group("empty", () => {})())).toThrow(/task "empty": the group has no task/)
    expect(inDag(() => group("late", async () => work("a"))())).toThrow(/the group's function is async/)
    expect(() => load("monday")).toThrow(/was called outside dag\(\)/)
    expect(() => group("a b", () => {})).toThrow(/the id given to group\(\)/)
    expect(() => group("g", 3 as never)).toThrow(/group\(\) got the number 3/)
    expect(() => group("g", () => {}, { retries: 3 } as never)).toThrow(/group\(\) has no option "retries"/)
    expect(() => group("g", () => {}, { defaultTaskOptions: { retry: 3 } } as never)).toThrow(
      /no option "retry"/,
    )
    const long = group("x".repeat(200), () => work("y".repeat(60)))
    expect(inDag(() => long())).toThrow(/1 to 250 letters/)
  })
})
