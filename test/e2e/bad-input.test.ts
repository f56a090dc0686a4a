import { expect, it } from "vitest"
import type { Run } from "../harness/run.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({
  dagFiles: ["bad-input"],
  engines: [{ pool: { unresponsiveMs: 1_200, memoryLimitMb: 96, resultBytesMax: 200_000 } }],
})

async function streamError(run: Run, taskId: string): Promise<{ type: string; message: string } | null> {
  const { streamError: error } = await run.view(taskId)
  return error === null ? null : { type: error.type, message: error.message }
}

const firstTwenty = Array.from({ length: 20 }, (_, n) => n)

function ranOnce(run: Run): unknown[] {
  const times = run.records.times("ran", "n")
  expect([...times.values()].every((count) => count === 1)).toBe(true)
  return [...times.keys()].toSorted((a, b) => Number(a) - Number(b))
}

it("fails a source that throws on its third page at once when it has no retries; what was made runs on", async () => {
  const run = await world.runToEnd("source_throws")
  expect(await run.states()).toEqual({
    breaking: "failed",
    keep: "upstream_failed",
    count: "upstream_failed",
  })
  expect((await run.row()).state).toBe("failed")
  expect(await streamError(run, "breaking")).toEqual({ type: "TypeError", message: "page 3 is unreadable" })
  expect((await run.view("breaking")).streamError?.stack).toMatch(/bad-input\.ts:\d+/)
  expect(ranOnce(run)).toEqual(firstTwenty)
  expect(await run.view("keep")).toMatchObject({ created: 20, success: 20 })
  expect(run.records.count("threw")).toBe(1)
})

it("retries a source from its last committed page, as often as it may, and then fails with the error", async () => {
  const run = await world.startRun("source_throws_always")
  const retrying = await run.untilView("keep", "has a failed pull", (view) => view.pullFailures > 0)
  expect(retrying.streamError?.message).toBe("page 3 is unreadable")
  await run.untilEnd()
  expect(await run.states()).toMatchObject({ breaking: "failed", keep: "upstream_failed" })
  const threw = run.records.all("threw").map((fact) => fact.at)
  expect(threw).toHaveLength(3)
  expect(threw[1]! - threw[0]!).toBeGreaterThanOrEqual(49)
  expect(threw[2]! - threw[1]!).toBeGreaterThanOrEqual(99)
  expect(run.records.all("opened").map((fact) => fact["cursor"])).toEqual([0, 20, 20])
  expect(run.records.count("closed")).toBe(3)
  expect(ranOnce(run)).toEqual(firstTwenty)
})

it("goes on after a source error that a retry mends, with no item lost or made twice", async () => {
  const run = await world.runToEnd("source_heals")
  expect((await run.row()).state).toBe("success")
  expect(await run.result("count")).toBe(100)
  expect(ranOnce(run)).toHaveLength(100)
  expect(run.records.count("threw")).toBe(1)
  expect(await run.view("keep")).toMatchObject({ pullFailures: 0, streamError: null })
})

it("does not retry a source that says that another try cannot help", async () => {
  const run = await world.runToEnd("source_final")
  expect(run.records.count("opened")).toBe(1)
  expect(await streamError(run, "gone")).toEqual({
    type: "FailWithoutRetry",
    message: "the account is closed",
  })
})

it("tells every reader of a shared source that it broke", async () => {
  const run = await world.runToEnd("shared_breaks")
  expect(await run.states()).toEqual({
    breaking: "failed",
    keep: "upstream_failed",
    keep_too: "upstream_failed",
  })
  expect(await run.view("keep")).toMatchObject({ created: 20, success: 20 })
  expect(await run.view("keep_too")).toMatchObject({ created: 20, success: 20 })
})

it("fails the map whose own pipeline throws, and not its source", async () => {
  const run = await world.runToEnd("pipeline_throws")
  expect(await run.states()).toMatchObject({ keep: "failed", count: "upstream_failed" })
  expect((await run.states())["numbers"]).not.toBe("failed")
  expect(await streamError(run, "keep")).toEqual({ type: "RangeError", message: "cannot shape 25" })
  expect(ranOnce(run)).toEqual(firstTwenty)
})

