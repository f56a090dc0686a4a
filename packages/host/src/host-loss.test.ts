import { fork } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { HostLost, type OutcomeBatch } from "./port.ts"
import { contextOf, poolOf, run, singleWork, workOf } from "./pool.test.fixture.ts"

const mapped = (fn: string) => `task("t", ${fn}).expand([0])`

/** Waits for the first batch that carries this log line. */
function logged(message: string): { onBatch: (batch: OutcomeBatch) => void; seen: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const onBatch = (batch: OutcomeBatch) => {
    if (batch.logs.some((entry) => entry.message === message)) resolve()
  }
  return { onBatch, seen: promise }
}

it("loses the host, and no finished outcome, when a task exits the process", async () => {
  const pool = poolOf({ build: mapped("(n) => n === 2 ? process.exit(3) : n") })
  const { error, results } = await run(pool, contextOf("t"), workOf([0, 1, 2, 3]))
  expect(error).toBeInstanceOf(HostLost)
  expect(error?.message).toBe("the host exited with code 3 while running t[0..3] of d")
  expect([...results.keys()]).toEqual([0, 1])
  expect((error as HostLost).wasAlone).toBe(false)
  const again = await run(pool, contextOf("t"), workOf([5]))
  expect(again.results.get(0)).toBe(5)
})

it("says that an instance was alone in the host it cost", async () => {
  const pool = poolOf({ build: mapped("() => process.abort()") })
  const { error } = await run(pool, contextOf("t"), workOf([1], { isolated: true, firstIndex: 7 }))
  expect(error).toMatchObject({
    wasAlone: true,
    reason: "the host was ended by SIGABRT while running t[7] of d",
  })
  expect((error as HostLost).afterMs).toBeGreaterThan(0)
})

it("kills a host that no longer responds, and starts another", async () => {
  const pool = poolOf({ build: mapped("(n) => { while (n) {} return n }") }, { unresponsiveMs: 200 })
  const { error } = await run(pool, contextOf("t"), workOf([1]))
  expect(error?.message).toBe(
    "the host did not respond for 0.2 s: a loop that never yields? while running t[0] of d",
  )
  expect((await run(pool, contextOf("t"), workOf([0]))).results.get(0)).toBe(0)
})

it("does not take many short computations for a loop", async () => {
  const fn = "(n) => { const until = performance.now() + 40; while (performance.now() < until); return n }"
  const pool = poolOf({ build: mapped(fn) }, { unresponsiveMs: 200 })
  const { error, results } = await run(pool, contextOf("t"), workOf(Array.from({ length: 15 }, (_, n) => n)))
  expect(error).toBeNull()
  expect(results.size).toBe(15)
})

it("kills a host whose instance loops past its timeout, long before it counts as unresponsive", async () => {
  const pool = poolOf({ build: mapped("(n) => { while (n) {} return n }") })
  const startedAt = performance.now()
  const { error } = await run(pool, contextOf("t", { timeoutMs: 100 }), workOf([0, 1]))
  expect(performance.now() - startedAt).toBeLessThan(10_000)
  expect(error?.message).toBe(
    "the host did not respond for 0.3 s: an instance did not yield and passed its timeout of 0.1 s, " +
      "while running t[0..1] of d",
  )
})

it("does not add up what instances take that keep their timeout", async () => {
  const fn = "(n) => { const until = performance.now() + 350; while (performance.now() < until); return n }"
  const pool = poolOf({ build: mapped(fn) }, { abortGraceMs: 100 })
  const context = contextOf("t", { timeoutMs: 450 })
  const { error, results } = await run(pool, context, workOf([0, 1, 2, 3, 4, 5], { concurrency: 2 }))
  expect(error).toBeNull()
  expect(results.size).toBe(6)
})

it("does not count the time a bundle takes to load as an instance's", async () => {
  const top = "const until = performance.now() + 800; while (performance.now() < until);"
  const pool = poolOf({ top, build: mapped("(n) => n") })
  const { error, results } = await run(pool, contextOf("t", { timeoutMs: 100 }), workOf([1, 2]))
  expect(error).toBeNull()
  expect(results.size).toBe(2)
})

it.each([
  ["loops", "for (;;);"],
  ["is killed", `process.kill(process.pid, "SIGKILL"); for (;;);`],
  ["aborts", "process.abort()"],
  ["exits", "process.exit(1)"],
])("names the instance of an isolated lease that %s among two thousand", async (_what, misdeed) => {
  const pool = poolOf({ build: mapped(`(n) => { if (n === 1500) { ${misdeed} } }`) }, { unresponsiveMs: 400 })
  const items = Array.from({ length: 2_000 }, (_, n) => n)
  const work = workOf(items, { isolated: true, firstIndex: 10 })
  const { error } = await run(pool, contextOf("t"), work)
  expect((error as HostLost).running).toEqual([1_510])
})

