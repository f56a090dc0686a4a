import type { StoreService } from "@sluice/core/store"
import {
  claimOne,
  complete,
  createRun,
  decide,
  failed,
  items,
  mapped,
  openStream,
} from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const run = "/api/v2/dags/d/dagRuns/r"

/** A lazy map whose stream is open, with a task after it. */
async function setup(task: Parameters<typeof mapped>[1] = {}) {
  const test = await openTestApi()
  const tasks = [mapped("load", task), { taskId: "report" }]
  const edges = [{ upstream: "load", downstream: "report" }]
  const made = await createRun({ store: test.store } as never, { dagId: "d", runId: "r", tasks, edges })
  const map = await openStream(test.store, made.run.id, made.ids["load"]!)
  return {
    ...test,
    map,
    ids: made.ids,
    patch: (body: object) => test.send("PATCH", `${run}/expansions/load`, { body }),
  }
}

describe("expansions", () => {
  it("tell all that is known while the total is not", async () => {
    const { get, map, store } = await setup()
    await map.commit(items(5))
    const lease = await claimOne(store, { sizeDefault: 3 })
    await complete(store, lease, { indexes: [0], exceptions: [failed(1)] })
    const { body } = await get(`${run}/expansions`, { as: "viewer" })
    expect(body.total_entries).toBe(2)
    const [load, report] = body.expansions
    expect(load).toMatchObject({
      task_id: "load",
      kind: "mapped",
      state: "open",
      discovered: 5,
      exhausted: false,
      total: null,
      instances: { scheduled: 2, running: 1, success: 1, failed: 1, skipped: 0, up_for_retry: 0 },
      pages: 1,
      cursor: '{"after":5}',
      window: 100,
      window_use: { unfinished: 3, unconsumed: null, room: 97, unfinished_peak: 5 },
      waits_for: "source",
    })
    expect(report).toMatchObject({
      state: "waiting",
      waits_for: "upstream",
      waits_for_tasks: ["load"],
      window: null,
    })
    await map.commit(items(1), { exhausted: true })
    expect((await get(`${run}/expansions/load`)).body).toMatchObject({
      exhausted: true,
      total: 6,
      state: "draining",
    })
    expect((await get(`${run}/expansions/none`)).status).toBe(404)
  })

  it("say what they wait for", async () => {
    const { get, map, store, patch } = await setup({ mapping: { window: 4, pageSize: 2 } })
    const wait = async () => (await get(`${run}/expansions/load`)).body.waits_for as unknown
    await map.commit(items(3))
    expect(await wait()).toBe("instances")
    await patch({ is_pulling_paused: true })
    expect(await wait()).toBe("resume")
    await patch({ is_pulling_paused: false })
    const error = { type: "Error", message: "no", stack: null }
    const { expansionId, epoch } = map
    await Effect.runPromise(store.delayPull({ expansionId, epoch, error, delayMs: 60_000 }))
    expect((await get(`${run}/expansions/load`)).body).toMatchObject({
      waits_for: "pull_retry",
      pull_failures: 1,
      stream_error: { type: "Error", message: "no" },
    })
  })

  it("are paused, resized and cancelled by who may, and refuse what makes no sense", async () => {
    const { send, patch, store } = await setup()
    expect((await patch({ window: 7, page_size: 3, concurrency: 2 })).body).toMatchObject({
      window: 7,
      page_size: 3,
      concurrency: 2,
    })
    expect((await patch({ concurrency: null, is_running_paused: true })).body).toMatchObject({
      concurrency: null,
      is_running_paused: true,
    })
    expect((await patch({})).status).toBe(422)
    expect((await patch({ window: 0 })).status).toBe(422)
    expect((await patch({ windows: 1 })).status).toBe(422)
    const ofTask = await send("PATCH", `${run}/expansions/report`, { body: { window: 1 } })
    expect([ofTask.status, ofTask.body.detail]).toEqual([409, expect.stringContaining("is not mapped")])
    const viewer = await send("PATCH", `${run}/expansions/load`, { as: "viewer", body: { window: 1 } })
    expect(viewer.status).toBe(403)
    const cancelled = await send("POST", `${run}/expansions/load/cancel`, { as: "user" })
    expect(cancelled.body).toMatchObject({ state: "cancelled" })
    expect((await send("POST", `${run}/expansions/load/cancel`)).status).toBe(409)
    const events = await Effect.runPromise(store.listEvents({ before: null, limit: 10 }))
    expect(new Set(events.map(({ actor }) => actor))).toEqual(
      new Set(["test", "token:test admin", "token:test user"]),
    )
  })

  it("list their instances by keyset, with filters", async () => {
    const { get, map, store } = await setup()
    await map.commit(items(5), { keys: ["a", "b", "c", "d", "e"], labels: null })
    await complete(store, await claimOne(store, { sizeDefault: 2 }), { exceptions: [failed(1)] })
    const list = async (query: string) => {
      const { body } = await get(`${run}/expansions/load/instances?${query}`)
      return [body.task_instances.map((shown: { map_index: number }) => shown.map_index), body.next_after]
    }
    expect(await list("limit=2")).toEqual([[0, 1], 1])
    expect(await list("limit=2&after=3")).toEqual([[4], null])
    expect(await list("state=failed&state=scheduled&limit=10")).toEqual([[1, 2, 3, 4], null])
    expect(await list("key=c")).toEqual([[2], null])
    expect(await list("after=0&to_index=2")).toEqual([[1, 2], null])
    expect((await get(`${run}/expansions/load/instances?key=z`)).status).toBe(404)
  })

  it("are found by a text in their label, so many looked at in one answer", async () => {
    const { get, map } = await setup()
    const labels = Array.from({ length: 60_000 }, (_, n) => (n % 55_000 === 3 ? `the ${n}th` : null))
    await map.commit(items(60_000), { labels })
    const found: number[] = []
    const reached: (number | null)[] = []
    for (let after: number | null = -2; after !== null; reached.push(after)) {
      const { body } = await get(`${run}/expansions/load/instances?label=th&after=${after}`)
      found.push(...body.task_instances.map((shown: { map_index: number }) => shown.map_index))
      after = body.next_after
    }
    expect([found, reached]).toEqual([
      [3, 55_003],
      [49_998, null],
    ])
    const { body } = await get(`${run}/expansions/load/instances?label=th&to_index=3`)
    expect([body.task_instances.length, body.next_after]).toEqual([1, null])
  })

  it("list their pages by keyset, with their counters", async () => {
    const { get, map, store } = await setup()
    for (const count of [3, 2, 1]) await map.commit(items(count))
    await complete(store, await claimOne(store), { exceptions: [failed(1)] })
    await Effect.runPromise(store.fold({ expansionIds: null, limit: 10 }))
    const { body } = await get(`${run}/expansions/load/pages?limit=2`, { as: "viewer" })
    expect(body).toMatchObject({
      pages: [
        { first_index: 0, count: 3, claimed: 3, success: 2, failed: 1, is_done: true },
        { first_index: 3, count: 2, claimed: 0, success: 0, is_done: false, first_result_date: null },
      ],
      next_after: 3,
    })
    expect(body.pages.map(({ done_date: done }: { done_date: string | null }) => done)).toEqual([
      expect.any(String),
      null,
    ])
    const { body: open } = await get(`${run}/expansions/load/pages?open=true&after=3`)
    expect([open.pages.map((page: { first_index: number }) => page.first_index), open.next_after]).toEqual([
      [5],
      null,
    ])
    expect((await get(`${run}/expansions/report/pages`)).body).toEqual({ pages: [], next_after: null })
  })

  it("go on where their source ended", async () => {
    const mapping = { leaves: [{ kind: "fused", taskId: "source" }] } as const
    const { send, map, store, ids } = await setup({ mapping })
    const extend = (body: object) => send("POST", `${run}/expansions/load/extend`, { body })
    const early = await extend({})
    expect([early.status, early.body.detail]).toEqual([409, expect.stringContaining("is running")])
    const resume = { cursor: '"last"', skip: 1, stoppedBy: null }
    await map.commit(items(1), { exhausted: true, resume })
    await complete(store, await claimOne(store))
    await Effect.runPromise(store.fold({ expansionIds: null, limit: 10 }))
    await decide(store, map.expansionId, "success")
    await decide(store, ids["report"]!, "skipped")
    await Effect.runPromise(store.finishDagRun({ dagRunId: map.dagRunId, state: "success", reopenings: 0 }))
    const tasks = [
      { task_id: "load", does: "go on", reason: null },
      { task_id: "report", does: "begin anew", reason: null },
    ]
    expect((await extend({ dry_run: true })).body).toEqual({ task_id: "load", dry_run: true, tasks })
    expect((await extend({})).body).toEqual({ task_id: "load", dry_run: false, tasks })
    expect((await send("GET", `${run}/expansions/load`)).body).toMatchObject({
      state: "open",
      exhausted: false,
      total: null,
    })
    expect((await extend({ dryrun: true })).status).toBe(422)
  })

  it("run failed instances again", async () => {
    const { send, map, store } = await setup()
    await map.commit(items(3), { exhausted: true })
    await complete(store, await claimOne(store), { exceptions: [failed(1), failed(2)] })
    await Effect.runPromise(store.fold({ expansionIds: null, limit: 10 }))
    await decide(store, map.expansionId, "failed")
    const redrive = (body: object) => send("POST", `${run}/expansions/load/redrive`, { body })
    expect((await redrive({ dry_run: true, to_index: 1 })).body).toMatchObject({ selected: 1, dry_run: true })
    const chosen = await redrive({ dry_run: true, indexes: [2, 0, 9, 2] })
    expect(chosen.body).toMatchObject({ selected: 1 })
    const anyState = await redrive({ dry_run: true, indexes: [0, 1, 2], states: ["success", "failed"] })
    expect(anyState.body).toMatchObject({ selected: 3 })
    expect((await redrive({ indexes: [] })).status).toBe(422)
    expect((await redrive({ indexes: Array.from({ length: 1_001 }, (_, n) => n) })).status).toBe(422)
    const { body } = await redrive({})
    expect(body).toMatchObject({ task_id: "load", selected: 2, dry_run: false })
    const again = await send("GET", `${run}/expansions/load`)
    expect(again.body).toMatchObject({
      state: "draining",
      instances: { up_for_retry: 2, success: 1, failed: 0 },
    })
    expect((await redrive({ states: [] })).status).toBe(422)
  })
})

