import { claimOne, complete, createRun, items, mapped, openStream } from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const path = "/api/v2/dags/d/dagRuns/r/events"

interface Event {
  readonly event: string
  readonly id: string | undefined
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it expects to be there.
  readonly data: any
}

/** Reads server-sent events one after the other. */
function eventsOf(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  const blocks: string[] = []
  const next = async (): Promise<Event | null> => {
    for (;;) {
      const block = blocks.shift()
      if (block?.startsWith(":") === true) continue
      if (block !== undefined) return parse(block)
      const { done, value } = await reader.read()
      if (done) return null
      const parts = (rest + value).split("\n\n")
      rest = parts.pop() ?? ""
      blocks.push(...parts)
    }
  }
  return { next, close: () => reader.cancel() }
}

function parse(block: string): Event {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1]
  return {
    event: field("event") ?? "",
    id: field("id"),
    data: JSON.parse(field("data") ?? "null") as unknown,
  }
}

async function setup() {
  const test = await openTestApi()
  const tasks = [mapped("load"), { taskId: "report" }]
  const edges = [{ upstream: "load", downstream: "report" }]
  const { run, ids } = await createRun({ store: test.store } as never, {
    dagId: "d",
    runId: "r",
    tasks,
    edges,
  })
  const map = await openStream(test.store, run.id, ids["load"]!)
  let reads = 0
  const { expansionsOfRun } = test.store
  Object.assign(test.store, {
    expansionsOfRun: (id: string) => {
      reads += 1
      return expansionsOfRun(id)
    },
  })
  const watch = async (headers: Record<string, string> = {}, at = path) => {
    const authorization = `Bearer ${test.tokens.viewer}`
    const response = await test.api.request(at, { headers: { authorization, ...headers } })
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"])
    return eventsOf(response)
  }
  return { ...test, run, map, watch, reads: () => reads }
}

describe("live events of a run", () => {
  it("tell how it stands, then what changes, then its end", async () => {
    const { watch, map, store, run } = await setup()
    const events = await watch()
    expect([await events.next(), await events.next(), await events.next()]).toMatchObject([
      { event: "run", data: { state: "running" }, id: undefined },
      { event: "expansion", data: { task_id: "load", discovered: 0 } },
      { event: "expansion", data: { task_id: "report", state: "waiting" }, id: expect.any(String) },
    ])
    await map.commit(items(3))
    store.wake("progress")
    expect(await events.next()).toMatchObject({
      event: "expansion",
      data: { task_id: "load", discovered: 3 },
    })
    await complete(store, await claimOne(store))
    store.wake("progress")
    expect(await events.next()).toMatchObject({ data: { instances: { success: 3, running: 0 } } })
    await Effect.runPromise(store.cancelDagRun({ dagRunId: run.id, note: "enough", actor: "test" }))
    store.wake("run")
    const rest: string[] = []
    for (let event = await events.next(); event !== null; event = await events.next()) rest.push(event.event)
    expect(rest).toEqual(["run", "expansion", "expansion", "end"])
  })

  it("are read once for all who watch, and not at all when nobody does", async () => {
    const { watch, map, store, reads } = await setup()
    const clients = await Promise.all(Array.from({ length: 20 }, () => watch()))
    for (const client of clients) for (let i = 0; i < 3; i++) await client.next()
    expect(reads()).toBe(1)
    await map.commit(items(1))
    store.wake("progress")
    store.wake("due")
    const told = await Promise.all(clients.map((client) => client.next()))
    expect(new Set(told.map((event) => event?.id)).size).toBe(1)
    expect(reads()).toBe(2)
    await Promise.all(clients.map((client) => client.close()))
    const before = reads()
    store.wake("progress")
    await map.commit(items(1))
    store.wake("progress")
    await new Promise((resolve) => setImmediate(resolve))
    expect(reads()).toBe(before)
  })

  it("go on where a client was, and tell it all when it missed something", async () => {
    const { watch, map, store, reads } = await setup()
    const first = await watch()
    await first.next()
    await first.next()
    const { id } = (await first.next())!
    await first.close()
    const again = await watch({ "last-event-id": id! })
    const before = reads()
    const next = again.next()
    // Nothing is read before the client asks: what comes after the first look is news.
    while (reads() === before) await new Promise((resolve) => setImmediate(resolve))
    await map.commit(items(2))
    store.wake("progress")
    expect(await next).toMatchObject({ event: "expansion", data: { task_id: "load", discovered: 2 } })
    await again.close()
    const late = await watch({ "last-event-id": id! })
    expect(await late.next()).toMatchObject({ event: "run" })
    await late.close()
  })
})

describe("live events of all runs", () => {
  it("tell each unfinished run with its counters, and once more when it has ended", async () => {
    const { watch, map, store, run } = await setup()
    const events = await watch({}, "/api/v2/events")
    expect(await events.next()).toMatchObject({
      event: "run",
      data: { dag_run_id: "r", instances: { discovered: 0 } },
    })
    await map.commit(items(2))
    store.wake("progress")
    expect(await events.next()).toMatchObject({ data: { instances: { discovered: 2, ended: 0 } } })
    await Effect.runPromise(store.cancelDagRun({ dagRunId: run.id, note: "enough", actor: "test" }))
    store.wake("run")
    expect(await events.next()).toMatchObject({ data: { dag_run_id: "r", state: "failed" } })
    await events.close()
  })
})
