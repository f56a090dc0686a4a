import { expect, it } from "vitest"
import { bundleOf, contextOf, poolOf, run, singleWork, workOf } from "./pool.test.fixture.ts"

const mapped = (fn: string, name = "t") => `task("${name}", ${fn}).expand([0])`

it("runs the instances of a lease and gives their results in one batch", async () => {
  const pool = poolOf({ build: mapped("async ({ n }) => n * 2") })
  const work = workOf([{ n: 1 }, { n: 2 }, { n: 3 }], { firstIndex: 10 })
  const { batches, results, error } = await run(pool, contextOf("t"), work)
  expect(error).toBeNull()
  expect(batches).toHaveLength(1)
  expect(batches[0]).toMatchObject({
    leaseId: "lease",
    indexes: null,
    values: "[2,4,6]",
    others: [],
    xcoms: [],
    logs: [],
  })
  expect(results.get(12)).toBe(6)
})

it("gives results that JSON has no form for", async () => {
  const pool = poolOf({
    build: `task("t", () => [new Date(0), new Map([["a", 1n]]), undefined, { at: NaN }, new Uint8Array([1, 2])])()`,
  })
  const { results } = await run(pool, contextOf("t"), singleWork)
  const expected = [new Date(0), new Map([["a", 1n]]), undefined, { at: NaN }, new Uint8Array([1, 2])]
  expect(results.get(-1)).toEqual(expected)
})

it("reports failures, skips and refusals by name, each at its index", async () => {
  const top = "class Oops extends Error {}"
  const fn = `(kind) => {
    if (kind === "throw") throw new Oops("bad", { cause: new TypeError("deep") })
    if (kind === "string") throw "just text"
    if (kind === "skip") throw new Skip("not today")
    if (kind === "final") throw new FailWithoutRetry("never")
    if (kind === "function") return { users: [{ onClick: () => 1 }] }
    if (kind === "circular") { const a = {}; a.a = a; return a }
    return kind
  }`
  const pool = poolOf({ top, build: mapped(fn) })
  const kinds = ["ok", "throw", "string", "skip", "final", "function", "circular", "ok"]
  const { batches, results, others } = await run(pool, contextOf("t"), workOf(kinds))
  expect(batches[0]?.indexes).toBeNull()
  expect([...results.keys()]).toEqual([0, 7])
  expect(others.map((other) => other.mapIndex)).toEqual([1, 2, 3, 4, 5, 6])
  const summary = others.map((other) =>
    other.kind === "failed"
      ? [other.error.type, other.error.message, other.isFinal]
      : other.kind === "skipped" && other.reason,
  )
  expect(summary).toEqual([
    ["Oops", "bad", false],
    ["NonError", "threw a string: just text", false],
    "not today",
    ["FailWithoutRetry", "never", true],
    ["NotEncodable", "result.users[0].onClick is a function (onClick): return plain data.", true],
    ["NotEncodable", expect.stringContaining("result.a refers back to an object that contains it"), true],
  ])
  const thrown = others[0]
  expect(thrown?.kind === "failed" && thrown.error.stack).toContain("Caused by: TypeError: deep")
})

it("does not run what is recorded already", async () => {
  const pool = poolOf({ build: mapped("(n) => n") })
  const work = workOf([0, 1, 2, 3, 4], { recorded: [0, 2, 4] })
  const { batches, results } = await run(pool, contextOf("t"), work)
  expect(batches[0]?.values).toBe("[1,3]")
  expect([...results.keys()]).toEqual([1, 3])
})

it("tells an instance who and when it is", async () => {
  const fn = `(x, ctx) => ({ ids: [ctx.dagId, ctx.runId, ctx.taskId, ctx.mapIndex, ctx.tryNumber], at: ctx.logicalDate,
    interval: ctx.dataInterval, params: ctx.params, aborted: ctx.signal.aborted })`
  const build = mapped(fn)
  const pool = poolOf({ build })
  const given = {
    dataIntervalStart: "2026-01-01T00:00:00Z",
    dataIntervalEnd: "2026-01-02T00:00:00Z",
    params: { region: "eu" },
  }
  const { results } = await run(pool, contextOf("t", given), workOf([0, 1], { firstIndex: 4, tryNumber: 3 }))
  expect(results.get(5)).toEqual({
    ids: ["d", "r", "t", 5, 3],
    at: new Date("2026-01-01"),
    interval: { start: new Date("2026-01-01"), end: new Date("2026-01-02") },
    params: { region: "eu" },
    aborted: false,
  })
})

