import type { LogEntry } from "@sluice/core/host"
import {
  claimOne,
  complete,
  createRun,
  failed,
  items,
  mapped,
  openStream,
  retried,
} from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const instances = "/api/v2/dags/d/dagRuns/r/taskInstances"

interface Line {
  readonly type: string
  readonly cursor: string
  readonly event?: string
  readonly state?: string
}

/** Reads lines one after the other, as they come. */
function linesOf(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  const lines: Line[] = []
  const next = async (): Promise<Line | null> => {
    for (;;) {
      const line = lines.shift()
      if (line !== undefined) return line
      const { done, value } = await reader.read()
      if (done) return null
      const parts = (rest + value).split("\n")
      rest = parts.pop() ?? ""
      lines.push(...parts.map((part) => JSON.parse(part) as Line))
    }
  }
  const rest_ = async () => {
    const all: Line[] = []
    for (let line = await next(); line !== null; line = await next()) all.push(line)
    return all
  }
  return { next, rest: rest_, close: () => reader.cancel() }
}

/** A map with three instances, the first two of them leased. */
async function setup() {
  const test = await openTestApi()
  const { store } = test
  const tasks = [mapped("load"), { taskId: "report" }]
  const edges = [{ upstream: "load", downstream: "report" }]
  const { run, ids } = await createRun({ store } as never, { dagId: "d", runId: "r", tasks, edges })
  const map = await openStream(store, run.id, ids["load"]!)
  await map.commit(items(3))
  const lease = await claimOne(store, { sizeDefault: 2 })
  let reads = 0
  const { readLogs } = store
  Object.assign(store, {
    readLogs: (options: Parameters<typeof readLogs>[0]) => {
      reads += 1
      return readLogs(options)
    },
  })
  const log = async (...messages: readonly string[]) => {
    const entries = messages.map((message): LogEntry => {
      const of = { mapIndex: 0, tryNumber: 1, at: 1_700_000_000_000 }
      return { ...of, level: "info", message, fields: null }
    })
    await Effect.runPromise(store.appendLogs({ expansionId: map.expansionId, entries }))
    store.wake("log", map.expansionId)
  }
  const tail = async (query = "map_index=0", tryNumber = 0) => {
    const headers = { authorization: `Bearer ${test.tokens.viewer}` }
    return test.api.request(`${instances}/load/logs/${tryNumber}/tail?${query}`, { headers })
  }
  return { ...test, map, lease, log, tail, reads: () => reads }
}

describe("a log that is followed", () => {
  it("tells what is there, then what comes, then its end", async () => {
    const { log, tail, store, lease } = await setup()
    await log("one", "two")
    const response = await tail()
    expect(response.headers.get("content-type")).toBe("application/x-ndjson")
    const lines = linesOf(response)
    expect([await lines.next(), await lines.next()]).toMatchObject([
      { type: "line", event: "one", level: "info", map_index: 0, try_number: 1 },
      { type: "line", event: "two" },
    ])
    await log("three")
    expect(await lines.next()).toMatchObject({ event: "three" })
    await log("last words")
    await complete(store, lease, { exceptions: [failed(1)] })
    store.wake("progress")
    expect(await lines.rest()).toMatchObject([
      { type: "line", event: "last words" },
      { type: "end", state: "success" },
    ])
  })

  it("goes on after any line, of one attempt or of all, and repeats nothing", async () => {
    const { log, tail, store, lease } = await setup()
    await log("one", "two", "three")
    await complete(store, lease, { exceptions: [retried(0)] })
    const all = await linesOf(await tail("map_index=0", 1)).rest()
    expect(all.map(({ event, state }) => event ?? state)).toEqual(["one", "two", "three", "up_for_retry"])
    for (const [place, { cursor }] of all.slice(0, 3).entries()) {
      const rest = await linesOf(await tail(`map_index=0&after=${cursor}`, 1)).rest()
      expect(rest.map(({ event }) => event)).toEqual([
        ...all.slice(place + 1, 3).map((line) => line.event),
        undefined,
      ])
    }
    const other = linesOf(await tail("map_index=0", 0))
    expect((await other.next())?.event).toBe("one")
    await other.close()
  })

  it("is read once for all who follow it, from wherever they come, and no more when they have gone", async () => {
    const { log, tail, store, reads } = await setup()
    const many = Array.from({ length: 700 }, (_, place) => `line ${place}`)
    await log(...many)
    const followers = await Promise.all(Array.from({ length: 20 }, async () => linesOf(await tail())))
    for (const follower of followers)
      for (const message of many) expect((await follower.next())?.event).toBe(message)
    await log("heard by all")
    for (const follower of followers) expect((await follower.next())?.event).toBe("heard by all")
    const before = reads()
    await log("and this")
    for (const follower of followers) expect((await follower.next())?.event).toBe("and this")
    expect(reads() - before).toBeLessThan(5)
    await Promise.all(followers.map((follower) => follower.close()))
    const after = reads()
    await log("nobody hears")
    store.wake("progress")
    await new Promise((resolve) => setImmediate(resolve))
    expect(reads()).toBe(after)
  })

  it("waits for an instance that has not begun, and ends with a run that will not begin it", async () => {
    const { tokens, api, store, map } = await setup()
    const headers = { authorization: `Bearer ${tokens.viewer}` }
    const lines = linesOf(await api.request(`${instances}/report/logs/0/tail`, { headers }))
    const end = lines.next()
    await Effect.runPromise(store.cancelDagRun({ dagRunId: map.dagRunId, note: "enough", actor: "test" }))
    store.wake("run")
    expect(await end).toMatchObject({ type: "end" })
  })

  it("is refused for what has none, and for a cursor that no line has", async () => {
    const { get, log } = await setup()
    await log("one")
    const status = async (path: string) => (await get(`${instances}/${path}`)).status
    expect(await status("load/logs/0/tail")).toBe(404)
    expect(await status("load/logs/0/tail?map_index=9")).toBe(404)
    expect(await status("none/logs/0/tail")).toBe(404)
    const cursor = Buffer.from(JSON.stringify({ a: "999999" })).toString("base64url")
    expect(await status(`load/logs/0/tail?map_index=0&after=${cursor}`)).toBe(422)
    expect(await status("load/logs/0/tail?map_index=0&after=nonsense")).toBe(422)
  })
})
