import { describe, expect, it } from "vitest"
import { chain, dag, LazyXCom, page, source, task } from "../index.ts"
import { serializeDag } from "./index.ts"

const one = task("one", () => 1)
const list = task("list", () => [1, 2])
const inc = task("inc", (n: number) => n + 1)
const sum = task("sum", async ({ ns }: { ns: AsyncIterable<number> }) => {
  let total = 0
  for await (const n of ns) total += n
  return total
})
const add = task("add", ({ a, b }: { a: number; b: number }) => a + b)
const numbers = source("numbers", async function* ({ cursor = 0 }) {
  yield page([cursor], null)
})
const from = source("from", async function* ({ start }: { start: number }) {
  yield page([start], null)
})

function serialized(build: () => unknown) {
  const { tasks, edges } = serializeDag(dag("d", build))
  return {
    task: (taskId: string) => tasks.find((one) => one.taskId === taskId)!,
    kinds: Object.fromEntries(tasks.map((one) => [one.taskId, one.kind])),
    leaves: (taskId: string) => tasks.find((one) => one.taskId === taskId)!.mapping!.leaves,
    edges: edges.map(({ upstream, downstream, kind, holdsBack }) => {
      return `${upstream} ${kind === "complete" ? "=>" : holdsBack ? "->" : "~>"} ${downstream}`
    }),
  }
}

describe("a source", () => {
  it("is fused into its only reader, a map", () => {
    const { kinds, leaves, edges, task } = serialized(() => inc.iterate(numbers()))
    expect(kinds).toEqual({ numbers: "fused", inc: "mapped" })
    expect(leaves("inc")).toEqual([{ kind: "fused", taskId: "numbers" }])
    expect(edges).toEqual(["numbers -> inc"])
    expect(task("inc").mapping!.isDirect).toBe(false)
  })

  it("keeps its own pages when two maps read it", () => {
    const { kinds, leaves, task } = serialized(() => {
      const n = numbers()
      inc.iterate(n)
      inc.withId("other").iterate(n.filter(Boolean))
    })
    expect(kinds["numbers"]).toBe("source")
    expect(task("numbers").mapping).toMatchObject({
      kind: "iterate",
      window: 1000,
      leaves: [],
      isDirect: false,
    })
    expect(leaves("inc")).toEqual([{ kind: "stream", taskId: "numbers" }])
    expect(task("inc").mapping!.isDirect).toBe(true)
    expect(task("other").mapping).toMatchObject({ isDirect: false, operators: ["filter"] })
  })

  it("keeps its own pages when a task reduces it, or waits for its end", () => {
    expect(serialized(() => sum({ ns: numbers() }))).toMatchObject({
      kinds: { numbers: "source" },
      edges: ["numbers => sum"],
    })
    const ordered = serialized(() => {
      const n = numbers()
      inc.iterate(n)
      chain(n, one())
    })
    expect(ordered.kinds["numbers"]).toBe("source")
  })

  it("keeps its own pages when one pipeline reads it twice", () => {
    const { kinds, leaves } = serialized(() => {
      const n = numbers()
      inc.iterate(n.zip(n.filter(Boolean)).map(([a]) => a))
    })
    expect(kinds["numbers"]).toBe("source")
    expect(leaves("inc")).toEqual([{ kind: "stream", taskId: "numbers" }])
  })

  it("keeps its own pages when its items are counted", () => {
    const counted = source(
      "numbers",
      async function* () {
        yield 1
      },
      { maxItems: 3 },
    )
    const { kinds, task } = serialized(() => inc.iterate(counted()))
    expect(kinds["numbers"]).toBe("source")
    expect(task("numbers").mapping!.maxItems).toBe(3)
  })

  it("can be fused together with others, by zip and concat", () => {
    const zipped = serialized(() => add.iterate({ a: numbers(), b: numbers.withId("more")() }))
    expect(zipped.kinds).toEqual({ numbers: "fused", more: "fused", add: "mapped" })
    expect(zipped.edges).toEqual(["numbers -> add", "more -> add"])
    const both = serialized(() => inc.iterate(LazyXCom.concat(numbers(), numbers.withId("more")())))
    expect(both.kinds).toEqual({ numbers: "fused", more: "fused", inc: "mapped" })
  })

  it("waits for the tasks whose XComs it takes", () => {
    const { edges, task, kinds } = serialized(() => inc.iterate(from({ start: one() })))
    expect(edges).toEqual(["one => from", "from -> inc"])
    expect(task("from").xcomInputs).toEqual(["one"])
    expect(kinds["from"]).toBe("fused")
  })

  it("is made of any async iterable", () => {
    const rows: AsyncIterable<number> = {
      [Symbol.asyncIterator]: async function* () {
        yield 1
      },
    }
    expect(serialized(() => inc.iterate(rows)).kinds).toEqual({ inc_source: "fused", inc: "mapped" })
    expect(serialized(() => add.iterate({ a: rows, b: numbers() })).kinds).toEqual({
      add_a_source: "fused",
      numbers: "fused",
      add: "mapped",
    })
  })
})

