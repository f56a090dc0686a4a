/** Tasks that wait without a slot, in real hosts over a real database. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, expect, it } from "vitest"
import { openDatabase } from "../harness/database.ts"
import { eventually } from "../harness/eventually.ts"
import { expectNothingLeft } from "../harness/expect-whole.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["deferral"], engines: [{}] })

/** A server that answers 503 first, then that the job is running, then that it is done. */
async function openJobServer() {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers["x-test"] as string | undefined)
    if (seen.length === 1) return void response.writeHead(503).end()
    response.setHeader("content-type", "application/json; charset=utf-8")
    response.end(JSON.stringify({ job: { state: seen.length === 2 ? "running" : "done" } }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  afterAll(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/job`, seen }
}

it("resumes on each kind of trigger, with its event and what the task kept", async () => {
  const server = await openJobServer()
  const file = join(world.folder, "there")
  const run = await world.startRun("kinds", { file, url: server.url })
  await eventually("the user-defined trigger waits", () =>
    run.records.count("watching") > 0 ? true : undefined,
  )
  for (const taskId of ["file", "run", "own"]) {
    await run.untilView(taskId, "is deferred", (view) => view.deferred === 1 && view.running === 0)
  }
  const [deferred] = await run.instances("own", ["deferred"])
  expect(deferred).toMatchObject({ state: "deferred", tryNumber: 1, endedAt: expect.any(Date) })
  writeFileSync(file, "12345")
  run.records.raise("go")
  const other = {
    dagId: "waited_for",
    runId: `${run.runId}-other`,
    runType: "manual",
    conf: {},
    logicalDate: null,
  } as const
  await Effect.runPromise(world.store.createDagRun(other))
  world.store.wake("due")
  expect((await run.untilEnd()).state).toBe("success")
  const timer = (await run.result("timer")) as { event: null; waitedMs: number }
  expect(timer.event).toBeNull()
  expect(timer.waitedMs).toBeGreaterThanOrEqual(300)
  expect(await run.result("instant")).toEqual({ event: null, isUndefined: true })
  expect(await run.result("file")).toEqual({ path: file, bytes: 5 })
  expect(await run.result("http")).toEqual({ status: 200, body: { job: { state: "done" } } })
  expect(server.seen).toEqual(["yes", "yes", "yes"])
  expect(await run.result("run")).toEqual({
    dagId: "waited_for",
    runId: `${run.runId}-other`,
    state: "failed",
  })
  expect(await run.result("own")).toEqual({ flag: "go", at: new Date(0) })
  expect((await run.logs("own")).map(({ message }) => message)).toContain("waiting for a flag")
  expect((await run.logs("http")).map(({ message }) => message).join()).toMatch(
    /still waiting: httpPoll.* answered 503/,
  )
})

it("defers as often as it likes, in one try", async () => {
  const run = await world.runToEnd("often")
  expect(await run.result("hop")).toBe(4)
  const legs = run.records.all("leg").map(({ leg, tryNumber }) => [leg, tryNumber])
  expect(legs).toEqual([0, 1, 2, 3, 4].map((leg) => [leg, 1]))
  const [hop] = await run.instances("hop")
  expect(hop).toMatchObject({ state: "success", tryNumber: 1 })
  expect(await run.tries("hop")).toEqual([])
})

it("fails the try of a deferral that comes to nothing, saying why; retries begin at the beginning", async () => {
  const run = await world.startRun("nothing")
  await run.untilEnd(60_000)
  expect(await run.instanceStates("wait")).toEqual([
    "success",
    "success",
    "success",
    "failed",
    "failed",
    "success",
  ])
  const errorOf = async (mapIndex: number) => (await run.tries("wait", mapIndex))[0]?.error
  expect(await errorOf(0)).toMatchObject({
    type: "TriggerFailed",
    message: 'trigger "bad" threw RangeError: there is no inbox',
    stack: expect.stringContaining("deferral.ts"),
  })
  expect(await errorOf(1)).toMatchObject({ message: 'trigger "bad" ended without an event' })
  expect(await errorOf(2)).toMatchObject({
    type: "DeferralTimeout",
    message: expect.stringContaining('trigger "bad"'),
  })
  const [, , , exit, always, yields] = await run.instances("wait")
  expect(exit).toMatchObject({ tryNumber: 2, error: { type: "TriggerFailed" } })
  expect(exit?.error?.message).toMatch(/cost its host 3 times: the host exited with code 7/)
  expect(always).toMatchObject({ tryNumber: 2, error: { type: "DeferralTimeout" } })
  expect(await run.result("wait", 0)).toBe("second try")
  expect(yields).toMatchObject({ tryNumber: 1 })
  expect(await run.result("wait", 5)).toBe("yield")
  expect(run.records.all("bad").filter(({ how }) => how === "exit")).toHaveLength(6)
})

it("waits for nothing while a run is cancelled, and goes on when it is resumed", async () => {
  const database = openDatabase(world.url)
  const run = await world.startRun("patient", { total: 30 })
  await run.untilView("wait", "all are deferred", (view) => view.deferred === 30)
  await run.cancel()
  run.records.raise("go")
  await eventually("nobody watches", async () => {
    const [row] = await database.query<{ n: number }>(
      (sql) => sql`select count(*)::int as n from trigger where owner_id is not null`,
    )
    return row?.n === 0 ? true : undefined
  })
  expect(run.records.count("resumed")).toBe(0)
  expect(await run.view("wait")).toMatchObject({ state: "cancelled", deferred: 30 })
  await run.resume()
  expect((await run.untilEnd()).state).toBe("success")
  expect(run.records.count("resumed")).toBe(30)
  expect(await run.result("sum")).toBe(435)
})

it("keeps a mapped task within its window while instances wait, and within its limit of deferred ones", async () => {
  const run = await world.startRun("limited", { total: 120 })
  let most = 0
  let created = 0
  await run.untilView("wait", "has ended", (view) => {
    most = Math.max(most, view.deferred)
    created = Math.max(created, view.created - view.success)
    return view.state === "success"
  })
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(7)
  expect(created).toBeLessThanOrEqual(20)
  expect((await run.view("wait")).unfinishedPeak).toBeLessThanOrEqual(20)
  await run.untilEnd()
  await expectNothingLeft(world)
})

it("makes runs of another DAG, once for each try, and waits for them where it was asked to", async () => {
  const run = await world.startRun("parent")
  await run.untilEnd()
  const named = (task: string) => `triggered__parent__${run.runId}__${task}__1`
  expect(await run.result("waited")).toEqual({ dagId: "sub", runId: named("waited"), state: "success" })
  expect(await run.result("unwaited")).toEqual({ dagId: "sub", runId: named("unwaited"), state: null })
  expect(await run.instanceStates("mapped")).toEqual(["success", "failed", "success"])
  const [, failed] = await run.instances("mapped")
  expect(failed?.error?.message).toBe(`run "${named("mapped[1]")}" of dag "sub" failed`)
  const errorOf = async (taskId: string) => (await run.instances(taskId))[0]?.error
  expect((await errorOf("refused"))?.message).toMatch(/no run of "sub" was made: .*n must be integer/)
  expect(await errorOf("unknown")).toMatchObject({
    type: "InvalidRun",
    message: expect.stringContaining("no dag"),
  })
  expect(await run.tries("unknown")).toEqual([])
  const rows = await Effect.runPromise(world.store.listDagRuns({ dagId: "sub", limit: 10 }))
  expect(
    new Set(rows.map(({ runId, runType, triggeredBy }) => `${runId} ${runType} ${triggeredBy}`)),
  ).toEqual(
    new Set(
      ["mapped[0]", "mapped[1]", "mapped[2]", "unwaited", "waited"].map(
        (task) => `${named(task)} operator_triggered operator`,
      ),
    ),
  )
})
