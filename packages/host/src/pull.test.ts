import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { decode } from "./codec/index.ts"
import { HostLost, type HostPool, type PulledPage, PullFailed } from "./port.ts"
import { contextOf, emptyReader, poolOf, run, singleWork } from "./pool.test.fixture.ts"

interface PullOptions {
  readonly pageSize?: number
  readonly pageBytesMax?: number
  readonly signal?: AbortSignal
  readonly contextId?: string
}

function pull(pool: HostPool, cursor: string | null, given: PullOptions = {}): Promise<PulledPage> {
  const {
    pageSize = 10,
    pageBytesMax = 1_000_000,
    signal = new AbortController().signal,
    contextId = "c",
  } = given
  const request = { cursor, pageSize, pageBytesMax }
  return pool.pull({ context: contextOf("t", { contextId }), request, reader: emptyReader, signal })
}

async function failure(pulled: Promise<PulledPage>): Promise<PullFailed> {
  const error: unknown = await pulled.then(
    () => null,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(PullFailed)
  return error as PullFailed
}

/** A DAG whose task `t` iterates source `s`, opened and closed in the log. */
function dagOf(body: string, pipeline = ""): string {
  return `
    const s = source("s", async function* ({ cursor = 0, signal, log }) {
      log.info("open " + cursor)
      try { ${body} } finally { log.info("closed") }
    })
    task("t", (x) => x).iterate(s()${pipeline})`
}

const counting = dagOf(
  "for (let at = cursor; at < 6; at += 2) yield page([at, new Date(at + 1)], at + 2 < 6 ? at + 2 : null)",
)

const messages = (page: { logs: PulledPage["logs"] }) => page.logs.map((entry) => entry.message)
const values = (page: PulledPage) =>
  page.items.map((item) => (typeof item === "string" ? decode(item) : item))

describe("a source", () => {
  it("stays open between pulls, and closes when it is exhausted", async () => {
    const pool = poolOf({ build: counting })
    const pages: PulledPage[] = []
    for (let cursor: string | null = null; pages.length === 0 || cursor !== null;) {
      const page: PulledPage = await pull(pool, cursor)
      pages.push(page)
      cursor = page.next
    }
    expect(pages.flatMap(values)).toEqual([0, new Date(1), 2, new Date(3), 4, new Date(5)])
    expect(pages.map(messages)).toEqual([["open 0"], [], ["closed"]])
    expect(pages[0]?.logs[0]?.mapIndex).toBeNull()
  })

  it("is re-opened at any other cursor", async () => {
    const pool = poolOf({ build: counting })
    const first = await pull(pool, null)
    const second = await pull(pool, first.next)
    const again = await pull(pool, first.next)
    expect(values(again)).toEqual(values(second))
    expect(messages(again)).toEqual(["closed", "open 2"])
  })

  it("closes once when its stream is closed, and opens again after", async () => {
    const pool = poolOf({ build: counting })
    const first = await pull(pool, null)
    await pool.closeStream("c")
    await pool.closeStream("c")
    const second = await pull(pool, first.next)
    expect(messages(second)).toEqual(["open 2", "(the stream of t, after it ended) closed"])
  })

  it("closes when the pool is closed", async () => {
    const path = join(tmpdir(), `sluice-closed-${process.pid}`)
    const build = dagOf("yield page([1], 1)").replace(
      'log.info("closed")',
      `(await import("node:fs")).writeFileSync("${path}", "closed")`,
    )
    const pool = poolOf({ build })
    await pull(pool, null)
    await pool.close({ graceMs: 5_000 })
    const { readFileSync, rmSync } = await import("node:fs")
    expect(readFileSync(path, "utf8")).toBe("closed")
    rmSync(path)
  })

  it("closes when it throws, and says which source threw", async () => {
    const build = dagOf(`if (cursor === 0) yield page([1], 1); throw new RangeError("no more pages")`)
    const pool = poolOf({ build })
    const first = await pull(pool, null)
    const failed = await failure(pull(pool, first.next))
    expect(failed).toMatchObject({
      leafTaskId: "s",
      retryable: true,
      error: { type: "RangeError", message: "no more pages" },
    })
    expect(messages(failed)).toEqual(["closed"])
  })

  it("stops waiting when its pull is aborted", async () => {
    const build = dagOf(
      `yield page([1], 1); await new Promise((resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)))`,
    )
    const pool = poolOf({ build })
    const first = await pull(pool, null)
    const controller = new AbortController()
    const failed = failure(pull(pool, first.next, { signal: controller.signal }))
    controller.abort(new Error("the run was cancelled"))
    expect((await failed).error).toMatchObject({ type: "AbortError", message: "the run was cancelled" })
  })

  it("costs only the host of the streams when it loops", async () => {
    const build = dagOf("while (true) {}") + `; task("u", () => "fine")()`
    const pool = poolOf({ build }, { unresponsiveMs: 200 })
    const pulling = pull(pool, null)
    const ran = await run(pool, contextOf("u"), singleWork)
    expect(ran.results.get(-1)).toBe("fine")
    const error: unknown = await pulling.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(HostLost)
    expect((error as Error).message).toContain(
      "did not respond for 0.2 s: a loop that never yields? while running the stream of t of d",
    )
  })

  it("says of a pull that was lost with its host for the sake of another that it had no part in it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-pull-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const flag = join(folder, "stuck")
    const body = `process.getBuiltinModule("fs").writeFileSync(${JSON.stringify(flag)}, ""); await new Promise(() => {})`
    const stuck = `source("stuck", async function* () { ${body} })()`
    const build = `${dagOf("yield page([process.pid], 1); await new Promise(() => {})")}; task("u", (x) => x).iterate(${stuck})`
    const pool = poolOf({ build }, { abortGraceMs: 50 })
    const pullStuck = (signal: AbortSignal) =>
      pool.pull({
        context: contextOf("u"),
        request: { cursor: null, pageSize: 10, pageBytesMax: 1000 },
        reader: emptyReader,
        signal,
      })
    const first = await pull(pool, null)
    const innocent = pull(pool, first.next)
    const controller = new AbortController()
    const guilty = pullStuck(controller.signal)
    while (!existsSync(flag)) await new Promise((resolve) => setTimeout(resolve, 10))
    controller.abort(new Error("the run was cancelled"))
    await expect(guilty).rejects.toMatchObject({ name: "HostLost", running: undefined })
    await expect(innocent).rejects.toMatchObject({ name: "HostLost", running: [] })
  })

  it("that cost a host is pulled apart from the others from then on", async () => {
    const body = `if (globalThis.bad) while (true) {} ; yield page([process.pid], 1)`
    const build =
      dagOf(body) + `; task("bad", (x) => x).iterate(source("b", async function* () { while (true) {} })())`
    const pool = poolOf({ build }, { unresponsiveMs: 150 })
    const pullBad = () =>
      pool.pull({
        context: contextOf("bad"),
        request: { cursor: null, pageSize: 10, pageBytesMax: 1000 },
        reader: emptyReader,
        signal: new AbortController().signal,
      })
    await expect(pullBad()).rejects.toBeInstanceOf(HostLost)
    const first = await pull(pool, null)
    await expect(pullBad()).rejects.toBeInstanceOf(HostLost)
    await pool.closeStream("c")
    expect(values(await pull(pool, null))).toEqual(values(first))
  })
})

