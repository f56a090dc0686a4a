import { expect, it } from "vitest"
import { decode } from "./codec/index.ts"
import { contextOf, poolOf, run, workOf } from "./pool.test.fixture.ts"
import type { HostPool, LogEntry, OtherOutcome, TriggerEnd, TriggerWork } from "./port.ts"
import { HostLost } from "./port.ts"

const imports = `import { after, at, httpPoll, runFinished, trigger } from "sluice"`

function deferralOf(others: readonly OtherOutcome[], mapIndex = 0) {
  const other = others.find((each) => each.mapIndex === mapIndex)
  if (other?.kind !== "deferred")
    throw new Error(`instance ${mapIndex} has not deferred: ${JSON.stringify(other)}`)
  return other.deferral
}

const errorOf = (others: readonly OtherOutcome[], mapIndex = 0) => {
  const other = others.find((each) => each.mapIndex === mapIndex)
  return other?.kind === "failed" ? { ...other.error, isFinal: other.isFinal } : undefined
}

const deferring = (fn: string, resume = "{ go: async (input, resumed) => [input, resumed] }") =>
  `task("t", ${fn}, { resume: ${resume} }).expand([0])`

it("reports what is waited for and how to go on, and runs the others on", async () => {
  const fn = `async (n, ctx) => n === 1 ? n : ctx.defer(after("2m"), { resume: "go", state: { at: new Date(n) }, timeout: "1h" })`
  const pool = poolOf({ top: imports, build: deferring(fn) })
  const { results, others, error } = await run(pool, contextOf("t"), workOf([0, 1, 2]))
  expect(error).toBeNull()
  expect([...results]).toEqual([[1, 1]])
  expect(others.map(({ mapIndex }) => mapIndex)).toEqual([0, 2])
  const { state, ...deferral } = deferralOf(others, 2)
  expect(deferral).toEqual({ trigger: { kind: "delay", ms: 120_000 }, resume: "go", timeoutMs: 3_600_000 })
  expect(decode(state)).toEqual({ at: new Date(2) })
})

it("goes on at the resume point, with input, state and event, which may defer again", async () => {
  const resume = `{
    go: async (input, resumed, ctx) => resumed.event === "again" ? ctx.defer(at(new Date(5)), { resume: "on" }) : [input, resumed, ctx.tryNumber],
    on: async () => "on",
  }`
  const pool = poolOf({ top: imports, build: deferring("async () => 1", resume) })
  const go = (event: string) =>
    workOf([{ n: 7 }], {
      firstIndex: 3,
      resumes: [`{"resume":"go","state":{"$sluice":["Date","1970-01-01T00:00:00.000Z"]},"event":${event}}`],
    })
  const { results } = await run(pool, contextOf("t"), go("[1]"))
  expect(results.get(3)).toEqual([{ n: 7 }, { state: new Date(0), event: [1] }, 1])
  const { others } = await run(pool, contextOf("t"), go('"again"'))
  expect(deferralOf(others, 3)).toMatchObject({
    trigger: { kind: "time", at: 5 },
    resume: "on",
    state: '{"$sluice":"undefined"}',
  })
})

it("runs instances that do not follow each other in one lease, those that were deferred from their resume points", async () => {
  const resume = `{ go: async (input, resumed, ctx) => [input, resumed.event, ctx.mapIndex] }`
  const build = deferring(
    "async (n, ctx) => { if (n === 9) throw new Error('no'); return ctx.mapIndex }",
    resume,
  )
  const pool = poolOf({ top: imports, build })
  const go = (event: number) => `{"resume":"go","state":null,"event":${event}}`
  const work = workOf([7, 8, 9, 10], {
    ...{ firstIndex: 3, indexes: [3, 20, 21, 500], recorded: [20], concurrency: 2 },
    resumes: [go(1), null, null, go(2)],
  })
  const { results, others, batches } = await run(pool, contextOf("t"), work)
  expect([...results]).toEqual([
    [3, [7, 1, 3]],
    [500, [10, 2, 500]],
  ])
  expect(others).toMatchObject([{ mapIndex: 21, kind: "failed" }])
  expect(batches.at(-1)?.leaseId).toBe("lease")
})