describe("a mapped task", () => {
  it("streams from another", () => {
    const { edges, task } = serialized(() => inc.withId("b").iterate(inc.withId("a").expand([1, 2])))
    expect(edges).toEqual(["a -> b"])
    expect(task("a").mapping).toMatchObject({ kind: "expand", leaves: [{ kind: "list" }], isDirect: false })
    expect(task("b").mapping).toMatchObject({
      kind: "iterate",
      leaves: [{ kind: "stream", taskId: "a" }],
      isDirect: true,
    })
  })

  it("expands the list of a task, which it waits for", () => {
    const { edges, task } = serialized(() => inc.expand(list()))
    expect(edges).toEqual(["list => inc"])
    expect(task("inc")).toMatchObject({
      xcomInputs: [],
      mapping: { kind: "expand", leaves: [{ kind: "xcom", taskId: "list" }], isDirect: false },
    })
  })

  it("crosses lists", () => {
    const { edges, leaves } = serialized(() => add.expand({ a: [1, 2], b: list() }))
    expect(edges).toEqual(["list => add"])
    expect(leaves("add")).toEqual([{ kind: "list" }, { kind: "xcom", taskId: "list" }])
  })

  it("needs the XComs that partial fixed", () => {
    const { edges, task } = serialized(() => {
      const a = one()
      add.partial({ a }).iterate(numbers().map((b) => ({ b })))
    })
    expect(edges).toEqual(["one => add", "numbers -> add"])
    expect(task("add").xcomInputs).toEqual(["one"])
  })

  it("is reduced by a task that waits for its end, through a pipeline too", () => {
    const { edges, kinds } = serialized(() =>
      sum({
        ns: inc
          .iterate(numbers())
          .filter(Boolean)
          .zip([1])
          .map(([a]) => a),
      }),
    )
    expect(edges).toEqual(["numbers -> inc", "inc => sum"])
    expect(kinds["sum"]).toBe("task")
  })
})

describe("order", () => {
  it("follows after and chain, with lists side by side", () => {
    const { edges } = serialized(() => {
      const [a, b, c, e] = [one.withId("a")(), one.withId("b")(), one.withId("c")(), one.withId("e")()]
      chain(a, [b, c], e.after(a))
    })
    expect(edges.toSorted()).toEqual(["a => b", "a => c", "a => e", "b => e", "c => e"])
  })

  it("joins two lists pair by pair", () => {
    const { edges } = serialized(() => {
      const [a, b, c, e] = [one.withId("a")(), one.withId("b")(), one.withId("c")(), one.withId("e")()]
      chain([a, b], [c, e])
    })
    expect(edges).toEqual(["a => c", "b => e"])
  })

  it("works on streams, and on sources before they are read", () => {
    const { edges, kinds } = serialized(() => chain(one(), inc.iterate(numbers()), list()))
    expect(edges).toEqual(["one => inc", "numbers -> inc", "inc => list"])
    expect(kinds["numbers"]).toBe("fused")
    expect(
      serialized(() => {
        const n = numbers()
        chain(one(), n)
        inc.iterate(n)
      }).edges,
    ).toEqual(["one => numbers", "numbers -> inc"])
  })

  it("gives one edge where a task both reads and waits", () => {
    const { edges, kinds } = serialized(() => {
      const n = numbers()
      chain(n, inc.iterate(n))
    })
    expect(edges).toEqual(["numbers => inc"])
    expect(kinds["numbers"]).toBe("source")
  })
})

