import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

const path = "/api/v2/variables"

async function setup() {
  const test = await openTestApi()
  const post = (key: string, value: unknown, more: object = {}) =>
    test.send("POST", path, { body: { key, value, ...more } })
  const patch = (key: string, body: object, query = "") =>
    test.send("PATCH", `${path}/${key}${query}`, { body: { key, ...body } })
  const valueOf = async (key: string) => (await test.get(`${path}/${key}`)).body.value as unknown
  const clear = async (key: string) =>
    test.vault.openVariable(await Effect.runPromise(test.store.variable(key))).value
  return { ...test, post, patch, valueOf, clear }
}

describe("variables", () => {
  it("are made, read, changed and deleted, sealed in the store and by name in the event log", async () => {
    const { post, patch, get, send, store, valueOf } = await setup()
    const { status, body } = await post("region", "eu-1", { description: "where" })
    expect([status, body]).toEqual([
      201,
      { key: "region", value: "eu-1", description: "where", is_encrypted: true, team_name: null },
    ])
    expect((await Effect.runPromise(store.variable("region"))).sealedValue).not.toContain("eu-1")
    expect((await post("region", "again")).status).toBe(409)
    expect((await patch("region", { value: "eu-2" })).body).toMatchObject({
      value: "eu-2",
      description: "where",
    })
    expect(
      (await patch("region", { value: "x", description: null }, "?update_mask=description")).body,
    ).toMatchObject({
      value: "eu-2",
      description: null,
    })
    expect((await patch("region", { value: "x" }, "?update_mask=key")).status).toBe(400)
    expect((await send("PATCH", `${path}/region`, { body: { key: "other", value: 1 } })).status).toBe(400)
    expect((await patch("none", { value: 1 })).status).toBe(404)
    await post("number", 12)
    expect(await valueOf("number")).toBe("12")
    expect((await send("DELETE", `${path}/region`)).status).toBe(204)
    expect((await send("DELETE", `${path}/region`)).status).toBe(404)
    expect((await get(`${path}/region`)).status).toBe(404)
    const events = await Effect.runPromise(store.listEvents({ before: null, limit: 2 }))
    expect(events).toMatchObject([
      { event: "variable_deleted", detail: { key: "region" } },
      { event: "variable_created" },
    ])
  })

  it("tell no secret, and keep it when what was told is written back", async () => {
    const { post, patch, valueOf, clear } = await setup()
    await post("api_token", "abc")
    await post("settings", { user: "u", auth: { password: "p", port: 1 } })
    expect(await valueOf("api_token")).toBe("***")
    expect(await valueOf("settings")).toBe('{"user":"u","auth":{"password":"***","port":1}}')
    await patch("api_token", { value: "***" })
    await patch("settings", { value: '{"user":"v","auth":{"password":"***","port":2}}' })
    expect([await clear("api_token"), await clear("settings")]).toEqual([
      "abc",
      '{"user":"v","auth":{"password":"p","port":2}}',
    ])
    await patch("api_token", { value: "new" })
    expect(await clear("api_token")).toBe("new")
  })

  it("are listed, by pattern, in an order, and counted, to who may know them", async () => {
    const { post, get } = await setup()
    for (const key of ["b", "a", "ab"]) await post(key, key)
    const list = async (query: string) => {
      const { body } = await get(`${path}?${query}`)
      return [body.variables.map(({ key }: { key: string }) => key), body.total_entries]
    }
    expect(await list("")).toEqual([["a", "ab", "b"], 3])
    expect(await list("variable_key_pattern=A%25&order_by=-key&limit=1")).toEqual([["ab"], 2])
    expect((await get(`${path}?order_by=value`)).status).toBe(400)
    expect((await get(path, { as: "user" })).status).toBe(403)
  })

  it("are changed many at once, each told of by itself", async () => {
    const { post, send, valueOf } = await setup()
    await post("old", "1")
    const actions = [
      {
        action: "create",
        entities: [
          { key: "new", value: 1 },
          { key: "old", value: 2 },
        ],
      },
      { action: "create", entities: [{ key: "old", value: 3 }], action_on_existence: "overwrite" },
      { action: "update", entities: [{ key: "none", value: 4 }] },
      { action: "delete", entities: ["gone", "new"], action_on_non_existence: "skip" },
    ]
    const { status, body } = await send("PATCH", path, { body: { actions } })
    expect([status, body]).toEqual([
      200,
      {
        create: {
          success: ["new", "old"],
          errors: [{ error: expect.stringContaining("old"), status_code: 409 }],
        },
        update: { success: [], errors: [{ error: expect.stringContaining("none"), status_code: 404 }] },
        delete: { success: ["new"], errors: [] },
      },
    ])
    expect(await valueOf("old")).toBe("3")
  })

  it("are refused without a key to seal them with, in so many words", async () => {
    const { send } = await openTestApi(undefined, { hasKey: false })
    const { status, body } = await send("POST", path, { body: { key: "a", value: "b" } })
    expect([status, body.detail]).toEqual([409, expect.stringContaining("SLUICE_SECRET_KEY")])
  })
})