const refused: readonly (readonly [what: string, call: string, message: RegExp])[] = [
  [
    "a resume point that is not there",
    `ctx.defer(after(1), { resume: "gone" })`,
    /names the resume point "gone"; it has go\. Fix/,
  ],
  ["no resume point", `ctx.defer(after(1))`, /names the resume point undefined/],
  ["no trigger", `ctx.defer("soon", { resume: "go" })`, /got no trigger as its first argument\. Fix/],
  [
    "a state that cannot be kept",
    `ctx.defer(after(1), { resume: "go", state: { f: () => 1 } })`,
    /state\.f is a function/,
  ],
  [
    "a state that is too large",
    `ctx.defer(after(1), { resume: "go", state: "x".repeat(70_000) })`,
    /state takes 70002 bytes .* at most 65536/,
  ],
  [
    "a timeout of nothing",
    `ctx.defer(after(1), { resume: "go", timeout: 0 })`,
    /got the timeout 0; expected/,
  ],
  [
    "a delay that is none",
    `ctx.defer(after("soon"), { resume: "go" })`,
    /after\(\) got .*; expected milliseconds/,
  ],
  [
    "a URL that is none",
    `ctx.defer(httpPoll({ url: "ftp://x", every: "10s" }), { resume: "go" })`,
    /httpPoll\(\) url got/,
  ],
  [
    "too many looks",
    `ctx.defer(httpPoll({ url: "http://x", every: 10 }), { resume: "go" })`,
    /httpPoll\(\) every got the number 10; expected 1000/,
  ],
  [
    "an option that is not there",
    `ctx.defer(runFinished({ dag: "x" }), { resume: "go" })`,
    /runFinished\(\) got/,
  ],
]

it("refuses what makes no sense, each with what is wrong, and for good", async () => {
  const calls = refused.map(([, call]) => `(ctx) => ${call}`)
  const top = `${imports}; const calls = [${calls.join(",\n")}]`
  const pool = poolOf({ top, build: deferring("async (n, ctx) => calls[n](ctx)") })
  const { others } = await run(pool, contextOf("t"), workOf(refused.map((_, n) => n)))
  for (const [n, [what, , message]] of refused.entries()) {
    expect({ what, ...errorOf(others, n) }).toMatchObject({
      ...{ what, isFinal: true, message: expect.stringMatching(message) },
    })
  }
})

it("refuses a task that catches its deferral and goes on; one that throws something else has failed with that", async () => {
  const fn = `async (n, ctx) => {
    try { await ctx.defer(after(1), { resume: "go" }) } catch (error) { if (n === 0) return "caught"; if (n === 1) throw error }
    finally { if (n === 2) throw new RangeError("finally") }
  }`
  const pool = poolOf({ top: imports, build: deferring(fn) })
  const { others } = await run(pool, contextOf("t"), workOf([0, 1, 2]))
  expect(errorOf(others, 0)).toMatchObject({
    type: "InvalidDeferral",
    isFinal: true,
    message: expect.stringContaining("Fix:"),
  })
  expect(deferralOf(others, 1)).toMatchObject({ resume: "go" })
  expect(errorOf(others, 2)).toMatchObject({ type: "RangeError", isFinal: false })
})

it("refuses a source that defers, by name", async () => {
  const build = `task("t", async (n) => n).iterate(source("s", async function* ({ context }) { context.defer() })())`
  const pool = poolOf({ top: imports, build })
  const pulled = pool.pull({
    context: contextOf("t"),
    request: { cursor: null, pageSize: 1, pageBytesMax: 100 },
    reader: {
      readStream: () => Promise.reject(new Error()),
      readXCom: () => Promise.resolve(null),
      readAssetEvents: () => Promise.resolve([]),
    },
    signal: new AbortController().signal,
  })
  await expect(pulled).rejects.toMatchObject({
    retryable: false,
    error: { message: expect.stringMatching(/the source "t?s?.*" called ctx\.defer\(\).*Fix/) },
  })
})

const work = (name: string, args: unknown, given: Partial<TriggerWork> = {}): TriggerWork => ({
  name,
  args: JSON.stringify(args),
  mapIndex: 3,
  tryNumber: 1,
  isolated: false,
  ...given,
})

async function wait(
  pool: HostPool,
  of: TriggerWork,
  signal = new AbortController().signal,
): Promise<{ end: TriggerEnd | null; lost: HostLost | null; logs: LogEntry[] }> {
  const logs: LogEntry[] = []
  const onLogs = (entries: readonly LogEntry[]) => void logs.push(...entries)
  try {
    return {
      end: await pool.runTrigger({ context: contextOf("t"), work: of, onLogs, signal }),
      lost: null,
      logs,
    }
  } catch (error) {
    if (error instanceof HostLost) return { end: null, lost: error, logs }
    throw error
  }
}