it("runs as many instances at once as the lease allows, and no more", async () => {
  const top = "let now = 0, most = 0"
  const fn = `async () => { now++; most = Math.max(most, now); await new Promise((resolve) => setTimeout(resolve, 5)); now--; return most }`
  const pool = poolOf({ top, build: mapped(fn) })
  const { results } = await run(
    pool,
    contextOf("t"),
    workOf(
      Array.from({ length: 12 }, () => 0),
      { concurrency: 4 },
    ),
  )
  expect(results.size).toBe(12)
  expect(results.get(11)).toBe(4)
})

it("sends what has ended while a long lease goes on, with timings", async () => {
  const fn = `(hold) => hold ? new Promise((resolve) => setTimeout(resolve, 250, "late")) : "soon"`
  const pool = poolOf({ build: mapped(fn) })
  const { batches, results } = await run(pool, contextOf("t"), workOf([false, true]))
  expect(batches.map((batch) => [batch.indexes, batch.values])).toEqual([
    [[0], '["soon"]'],
    [[1], '["late"]'],
  ])
  const late = batches[1]
  expect(late?.timings?.endedMs[0]).toBeGreaterThanOrEqual(200)
  expect(late?.busyMs).toBeGreaterThanOrEqual(200)
  expect(results.size).toBe(2)
})

it("gives constants and XCom values to every instance, and lets it leave and read others", async () => {
  const build = `
    const table = task("table", () => ({ name: "users" }))()
    task("t", async ({ id, table }, ctx) => {
      ctx.xcom.push("mark", new Date(id))
      try { table.name = "changed" } catch (error) { return [id, table.name, error.constructor.name, await ctx.xcom.pull({ taskId: "table", key: "k" })] }
    }).partial({ table }).expand([{ id: 0 }])`
  const pool = poolOf({ build })
  const reader = {
    readStream: () => Promise.reject(new Error("not asked")),
    readAssetEvents: () => Promise.resolve([]),
    readXCom: (ask: { taskId: string; key?: string }) => Promise.resolve(`"${ask.taskId}.${ask.key}"`),
  }
  const context = contextOf("t", { xcoms: { table: '{"name":"users"}' } })
  const { results, batches } = await run(pool, context, workOf([{ id: 1 }, { id: 2 }]), { reader })
  expect([...results.values()]).toEqual([
    [1, "users", "TypeError", "table.k"],
    [2, "users", "TypeError", "table.k"],
  ])
  expect(batches[0]?.xcoms[1]).toEqual({
    mapIndex: 1,
    key: "mark",
    value: '{"$sluice":["Date","1970-01-01T00:00:00.002Z"]}',
  })
})

it("refuses a key that no XCom can be kept under, by name, and without another try", async () => {
  const fn = `(length, { mapIndex, xcom }) => {
    const keys = [42, null, "", "a\\0b", "k".repeat(513), "😀".repeat(512)]
    xcom.push(keys[mapIndex], 1)
  }`
  const pool = poolOf({ build: mapped(fn) })
  const { others, batches } = await run(pool, contextOf("t"), workOf([0, 0, 0, 0, 0, 0]))
  const told = others.map((other) => other.kind === "failed" && other.error.message)
  const expected = "xcom.push: expected a key of 1 to 512 characters without NUL, and it is "
  expect(told).toEqual([
    expect.stringContaining(`${expected}of type number. Fix: `),
    expect.stringContaining(`${expected}null. Fix: `),
    expect.stringContaining(`${expected}empty. Fix: `),
    expect.stringContaining(`${expected}"a\\u0000b", with NUL at 1. Fix: `),
    expect.stringContaining(`${expected}513 characters long: "kkk`),
  ])
  expect(others.every((other) => other.kind === "failed" && other.isFinal)).toBe(true)
  expect(batches.flatMap((batch) => batch.xcoms)).toMatchObject([{ mapIndex: 5, value: "1" }])
})

it("reads a stream input page by page through the call's reader", async () => {
  const build = `
    const ids = task("a", (n) => n).iterate(source("s", async function* () { yield 1 })())
    task("sum", async ({ ids }) => { let sum = 0; for await (const n of ids) { sum += n; if (n === 250) break } return sum })({ ids })`
  const pool = poolOf({ build })
  const asked: number[] = []
  const reader = {
    readStream: ({ fromIndex, limit }: { fromIndex: number; limit: number }) => {
      asked.push(fromIndex)
      const items = Array.from({ length: limit }, (_, position) =>
        fromIndex + position === 3 ? ({ gap: "skipped" } as const) : String(fromIndex + position),
      )
      return Promise.resolve({ items, nextIndex: fromIndex + limit, exhausted: false })
    },
    readXCom: () => Promise.resolve(null),
    readAssetEvents: () => Promise.resolve([]),
  }
  const { results, error } = await run(pool, contextOf("sum"), singleWork, { reader })
  expect(error).toBeNull()
  expect(results.get(-1)).toBe((250 * 251) / 2 - 3)
  expect(asked).toEqual([0, 100, 200])
})

