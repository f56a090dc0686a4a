import { scheduleOnce } from "@sluice/core/engine"
import type { StoreService } from "@sluice/core/store"
import {
  claimOne,
  complete,
  createRun,
  deferred,
  failed,
  items,
  mapped,
  openStream,
  retried,
  skipped,
  streamEdge,
} from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const run = "/api/v2/dags/d/dagRuns/r"

async function open(options: Pick<Parameters<typeof createRun>[1], "tasks" | "edges">) {
  const test = await openTestApi()
  const { store } = test
  const made = await createRun({ store } as never, { dagId: "d", runId: "r", ...options })
  const explain = async (taskId: string, index = -1) => {
    const path = `${run}/expansions/${taskId}/instances/${index}/explanation`
    return (await test.get(path, { as: "viewer" })).body
  }
  return { ...test, ...made, explain, openMap: (id: string) => openStream(store, made.run.id, made.ids[id]!) }
}

/** Lets the scheduler decide all that follows from what has ended. */
async function settle(store: StoreService): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await Effect.runPromise(store.fold({ expansionIds: null, limit: 100 }))
    await Effect.runPromise(scheduleOnce(store))
  }
}

/** Runs the one instance that may be run. */
async function runOne(store: StoreService, options: Parameters<typeof complete>[2] = {}): Promise<void> {
  await settle(store)
  await complete(store, await claimOne(store), options)
  await settle(store)
}

const alive = { engine: "e-1", hostname: "node-7", pid: 71, info: {}, deadAfterSeconds: 60 }

describe("why an instance ended without having run", () => {
  it("is the way that a branch chose, or what a short circuit said", async () => {
    const tasks = [
      {
        taskId: "choose",
        gate: {
          kind: "branch",
          targets: [1, 2],
          ways: [
            { id: "left", follows: [1] },
            { id: "right", follows: [2] },
          ],
        },
      },
      { taskId: "left", gatesAbove: 1 },
      { taskId: "right", gatesAbove: 1 },
      { taskId: "check", gate: { kind: "short_circuit", targets: [4] } },
      { taskId: "after", gatesAbove: 1 },
    ] as const
    const edges = [
      { upstream: "choose", downstream: "left" },
      { upstream: "choose", downstream: "right" },
      { upstream: "check", downstream: "after" },
    ]
    const { store, explain } = await open({ tasks, edges })
    await runOne(store, { values: '["left"]' })
    // Of the check and the way that was chosen either may be claimed first.
    for (let left = 2; left > 0; left--) await complete(store, await claimOne(store), { values: "[false]" })
    await settle(store)
    expect((await explain("right")).ended).toEqual({
      kind: "branch",
      message: 'The branch "choose" chose "left", and not this task.',
      tasks: [{ task_id: "choose", map_index: null, state: "success" }],
      actor: null,
      at: null,
    })
    expect((await explain("after")).ended).toMatchObject({
      kind: "short_circuit",
      message: 'The short circuit "check" returned false, which skips what is below it.',
    })
    expect(await explain("left")).toMatchObject({ state: "success", ended: null, waits_for: [] })
  })

  it("is its trigger rule, with the tasks above it that it went by", async () => {
    const tasks = [{ taskId: "a" }, { taskId: "b" }, { taskId: "c", triggerRule: "all_failed" }] as const
    const edges = [
      { upstream: "a", downstream: "b" },
      { upstream: "b", downstream: "c" },
    ]
    const { store, explain } = await open({ tasks, edges })
    await runOne(store, { indexes: [], exceptions: [skipped(-1)] })
    expect((await explain("a")).ended).toMatchObject({ kind: "skip_thrown", message: /no reason/ })
    expect((await explain("b")).ended).toMatchObject({
      kind: "trigger_rule",
      message: 'Its trigger rule is all_success, and "a" was skipped.',
      tasks: [{ task_id: "a", state: "skipped" }],
    })
    expect((await explain("c")).ended).toMatchObject({
      message: 'Its trigger rule is all_failed, and "b" was skipped.',
    })
  })

  it("is the instance above it that left it no input, and why that one did", async () => {
    const tasks = [
      mapped("load"),
      mapped("write", { mapping: { leaves: [{ kind: "stream", taskId: "load" }] } }),
    ]
    const { store, explain, openMap } = await open({ tasks, edges: [streamEdge("load", "write")] })
    const load = await openMap("load")
    const write = await openMap("write")
    await load.commit(items(3))
    const reason = { ...skipped(2), error: { type: "Skip", message: "not in the EU", stack: null } }
    await complete(store, await claimOne(store), { exceptions: [failed(1, "no such street"), reason] })
    await write.commit([...items(1), null, null], {
      gaps: [
        { position: 1, state: "upstream_failed" },
        { position: 2, state: "skipped" },
      ],
      consumed: [{ ordinal: 0, index: 3 }],
    })
    expect((await explain("load", 2)).ended).toMatchObject({ kind: "skip_thrown", message: "not in the EU" })
    expect((await explain("write", 1)).ended).toMatchObject({
      kind: "upstream_instance",
      message: 'It has no input: instance 1 of "load" failed (Error: no such street).',
      tasks: [{ task_id: "load", map_index: 1, state: "failed" }],
    })
    expect((await explain("write", 2)).ended).toMatchObject({
      message: 'It has no input: instance 2 of "load" was skipped (Skip: not in the EU).',
    })
  })

  it("is an empty stream", async () => {
    const { store, explain, openMap } = await open({ tasks: [mapped("none"), mapped("some")] })
    const none = await openMap("none")
    await none.commit([], { exhausted: true })
    await settle(store)
    expect((await explain("none")).ended).toMatchObject({ kind: "empty_stream" })
    expect((await explain("some")).ended).toBeNull()
  })

  it("is a limit on failures, or who cancelled it", async () => {
    const toleratedFailures = { count: 0, ratio: null, minSample: 1 }
    const { store, explain, openMap, send } = await open({
      tasks: [mapped("load", { mapping: { toleratedFailures } })],
    })
    const load = await openMap("load")
    await load.commit(items(4))
    await complete(store, await claimOne(store, { sizeDefault: 1 }), { exceptions: [failed(0)] })
    await settle(store)
    const { ended } = await explain("load", 3)
    expect(ended).toMatchObject({ kind: "map_stopped", actor: "sluice", at: expect.any(String) })
    expect(ended.message).toMatch(/^The map was stopped before it came to this one: /)
    const other = await open({ tasks: [mapped("load")] })
    const map = await other.openMap("load")
    await map.commit(items(2))
    await other.send("POST", `${run}/expansions/load/cancel`, { as: "user" })
    expect((await other.explain("load", 1)).ended).toMatchObject({
      ...{ kind: "map_cancelled", actor: "token:test user", at: expect.any(String) },
    })
    expect((await send("GET", `${run}/expansions/load/instances/9/explanation`)).status).toBe(404)
  })
})