it("names the instances that ran at once in an isolated lease, and none that had ended", async () => {
  const fn = `async (n) => {
    await new Promise((resolve) => setTimeout(resolve, n % 10 === 0 ? 60_000 : 5))
    if (n === 25) for (;;);
  }`
  const pool = poolOf({ build: mapped(fn) }, { unresponsiveMs: 400 })
  const items = Array.from({ length: 100 }, (_, n) => n + 1)
  const work = workOf(items, { isolated: true, firstIndex: 1, concurrency: 4 })
  const { error } = await run(pool, contextOf("t"), work)
  const running = (error as HostLost).running
  expect(running).toEqual(expect.arrayContaining([10, 20, 25]))
  expect(running?.length).toBeLessThanOrEqual(4)
})

it("names the one of several that ended the host, and blames no other lease", async () => {
  const fn = `async (n) => {
    await new Promise((resolve) => setTimeout(resolve, n === 7 ? 300 : 60_000))
    process.exit(1)
  }`
  const pool = poolOf({ build: mapped(fn) })
  const leases = [workOf([6, 7, 8], { concurrency: 3 }), workOf([1, 2], { concurrency: 2 })]
  const ran = await Promise.all(leases.map((work) => run(pool, contextOf("t"), work)))
  expect(ran.map(({ error }) => (error as HostLost).running)).toEqual([[1], []])
})

it("blames none of those left when the instance that cost the host has its outcome", async () => {
  const fn = `async (n) => {
    if (n === 1) setTimeout(() => { throw new RangeError("in a timer") }, 20)
    await new Promise(() => {})
  }`
  const { error } = await run(
    poolOf({ build: mapped(fn) }),
    contextOf("t"),
    workOf([0, 1, 2], { concurrency: 3 }),
  )
  expect((error as HostLost).running).toEqual([])
})

it.each([
  ["an instance loops", "for (;;);", ""],
  ["the bundle exits", "", "process.exit(1)"],
])("does not know who ran when %s in a lease that shares its host", async (_what, body, top) => {
  const pool = poolOf({ top, build: mapped(`() => { ${body} }`) }, { unresponsiveMs: 200 })
  const { error } = await run(pool, contextOf("t"), workOf([0, 1]))
  expect(error).toBeInstanceOf(HostLost)
  expect((error as HostLost).running).toBeUndefined()
})

it("says that a task ran out of memory, and how much there was", async () => {
  const fn = `() => { const kept = []; for (;;) kept.push(new Array(1000).fill(kept.length)) }`
  const pool = poolOf({ build: mapped(fn) }, { memoryLimitMb: 40 })
  const { error } = await run(pool, contextOf("t"), workOf([1]))
  expect(error?.message).toBe("the host ran out of memory (limit 40 MB) while running t[0] of d")
})

it("fails the instance of an uncaught exception, keeps what had finished, and replaces the host", async () => {
  const fn = `async (n) => {
    if (n === 1) setTimeout(() => { throw new RangeError("in a timer") }, 20)
    if (n > 0) await new Promise(() => {})
    return n
  }`
  const pool = poolOf({ build: mapped(fn) })
  const { error, results, others } = await run(pool, contextOf("t"), workOf([0, 1, 2], { concurrency: 3 }))
  expect([...results]).toEqual([[0, 0]])
  expect(others).toMatchObject([
    { mapIndex: 1, error: { type: "RangeError", message: "uncaught exception: in a timer" } },
  ])
  expect(error?.message).toContain("was stopped by an uncaught exception in t[1]: RangeError: in a timer")
})

it("fails an instance that heeds its timeout, and keeps the host", async () => {
  const fn = `(n, { signal }) => n === 0 ? process.pid : new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason))
  })`
  const pool = poolOf({ build: mapped(fn) })
  const context = contextOf("t", { timeoutMs: 50 })
  const { error, others, results } = await run(pool, context, workOf([0, 1, 0]))
  expect(error).toBeNull()
  expect(others).toMatchObject([
    {
      mapIndex: 1,
      error: { type: "TimeoutError", message: "t[1] took longer than its timeout of 0.05 s" },
      isFinal: false,
    },
  ])
  expect(results.get(2)).toBe(results.get(0))
})

it("fails an instance that ignores its timeout, and then costs the host its life", async () => {
  const pool = poolOf({ build: mapped("(n) => n === 1 ? new Promise(() => {}) : n") }, { abortGraceMs: 50 })
  const { error, others, results } = await run(pool, contextOf("t", { timeoutMs: 50 }), workOf([0, 1, 2]))
  expect([...results.keys()]).toEqual([0])
  expect(others).toMatchObject([{ mapIndex: 1, error: { type: "TimeoutError" } }])
  expect(error?.message).toContain(
    "t[1] took longer than its timeout of 0.05 s, and was still running 0.05 s after",
  )
})

