import { describe, expect, it } from "vitest"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import { openWorld } from "./world.ts"

const actor = "root@box"
const ada = { username: "ada", role: "op", passwordHash: "hash-1", actor } as const
const page = { after: null, limit: 10 }

/** Users, tokens of programs, secrets. */
export function identityContract(open: OpenStore): void {
  describe("users", () => {
    it("are made once each, and read with what a password is checked against", async () => {
      const { store } = await openWorld(open)
      const made = await runEffect(store.createUser(ada))
      expect(made).toEqual({
        id: expect.any(String),
        username: "ada",
        role: "op",
        passwordVersion: 1,
        createdAt: expect.any(Date),
      })
      expect(await runEffect(store.user("ada"))).toEqual({ ...made, passwordHash: "hash-1" })
      expect(await failureOf(store.createUser(ada))).toMatchObject({ _tag: "AlreadyExists", id: "ada" })
      expect(await failureOf(store.user("bob"))).toMatchObject({ _tag: "NotFound", what: "user" })
    })

    it("are listed by name, a slice at a time, without their hashes", async () => {
      const { store } = await openWorld(open)
      for (const username of ["b", "B", "a", "c"]) await runEffect(store.createUser({ ...ada, username }))
      const names = async (after: string | null, limit: number) =>
        (await runEffect(store.listUsers({ after, limit }))).map((user) => user.username)
      expect(await names(null, 10)).toEqual(["B", "a", "b", "c"])
      expect(await names("a", 1)).toEqual(["b"])
      expect(JSON.stringify(await runEffect(store.listUsers(page)))).not.toContain("hash-1")
    })

    it("get a new password with a new version", async () => {
      const { store } = await openWorld(open)
      await runEffect(store.createUser(ada))
      expect(await runEffect(store.setPassword({ username: "ada", passwordHash: "hash-2", actor }))).toBe(
        true,
      )
      expect(await runEffect(store.user("ada"))).toMatchObject({
        passwordVersion: 2,
        passwordHash: "hash-2",
      })
      expect(await runEffect(store.setPassword({ username: "bob", passwordHash: "x", actor }))).toBe(false)
    })

    it("that are made anew under an old name are others", async () => {
      const { store } = await openWorld(open)
      const first = await runEffect(store.createUser(ada))
      expect(await runEffect(store.deleteUser({ username: "ada", actor }))).toBe(true)
      expect(await runEffect(store.deleteUser({ username: "ada", actor }))).toBe(false)
      const second = await runEffect(store.createUser(ada))
      expect(second.id).not.toBe(first.id)
    })

    it("have one first among many who try at once", async () => {
      const { store } = await openWorld(open)
      const made = await Promise.all([1, 2, 3, 4].map(() => runEffect(store.createFirstUser(ada))))
      expect(made.filter(Boolean)).toHaveLength(1)
      expect(await runEffect(store.createFirstUser({ ...ada, username: "bob" }))).toBe(false)
    })
  })

  describe("tokens of programs", () => {
    const token = { name: "ci", role: "viewer", tokenHash: "t-1", actor, expiresAt: null } as const

    it("are found by their hash until they are revoked", async () => {
      const { store } = await openWorld(open)
      const made = await runEffect(store.createApiToken({ ...token, actor: "ada" }))
      expect(made).toMatchObject({ name: "ci", role: "viewer", createdBy: "ada", expiresAt: null })
      expect(await runEffect(store.apiTokenByHash("t-1"))).toEqual(made)
      expect(await failureOf(store.createApiToken(token))).toMatchObject({ _tag: "AlreadyExists" })
      expect(await runEffect(store.revokeApiToken({ name: "ci", actor }))).toBe(true)
      expect(await runEffect(store.revokeApiToken({ name: "ci", actor }))).toBe(false)
      expect(await failureOf(store.apiTokenByHash("t-1"))).toMatchObject({ _tag: "NotFound" })
    })

    it("are worth nothing once they have expired", async () => {
      const { store } = await openWorld(open)
      await runEffect(store.createApiToken({ ...token, expiresAt: new Date(0) }))
      expect(await failureOf(store.apiTokenByHash("t-1"))).toMatchObject({ _tag: "NotFound" })
      expect(await runEffect(store.listApiTokens(page))).toMatchObject([{ expiresAt: new Date(0) }])
    })

    it("are listed by name without their hashes", async () => {
      const { store } = await openWorld(open)
      for (const name of ["b", "a"])
        await runEffect(store.createApiToken({ ...token, name, tokenHash: `h-${name}` }))
      const tokens = await runEffect(store.listApiTokens(page))
      expect(tokens.map(({ name }) => name)).toEqual(["a", "b"])
      expect(JSON.stringify(tokens)).not.toContain("h-a")
      expect(await runEffect(store.listApiTokens({ after: "a", limit: 10 }))).toMatchObject([{ name: "b" }])
    })
  })

  describe("what is done about users and tokens", () => {
    it("stands in the event log with who did it, and only when it was done", async () => {
      const { store } = await openWorld(open)
      const password = { username: "ada", passwordHash: "hash-2", actor: "ada" }
      await runEffect(store.createFirstUser({ ...ada, actor: "sluice" }))
      await runEffect(store.createFirstUser(ada))
      await failureOf(store.createUser(ada))
      await runEffect(store.setPassword(password))
      await runEffect(store.deleteUser({ username: "bob", actor }))
      await runEffect(store.deleteUser({ username: "ada", actor }))
      const token = { name: "ci", role: "viewer", tokenHash: "t-1", expiresAt: null } as const
      await runEffect(store.createApiToken({ ...token, actor: "ada" }))
      await runEffect(store.revokeApiToken({ name: "ci", actor }))
      await runEffect(store.recordSignIn({ username: "bob", address: "10.0.0.1", isGranted: false }))
      const events = await runEffect(store.listEvents({ before: null, limit: 100 }))
      expect(
        events.toReversed().map(({ actor: who, event, detail, dagId }) => [who, event, detail, dagId]),
      ).toEqual([
        ["sluice", "user_created", { username: "ada", role: "op" }, null],
        ["ada", "user_password_set", { username: "ada" }, null],
        [actor, "user_deleted", { username: "ada" }, null],
        ["ada", "api_token_created", { name: "ci", role: "viewer" }, null],
        [actor, "api_token_revoked", { name: "ci" }, null],
        ["bob", "sign_in_refused", { address: "10.0.0.1" }, null],
      ])
    })
  })

  describe("secrets", () => {
    it("are the first that was kept, for all who ask at once", async () => {
      const { store } = await openWorld(open)
      const kept = await Promise.all(
        ["x", "y", "z"].map((value) => runEffect(store.keepSecret({ name: "signing", value }))),
      )
      expect(new Set(kept).size).toBe(1)
      expect(await runEffect(store.keepSecret({ name: "signing", value: "later" }))).toBe(kept[0])
      expect(await runEffect(store.keepSecret({ name: "other", value: "own" }))).toBe("own")
    })
  })
}
