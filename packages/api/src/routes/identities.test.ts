import { describe, expect, it } from "vitest"
import { bearer, openTestApi } from "../testing/index.ts"

const users = "/api/v2/users"
const tokens = "/api/v2/tokens"

describe("users", () => {
  it("are made with a password that is told once, sign in with it, get a new one, and go", async () => {
    const { send, get, api } = await openTestApi()
    const made = await send("POST", users, { body: { username: "ada", role: "op" } })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ username: "ada", role: "op", password: expect.any(String) as string })
    const signIn = (password: string) =>
      send("POST", "/auth/token", { as: null, body: { username: "ada", password } })
    const session = await signIn(made.body.password)
    expect(session.status).toBe(201)
    expect((await get(users)).body.users).toMatchObject([{ username: "ada", role: "op" }])
    expect(JSON.stringify((await get(users)).body)).not.toContain("password")
    const changed = await send("PUT", `${users}/ada/password`, { body: { password: "a long new password" } })
    expect(changed.body.password).toBeNull()
    expect((await signIn(made.body.password)).status).toBe(401)
    expect((await signIn("a long new password")).status).toBe(201)
    const me = await api.request("/api/v2/me", { headers: bearer(session.body.access_token) })
    expect(me.status).toBe(401)
    expect((await send("DELETE", `${users}/ada`)).status).toBe(204)
    expect((await send("DELETE", `${users}/ada`)).status).toBe(404)
    expect((await signIn("a long new password")).status).toBe(401)
  })

  it("are refused a name that is taken or cannot be typed, and a password that is too short", async () => {
    const { send } = await openTestApi()
    await send("POST", users, { body: { username: "ada", role: "op" } })
    expect((await send("POST", users, { body: { username: "ada", role: "viewer" } })).status).toBe(409)
    for (const body of [
      { username: " ada", role: "op" },
      { username: "a\u0007", role: "op" },
      { username: "bob", role: "king" },
      { username: "bob", role: "op", password: "short" },
    ])
      expect([body.username, (await send("POST", users, { body })).status]).toEqual([body.username, 422])
  })

  it("never delete themselves", async () => {
    const { send, api } = await openTestApi()
    const body = { username: "root", role: "admin", password: "a long password" }
    await send("POST", users, { body })
    const session = await send("POST", "/auth/token", { as: null, body })
    const answer = await api.request(`${users}/root`, {
      method: "DELETE",
      headers: bearer(session.body.access_token),
    })
    expect(answer.status).toBe(409)
  })
})

describe("tokens of programs", () => {
  it("are told once, work with their role, and are revoked", async () => {
    const { send, get, api } = await openTestApi()
    const made = await send("POST", tokens, { body: { name: "grafana", expires_days: 30 } })
    expect(made.body).toMatchObject({ name: "grafana", role: "viewer" })
    const me = () => api.request("/api/v2/me", { headers: bearer(made.body.token) })
    expect(await (await me()).json()).toMatchObject({ name: "grafana", kind: "token", role: "viewer" })
    const listed = (await get(tokens)).body.tokens.find((one: { name: string }) => one.name === "grafana")
    expect(listed).not.toHaveProperty("token")
    expect((await send("POST", tokens, { body: { name: "grafana" } })).status).toBe(409)
    expect((await send("DELETE", `${tokens}/grafana`)).status).toBe(204)
    expect((await send("DELETE", `${tokens}/grafana`)).status).toBe(404)
  })

  it("are listed by keyset", async () => {
    const { send, get } = await openTestApi()
    for (const name of ["a", "b", "c"]) await send("POST", tokens, { body: { name } })
    const first = (await get(`${tokens}?limit=2`)).body
    expect(first.tokens.map(({ name }: { name: string }) => name)).toEqual(["a", "b"])
    const second = (await get(`${tokens}?limit=2&after=${first.next_after}`)).body
    expect(second.tokens[0].name).toBe("c")
  })
})
