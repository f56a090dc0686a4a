import { describe, expect, it, vi } from "vitest"
import { createPullScope } from "../create-pull-scope.ts"
import { crossStream, xcomList } from "./cross-stream.ts"
import { resultStream } from "./result-stream.ts"
import { unfoldSource } from "./unfold-source.ts"
import { xcomListStream } from "./xcom-list-stream.ts"

function readerOf(values: Record<string, unknown>) {
  return {
    readXCom: vi.fn(async ({ taskId }: { taskId: string }) => values[taskId]),
    readStream: vi.fn(async () => ({ items: [] as unknown[], nextIndex: 0, exhausted: false })),
  }
}

describe("a stream over what a task returned", () => {
  it("reads the list once for each open scope", async () => {
    const reader = readerOf({ a: [1, 2, 3] })
    const stream = xcomListStream("a")
    const scope = createPullScope({ reader, pageSize: 2 })
    const first = await stream.pull(stream.start, scope)
    expect(await stream.pull(first.next, scope)).toEqual({ items: [3], next: null })
    expect(reader.readXCom).toHaveBeenCalledOnce()
  })

  it("names the task and what came when that is no list", async () => {
    const scope = createPullScope({ reader: readerOf({ a: { rows: [] } }) })
    await expect(xcomListStream("a").pull(0, scope)).rejects.toThrow(
      /Task "a" returned an object with the keys rows where expand\(\.\.\.\) needs an array/,
    )
  })

  it("crosses with other lists, the last key fastest", async () => {
    const scope = createPullScope({ reader: readerOf({ b: ["x", "y"] }) })
    const stream = crossStream({ a: [1, 2], b: xcomList<string>("b") })
    expect((await stream.pull(stream.start, scope)).items).toEqual([
      { a: 1, b: "x" },
      { a: 1, b: "y" },
      { a: 2, b: "x" },
      { a: 2, b: "y" },
    ])
  })

  it("refuses to cross what is no list", () => {
    expect(() => crossStream({ a: 3 as never })).toThrow(/a is the number 3/)
    expect(() => crossStream({})).toThrow(RangeError)
  })

  it("cannot be read outside a run", async () => {
    await expect(resultStream("load").pull(0, createPullScope())).rejects.toThrow(
      /task "load" leaves.*within a run/,
    )
  })

  it("waits when the upstream has left nothing new", async () => {
    const scope = createPullScope({ reader: readerOf({}) })
    expect(await resultStream("load").pull(0, scope)).toEqual({ items: [], next: 0, waiting: true })
  })

  it("refuses a cursor it cannot have made", async () => {
    const scope = createPullScope({ reader: readerOf({}) })
    await expect(resultStream("load").pull({ page: 1 }, scope)).rejects.toMatchObject({ name: "BadCursor" })
  })
})

describe("an unfold", () => {
  it("may start at null, and is given signal, page size and context", async () => {
    const pull = vi.fn((cursor: string | null) => ({ items: [cursor], next: cursor === null ? "two" : null }))
    const stream = unfoldSource({ start: null as string | null, pull })
    expect(stream.start).not.toBeNull()
    const scope = createPullScope({ pageSize: 3, context: { runId: "r" } })
    const first = await stream.pull(stream.start, scope)
    expect(await stream.pull(first.next, scope)).toEqual({ items: ["two"], next: null })
    expect(pull).toHaveBeenCalledWith("two", { signal: scope.signal, pageSize: 3, context: { runId: "r" } })
  })
})