describe("a page", () => {
  it("passes over pages that came out empty, as far as the next item", async () => {
    const body = "for (let at = cursor; at < 100; at++) yield page([at], at + 1)"
    const page = await pull(poolOf({ build: dagOf(body, ".filter((n) => n % 50 === 49)") }), null)
    expect(values(page)).toEqual([49])
  })

  it("is not pulled again at a cursor that stands still", async () => {
    const body = `for (;;) { log.info("page"); yield page([], { at: 7 }) }`
    const pool = poolOf({ build: dagOf(body) })
    const first = await pull(pool, null)
    expect(first).toMatchObject({ items: [], next: '{"page":{"at":7}}' })
    expect(messages(first)).toEqual(["open 0", "page", "page"])
    const second = await pull(pool, first.next)
    expect(second).toMatchObject({ items: [], next: first.next })
    expect(messages(second)).toEqual(["page"])
  })

  it.each([
    [
      "too many bytes",
      "yield page(['x'.repeat(600), 'y'.repeat(600)], null)",
      "the first 2 of the page's 2 items take 1204 bytes as JSON, over the limit of 1000 (pageBytesMax). Fix: ",
    ],
    [
      "too many items",
      "yield page(Array.from({ length: 10001 }, () => 1), null)",
      "a page of 10001 items came, and at most 10000 are taken at once. Fix: ",
    ],
    [
      "too large a cursor",
      "yield page([1], 'c'.repeat(70_000))",
      "and at most 65536 are kept with each page. Fix: ",
    ],
    [
      "an item that cannot be kept",
      "yield page([1, { f: () => 1 }], null)",
      "items[1].f is a function (f): return plain data.",
    ],
  ])("is refused for good with %s", async (_what, body, message) => {
    const failed = await failure(pull(poolOf({ build: dagOf(body) }), null, { pageBytesMax: 1000 }))
    expect(failed.message).toContain(message)
    expect(failed.retryable).toBe(false)
  })

  it("names no source when a function of the pipeline throws", async () => {
    const build = dagOf("yield page([1], null)", `.map(() => { throw new TypeError("bad map") })`)
    const failed = await failure(pull(poolOf({ build }), null))
    expect(failed).toMatchObject({ leafTaskId: null, error: { type: "TypeError", message: "bad map" } })
  })
})

describe("keys and labels", () => {
  const named = (options: string, body = "yield page([{ id: 'a' }, { id: 'b' }], null)") => `
    const s = source("s", async function* () { ${body} })
    task("t", (x) => x).iterate(s(), ${options})`

  it("come with the page, and change nothing of its items", async () => {
    const options = `{ key: (item) => item.id, label: (item) => { item.id = "changed"; return "the " + item.id } }`
    const page = await pull(poolOf({ build: named(options) }), null)
    expect(page).toMatchObject({ keys: ["a", "b"], labels: ["the changed", "the changed"] })
    expect(values(page)).toEqual([{ id: "a" }, { id: "b" }])
  })

  it("are absent where the task has none", async () => {
    const page = await pull(poolOf({ build: named("{}") }), null)
    expect(page).toMatchObject({ keys: null, labels: null })
  })

  it("end the stream for good where a key is bad, and are retried where its function throws", async () => {
    const bad = await failure(pull(poolOf({ build: named("{ key: (item) => item.name }") }), null))
    expect(bad).toMatchObject({ retryable: false, leafTaskId: null, error: { type: "BadKey" } })
    expect(bad.message).toContain('task "t": key gave undefined for item 0 of its page')
    const thrown = await failure(
      pull(poolOf({ build: named("{ key: () => { throw new TypeError('no') } }") }), null),
    )
    expect(thrown).toMatchObject({ retryable: true, error: { type: "TypeError", message: "no" } })
  })

  it("leave a warning in the log of the page where a label cannot be had", async () => {
    const page = await pull(poolOf({ build: named("{ label: (item) => item.name.first }") }), null)
    expect(page).toMatchObject({ keys: null, labels: null })
    expect(page.logs).toMatchObject([{ level: "warning", mapIndex: null }])
    expect(messages(page)[0]).toContain('label of task "t": threw TypeError')
  })
})