describe("what an instance waits for", () => {
  const kinds = ({ waits_for }: { waits_for: { kind: string }[] }) => waits_for.map(({ kind }) => kind)

  it("is told by name before its task begins: tasks above it, and gates", async () => {
    const tasks = [
      { taskId: "check", gate: { kind: "short_circuit", targets: [2] } },
      { taskId: "a" },
      { taskId: "b", gatesAbove: 1 },
    ] as const
    const edges = [
      { upstream: "check", downstream: "b" },
      { upstream: "a", downstream: "b" },
    ]
    const { store, explain, send } = await open({ tasks, edges })
    const { waits_for: waits } = await explain("b")
    expect(waits).toMatchObject([
      { kind: "gate", message: '"check" may say whether it runs.' },
      { kind: "upstream", message: '"a" has not ended (its trigger rule is all_success).' },
    ])
    expect(kinds(await explain("a"))).toEqual(["decision"])
    await settle(store)
    expect(kinds(await explain("a"))).toEqual(["worker"])
    await Effect.runPromise(store.heartbeat({ id: "e-1/worker", role: "worker", ...alive }))
    expect(kinds(await explain("a"))).toEqual(["slot"])
    const paused = await send("PATCH", `${run}/expansions/a`, { body: { is_running_paused: true } })
    expect(paused.status).toBe(409)
  })

  it("is a limit that is reached, with its numbers", async () => {
    const { store, explain, openMap, send } = await open({
      tasks: [mapped("load", { concurrency: 2, dagConcurrency: 2, pool: "api" })],
    })
    const map = await openMap("load")
    await map.commit(items(5))
    expect((await explain("load", 0)).waits_for).toMatchObject([
      { kind: "pool", message: 'Its pool "api" does not exist: make it, and it starts.' },
    ])
    await send("POST", "/api/v2/pools", { body: { name: "api", slots: 2 } })
    await claimOne(store)
    expect((await explain("load", 4)).waits_for).toMatchObject([
      { kind: "concurrency", limit: { max: 2, used: 2 } },
      { kind: "dag_concurrency", limit: { max: 2, used: 2 } },
      { kind: "pool", message: 'The pool "api" is full.', limit: { max: 2, used: 2 } },
    ])
    expect(await explain("load", 0)).toMatchObject({ state: "running", waits_for: [] })
    await send("PATCH", `${run}/expansions/load`, { as: "user", body: { is_running_paused: true } })
    expect((await explain("load", 4)).waits_for).toMatchObject([{ kind: "resume", actor: "token:test user" }])
  })

  it("is its next try, or its event, secrets hidden", async () => {
    const { store, explain, openMap } = await open({ tasks: [mapped("load")] })
    const map = await openMap("load")
    await map.commit(items(4))
    const http = {
      kind: "http",
      url: "https://ann:pass@crm.example.com/jobs?id=7&api_key=k-1",
      method: "GET",
      headers: { "X-Key": "k-2" },
      everyMs: 500,
      statuses: null,
      json: null,
    } as const
    const own = { kind: "user", name: "approval", args: '{"who":"ada","token":"k-3"}' } as const
    await complete(store, await claimOne(store), {
      exceptions: [
        retried(0, 60_000),
        deferred(1, { trigger: http, timeoutMs: 60_000 }),
        deferred(2, { trigger: own }),
      ],
    })
    await Effect.runPromise(store.leaseTriggers({ triggererId: "e-1", capacity: 9, leaseSeconds: 60 }))
    await Effect.runPromise(store.heartbeat({ id: "e-1/triggerer", role: "triggerer", ...alive }))
    expect((await explain("load", 0)).waits_for).toMatchObject([{ kind: "retry", until: expect.any(String) }])
    const told = await explain("load", 1)
    expect(told).toMatchObject({
      waits_for: [{ kind: "trigger" }],
      deferral: {
        ...{ trigger: "http", name: "httpPoll", resume: "collect", fires_at: null },
        parameters: {
          url: "https://ann:***@crm.example.com/jobs?id=7&api_key=***",
          ...{ method: "GET", every_ms: 500, headers: { "X-Key": "***" } },
        },
        timeout_at: expect.any(String),
        triggerer: { id: "e-1", hostname: "node-7", pid: 71 },
      },
    })
    const { deferral } = await explain("load", 2)
    expect(deferral.parameters).toEqual({ arguments: { who: "ada", token: "***" } })
    expect(JSON.stringify([told, deferral])).not.toMatch(/k-[123]|pass@/)
    expect(await explain("load", 3)).toMatchObject({ state: "success", ended: null, waits_for: [] })
  })
})
