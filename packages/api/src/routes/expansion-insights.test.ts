import { claimOne, complete, createRun, failed, items, mapped, openStream } from "@sluice/core/testing"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const path = "/api/v2/dags/d/dagRuns/r/expansions/load"

/** A map of pages of ten, of which the first has ended but for what fails, and the second has begun. */
async function setup() {
  const test = await open()
  for (let page = 0; page < 4; page++) await test.map.commit(items(10))
  await complete(test.store, await claimOne(test.store, { sizeDefault: 10 }), {
    exceptions: [failed(3), failed(4)],
  })
  await claimOne(test.store, { sizeDefault: 5 })
  return test
}

/** A map without a page yet. */
async function open() {
  const test = await openTestApi()
  const made = await createRun({ store: test.store } as never, {
    dagId: "d",
    runId: "r",
    tasks: [mapped("load")],
  })
  return { ...test, map: await openStream(test.store, made.run.id, made.ids["load"]!) }
}

describe("the density of a map", () => {
  it("tells of every part how it has ended, and adds up", async () => {
    const { get } = await setup()
    const { body } = await get(`${path}/density?buckets=4`, { as: "viewer" })
    const none = { success: 0, failed: 0, skipped: 0, upstream_failed: 0, begun: 0, scheduled: 0 }
    expect(body).toEqual({
      ...{ from_index: 0, to_index: 40, bucket_size: 10, is_sampled: false },
      buckets: [
        { ...none, success: 8, failed: 2 },
        { ...none, begun: 5, scheduled: 5 },
        { ...none, scheduled: 10 },
        { ...none, scheduled: 10 },
      ],
    })
  })

  it("is told of a part, and of nothing", async () => {
    const { get } = await setup()
    const { body } = await get(`${path}/density?from_index=5&to_index=15&buckets=2`)
    expect(body).toMatchObject({ from_index: 5, to_index: 15, bucket_size: 5 })
    expect(body.buckets).toMatchObject([
      { success: 4, failed: 1 },
      { begun: 2.5, scheduled: 2.5 },
    ])
    expect((await get(`${path}/density?from_index=100`)).body).toMatchObject({ buckets: [] })
    expect((await get(`${path}/density?from_index=9&to_index=9`)).status).toBe(422)
  })
})

describe("the history of a map", () => {
  it("says how far it was, up to where it is", async () => {
    const { get } = await setup()
    const { body } = await get(`${path}/history?steps=10`, { as: "viewer" })
    expect(body).toMatchObject({ from: expect.any(String), step_ms: expect.any(Number), is_sampled: false })
    expect([body.discovered.at(-1), body.ended.at(-1)]).toEqual([40, 10])
    expect((await get(`${path}/history?steps=401`)).status).toBe(422)
  })
})

describe("the errors of a map", () => {
  it("are told by class, with examples", async () => {
    const { get } = await setup()
    const { body } = await get(`${path}/errors`, { as: "viewer" })
    expect(body).toMatchObject({ looked_at: 2, is_complete: true })
    expect(body.classes).toMatchObject([
      {
        type: "Error",
        message: "it broke",
        count: 2,
        retrying: 0,
        examples: [{ map_index: 3 }, { map_index: 4 }],
      },
    ])
  })
})

describe("the instances that failed", () => {
  /** Ten thousand failures, each with a number of its own; one of them is of another kind. */
  async function broken() {
    const test = await open()
    const exceptions = Array.from({ length: 10_000 }, (_, n) =>
      failed(n, n === 7_000 ? 'no such "user"\nnor another' : `line ${n}: broken`),
    )
    await test.map.commit(items(10_000))
    await complete(test.store, await claimOne(test.store, { sizeDefault: 10_000 }), { exceptions })
    const list = async (query: string) => {
      const { body } = await test.get(`${path}/instances?${query}`, { as: "viewer" })
      return [body.task_instances.map((shown: { map_index: number }) => shown.map_index), body.next_after]
    }
    return { ...test, list }
  }

  it("are found by the class of their error, and by a text in it, so many looked at in one answer", async () => {
    const { get, list } = await broken()
    const { body } = await get(`${path}/errors`)
    expect(body).toMatchObject({ looked_at: 5_000, is_complete: false })
    const [many] = body.classes
    expect(many).toMatchObject({ type: "Error", message: "line …: broken", count: 5_000 })
    expect(await list(`error_class=${many.id}&limit=2&after=6998`)).toEqual([[6_999, 7_001], 7_001])
    expect(await list(`error_class=${many.id}&limit=2&after=9998`)).toEqual([[9_999], null])
    expect(await list("error=no such")).toEqual([[], 4_999])
    expect(await list("error=no such&after=5999")).toEqual([[7_000], null])
    expect(await list("error=Error: line 42:")).toEqual([[42], 4_999])
    expect(await list("error=line&to_index=1")).toEqual([[0, 1], null])
    expect(await list("error=line&state=success")).toEqual([[], null])
    expect((await get(`${path}/instances?error_class=none`)).status).toBe(422)
  })
})

describe("an item of a map", () => {
  it("is what its instance was given", async () => {
    const { get } = await setup()
    expect((await get(`${path}/items/13`, { as: "viewer" })).body).toEqual({ value: { n: 3 } })
    const none = await get(`${path}/items/40`)
    expect([none.status, none.body.detail]).toEqual([404, 'the item "d/r/load[40]" does not exist'])
    const value = await get("/api/v2/dags/d/dagRuns/r/taskInstances/load/xcomEntries/a?map_index=7")
    expect(value.body.detail).toBe('the XCom "d/r/load[7].a" does not exist')
  })
})
