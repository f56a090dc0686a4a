import { claimOne, complete, createRun, failed, items, mapped, openStream } from "@sluice/core/testing"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const map = "/api/v2/dags/d/dagRuns/r/expansions/load"

/** A map of pages of ten, of which the first has ended but for what fails, and the second has begun. */
async function setup(pages = 4) {
  const test = await openTestApi()
  const made = await createRun({ store: test.store } as never, {
    dagId: "d",
    runId: "r",
    tasks: [mapped("load")],
  })
  const stream = await openStream(test.store, made.run.id, made.ids["load"]!)
  for (let page = 0; page < pages; page++) await stream.commit(items(10))
  await complete(test.store, await claimOne(test.store, { sizeDefault: 10 }), {
    exceptions: [failed(3), failed(4)],
  })
  await claimOne(test.store, { sizeDefault: 5 })
  return test
}

describe("the density of a map", () => {
  it("tells of every part how it has ended, and adds up", async () => {
    const { get } = await setup()
    const { body } = await get(`${map}/density?buckets=4`, { as: "viewer" })
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
    const { body } = await get(`${map}/density?from_index=5&to_index=15&buckets=2`)
    expect(body).toMatchObject({ from_index: 5, to_index: 15, bucket_size: 5 })
    expect(body.buckets).toMatchObject([
      { success: 4, failed: 1 },
      { begun: 2.5, scheduled: 2.5 },
    ])
    expect((await get(`${map}/density?from_index=100`)).body).toMatchObject({ buckets: [] })
    expect((await get(`${map}/density?from_index=9&to_index=9`)).status).toBe(422)
  })
})

describe("the errors of a map", () => {
  it("are told by class, with examples", async () => {
    const { get } = await setup()
    const { body } = await get(`${map}/errors`, { as: "viewer" })
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

describe("an item of a map", () => {
  it("is what its instance was given", async () => {
    const { get } = await setup()
    expect((await get(`${map}/items/13`, { as: "viewer" })).body).toEqual({ value: { n: 3 } })
    expect((await get(`${map}/items/40`)).status).toBe(404)
  })
})