describe("a source that waits for others", () => {
  it.each([
    ["all_success", "fused"],
    ["none_failed", "source"],
    ["always", "source"],
  ] as const)("is pulled by its reader only if that never starts without it: %s", (triggerRule, kind) => {
    const reader = task("reader", (n: number) => n, { triggerRule })
    const { kinds } = serialized(() => {
      const n = numbers()
      chain(one(), n)
      reader.iterate(n)
    })
    expect(kinds["numbers"]).toBe(kind)
    expect(serialized(() => reader.iterate(numbers())).kinds["numbers"]).toBe("fused")
  })
})

describe("back-pressure", () => {
  it("is not asked of a consumer that waits for the upstream's end elsewhere", () => {
    const { edges } = serialized(() => {
      const ns = inc.iterate(numbers())
      add.partial({ a: sum({ ns }) }).iterate(ns.map((b) => ({ b })))
    })
    expect(edges).toContain("inc ~> add")
    expect(edges).toContain("numbers -> inc")
  })

  it("is not asked where the end is awaited behind another stream", () => {
    const { edges } = serialized(() => {
      const ns = inc.withId("a").iterate(numbers())
      const late = inc
        .withId("late")
        .expand(task("listOf", async ({ n }: { n: number }) => [n])({ n: sum({ ns }) }))
      add.iterate({ a: ns, b: late })
    })
    expect(edges).toContain("a ~> add")
    expect(edges).toContain("late -> add")
  })

  it("is not asked where a neighbour on the same source is awaited", () => {
    const { edges } = serialized(() => {
      const n = numbers()
      const a = inc.withId("a").iterate(n)
      const slow = inc.withId("slow").iterate(n)
      chain(slow, inc.withId("b").iterate(a))
    })
    expect(edges).toContain("a ~> b")
    expect(edges).toContain("numbers -> a")
    expect(edges).toContain("numbers -> slow")
  })

  it("does not fuse a source whose reader waits for its end", () => {
    const { edges, kinds } = serialized(() => {
      const n = numbers()
      const after = one()
      chain(n, after, inc.iterate(n))
    })
    expect(kinds["numbers"]).toBe("source")
    expect(edges).toContain("numbers ~> inc")
  })

  it("holds for two streams of one source that keep step, and not otherwise", () => {
    const joined = (join: (a: LazyXCom<number>, b: LazyXCom<number>) => LazyXCom<number>) =>
      serialized(() => {
        const n = numbers()
        inc.iterate(join(inc.withId("a").iterate(n), inc.withId("b").iterate(n)))
      }).edges.filter((edge) => edge.endsWith(" inc"))
    expect(joined((a, b) => a.zip(b).map(([x]) => x))).toEqual(["a -> inc", "b -> inc"])
    expect(joined((a, b) => a.concat(b))).toEqual(["a ~> inc", "b ~> inc"])
    expect(
      joined((a, b) =>
        a
          .filter(Boolean)
          .zip(b)
          .map(([x]) => x),
      ),
    ).toEqual(["a ~> inc", "b ~> inc"])
  })

  it("does not hold for two streams of one source of which a key drops items", () => {
    const { edges } = serialized(() => {
      const n = numbers()
      const a = inc.withId("a").iterate(n, { key: String })
      inc.iterate(a.zip(inc.withId("b").iterate(n)).map(([x]) => x))
    })
    expect(edges).toContain("a ~> inc")
    expect(edges).toContain("b ~> inc")
  })

  it("holds for streams that have nothing in common, however they are joined", () => {
    const { edges } = serialized(() => {
      const a = inc.withId("a").iterate(numbers())
      const b = inc.withId("b").iterate(numbers.withId("more")())
      inc.iterate(a.concat(b.filter(Boolean)))
    })
    expect(edges).toContain("a -> inc")
    expect(edges).toContain("b -> inc")
  })
})