it.each([
  ["no_page", "wrong", "keep", /wrong.*(page\(|page)/],
  ["no_items", "wrong", "keep", /wrong.*items/],
  ["bad_cursor", "wrong", "keep", /wrong.*cursor/i],
  ["stuck", "still", "keep", /without moving its cursor.*Fix: advance the cursor/],
  ["huge_page", "huge", "take", /4,?000|pageBytesMax/],
  ["bad_item", "odd", "keep", /function/i],
])("refuses what is not a page, by name and with the fix: %s", async (dagId, sourceId, mapId, message) => {
  const run = await world.runToEnd(dagId)
  expect((await run.row()).state).toBe("failed")
  const told = (await streamError(run, sourceId)) ?? (await streamError(run, mapId))
  expect(told?.message).toMatch(message)
  const { created, success } = await run.view(mapId)
  expect(success).toBe(created)
})

it("refuses more items than maxItems, and makes none of the page that has them", async () => {
  const run = await world.runToEnd("too_many")
  expect(await streamError(run, "keep")).toMatchObject({ type: "TooManyItems" })
  expect((await streamError(run, "keep"))?.message).toMatch(/maxItems 25.*Fix: raise maxItems/)
  expect(await run.states()).toMatchObject({ keep: "failed", count: "upstream_failed" })
  expect(ranOnce(run)).toEqual(firstTwenty)
  expect(run.records.count("closed")).toBe(1)
})

it.each([
  ["throws", "RangeError", /out of range/],
  ["throwsText", /./, /plain text/],
  ["throwsNothing", /./, /undefined/],
  ["hangs", /Timeout/, /400|timed? ?out/i],
  ["loops", "HostLost", /did not respond for 0\.9 s.*passed its timeout of 0\.4 s/],
  ["exits", "HostLost", /exit/i],
  ["dies", "HostLost", /SIGKILL/],
  ["eatsMemory", "HostLost", /memory/i],
  ["returnsFunction", /./, /function/i],
  ["returnsCircle", /./, /circular|itself|cycle/i],
  ["returnsHuge", /./, /200,?000|too large|larger/i],
])("fails the instance that misbehaves, and no other: %s", async (name, type, message) => {
  const run = await world.runToEnd(name === "eatsMemory" ? "slow_misdeed" : "misdeed", { misdeed: name })
  const failed = await run.instances("misdo", ["failed"])
  expect(failed.map((instance) => instance.mapIndex)).toEqual([4])
  expect(failed[0]?.error?.type).toMatch(type)
  expect(failed[0]?.error?.message).toMatch(message)
  expect(await run.view("misdo")).toMatchObject({ created: 6, success: 5, failed: 1, state: "failed" })
  expect(await run.result("misdo", 5)).toBe("harmless 5")
})

it("outlives a promise that nobody waits for", async () => {
  const run = await world.runToEnd("misdeed", { misdeed: "rejectsLate" })
  expect(await run.view("misdo")).toMatchObject({ created: 6, success: 6, state: "success" })
})

it("fails a source that ends its host, after its retries, with no harm to what it gave before", async () => {
  const run = await world.runToEnd("source_exits")
  const told = (await streamError(run, "exits")) ?? (await streamError(run, "keep"))
  expect(told).toMatchObject({ type: "HostLost" })
  expect(told?.message).toMatch(/exit/i)
  expect((await run.row()).state).toBe("failed")
  expect(ranOnce(run)).toEqual(firstTwenty)
})

it("fails a source whose page does not come in its time, after its retries", async () => {
  const run = await world.runToEnd("source_times_out")
  const told = (await streamError(run, "slow")) ?? (await streamError(run, "keep"))
  expect(told?.message).toMatch(/200 ?ms|0\.2 ?s|timed? ?out/i)
  expect((await run.row()).state).toBe("failed")
  expect(ranOnce(run)).toEqual(firstTwenty.slice(0, 10))
  expect(run.records.count("opened")).toBe(2)
})
