import { expect, it } from "vitest"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["pipelines"], engines: [{}] })

const numbers = (total: number) => Array.from({ length: total }, (_, n) => n)
const letters = Array.from("abcdefghijklmnopqrstuvwxyz")

function chunked<A>(items: readonly A[], size: number): A[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  )
}

const byOperators = chunked(
  numbers(100)
    .filter((n) => n % 3 !== 0)
    .map((n) => n * 10)
    .flatMap((n) => (n % 20 === 0 ? [n, n + 1, n + 2] : [])),
  4,
).slice(0, 9)

const bySlices = [
  ...numbers(100)
    .slice(11, 60)
    .map((n, index) => [index, n]),
  ...letters.slice(20),
]

const byChain = chunked(
  numbers(100)
    .map((n) => n * 2)
    .filter((n) => n % 4 === 0)
    .map((n) => n / 2 + 1),
  5,
)

it.each([
  ["plain", numbers(100)],
  ["operators", byOperators],
  ["slices", bySlices],
  ["zipped", letters.map((letter, n) => `${letter}${n}`)],
  ["replayed", numbers(25).map((n) => n + 100)],
  ["chained", byChain],
  ["expanded_list", [10, 12, 14]],
  ["expanded_xcom", numbers(23).map((n) => n * 2)],
  ["crossed", [1, 2, 3, 4].flatMap((a) => ["x", "y", "z"].map((b) => `${b}${a}`))],
  ["partial_with_xcom", numbers(100).map((n) => `${n * 7}m`)],
  ["parametrised_source", numbers(12)],
])("gives through the engine what plain arrays give: %s", async (dagId, expected) => {
  const run = await world.runToEnd(dagId)
  expect((await run.row()).state).toBe("success")
  expect(await run.result("collect")).toEqual(expected)
})

it("gives the same for any number of items around the page's borders", async () => {
  for (const total of [1, 6, 7, 8, 40, 41]) {
    const run = await world.runToEnd("plain", { total })
    expect(await run.result("collect")).toEqual(numbers(total))
  }
})

it("pulls a source that two maps share once, and gives each map all of it", async () => {
  const run = await world.runToEnd("shared_source")
  expect(await run.result("collect_left")).toEqual(numbers(100).map((n) => n * 2))
  expect(await run.result("collect_right")).toEqual(
    numbers(100)
      .filter((n) => n % 2 === 1)
      .map((n) => n + 1),
  )
  const pulled = run.records.all("pulled")
  expect(pulled.map((fact) => fact["from"])).toEqual(
    pulled.map((_, page) => page * Number(pulled[0]?.["size"])),
  )
  expect(pulled.reduce((sum, fact) => sum + Number(fact["size"]), 0)).toBe(100)
  expect(run.records.count("opened")).toBe(1)
  expect(run.records.count("closed")).toBe(1)
})

it("reduces a stream page by page", async () => {
  const run = await world.runToEnd("reduced", { total: 5_000 })
  expect(await run.result("sizes")).toBe(5_000 * 4_999)
  const sizes = run.records.all("reduced").map((fact) => Number(fact["size"]))
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5_000)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000)
})

it("keeps values that are not JSON what they are, through source, map, chain, XCom and reduce", async () => {
  const run = await world.runToEnd("values")
  expect(await run.states()).toMatchObject({ pass: "success", again: "success", judge: "success" })
  expect(await run.result("judge")).toEqual([true, true, true, true])
})

it("skips a map over an empty stream, and what needs it", async () => {
  const run = await world.runToEnd("empty_stream")
  expect(await run.states()).toMatchObject({ same: "skipped", collect: "skipped", after: "success" })
  expect((await run.row()).state).toBe("success")
})
