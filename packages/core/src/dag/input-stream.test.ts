import { describe, expect, it } from "vitest"
import { dag, page, source, task, type SourceScope } from "../index.ts"
import type { Json } from "../json.ts"
import { createPullScope } from "../stream/create-pull-scope.ts"
import type { LazyXCom } from "../stream/lazy-xcom.ts"
import type { StreamReader } from "../stream/stream-reader.ts"
import { inputStream } from "./index.ts"

const keep = task("keep", (item: unknown) => item)
const all = task("all", async ({ items }: { items: AsyncIterable<unknown> }) => items)

/** Reads a run in which tasks have left these values and items. */
function readerOf(xcoms: Record<string, unknown>, items: Record<string, unknown[]> = {}) {
  const reads: string[] = []
  const reader: StreamReader = {
    async readXCom({ taskId }) {
      reads.push(taskId)
      return xcoms[taskId]
    },
    async readStream({ taskId, fromIndex, limit }) {
      reads.push(`${taskId}@${fromIndex}`)
      const slice = (items[taskId] ?? []).slice(fromIndex, fromIndex + limit)
      const nextIndex = fromIndex + slice.length
      return { items: slice, nextIndex, exhausted: nextIndex === items[taskId]?.length }
    },
  }
  return { reader, reads }
}

/** Pulls page by page, each time in a new scope with the cursor through JSON, as after a crash; or in one scope. */
async function pullAll(
  lazy: LazyXCom<unknown>,
  options: { reader?: StreamReader; isCut: boolean; context?: object },
) {
  const { reader = null, isCut, context = {} } = options
  const open = () => createPullScope({ reader, pageSize: 2, context: { ...context } })
  const pages: unknown[][] = []
  let scope = open()
  let cursor: Json = lazy.stream.start
  while (true) {
    const page = await lazy.stream.pull(cursor, scope)
    pages.push([...page.items])
    if (page.next === null) break
    cursor = JSON.parse(JSON.stringify(page.next)) as Json
    if (isCut) {
      await scope.close()
      scope = open()
    }
  }
  await scope.close()
  return pages
}

const counted = source("counted", async function* (scope: SourceScope & { from: number; to?: number }) {
  for (let n: number = scope.cursor ?? scope.from; ; n++) {
    const isLast = n >= (scope.to ?? 3)
    yield page([n], isLast ? null : n + 1)
    if (isLast) return
  }
})

const unfolded = source("unfolded", {
  start: 0,
  pull: (cursor: number, scope: { step: number; pageSize: number }) => {
    return { items: [cursor, scope.pageSize], next: cursor >= 2 ? null : cursor + scope.step }
  },
})

