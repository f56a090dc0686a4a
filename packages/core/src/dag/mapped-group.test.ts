import { describe, expect, it } from "vitest"
import { branch, chain, dag, group, source, task, type LazyXCom, type XCom } from "../index.ts"
import { serializeDag } from "./index.ts"

const numbers = source("numbers", async function* () {
  yield 1
})
const inc = task("inc", (n: number) => n + 1)
const add = task("add", ({ a, b }: { a: number; b: number }) => a + b)
const one = task("one", () => 1)

function shapeOf(build: () => unknown) {
  const { tasks, edges, groups } = serializeDag(dag("d", () => void build()))
  const arrows = edges.map(({ upstream, downstream, kind, holdsBack }) => {
    const arrow = kind === "complete" ? "=>" : holdsBack ? "~>" : "->"
    return `${upstream} ${arrow} ${downstream}`
  })
  const mappings = Object.fromEntries(tasks.map(({ taskId, mapping }) => [taskId, mapping]))
  return { tasks, groups, edges: arrows.toSorted(), mappings }
}

describe("a mapped group", () => {
  it("is maps that read each other in step, and hold each other back", () => {
    const both = group("both", (n: XCom<number>) => add({ a: n, b: inc(n) }))
    const { edges, mappings, groups } = shapeOf(() =>
      inc.withId("after").iterate(both.iterate(numbers(), { window: 7 }).result),
    )
    expect(edges).toEqual([
      "both.add ~> after",
      "both.inc ~> both.add",
      "numbers ~> both.add",
      "numbers ~> both.inc",
    ])
    expect(groups).toEqual([{ groupId: "both", parent: null }])
    expect(mappings["both.inc"]).toMatchObject({ window: 7, pageSize: 7, isDirect: true })
    expect(mappings["both.add"]).toMatchObject({ window: 7, operators: ["zip"] })
  })

  it("waits per item for what comes before in the group, and for the end of what is outside", () => {
    const ordered = group("g", (n: XCom<number>) => {
      const first = inc(n)
      return inc.withId("second")(n).after(first, outside)
    })
    let outside: XCom<number>
    const { edges } = shapeOf(() => {
      outside = one()
      ordered.expand([1, 2, 3])
    })
    expect(edges).toEqual(["g.inc ~> g.second", "one => g.second"])
  })

  it("gives streams of all that its function returns, also of groups in it", () => {
    const inner = group("inner", (n: XCom<number>) => ({ one: inc(n), list: [inc.withId("two")(n)] }))
    const outer = group("outer", (n: XCom<number>) => inner(n))
    const { edges } = shapeOf(() => {
      const { one: first, list } = outer.iterate(numbers()).result
      add.iterate({ a: first, b: list[0] as LazyXCom<number> })
    })
    expect(edges).toContain("outer.inner.inc ~> add")
    expect(edges).toContain("outer.inner.two ~> add")
  })

  it("maps tasks that take nothing of the item, and values that partial() has filled", () => {
    const { mappings, tasks } = shapeOf(() => {
      group("g", (n: XCom<number>) => [one(), add.partial({ a: n })({ b: 3 })]).iterate(numbers())
    })
    expect(mappings["g.one"]).toMatchObject({ operators: ["map"] })
    expect(mappings["g.add"]).toMatchObject({ operators: ["map"] })
    expect(tasks.map(({ kind }) => kind)).toEqual(["source", "mapped", "mapped"])
  })

  it("stands for all of its maps where it is put in order", () => {
    const both = group("both", (n: XCom<number>) => add({ a: n, b: inc(n) }))
    const { edges } = shapeOf(() => chain(one(), both.iterate(numbers()), one.withId("last")()))
    expect(edges).toContain("both.add => last")
    expect(edges).toContain("one => both.inc")
  })

  const refusal = (build: (n: XCom<number>) => unknown) => () =>
    shapeOf(() => group("g", build).iterate(numbers()))
  it.each([
    ["a map in it", (n: XCom<number>) => inc.iterate(n as never), /iterate\(\) was called in a mapped group/],
    ["a source in it", () => numbers(), /the source was called in a mapped group/],
    ["a branch in it", (n: XCom<number>) => branch("b", (n: number) => `${n}`)(n), /on what branch\(\) made/],
    [
      "another mapped group in it",
      () => group("inner", (n: XCom<number>) => inc(n)).iterate(numbers.withId("m")()),
      /was called in a mapped group/,
    ],
    ["no task", () => 1, /the group has no task/],
  ])("refuses %s", (_, build, message) => {
    expect(refusal(build)).toThrow(message)
  })

  it("refuses values that leave it other than as its result, and options that are a task's", () => {
    let kept: XCom<number> | undefined
    const leaking = group("g", (n: XCom<number>) => (kept = inc(n)))
    expect(() =>
      shapeOf(() => {
        leaking.iterate(numbers())
        inc.withId("outside")(kept as XCom<number>)
      }),
    ).toThrow(/task "outside": its input is a value of a mapped group/)
    expect(() => shapeOf(() => leaking.iterate(numbers(), { maxItems: 3 } as never))).toThrow(
      /option "maxItems"/,
    )
    expect(() => shapeOf(() => leaking.iterate([1] as never))).toThrow(/iterate\(\) got an array/)
  })
})
