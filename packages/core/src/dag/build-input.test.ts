import { describe, expect, it } from "vitest"
import { dag, source, task } from "../index.ts"
import type { LazyXCom, TaskContext } from "../index.ts"
import { buildInput, type TaskNode } from "./index.ts"

const echo = task("echo", (input: Record<string, unknown>) => input)
const one = task("one", () => 1)
const pair = task("pair", () => ({ a: 1, b: 2 }))
const inc = task("inc", (n: number) => n + 1)
const numbers = source("numbers", async function* () {
  yield 1
})

const bound = (stream: LazyXCom<unknown>) => ({ bound: stream }) as unknown as AsyncIterable<unknown>

function nodeOf(taskId: string, build: () => unknown): TaskNode {
  return dag("d", build).node(taskId)
}

function inputOf(node: TaskNode, item?: unknown, xcoms: Record<string, unknown> = {}) {
  return buildInput(node, item, new Map(Object.entries(xcoms)), bound)
}

describe("the input of an instance", () => {
  it("is nothing for a task that is called without", () => {
    expect(inputOf(nodeOf("one", () => one()))).toBeUndefined()
  })

  it("is made of constants, values of XComs, and streams", () => {
    let stream: LazyXCom<number> | undefined
    const node = nodeOf("echo", () => {
      stream = inc.iterate(numbers())
      echo({ n: 3, none: undefined, from: one(), stream })
    })
    expect(inputOf(node, undefined, { one: 7 })).toEqual({
      n: 3,
      none: undefined,
      from: 7,
      stream: { bound: stream },
    })
  })

  it("may be the whole value of an XCom, with what partial fixed laid over it", () => {
    expect(
      inputOf(
        nodeOf("inc", () => inc(one())),
        undefined,
        { one: 7 },
      ),
    ).toBe(7)
    const value = { a: 1, b: 2 }
    expect(
      inputOf(
        nodeOf("echo", () => echo(pair())),
        undefined,
        { pair: value },
      ),
    ).toBe(value)
    const fixed = nodeOf("echo", () => echo.partial({ a: 5 })(pair()))
    expect(inputOf(fixed, undefined, { pair: value })).toEqual({ a: 5, b: 2 })
    expect(value).toEqual({ a: 1, b: 2 })
  })

  it("may be the whole of a stream or of any other object", () => {
    const total = task("total", async (ns: AsyncIterable<number>) => ns)
    const stream = nodeOf("total", () => total(inc.iterate(numbers())))
    expect(inputOf(stream)).toHaveProperty("bound")
    const at = new Date(0)
    expect(inputOf(nodeOf("age", () => task("age", (date: Date) => date)(at)))).toBe(at)
  })

  it("of a mapped task is the item itself when partial fixed nothing", () => {
    const node = nodeOf("echo", () => echo.expand([{ n: 1 }]))
    const item = { n: 1 }
    expect(inputOf(node, item)).toBe(item)
    expect(
      inputOf(
        nodeOf("inc", () => inc.expand([1])),
        4,
      ),
    ).toBe(4)
  })

  it("of a mapped task is the item with what partial fixed, which counts where both say something", () => {
    const node = nodeOf("echo", () => echo.partial({ table: "t" }).partial({ k: one() }).expand([{}]))
    const item = { n: 1, table: "from the item" }
    expect(inputOf(node, item, { one: 9 })).toEqual({ n: 1, table: "t", k: 9 })
    expect(item).toEqual({ n: 1, table: "from the item" })
  })

  it("cannot be made of an item that is no object and what partial fixed", () => {
    const node = nodeOf("echo", () => echo.partial({ table: "t" }).expand([{}]))
    for (const item of ["text", 3, null, [1]]) {
      expect(() => inputOf(node, item)).toThrow('Task "echo" got')
    }
  })

  it("is what the author's function is called with", () => {
    expect(nodeOf("inc", () => inc(1)).run(4, {} as TaskContext)).toBe(5)
    expect(() => nodeOf("numbers", () => inc.iterate(numbers())).run(1, {} as TaskContext)).toThrow(
      "no instances",
    )
  })
})