it("fails an instance whose reader fails, with the reader's message", async () => {
  const build = `
    const ids = task("a", (n) => n).iterate(source("s", async function* () { yield 1 })())
    task("sum", async ({ ids }) => { for await (const n of ids) n })({ ids })`
  const reader = {
    readStream: () => Promise.reject(new Error("the store is away")),
    readXCom: () => Promise.resolve(null),
    readAssetEvents: () => Promise.resolve([]),
  }
  const { others } = await run(poolOf({ build }), contextOf("sum"), singleWork, { reader })
  expect(others).toMatchObject([
    { mapIndex: -1, kind: "failed", error: { message: "the store is away" }, isFinal: false },
  ])
})

it("puts every log line on the instance that wrote it, whatever runs beside it", async () => {
  const top = `console.log("loading"); const later = () => new Promise((resolve) => setTimeout(resolve, 1))`
  const fn = `async (name, ctx) => {
    await later(); console.log("hello %s", name)
    await later(); ctx.log.warn("careful", { name, at: new Date(0) })
    await later(); process.stdout.write("raw " + name + "\\n"); console.error("worse", name)
  }`
  const pool = poolOf({ top, build: mapped(fn) })
  const names = Array.from({ length: 20 }, (_, index) => `n${index}`)
  const { logs } = await run(pool, contextOf("t"), workOf(names, { concurrency: 10, tryNumber: 2 }))
  for (const [index, name] of names.entries()) {
    const mine = logs.filter((entry) => entry.mapIndex === index)
    expect(mine.map((entry) => [entry.level, entry.message])).toEqual([
      ["info", `hello ${name}`],
      ["warning", "careful"],
      ["info", `raw ${name}`],
      ["error", `worse ${name}`],
    ])
    expect(mine[1]?.fields).toEqual({ name, at: { $sluice: ["Date", "1970-01-01T00:00:00.000Z"] } })
    expect(mine.every((entry) => entry.tryNumber === 2)).toBe(true)
  }
  expect(logs.filter((entry) => entry.mapIndex === null).map((entry) => entry.message)).toEqual(["loading"])
})

it("keeps a bounded number of log lines and says once that it dropped the rest", async () => {
  const fn = `(n) => { for (let line = 0; line < 5000; line++) console.log(line); return 1 }`
  const { logs } = await run(poolOf({ build: mapped(fn) }), contextOf("t"), workOf([1]))
  expect(logs).toHaveLength(1001)
  expect(logs.at(-1)?.message).toContain("further lines dropped")
})

it("fails the instance whose promise nobody awaited, and lives on", async () => {
  const fn = `async (n) => { if (n === 1) Promise.reject(new RangeError("lost")); await new Promise((resolve) => setTimeout(resolve, 5)); return n }`
  const pool = poolOf({ build: mapped(fn) })
  const { results, others, error } = await run(pool, contextOf("t"), workOf([0, 1, 2], { concurrency: 3 }))
  expect(error).toBeNull()
  expect([...results.keys()]).toEqual([0, 2])
  expect(others).toMatchObject([
    {
      mapIndex: 1,
      error: { type: "RangeError", message: "a promise that nobody awaited was rejected: lost" },
    },
  ])
})

it("fails every instance when the task is not in the bundle", async () => {
  const { others } = await run(poolOf({ build: mapped("(n) => n") }), contextOf("gone"), workOf([1, 2]))
  expect(others).toMatchObject([
    { mapIndex: 0, error: { message: expect.stringContaining('has no task "gone"') } },
    { mapIndex: 1 },
  ])
})

it("gives hosts neither the database's URL nor the parent's other secrets", async () => {
  process.env["DATABASE_URL"] = "postgres://secret"
  process.env["OTHER_SECRET"] = "secret"
  process.env["SLUICE_TASK_REGION"] = "eu"
  const build = `task("t", () => ({ ...process.env }))()`
  const pool = poolOf({ build }, { env: { GIVEN: "yes" } })
  const { results } = await run(pool, contextOf("t"), singleWork)
  const env = results.get(-1) as Record<string, string>
  expect(JSON.stringify(env)).not.toContain("secret")
  expect(env).toMatchObject({ GIVEN: "yes", SLUICE_TASK_REGION: "eu", PATH: process.env["PATH"] })
  expect(
    Object.keys(env).filter((name) => name.startsWith("SLUICE_HOST") || name.startsWith("NODE_CHANNEL")),
  ).toEqual([])
})

