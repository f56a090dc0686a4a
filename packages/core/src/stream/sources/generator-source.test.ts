import { describe, expect, it, vi } from "vitest"
import { createPullScope } from "../create-pull-scope.ts"
import { partialPageMs } from "../item-collector.ts"
import { closeGraceMs } from "../open-iterator.ts"
import { page } from "../page.ts"
import type { Page } from "../page.ts"
import { leafOf } from "../source-leaf.ts"
import { generatorSource } from "./generator-source.ts"

describe("a generator of pages", () => {
  it("starts at the default of its cursor, stays open, and is re-opened at any other cursor", async () => {
    const opened: number[] = []
    const stream = generatorSource<Page<number>, number>(async function* ({ cursor = 10 }) {
      opened.push(cursor)
      for (let at = cursor; ; at++) yield page([at], at + 1)
    })
    const scope = createPullScope()
    const first = await stream.pull(stream.start, scope)
    const second = await stream.pull(JSON.parse(JSON.stringify(first.next)), scope)
    expect([first.items, second.items, opened]).toEqual([[10], [11], [10]])
    const again = await stream.pull(first.next, scope)
    expect([again.items, opened]).toEqual([[11], [10, 11]])
    await scope.close()
  })

  it("runs its finally block when it gives its last page", async () => {
    const closed = vi.fn()
    const stream = generatorSource(async function* () {
      try {
        yield page(["only"], null)
        yield page(["never"], null)
      } finally {
        closed()
      }
    })
    const last = await stream.pull(stream.start, createPullScope())
    expect(last).toEqual({ items: ["only"], next: null })
    expect(closed).toHaveBeenCalledOnce()
  })

  it("is exhausted when it returns, whatever its last page said", async () => {
    const stream = generatorSource(async function* () {
      yield page([1], "more")
    })
    const scope = createPullScope()
    const { next } = await stream.pull(stream.start, scope)
    expect(await stream.pull(next, scope)).toEqual({ items: [], next: null })
  })

  it("tells the generator how many items are wanted for each page", async () => {
    const stream = generatorSource(async function* (args) {
      while (true) yield page([args.pageSize], "go on")
    })
    const scope = createPullScope({ pageSize: 5 })
    const first = await stream.pull(stream.start, scope)
    scope.pageSize = 9
    const second = await stream.pull(first.next, scope)
    expect([...first.items, ...second.items]).toEqual([5, 9])
    await scope.close()
  })

  it.each([
    ["undefined", () => undefined, /yielded undefined where a page was expected/],
    ["a number after a page", () => 42, /yielded the number 42/],
    ["a page-like object", () => ({ items: [], next: null }), /yield page\(items, next\)/],
    ["items that are no array", () => page("abc" as never, 1), /items are the string "abc"/],
    // oxlint-disable-next-line no-sparse-arrays
    ["a hole", () => page([1, , 3], 1), /hole in its items, at index 1/],
    ["an undefined next", () => page([], undefined as never), /next cursor is undefined: give null/],
    ["a Date in next", () => page([], { at: new Date() } as never), /next\.at is a Date/],
    ["NaN in next", () => page([], [Number.NaN]), /next\[0\] is NaN/],
    ["a bigint in next", () => page([], 1n as never), /next is the bigint 1n/],
    ["a place to go on from beside a next", () => page([], 1, { resume: 2 }), /give it with next null/],
    [
      "a bad place to go on from",
      () => page([], null, { resume: NaN }),
      /resume cursor does not survive JSON/,
    ],
    ["undefined inside next", () => page([], { after: undefined } as never), /next\.after is undefined/],
  ])("refuses %s with the source's name and the fix", async (_, bad, message) => {
    const stream = generatorSource(
      async function* () {
        yield page([], "second")
        yield bad() as Page<number>
      },
      { taskId: "list_users" },
    )
    const scope = createPullScope()
    const { next } = await stream.pull(stream.start, scope)
    const error: Error = await stream.pull(next, scope).then(
      () => expect.unreachable(),
      (thrown: Error) => thrown,
    )
    expect(error).toMatchObject({ name: "BadPage", retryable: false })
    expect(error.message).toMatch(message)
    expect(error.message).toContain(`Source "list_users"`)
  })

  it("refuses what is no generator", async () => {
    const stream = generatorSource((async () => []) as never, { taskId: "s" })
    await expect(stream.pull(stream.start, createPullScope())).rejects.toThrow(
      /gave a Promise, which cannot be iterated/,
    )
  })

  it.each([
    ["an error", new Error("down")],
    ["a string", "down"],
    ["undefined", undefined],
  ])("keeps %s it throws, and says which source threw it", async (_, thrown) => {
    const stream = generatorSource(
      // oxlint-disable-next-line require-yield
      async function* () {
        throw thrown
      },
      { taskId: "list_users" },
    )
    const error: unknown = await stream.pull(stream.start, createPullScope()).catch((e: unknown) => e)
    expect(leafOf(error)).toEqual({ taskId: "list_users" })
    if (thrown instanceof Error) expect(error).toBe(thrown)
    else expect(error).toMatchObject({ name: "ThrownValue", value: thrown })
  })
})