it("aborts the signal of what runs, starts no more, and gives no outcome for it", async () => {
  const fn = `(n, { signal, log }) => {
    if (n === 0) return n
    log.info("waiting")
    return new Promise((resolve, reject) => signal.addEventListener("abort", () => { log.info(signal.reason.message); reject(signal.reason) }))
  }`
  const pool = poolOf({ build: mapped(fn) })
  const controller = new AbortController()
  const { onBatch, seen } = logged("waiting")
  const running = run(pool, contextOf("t"), workOf([0, 1, 0]), { signal: controller.signal, onBatch })
  await seen
  controller.abort(new Error("lease revoked"))
  const { error, results, others, logs } = await running
  expect(error).toBeNull()
  expect([...results.keys()]).toEqual([0])
  expect(others).toEqual([])
  expect(logs.map((entry) => entry.message)).toContain("lease revoked")
})

it("kills the host when what was aborted goes on", async () => {
  const pool = poolOf(
    { build: mapped(`(n, { log }) => { log.info("stuck"); return new Promise(() => {}) }`) },
    { abortGraceMs: 50 },
  )
  const controller = new AbortController()
  const { onBatch, seen } = logged("stuck")
  const running = run(pool, contextOf("t"), workOf([0]), { signal: controller.signal, onBatch })
  await seen
  controller.abort(new Error("lease revoked"))
  expect((await running).error?.message).toContain("t[0] of d was still running 0.05 s after it was aborted")
})

it("runs nothing under a signal that was aborted before", async () => {
  const pool = poolOf({ build: mapped("(n) => n") })
  const { error, results } = await run(pool, contextOf("t"), workOf([0, 1]), { signal: AbortSignal.abort() })
  expect(error).toBeNull()
  expect(results.size).toBe(0)
})

it("gives isolated work a process in which nothing else runs", async () => {
  const top = "let running = 0"
  const fn = `async () => { running++; const beside = running; await new Promise((resolve) => setTimeout(resolve, 20)); running--; return [process.pid, beside] }`
  const pool = poolOf({ top, build: mapped(fn) })
  const isolated = workOf([0], { isolated: true })
  const ran = await Promise.all(
    [workOf([0, 0]), isolated, isolated].map((work) => run(pool, contextOf("t"), work)),
  )
  const [shared, first, second] = ran.map(({ results }) => results.get(0) as [number, number])
  expect(first?.[0]).not.toBe(shared?.[0])
  expect(second).toEqual(first)
  expect(first?.[1]).toBe(1)
})

it("replaces a host that holds too much memory between leases", async () => {
  const pool = poolOf({ build: `task("t", () => process.pid)()` }, { recycleRssMb: 1, unresponsiveMs: 40 })
  const held = run(pool, contextOf("t"), workOf([0], { firstIndex: -1, items: null }))
  const before = (await held).results.get(-1)
  // The host is asked for its memory while it works: the next call that lasts longer than a ping retires it.
  const pids = new Set([before])
  for (let tries = 0; tries < 200 && pids.size < 2; tries++)
    pids.add((await run(pool, contextOf("t"), singleWork)).results.get(-1))
  expect(pids.size).toBe(2)
})

it("ends its processes on close, and refuses work after it", async () => {
  const fn = `(n, { signal, log }) => { log.info("up"); return new Promise((resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))) }`
  const pool = poolOf({ build: mapped(fn) })
  const { onBatch, seen } = logged("up")
  const running = run(pool, contextOf("t"), workOf([0]), { onBatch })
  await seen
  await pool.close({ graceMs: 5_000 })
  expect((await running).error).toBeNull()
  expect((await run(pool, contextOf("t"), workOf([0]))).error?.message).toBe("the host pool is closed")
})

it("says why a host could not start", async () => {
  const pool = poolOf({}, { entry: new URL("./no-such-entry.ts", import.meta.url) })
  const { error } = await run(pool, contextOf("t"), workOf([0]))
  expect(error?.message).toMatch(/^the host could not start: Error: Cannot find module .*no-such-entry/)
})

it("prints nothing of a task to its own output", async () => {
  const script = new URL("./print-nothing.test.fixture.ts", import.meta.url)
  const child = fork(script, {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: ["--conditions=@sluice/source"],
  })
  let output = ""
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()))
  const logs = once(child, "message")
  await once(child, "close")
  expect(output).toBe("")
  expect((await logs)[0]).toEqual(expect.arrayContaining(["from console", "from a program"]))
})

it("leaves no host behind when the worker dies", async () => {
  const script = new URL("./die-early.test.fixture.ts", import.meta.url)
  const child = fork(script, { execArgv: ["--conditions=@sluice/source"] })
  const [pid] = (await once(child, "message")) as [number]
  expect(process.kill(pid, 0)).toBe(true)
  child.kill("SIGKILL")
  await once(child, "close")
  await expect.poll(() => isAlive(pid)).toBe(false)
})

/** Where nobody reaps orphans, a dead one stays in the process table as a zombie. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}