/** Reads lines until there are so many, or the stream ends. */
async function readLines(response: Response, count: number) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let seen = ""
  const lines = () => seen.split("\n").slice(0, -1)
  while (lines().length < count) {
    const { done, value } = await reader.read()
    if (done) break
    seen += value
  }
  await reader.cancel()
  return lines().map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe("results as a stream", () => {
  async function open(store?: StoreService) {
    const test = store === undefined ? await setup() : await setup()
    const headers = { authorization: `Bearer ${test.tokens.viewer}` }
    const results = (query = "") => test.api.request(`${run}/expansions/load/results${query}`, { headers })
    return { ...test, results }
  }

  it("come in index order while the map runs, with gaps told, up to the end", async () => {
    const { map, store, results } = await open()
    await map.commit(items(2))
    const response = await results()
    expect(response.headers.get("content-type")).toBe("application/x-ndjson")
    const reading = readLines(response, 10)
    await complete(store, await claimOne(store), { exceptions: [failed(1)] })
    store.wake("progress")
    await map.commit([null, "3"], { exhausted: true })
    await complete(store, await claimOne(store))
    store.wake("progress")
    await Effect.runPromise(store.fold({ expansionIds: null, limit: 10 }))
    await decide(store, map.expansionId, "failed")
    store.wake("progress")
    const lines = await reading
    expect(lines.map(({ type, map_index: index, value, reason }) => [type, index, value ?? reason])).toEqual([
      ["result", 0, "r0"],
      ["gap", 1, "upstream_failed"],
      ["gap", 2, "upstream_failed"],
      ["result", 3, "r3"],
      ["end", undefined, undefined],
    ])
    expect(lines.at(-1)).toMatchObject({ is_broken: false })
  })

  it("go on after any cursor, and end where they are when nobody follows", async () => {
    const { map, store, results } = await open()
    await map.commit(items(5))
    await complete(store, await claimOne(store))
    const first = await readLines(await results("?limit=2"), 10)
    expect(first.map(({ value }) => value)).toEqual(["r0", "r1"])
    const rest = await readLines(await results(`?follow=false&after=${String(first.at(-1)!["cursor"])}`), 10)
    expect(rest.map(({ value }) => value)).toEqual(["r2", "r3", "r4"])
    expect((await results("?after=nonsense")).status).toBe(422)
  })

  it("come as their pages are completed when they are asked for so, and go on after any cursor", async () => {
    const { map, store, results } = await open()
    for (const count of [2, 2, 2]) await map.commit(items(count))
    const [first, second, third] = [await claimOne(store), await claimOne(store), await claimOne(store)]
    await complete(store, third)
    await complete(store, second, { exceptions: [failed(3)] })
    const ofLines = (lines: readonly Record<string, unknown>[]) => lines.map(({ map_index: index }) => index)
    const query = "?order=completed&follow=false"
    const taken = await readLines(await results(`${query}&limit=3`), 10)
    expect(taken).toMatchObject([
      { type: "result", map_index: 2 },
      { type: "gap", map_index: 3 },
      { type: "result", map_index: 4, value: "r4" },
    ])
    for (const [place, line] of taken.entries()) {
      const rest = await readLines(await results(`${query}&after=${String(line["cursor"])}`), 10)
      expect(ofLines(rest)).toEqual([3, 4, 5].slice(place))
    }
    await complete(store, first)
    const cursor = String(taken.at(-1)!["cursor"])
    expect(ofLines(await readLines(await results(`${query}&after=${cursor}`), 10))).toEqual([0, 1, 5])
    expect((await results(`?after=${cursor}`)).status).toBe(422)
  })

  it("come as CSV, with what needs it quoted", async () => {
    const { map, store, api, tokens } = await open()
    await map.commit(items(3), { exhausted: true })
    const values = JSON.stringify(['a "b"\nc,', { n: 1 }])
    await complete(store, await claimOne(store), { values, exceptions: [failed(1)] })
    const headers = { authorization: `Bearer ${tokens.viewer}`, accept: "text/csv" }
    const response = await api.request(`${run}/expansions/load/results`, { headers })
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8")
    const rows = (await response.text()).replaceAll(/,eyJ\w+/g, "").split("\r\n")
    expect(rows).toEqual([
      "type,map_index,value,reason,state,cursor",
      'result,0,"a ""b""\nc,",,',
      "gap,1,,upstream_failed,",
      'result,2,"{""n"":1}",,',
      "end,,,,draining",
      "",
    ])
  })

  it("are read no further than the client takes them, and let go when it leaves", async () => {
    const { map, store, results } = await open()
    await map.commit(items(20_000))
    for (let done = 0; done < 20_000;) {
      const lease = await claimOne(store, { sizeDefault: 5_000 })
      await complete(store, lease)
      done += lease.count
    }
    let reads = 0
    const readStream = store.readStream
    Object.assign(store, {
      readStream: (options: Parameters<typeof readStream>[0]) => {
        reads += 1
        return readStream(options)
      },
    })
    const response = await results()
    const reader = response.body!.getReader()
    await reader.read()
    // Whoever does not read on holds the source back: it is not read to its end meanwhile.
    await new Promise((resolve) => setImmediate(resolve))
    const before = reads
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(reads).toBe(before)
    expect(reads).toBeLessThan(5)
    await reader.cancel()
    expect((await results("?limit=1")).status).toBe(200)
  })

  it("are refused of what leaves no stream", async () => {
    const { get } = await open()
    const { status, body } = await get(`${run}/expansions/report/results`)
    expect([status, body.detail]).toEqual([409, expect.stringContaining("XCom")])
  })
})
