import { makeMemoryStore } from "@sluice/core/store"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { identityCacheMs, makeAuthenticator } from "./auth/authenticator.ts"
import { createFirstUser, loadSigningSecret } from "./auth/first-user.ts"
import { makeLoginLimits, wrongPasswordsMax } from "./auth/login-limits.ts"
import { hashPassword, verifyPassword } from "./auth/passwords.ts"
import { hashApiToken, makeApiToken, makeSigningSecret } from "./auth/secrets.ts"
import { makeSessions } from "./auth/sessions.ts"
import { bearer, openTestApi } from "./testing/index.ts"

const run = Effect.runPromise
const actor = "test"

async function setup() {
  const test = await openTestApi()
  await run(
    test.store.createUser({
      username: "ada",
      role: "viewer",
      passwordHash: await hashPassword("correct horse"),
      actor,
    }),
  )
  const signIn = (body: object, path = "/auth/token") => test.send("POST", path, { as: null, body })
  return { ...test, signIn }
}

describe("signing in", () => {
  it("gives a token for the right password, from JSON and from a form", async () => {
    const { api, signIn, get } = await setup()
    const { status, body } = await signIn({ username: "ada", password: "correct horse" })
    expect(status).toBe(201)
    const known = await get("/api/v2/openapi.json", { as: null, headers: bearer(body.access_token) })
    expect(known.status).toBe(200)
    const form = await api.request("/auth/token/cli", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ username: "ada", password: "correct horse", grant_type: "password" }),
    })
    expect(form.status).toBe(201)
  })

  it("says the same of an unknown user as of a wrong password", async () => {
    const { signIn } = await setup()
    const wrong = await signIn({ username: "ada", password: "wrong" })
    const unknown = await signIn({ username: "bob", password: "wrong" })
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(wrong.body).toEqual(unknown.body)
  })

  it.each([{}, { username: "ada" }, { username: "", password: "x" }, { username: 1, password: "x" }])(
    "refuses %j with what is wrong",
    async (body) => {
      const { signIn } = await setup()
      const answer = await signIn(body)
      expect(answer.status).toBe(422)
      expect(answer.body.detail[0]).toMatchObject({ loc: ["body", expect.any(String)] })
    },
  )

  it("is refused for a while after too many wrong passwords, from one address for one user", async () => {
    const limits = makeLoginLimits()
    for (let i = 0; i < wrongPasswordsMax; i++) await limits.count("10.0.0.1", "ada")
    await expect(limits.count("10.0.0.1", "ada")).rejects.toMatchObject({ name: "TooManyLogins" })
    await limits.count("10.0.0.1", "bob")
    await limits.count("10.0.0.2", "ada")
    await limits.forget("10.0.0.1", "ada")
    await limits.count("10.0.0.1", "ada")
  })

  it("counts the addresses of one IPv6 network together", async () => {
    const limits = makeLoginLimits()
    for (let i = 0; i < wrongPasswordsMax; i++) await limits.count(`2001:db8::${i + 1}`, "ada")
    await expect(limits.count("2001:db8:0:0:ffff::1", "ada")).rejects.toMatchObject({ name: "TooManyLogins" })
    await limits.count("2001:db8:0:1::1", "ada")
  })

  it("is told how long to wait when there were too many tries", async () => {
    const { signIn } = await setup()
    const answers = []
    for (let i = 0; i <= wrongPasswordsMax; i++)
      answers.push(await signIn({ username: "ada", password: "no" }))
    const last = answers.at(-1)!
    expect(last.status).toBe(429)
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0)
  })
})

