import { AsyncIterableX } from "ix/asynciterable/asynciterablex"
import { filter as ixFilter } from "ix/asynciterable/operators/filter"
import { map as ixMap } from "ix/asynciterable/operators/map"
import { describe, expect, expectTypeOf, it } from "vitest"
import { FakeUpstream, SourceLedger } from "../testing/stream/index.ts"
import { expectAllClosedOnce } from "../testing/stream/laws.ts"
import { Gap } from "./gap.ts"
import { bind, isLazyXCom, LazyXCom } from "./lazy-xcom.ts"
import { page } from "./page.ts"
import { generatorSource } from "./sources/generator-source.ts"
import { listStream } from "./sources/list-stream.ts"
import { resultStream } from "./sources/result-stream.ts"

const leaf = { node: null, kind: "source" } as const

function setup(pages = 5) {
  const ledger = new SourceLedger({ hasFailures: false })
  const stream = generatorSource(async function* ({ cursor = 0, signal }) {
    const opening = ledger.open("numbers")
    try {
      for (let at = cursor as number; at < pages; at++) {
        ledger.readPage("numbers", at)
        yield page([at * 2, at * 2 + 1], at + 1)
      }
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
    } finally {
      opening.closings++
    }
  })
  return { ledger, numbers: LazyXCom.from(stream, leaf) }
}

async function collect<A>(items: AsyncIterable<A>): Promise<A[]> {
  const all: A[] = []
  for await (const item of items) all.push(item)
  return all
}

describe("a lazy XCom", () => {
  it("reads no page before it must, and closes on an early stop", async () => {
    const { ledger, numbers } = setup()
    const seen: number[] = []
    for await (const item of numbers.map((n) => n + 1)) {
      seen.push(item)
      if (seen.length === 3) break
    }
    expect(seen).toEqual([1, 2, 3])
    expect(ledger.pulledAgain()).toEqual([])
    expectAllClosedOnce(ledger)
  })

  it("closes after an error in its functions, and passes the error on", async () => {
    const { ledger, numbers } = setup()
    const broken = numbers.map((n) => {
      if (n === 3) throw new Error("three")
      return n
    })
    await expect(collect(broken)).rejects.toThrow("three")
    expectAllClosedOnce(ledger)
  })

  it("stops a pull that is under way when its reader leaves", async () => {
    const { ledger, numbers } = setup(0)
    const iterator = numbers[Symbol.asyncIterator]()
    const pending = iterator.next()
    await iterator.return?.()
    expect(await pending).toEqual({ done: true, value: undefined })
    expectAllClosedOnce(ledger)
  })

  it("closes and rejects with the reason on abort", async () => {
    const { ledger, numbers } = setup(1)
    const controller = new AbortController()
    const iterator = numbers[Symbol.asyncIterator](controller.signal)
    await iterator.next()
    await iterator.next()
    const pending = iterator.next()
    controller.abort(new Error("stopped"))
    await expect(pending).rejects.toThrow("stopped")
    expectAllClosedOnce(ledger)
  })

  it("answers calls of next in order when they do not wait for each other", async () => {
    const iterator = setup().numbers.take(3)[Symbol.asyncIterator]()
    const results = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()])
    expect(results.map((result) => result.value)).toEqual([0, 1, 2, undefined])
  })

  it("starts anew with each iteration", async () => {
    const lazy = setup().numbers.take(3)
    expect(await collect(lazy)).toEqual(await collect(lazy))
  })

  it("gives pages with cursors to go on from", async () => {
    const { numbers } = setup()
    const pages = await collect(numbers.take(4).pages())
    expect(pages.map((each) => each.items)).toEqual([
      [0, 1],
      [2, 3],
    ])
    const [rest] = await collect(numbers.take(4).pages({ cursor: pages[0]!.next! }))
    expect(rest).toEqual({ items: [2, 3], next: null, end: { stoppedBy: "take" } })
  })

  it("leaves gaps out for someone who iterates its items", async () => {
    const lazy = LazyXCom.from(listStream([1, new Gap("skipped"), 3]), leaf)
    expect(await collect(lazy)).toEqual([1, 3])
  })

  it("carries items of any kind between the pages of one process", async () => {
    const dates = LazyXCom.from(listStream([1, 2, 3].map((n) => new Date(n))), leaf)
    const bound = bind(dates, { pageSize: 1 })
    expect(await collect(bound.chunk(2))).toEqual([[new Date(1), new Date(2)], [new Date(3)]])
    await expect(collect(bound.chunk(2).pages())).rejects.toMatchObject({ name: "UnencodableItem" })
  })

  it("knows its leaves and operators", () => {
    const { numbers } = setup()
    const lazy = numbers.filter((n) => n > 1).zip(numbers.map(String), ["a"])
    expect(lazy.operators).toEqual(["filter", "map", "zip"])
    expect(lazy.leaves).toEqual([leaf, leaf, { node: null, kind: "list" }])
  })

  it("is told apart from other ix iterables", () => {
    const { numbers } = setup()
    expect(numbers).toBeInstanceOf(AsyncIterableX)
    expect(isLazyXCom(numbers)).toBe(true)
    expect(isLazyXCom(AsyncIterableX.from([1]))).toBe(false)
  })

  it("reads with what it was bound to, after more operators too", async () => {
    const upstream = new FakeUpstream()
    upstream.offer("load", [1, 2, 3, 4, 5])
    const results = LazyXCom.from(resultStream<number>("load"), { node: null, kind: "result" })
    await expect(collect(results)).rejects.toMatchObject({ name: "StreamOutsideRun" })
    const bound = bind(results, { reader: upstream })
    expect(await collect(LazyXCom.zip({ a: bound, b: bound.map((n) => n * n) }).take(2))).toEqual([
      { a: 1, b: 1 },
      { a: 2, b: 4 },
    ])
  })
})

