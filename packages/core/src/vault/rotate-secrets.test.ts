import { fc, test } from "@fast-check/vitest"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { makeSecretBox, makeSecretKey } from "../secrets/secret-box.ts"
import { makeMemoryStore } from "../store/memory.ts"
import type { StoreService } from "../store/store.ts"
import { sealedTextsMax } from "../store/vault-store.ts"
import { rotateSecrets, type UnreadableSecret } from "./rotate-secrets.ts"
import { emptyConnection, makeVault, type Vault } from "./vault.ts"

const [oldKey, newKey, lostKey] = [makeSecretKey(), makeSecretKey(), makeSecretKey()]
const vaultOf = (...keys: string[]) => makeVault(makeSecretBox(keys))
const call = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)
const actor = "ada"

const setVariable = (store: StoreService, vault: Vault, key: string, value: string) =>
  call(store.createVariable(vault.sealVariable({ key, value, description: null }, actor)))

/** Rotates, and gives the counts and what could not be opened. */
async function rotate(store: StoreService, vault = vaultOf(newKey, oldKey), isDryRun = false) {
  const unreadable: UnreadableSecret[] = []
  const onUnreadable = (secret: UnreadableSecret) => {
    unreadable.push(secret)
    return Promise.resolve()
  }
  return { counts: await rotateSecrets(store, vault, { actor, isDryRun, onUnreadable }), unreadable }
}

describe("the rotation of secrets", () => {
  it("seals anew what older keys sealed, page by page, once", async () => {
    const store = makeMemoryStore()
    const size = sealedTextsMax * 2 + 1
    for (let n = 0; n < size; n++) await setVariable(store, vaultOf(oldKey), `v${n}`, `value ${n}`)
    await setVariable(store, vaultOf(newKey), "new", "value")
    const crm = { ...emptyConnection("crm"), type: "http", host: "h", password: "p4ss", extra: "{}" }
    await call(store.createConnection(vaultOf(oldKey).sealConnection(crm, actor)))
    const none = { changed: 0, unreadable: 0 }
    const all = { rotated: size + 2, newest: 1, ...none }
    expect((await rotate(store, undefined, true)).counts).toEqual(all)
    expect((await rotate(store)).counts).toEqual(all)
    expect((await rotate(store)).counts).toEqual({ rotated: 0, newest: size + 3, ...none })
    const after = vaultOf(newKey)
    expect(after.openVariable(await call(store.variable(`v${size - 1}`))).value).toBe(`value ${size - 1}`)
    expect(after.openConnection(await call(store.connection("crm")))).toMatchObject(crm)
    const events = await call(store.listEvents({ before: null, limit: 5 }))
    const named = events.map(({ event, detail }) => [event, (detail as { part: string }).part])
    expect(named).toEqual(
      ["connection_extra", "connection_password", "variable", "variable", "variable"].map((part) => [
        "secrets_rotated",
        part,
      ]),
    )
  })

  it("names what no key opens, and goes on", async () => {
    const store = makeMemoryStore()
    await setVariable(store, vaultOf(lostKey), "a", "never seen")
    const damaged = { ...vaultOf(oldKey).sealVariable({ key: "x", value: "", description: null }, actor) }
    await call(store.createVariable({ ...damaged, key: "b" }))
    await setVariable(store, vaultOf(oldKey), "c", "value")
    const { counts, unreadable } = await rotate(store)
    expect(counts).toEqual({ rotated: 1, newest: 0, changed: 0, unreadable: 2 })
    expect(unreadable).toMatchObject([
      {
        part: "variable",
        name: "a",
        reason: expect.stringContaining("variable a was sealed with another key") as string,
      },
      { part: "variable", name: "b", reason: expect.stringContaining("variable b is damaged") as string },
    ])
  })

  it("leaves what others change meanwhile as they wrote it, and says so", async () => {
    const store = makeMemoryStore()
    for (const key of ["changed", "deleted", "kept"]) await setVariable(store, vaultOf(oldKey), key, "old")
    const meddled: StoreService = {
      ...store,
      reseal: (options) =>
        Effect.gen(function* () {
          const theirs = { key: "changed", value: "theirs", description: null }
          yield* store.changeVariable(vaultOf(newKey, oldKey).sealVariable(theirs, "bob")).pipe(Effect.orDie)
          yield* store.deleteVariable({ key: "deleted", actor: "bob" })
          return yield* store.reseal(options)
        }),
    }
    expect((await rotate(meddled)).counts).toEqual({ rotated: 1, newest: 0, changed: 2, unreadable: 0 })
    expect(vaultOf(newKey).openVariable(await call(store.variable("changed"))).value).toBe("theirs")
    expect((await rotate(store)).counts).toEqual({ rotated: 0, newest: 2, changed: 0, unreadable: 0 })
  })

  it("needs a key", async () => {
    const store = makeMemoryStore()
    await setVariable(store, vaultOf(oldKey), "a", "value")
    await expect(rotate(store, makeVault(null))).rejects.toThrow("set SLUICE_SECRET_KEY")
  })

  const key = fc.constantFrom(oldKey, newKey, lostKey)
  const variables = fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.tuple(key, fc.string()))
  test.prop([variables], { numRuns: 50 })(
    "always leaves every value as it was, and the newest key enough for all that opened",
    async (given) => {
      const store = makeMemoryStore()
      for (const [name, [by, value]] of Object.entries(given))
        await setVariable(store, vaultOf(by), name, value)
      await rotate(store)
      for (const [name, [by, value]] of Object.entries(given)) {
        const now = vaultOf(by === lostKey ? lostKey : newKey)
        expect(now.openVariable(await call(store.variable(name))).value).toBe(value)
      }
    },
  )
})