describe.each([{ isCut: false }, { isCut: true }])("what is pulled ($isCut)", ({ isCut }) => {
  it("is the source itself when it is fused, behind the operators", async () => {
    const made = dag("d", () => keep.iterate(counted({ from: 1 }).map((n) => n * 10)))
    expect(await pullAll(inputStream(made.node("keep")), { isCut })).toEqual([[10], [20], [30]])
  })

  it("is what is stored of the source when it is shared, and the source itself for its own pages", async () => {
    const made = dag("d", () => {
      const items = counted({ from: 1 })
      keep.iterate(items.map((n) => n * 10))
      all({ items })
    })
    const { reader, reads } = readerOf({}, { counted: [7, 8, 9] })
    expect(await pullAll(inputStream(made.node("keep")), { reader, isCut })).toEqual([[70, 80], [90]])
    expect(reads).toEqual(["counted@0", "counted@2"])
    expect(await pullAll(inputStream(made.node("counted")), { isCut })).toEqual([[1], [2], [3]])
  })

  it("has the values of XComs as the source's parameters", async () => {
    const two = task("two", () => 2)
    const made = dag("d", () => keep.iterate(counted({ from: two(), to: 4 })))
    const { reader, reads } = readerOf({ two: 2 })
    expect(await pullAll(inputStream(made.node("keep")), { reader, isCut })).toEqual([[2], [3], [4]])
    expect(reads).toEqual(isCut ? ["two", "two", "two"] : ["two"])
  })

  it("is an unfold from its start, with parameters", async () => {
    const two = task("two", () => 2)
    const made = dag("d", () => keep.iterate(unfolded({ step: two() })))
    const { reader } = readerOf({ two: 2 })
    expect(await pullAll(inputStream(made.node("keep")), { reader, isCut })).toEqual([
      [0, 2],
      [2, 2],
    ])
  })

  it("is any async iterable, by replay", async () => {
    const rows: AsyncIterable<number> = {
      [Symbol.asyncIterator]: async function* () {
        yield* [1, 2, 3]
      },
    }
    const made = dag("d", () => keep.iterate(rows))
    expect((await pullAll(inputStream(made.node("keep")), { isCut })).flat()).toEqual([1, 2, 3])
  })

  it("is zipped, crossed or listed", async () => {
    const made = dag("d", () => {
      keep.withId("zip").iterate({ a: counted({ from: 1 }), b: counted.withId("more")({ from: 2 }) } as never)
      keep.withId("single").iterate({ a: counted.withId("third")({ from: 2 }) } as never)
      keep.withId("cross").expand({ a: [1, 2], b: task("list", () => [3, 4])() } as never)
      keep.expand([1, 2, 3])
    })
    const { reader } = readerOf({ list: [3, 4] })
    const pulled = async (id: string) => (await pullAll(inputStream(made.node(id)), { reader, isCut })).flat()
    expect(await pulled("zip")).toEqual([
      { a: 1, b: 2 },
      { a: 2, b: 3 },
    ])
    expect(await pulled("single")).toEqual([{ a: 2 }, { a: 3 }])
    expect(await pulled("cross")).toEqual([
      { a: 1, b: 3 },
      { a: 1, b: 4 },
      { a: 2, b: 3 },
      { a: 2, b: 4 },
    ])
    expect(await pulled("keep")).toEqual([1, 2, 3])
  })
})

describe("a source", () => {
  it("closes its generator when the pull scope closes, although its parameters are XComs", async () => {
    let closed = 0
    const open = source("open", async function* (scope: { n: number }) {
      try {
        while (true) yield page([scope.n], 1)
      } finally {
        closed++
      }
    })
    const made = dag("d", () => keep.iterate(open({ n: task("two", () => 2)() })))
    const scope = createPullScope({ reader: readerOf({ two: 2 }).reader })
    const { stream } = inputStream(made.node("keep"))
    expect((await stream.pull(stream.start, scope)).items).toEqual([2])
    await scope.close()
    expect(closed).toBe(1)
  })

  it("gets the log, what the runner knows of the run, and the page size of now", async () => {
    const seen: unknown[] = []
    const spy = source("spy", async function* (scope: SourceScope & { k: string }) {
      for (let page_ = 0; ; page_++) {
        seen.push([scope.pageSize, scope.k, scope.context.runId, typeof scope.log?.info])
        yield page([page_], page_)
      }
    })
    const made = dag("d", () => keep.iterate(spy({ k: "v" })))
    const log = { info() {} }
    const scope = createPullScope({ pageSize: 5, context: { runId: "r", log } })
    const { stream } = inputStream(made.node("keep"))
    const { next } = await stream.pull(stream.start, scope)
    scope.pageSize = 9
    await stream.pull(next, scope)
    await scope.close()
    expect(seen).toEqual([
      [5, "v", "r", "function"],
      [9, "v", "r", "function"],
    ])
  })

  it("has no stream to be pulled where a task is not mapped, and says which tasks there are", () => {
    const made = dag("d", () => task("t", () => 1)())
    expect(() => inputStream(made.node("t"))).toThrow('Task "t" is not mapped')
    expect(() => made.node("u")).toThrow('Dag "d" has no task "u": it has t.')
  })
})