describe("a token", () => {
  it("is void at once when the password changes or the user goes, but for what is remembered", async () => {
    const store = makeMemoryStore()
    let now = Date.now()
    const sessions = makeSessions(makeSigningSecret())
    const authenticate = makeAuthenticator({ store, sessions, now: () => now })
    const user = await run(store.createUser({ username: "ada", role: "op", passwordHash: "x", actor }))
    const token = await sessions.sign(user, 60)
    expect(await authenticate(token)).toEqual({ kind: "user", name: "ada", role: "op" })
    await run(store.setPassword({ username: "ada", passwordHash: "y", actor }))
    now += identityCacheMs
    expect(await authenticate(token)).toBeNull()
    const newer = await sessions.sign(await run(store.user("ada")), 60)
    expect(await authenticate(newer)).toMatchObject({ name: "ada" })
    await run(store.deleteUser({ username: "ada", actor }))
    await run(store.createUser({ username: "ada", role: "admin", passwordHash: "x", actor }))
    now += identityCacheMs
    expect(await authenticate(newer)).toBeNull()
    expect(await authenticate(token)).toBeNull()
  })

  it("of a program holds until it is revoked or expires", async () => {
    const store = makeMemoryStore()
    let now = Date.now()
    const sessions = makeSessions(makeSigningSecret())
    const authenticate = makeAuthenticator({ store, sessions, now: () => now })
    const token = makeApiToken()
    const expiresAt = new Date(now + identityCacheMs / 2)
    const known = { name: "ci", role: "user", tokenHash: hashApiToken(token), actor } as const
    await run(store.createApiToken({ ...known, expiresAt }))
    expect(await authenticate(token)).toEqual({ kind: "token", name: "ci", role: "user" })
    now += identityCacheMs / 2
    expect(await authenticate(token)).toBeNull()
    await run(store.revokeApiToken({ name: "ci", actor }))
    await run(store.createApiToken({ ...known, expiresAt: null }))
    now += identityCacheMs
    expect(await authenticate(token)).toMatchObject({ name: "ci" })
    await run(store.revokeApiToken({ name: "ci", actor }))
    now += identityCacheMs
    expect(await authenticate(token)).toBeNull()
  })

  it("that was not signed here, has expired, or names another algorithm is nobody's", async () => {
    const { get, store } = await setup()
    const user = await run(store.user("ada"))
    const others = makeSessions(makeSigningSecret())
    const unsigned = [
      { alg: "none", typ: "JWT" },
      { sub: "ada", uid: user.id, ver: 1 },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".")
    const tokens = [await others.sign(user, 60), `${unsigned}.`, "nonsense", "sluice_nonsense"]
    for (const token of tokens) {
      const answer = await get("/api/v2/openapi.json", { as: null, headers: bearer(token) })
      expect([token.slice(0, 9), answer.status]).toEqual([token.slice(0, 9), 401])
      expect(answer.headers.get("www-authenticate")).toBe("Bearer")
    }
    const sessions = makeSessions("x".repeat(64))
    expect(await sessions.read(await sessions.sign(user, -1))).toBeNull()
  })
})

describe("passwords", () => {
  it("fit only themselves, whatever the spelling of their characters", async () => {
    const hash = await hashPassword("caf\u00e9 au lait")
    expect(hash).not.toContain("caf")
    expect(await verifyPassword("cafe\u0301 au lait", hash)).toBe(true)
    expect(await verifyPassword("cafe au lait", hash)).toBe(false)
    expect(await hashPassword("caf\u00e9 au lait")).not.toBe(hash)
  })
})

describe("a database without users", () => {
  it("gets one administrator, whose password is told once, and one signing secret", async () => {
    const store = makeMemoryStore()
    const passwords = await Promise.all([createFirstUser(store), createFirstUser(store)])
    const told = passwords.filter((password) => password !== null)
    expect(told).toHaveLength(1)
    expect(await createFirstUser(store)).toBeNull()
    const admin = await run(store.user("admin"))
    expect(admin.role).toBe("admin")
    expect(await verifyPassword(told[0]!, admin.passwordHash)).toBe(true)
    expect(await loadSigningSecret(store)).toBe(await loadSigningSecret(store))
  })
})