describe("pipe", () => {
  it("gives a lazy XCom that is re-opened by replay", async () => {
    const { ledger, numbers } = setup()
    const odd = numbers.pipe(
      ixFilter((n: number) => n % 2 === 1),
      ixMap((n: number) => `${n}`),
    )
    expectTypeOf(odd).toEqualTypeOf<LazyXCom<string>>()
    const [first] = await collect(odd.take(4).pages({ pageSize: 2 }))
    expect(first!.items).toEqual(["1", "3"])
    const rest = await collect(
      odd.take(4).pages({ cursor: JSON.parse(JSON.stringify(first!.next)), pageSize: 2 }),
    )
    expect(rest.flatMap((each) => each.items)).toEqual(["5", "7"])
    expect(odd.operators).toEqual(["pipe"])
    expectAllClosedOnce(ledger)
  })

  it("closes what an ix operator leaves open", async () => {
    const { ledger, numbers } = setup()
    const leaky = numbers.pipe(
      (items: AsyncIterable<number>) =>
        new (class extends AsyncIterableX<number> {
          [Symbol.asyncIterator]() {
            const iterator = items[Symbol.asyncIterator]()
            return { next: () => iterator.next() }
          }
        })(),
    )
    for await (const item of leaky) if (item === 3) break
    await Promise.resolve()
    expectAllClosedOnce(ledger)
  })

  it("passes on that its upstream has nothing now", async () => {
    const reader = {
      readXCom: async () => null,
      readStream: async () => ({ items: [], nextIndex: 0, exhausted: false }),
    }
    const results = LazyXCom.from(resultStream<number>("load"), leaf).pipe(ixMap((n: number) => n))
    const controller = new AbortController()
    const { createPullScope } = await import("./create-pull-scope.ts")
    const scope = createPullScope({ reader, signal: controller.signal })
    const { stream } = results
    expect(await stream.pull(stream.start, scope)).toMatchObject({ items: [], waiting: true })
    await scope.close()
  })

  it("gives what a terminal function gives", async () => {
    const count = setup()
      .numbers.take(4)
      .pipe((items: AsyncIterable<number>) => collect(items).then((all) => all.length))
    expect(await count).toBe(4)
  })
})

describe("the types of a lazy XCom", () => {
  const { numbers } = setup()
  it("follow the operators", () => {
    expectTypeOf(numbers).toEqualTypeOf<LazyXCom<number>>()
    expectTypeOf(numbers.map(async (n) => String(n))).toEqualTypeOf<LazyXCom<string>>()
    expectTypeOf(numbers.filter((n): n is 1 => n === 1)).toEqualTypeOf<LazyXCom<1>>()
    expectTypeOf(numbers.chunk(2)).toEqualTypeOf<LazyXCom<number[]>>()
    expectTypeOf(numbers.flatMap((n) => [String(n)])).toEqualTypeOf<LazyXCom<string>>()
    expectTypeOf(numbers.flatMap((n) => numbers.map(() => `${n}`))).toEqualTypeOf<LazyXCom<string>>()
    expectTypeOf(numbers.zip(["a"], numbers)).toEqualTypeOf<LazyXCom<[number, "a", number]>>()
    expectTypeOf(LazyXCom.zip({ a: numbers, b: numbers.map(String) })).toEqualTypeOf<
      LazyXCom<{ a: number; b: string }>
    >()
    expectTypeOf(numbers.concat(numbers.map(String))).toEqualTypeOf<LazyXCom<number | string>>()
    expectTypeOf(numbers.enumerate().map(([index, n]) => index + n)).toEqualTypeOf<LazyXCom<number>>()
    expectTypeOf<LazyXCom<number>>().toExtend<LazyXCom<unknown>>()
    expectTypeOf<LazyXCom<number>>().toExtend<AsyncIterableX<number>>()
  })
})