const triggers = `${imports}
  const sleep = (ms, signal) => new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason) }, { once: true })
  })
  const wait = trigger("wait", async function* ({ does }, { signal, log, mapIndex }) {
    log.info("waiting", { does, mapIndex })
    try {
      if (does === "nothing") return
      if (does === "throw") throw new TypeError("no inbox")
      if (does === "exit") setTimeout(() => process.exit(3), 20)
      if (does === "uncaught") setTimeout(() => { throw new Error("in a timer") }, 20)
      if (does === "loop") for (;;);
      if (does === "large") yield "x".repeat(300_000)
      await sleep(does === "event" ? 1 : 60_000, signal)
      yield { came: new Date(0) }
      yield "never read"
    } finally { console.log("closed", signal.aborted) }
  })
`
const waiting = () =>
  poolOf({
    top: triggers,
    build: deferring(`async (n, ctx) => ctx.defer(wait({ does: n }), { resume: "go" })`),
  })

it("writes a trigger of the bundle down with its arguments, and refuses one that the file does not define", async () => {
  const { others } = await run(waiting(), contextOf("t"), workOf(["event"]))
  expect(deferralOf(others).trigger).toEqual({ kind: "user", name: "wait", args: '{"does":"event"}' })
  const late = poolOf({
    top: imports,
    build: deferring(
      `async (n, ctx) => ctx.defer(trigger("late", async function* () {})(), { resume: "go" })`,
    ),
  })
  const refused = await run(late, contextOf("t"), workOf([0]))
  expect(errorOf(refused.others)).toMatchObject({
    message: expect.stringContaining("at the top level"),
    isFinal: true,
  })
})

it("runs a trigger to its first event, and keeps what it logged with the instance", async () => {
  const { end, logs } = await wait(waiting(), work("wait", { does: "event" }))
  expect(end?.kind === "event" && decode(end.value)).toEqual({ came: new Date(0) })
  expect(logs[0]).toMatchObject({ message: "waiting", mapIndex: 3, tryNumber: 1, fields: { mapIndex: 3 } })
})

it("tells how a trigger ended without an event", async () => {
  const pool = waiting()
  const ends = await Promise.all(
    ["nothing", "throw", "large"].map((does) => wait(pool, work("wait", { does }))),
  )
  expect(ends.map(({ end }) => end)).toMatchObject([
    { kind: "ended" },
    {
      kind: "failed",
      error: { type: "TypeError", message: "no inbox", stack: expect.stringContaining("TypeError") },
    },
    { kind: "failed", error: { message: expect.stringContaining("at most 262144") }, isFinal: true },
  ])
})

it("aborts a trigger that nobody waits for any more, and spares the others", async () => {
  const pool = waiting()
  const abort = new AbortController()
  const aborted = wait(pool, work("wait", { does: "wait" }), abort.signal)
  const other = wait(pool, work("wait", { does: "event" }))
  expect((await other).end).toMatchObject({ kind: "event" })
  abort.abort(new Error("cancelled"))
  expect((await aborted).end).toMatchObject({ kind: "failed" })
  expect((await wait(pool, work("wait", { does: "event" }))).end).toMatchObject({ kind: "event" })
})

it.each(["exit", "uncaught"])("says which of many triggers cost the host: %s", async (does) => {
  const pool = waiting()
  const innocent = wait(pool, work("wait", { does: "wait" }, { mapIndex: 1 }))
  const guilty = wait(pool, work("wait", { does }, { mapIndex: 2 }))
  expect((await guilty).lost).toMatchObject({ running: [2] })
  expect((await innocent).lost).toMatchObject({ running: [] })
})

it("kills a host in which a suspected trigger never yields, within moments", async () => {
  const { lost } = await wait(waiting(), work("wait", { does: "loop" }, { isolated: true }))
  expect(lost).toMatchObject({ wasAlone: true })
})

it("lets a suspected trigger run alone for a while, and then go back to the others", async () => {
  const { end } = await wait(waiting(), work("wait", { does: "wait" }, { isolated: true }))
  expect(end).toEqual({ kind: "tried" })
  const event = await wait(waiting(), work("wait", { does: "event" }, { isolated: true }))
  expect(event.end).toMatchObject({ kind: "event" })
})
