import type { TriggerSpec } from "@sluice/core/dag"
import { claimOne, complete, createRun, deferred, items, mapped, openStream } from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

describe("the triggers", () => {
  it("tell what waits for what, since when and until, page by page, without secrets", async () => {
    const { get, store } = await openTestApi()
    const { run, ids } = await createRun({ store } as never, {
      dagId: "d",
      runId: "r",
      tasks: [mapped("poll")],
    })
    const stream = await openStream(store, run.id, ids["poll"]!)
    await stream.commit(items(3))
    const http: TriggerSpec = {
      kind: "http",
      url: "https://ada:hunter2@example.com/x?token=hunter2",
      method: "GET",
      headers: { authorization: "hunter2" },
      everyMs: 1_000,
      statuses: null,
      json: null,
    }
    await complete(store, await claimOne(store, { sizeDefault: 3 }), {
      exceptions: [
        deferred(0, { trigger: { kind: "delay", ms: 60_000 } }),
        deferred(1, { trigger: http, timeoutMs: 90_000 }),
        deferred(2, { trigger: { kind: "run", dagId: "other", runId: "x" } }),
      ],
    })
    await Effect.runPromise(store.leaseTriggers({ triggererId: "t-1", capacity: 10, leaseSeconds: 30 }))
    const first = await get("/api/v2/triggers?limit=2", { as: "viewer" })
    expect(first.body.triggers).toMatchObject([
      { dag_id: "d", dag_run_id: "r", task_id: "poll", map_index: 0, name: "after", timeout_at: null },
      { map_index: 1, name: "httpPoll", fires_at: null, is_parked: false, try_number: 1 },
    ])
    expect(first.body.triggers[0].fires_at).not.toBeNull()
    expect(first.body.triggers[1].timeout_at).not.toBeNull()
    expect(JSON.stringify(first.body)).not.toContain("hunter2")
    const second = await get(`/api/v2/triggers?limit=2&cursor=${first.body.next_cursor}`)
    expect(second.body).toMatchObject({
      triggers: [{ map_index: 2, name: "runFinished" }],
      next_cursor: null,
    })
    expect((await get("/api/v2/triggers?cursor=nonsense")).status).toBe(422)
  })
})
