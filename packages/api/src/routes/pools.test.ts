import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

async function setup() {
  const test = await openTestApi()
  const pools = (method: string, path = "", body?: object) =>
    test.send(method, `/api/v2/pools${path}`, body === undefined ? {} : { body })
  return { ...test, pools }
}

describe("pools", () => {
  it("are made, shown, changed in what is given, and deleted, in Airflow's form", async () => {
    const { pools, store } = await setup()
    const made = await pools("POST", "", { name: "api", slots: 3 })
    const row = {
      name: "api",
      slots: 3,
      description: null,
      include_deferred: false,
      occupied_slots: 0,
      running_slots: 0,
      queued_slots: 0,
      scheduled_slots: 0,
      open_slots: 3,
      deferred_slots: 0,
      team_name: null,
    }
    expect([made.status, made.body]).toEqual([201, row])
    expect((await pools("GET", "/api")).body).toEqual(row)
    expect((await pools("PATCH", "/api", { slots: -1, include_deferred: null })).body).toEqual({
      ...row,
      slots: -1,
      open_slots: -1,
    })
    const masked = await pools("PATCH", "/api?update_mask=description", { slots: 9, description: "d" })
    expect(masked.body).toMatchObject({ slots: -1, description: "d" })
    expect((await pools("PATCH", "/api", { description: null })).body.description).toBeNull()
    expect((await pools("DELETE", "/api")).status).toBe(204)
    expect((await pools("DELETE", "/api")).status).toBe(404)
    const events = await Effect.runPromise(store.listEvents({ before: null, limit: 1 }))
    expect(events).toMatchObject([{ event: "pool_deleted", actor: "token:test admin" }])
  })

  it("are listed by name, by pattern, in either order, a slice at a time", async () => {
    const { pools } = await setup()
    for (const name of ["b", "a"]) await pools("POST", "", { name, slots: 1 })
    const list = async (query: string) => {
      const { body } = await pools("GET", query)
      return [body.pools.map(({ name }: { name: string }) => name), body.total_entries]
    }
    expect(await list("")).toEqual([["a", "b", "default_pool"], 3])
    expect(await list("?order_by=-name&limit=2")).toEqual([["default_pool", "b"], 3])
    expect(await list("?offset=1&limit=1")).toEqual([["b"], 3])
    expect(await list("?pool_name_pattern=def%25")).toEqual([["default_pool"], 1])
    expect((await pools("GET", "?order_by=slots")).status).toBe(400)
  })

  it("are made, changed and deleted many at once, each told by its name", async () => {
    const { pools } = await setup()
    const entities = ["a", "b"].map((name) => ({ name, slots: 2 }))
    const made = await pools("PATCH", "", { actions: [{ action: "create", entities }] })
    expect([made.status, made.body]).toEqual([
      200,
      { create: { success: ["a", "b"], errors: [] }, update: null, delete: null },
    ])
    const again = await pools("PATCH", "", {
      actions: [
        {
          action: "update",
          entities: [{ name: "a", slots: 5, description: "d" }],
          update_mask: ["slots"],
        },
        { action: "create", entities: [{ name: "b", slots: 9 }], action_on_existence: "overwrite" },
        { action: "delete", entities: ["default_pool", "none", "b"] },
      ],
    })
    expect(again.body).toMatchObject({
      create: { success: ["b"] },
      update: { success: ["a"] },
      delete: { success: ["b"], errors: [{ status_code: 400 }, { status_code: 404 }] },
    })
    expect((await pools("GET", "/a")).body).toMatchObject({ slots: 5, description: null })
  })

  it("refuse what cannot be: doubles, another name, teams, too few slots, the end of the default pool", async () => {
    const { pools } = await setup()
    await pools("POST", "", { name: "api", slots: 3 })
    const status = async (...asked: Parameters<typeof pools>) => (await pools(...asked)).status
    expect(await status("POST", "", { name: "api", slots: 3 })).toBe(409)
    expect(await status("POST", "", { name: "x", slots: -2 })).toBe(422)
    expect(await status("POST", "", { name: "x", slots: 1, team_name: "t" })).toBe(422)
    expect(await status("PATCH", "/api", { pool: "other" })).toBe(422)
    expect(await status("PATCH", "/api?update_mask=nothing", { slots: 1 })).toBe(400)
    expect(await status("PATCH", "/none", { slots: 1 })).toBe(404)
    expect(await status("DELETE", "/default_pool")).toBe(400)
    expect((await pools("GET", "/api")).body.slots).toBe(3)
  })
})