it("says how fast it is", async () => {
  const pool = poolOf({ build: mapped("async () => {}") })
  const work = workOf(Array.from({ length: 1000 }, (_, n) => ({ n, name: `item ${n}` })))
  const leases = 200
  for (let warm = 0; warm < 20; warm++) await run(pool, contextOf("t"), work)
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  let left = leases
  const lane = async () => {
    while (left-- > 0)
      await pool.run({ context: contextOf("t"), work, onBatch: () => {}, reader: none, signal })
  }
  const none = {
    readStream: () => Promise.reject(new Error("none")),
    readXCom: () => Promise.resolve(null),
    readAssetEvents: () => Promise.resolve([]),
  }
  const signal = new AbortController().signal
  await Promise.all([lane(), lane(), lane(), lane()])
  const { user, system } = process.cpuUsage(cpu)
  const items = leases * 1000
  const wallUs = ((performance.now() - startedAt) * 1000) / items
  console.log(
    `run(): ${wallUs.toFixed(2)} µs an item, of which the parent's CPU ${((user + system) / items).toFixed(2)} µs`,
  )
})

it("gives the events of the assets that an instance has made, with its success alone", async () => {
  const top = 'const [a, b] = [asset("a"), asset("b")]'
  const fn = `(n, ctx) => {
    ctx.assets.emit(a, { first: n })
    ctx.assets.emit("a", { n })
    if (n === 1) throw new Error("it broke")
    if (n === 2) ctx.assets.emit("c")
    if (n === 3) ctx.assets.emit(b, [n])
    if (n === 4) ctx.assets.emit(b, { text: "x".repeat(70_000) })
  }`
  const build = `task("t", ${fn}, { outlets: [a, b] }).expand([0])`
  const { batches, others } = await run(poolOf({ top, build }), contextOf("t"), workOf([0, 1, 2, 3, 4]))
  expect(batches.flatMap((batch) => batch.assetEvents)).toEqual([
    { mapIndex: 0, asset: "a", extra: '{"n":0}' },
  ])
  expect(others.map((other) => other.kind === "failed" && [other.isFinal, other.error.message])).toEqual([
    [false, "it broke"],
    [true, expect.stringContaining('expected one of the task\'s outlets (they are a, b), and got "c"')],
    [true, expect.stringContaining('as extra of "b", and it is a list')],
    [true, expect.stringContaining("up to 65536 bytes")],
  ])
})

it("gives an event of each outlet of a task that is not mapped", async () => {
  const top = 'const [a, b] = [asset("a"), asset("b")]'
  const build = 'task("t", (_, ctx) => ctx.assets.emit(b, { n: 1 }), { outlets: [a, b] })()'
  const { batches } = await run(poolOf({ top, build }), contextOf("t"), singleWork)
  expect(batches[0]?.assetEvents).toEqual([
    { mapIndex: -1, asset: "a", extra: "{}" },
    { mapIndex: -1, asset: "b", extra: '{"n":1}' },
  ])
})

it("asks for a bundle once, however many leases run in it", async () => {
  const asked: string[] = []
  const bundle = bundleOf(mapped("(n) => n"))
  const loadBundle = (hash: string) => {
    asked.push(hash)
    return Promise.resolve({ ...bundle, hash })
  }
  const pool = poolOf({}, { loadBundle })
  for (let n = 0; n < 3; n++) expect((await run(pool, contextOf("t"), workOf([n]))).results.get(0)).toBe(n)
  expect(asked).toEqual(["b"])
})

it("reads the events of assets that the run was made for, page by page and with their times as dates", async () => {
  const all = Array.from({ length: 150 }, (_, n) => ({
    ...{ asset: "orders", uri: "s3://orders", at: new Date(n).toISOString(), extra: { n }, source: null },
  }))
  const asked: number[] = []
  const reader = {
    readStream: () => Promise.reject(new Error("none")),
    readXCom: () => Promise.resolve(null),
    readAssetEvents: ({ skip, limit }: { skip: number; limit: number }) => {
      asked.push(skip)
      return Promise.resolve(all.slice(skip, skip + limit))
    },
  }
  const fn = `async (_, ctx) => {
    const seen = []
    for await (const { at, extra } of ctx.assets.events()) seen.push([at.getTime(), extra.n])
    return seen
  }`
  const { results } = await run(poolOf({ build: `task("t", ${fn})()` }), contextOf("t"), singleWork, {
    reader,
  })
  expect(results.get(-1)).toEqual(all.map(({ extra: { n } }) => [n, n]))
  expect(asked).toEqual([0, 100])
})
