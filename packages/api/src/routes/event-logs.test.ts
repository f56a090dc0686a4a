import { createRun, mapped } from "@sluice/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

async function setup() {
  const test = await openTestApi()
  const harness = { store: test.store } as never
  const { run, ids } = await createRun(harness, { dagId: "d", runId: "r", tasks: [mapped("load")] })
  const { store } = test
  await Effect.runPromise(store.setDagRunNote({ dagRunId: run.id, note: "seen", actor: "ada" }))
  const change = { window: 7 }
  await Effect.runPromise(store.changeMap({ expansionId: ids["load"]!, actor: "bob", change }))
  await Effect.runPromise(store.setDagPaused({ dagId: "d", isPaused: true, actor: "zoe" }))
  const list = async (query: string) => {
    const { body } = await test.get(`/api/v2/eventLogs?${query}`)
    return body.event_logs.map(({ event }: { event: string }) => event)
  }
  return { ...test, list }
}

// What the making of tokens left.
const quiet = "excluded_events=api_token_created"

describe("the event log", () => {
  it("tells who did what, where and when, and one event by its number", async () => {
    const { get } = await setup()
    const { body } = await get(`/api/v2/eventLogs?${quiet}&order_by=-when`)
    expect(body.total_entries).toBe(3)
    expect(body.event_logs[1]).toMatchObject({
      event: "map_changed",
      dag_id: "d",
      run_id: "r",
      task_id: "load",
      owner: "bob",
      try_number: null,
    })
    expect(JSON.parse(body.event_logs[1].extra)).toHaveProperty("window")
    const path = `/api/v2/eventLogs/${body.event_logs[1].event_log_id}`
    expect((await get(path, { as: "viewer" })).body).toEqual(body.event_logs[1])
    expect((await get("/api/v2/eventLogs/999999")).status).toBe(404)
  })

  it("is filtered, ordered and paged by number or by cursor", async () => {
    const { get, list } = await setup()
    expect(await list("event=dag_paused")).toEqual(["dag_paused"])
    expect(await list("event=dag_paused&included_events=map_changed")).toEqual([])
    expect(await list("owner_pattern=%25o%25&order_by=owner")).toEqual(["map_changed", "dag_paused"])
    expect(await list("run_id=r&task_id=load")).toEqual(["map_changed"])
    expect(await list("try_number=1")).toEqual([])
    expect(await list(`${quiet}&before=2000-01-01T00:00:00Z`)).toEqual([])
    expect(await list(`${quiet}&after=2000-01-01T00:00:00Z&limit=1&offset=1`)).toEqual(["map_changed"])
    expect((await get("/api/v2/eventLogs?order_by=nonsense")).status).toBe(400)
    const seen: string[] = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const { body }: { body: { event_logs: { event: string }[]; next_cursor: string | null } } = await get(
        `/api/v2/eventLogs?${quiet}&order_by=-id&limit=2&cursor=${cursor}`,
      )
      seen.push(...body.event_logs.map(({ event }) => event))
      cursor = body.next_cursor
    }
    expect(seen).toEqual(["dag_paused", "map_changed", "dag_run_note_set"])
  })
})