describe("a generator of bare items", () => {
  it("is grouped into pages and re-opened by replay", async () => {
    let opened = 0
    const stream = generatorSource(async function* () {
      opened++
      yield* [1, 2, 3, 4, 5]
    })
    const scope = createPullScope({ pageSize: 2 })
    const first = await stream.pull(stream.start, scope)
    expect(first.items).toEqual([1, 2])
    const fresh = createPullScope({ pageSize: 9 })
    expect(await stream.pull(first.next, fresh)).toEqual({ items: [3, 4, 5], next: null })
    expect(opened).toBe(2)
    await scope.close()
  })

  it("refuses a page among its items", async () => {
    const stream = generatorSource(async function* () {
      yield 1
      yield page([2], null)
    })
    const scope = createPullScope({ pageSize: 1 })
    const { next } = await stream.pull(stream.start, scope)
    await expect(stream.pull(next, scope)).rejects.toThrow(/yielded a page among bare items/)
  })

  it("gives a short page when the next item is late, and that item with the next page", async () => {
    let open = () => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const stream = generatorSource(async function* () {
      yield "early"
      await gate
      yield "late"
    })
    const scope = createPullScope({ pageSize: 100 })
    const before = performance.now()
    const first = await stream.pull(stream.start, scope)
    expect(first.items).toEqual(["early"])
    expect(performance.now() - before).toBeLessThan(partialPageMs * 5)
    open()
    expect(await stream.pull(first.next, scope)).toEqual({ items: ["late"], next: null })
  })

  it("gives the items before an error first, then the error", async () => {
    const stream = generatorSource(async function* () {
      yield 1
      throw new Error("down")
    })
    const scope = createPullScope()
    const first = await stream.pull(stream.start, scope)
    expect(first.items).toEqual([1])
    await expect(stream.pull(first.next, scope)).rejects.toThrow("down")
  })

  it("is told to stop, and closed, when the scope closes while an item is pending", async () => {
    const closed = vi.fn()
    const stream = generatorSource(async function* ({ signal }) {
      try {
        yield 1
        await new Promise((resolve) => signal.addEventListener("abort", resolve))
        yield 2
      } finally {
        closed()
      }
    })
    const scope = createPullScope()
    await stream.pull(stream.start, scope)
    await scope.close()
    expect(closed).toHaveBeenCalledOnce()
  })

  it("does not hold up closing for ever when it ignores its signal", async () => {
    const stream = generatorSource(async function* () {
      yield 1
      await new Promise(() => {})
    })
    const scope = createPullScope()
    await stream.pull(stream.start, scope)
    const before = performance.now()
    await scope.close()
    expect(performance.now() - before).toBeLessThan(closeGraceMs * 3)
  })
})

describe("an aborted pull", () => {
  it("rejects with the reason at once, even when the source hangs", async () => {
    const controller = new AbortController()
    const stream = generatorSource(
      // oxlint-disable-next-line require-yield
      async function* () {
        await new Promise(() => {})
      },
      { taskId: "s" },
    )
    const reason = new Error("run stopped")
    const pull = stream.pull(stream.start, createPullScope({ signal: controller.signal }))
    controller.abort(reason)
    await expect(pull).rejects.toBe(reason)
    expect(leafOf(reason)).toBeUndefined()
  })
})
