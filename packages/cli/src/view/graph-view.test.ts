import { branch, chain, dag, group, loop, task, type XCom } from "@sluice/core"
import { serializeDag } from "@sluice/core/dag"
import { expect, it } from "vitest"
import { graphColumns, graphLines } from "./graph-view.ts"
import { tableLines } from "./table.ts"

const shape = serializeDag(
  dag("d", () => {
    const work = (id: string) => task(id, () => id)()
    const inner = group("inner", () => chain(work("a"), work("b")))
    const outer = group("outer", () => chain(work("first"), inner()))
    const join = task("join", () => 1, { triggerRule: "none_failed_min_one_success" })()
    chain(branch("pick", () => "outer")(), [outer(), work("other")], join)
  }),
)

const printed = (isOpen: boolean) => tableLines(graphColumns, graphLines(shape, { isOpen }))

it("a graph is printed with its groups as one line each, each line with what it follows", () => {
  expect(printed(false)).toEqual([
    "task   kind        trigger rule                 after",
    "pick   branch",
    "outer  group of 3                               pick",
    "other  task                                     pick",
    "join   task        none_failed_min_one_success  outer, other",
  ])
})

it("a graph is printed with all tasks of its groups when they are opened", () => {
  expect(printed(true).join("\n")).toContain("outer.inner.b  task    ")
  expect(printed(true)).toHaveLength(7)
})

it("a loop is one line, and opened says what goes round", () => {
  const looped = serializeDag(
    dag("d", () => {
      const inc = task("inc", (n: number) => n + 1)
      loop("count", (n: XCom<number>) => inc(n), { until: (n) => n > 3 })(task("start", () => 0)())
    }),
  )
  const lines = (isOpen: boolean) => tableLines(graphColumns, graphLines(looped, { isOpen })).slice(1)
  expect(lines(false)).toEqual([
    expect.stringMatching(/^start +task/),
    expect.stringMatching(/^count +loop of 3 +start$/),
  ])
  expect(lines(true)[1]).toMatch(/^count.iterations +source +start, ↺ count.inc$/)
})
