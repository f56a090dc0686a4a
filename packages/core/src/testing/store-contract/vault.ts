import { describe, expect, it } from "vitest"
import type { StoreService } from "../../store/store.ts"
import { type NewConnection, type SealedPart, sealedTextsMax } from "../../store/vault-store.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import { openWorld } from "./world.ts"

const actor = "ada"
const date = expect.any(Date) as Date

const plain = {
  ...{ type: "http", description: null, host: null, port: null, login: null, schema: null },
  ...{ sealedPassword: null, sealedExtra: null, actor },
}

/** Variables and connections. */
export function vaultContract(open: OpenStore): void {
  sealedTextsContract(open)
  describe("variables", () => {
    it("are made, read, changed and deleted, each once and by name in the event log", async () => {
      const { store } = await openWorld(open)
      const made = { key: "a", sealedValue: "sealed", description: "what for" }
      expect(await runEffect(store.createVariable({ ...made, actor }))).toEqual({ ...made, updatedAt: date })
      expect(await failureOf(store.createVariable({ ...made, actor }))).toMatchObject({
        _tag: "AlreadyExists",
      })
      expect(await runEffect(store.variable("a"))).toEqual({ ...made, updatedAt: date })
      const changed = { key: "a", sealedValue: "other", description: null }
      expect(await runEffect(store.changeVariable({ ...changed, actor: "bob" }))).toEqual({
        ...changed,
        updatedAt: date,
      })
      const none = { key: "none", sealedValue: "", description: null, actor }
      expect(await failureOf(store.changeVariable(none))).toMatchObject({ _tag: "NotFound", id: "none" })
      expect(await failureOf(store.variable("none"))).toMatchObject({ _tag: "NotFound" })
      const drop = () => runEffect(store.deleteVariable({ key: "a", actor }))
      expect([await drop(), await drop()]).toEqual([true, false])
      expect(await eventsOf(store)).toEqual([
        ["variable_deleted", "ada", { key: "a" }],
        ["variable_changed", "bob", { key: "a" }],
        ["variable_created", "ada", { key: "a" }],
      ])
    })

    it("are searched, ordered and counted", async () => {
      const { store } = await openWorld(open)
      for (const [key, description] of [
        ["b", "x"],
        ["B", null],
        ["ab", "y"],
      ] as const)
        await runEffect(store.createVariable({ key, sealedValue: "s", description, actor }))
      const search = async (options: Partial<Parameters<StoreService["searchVariables"]>[0]>) => {
        const all = { orderBy: [], skip: 0, limit: 10, ...options }
        const { rows, total } = await runEffect(store.searchVariables(all))
        return [rows.map(({ key }) => key), total]
      }
      expect(await search({})).toEqual([["B", "ab", "b"], 3])
      expect(await search({ orderBy: [{ by: "key", isDescending: true }], limit: 1 })).toEqual([["b"], 3])
      expect(await search({ orderBy: [{ by: "description", isDescending: true }] })).toEqual([
        ["ab", "b", "B"],
        3,
      ])
      expect(await search({ patterns: ["B"] })).toEqual([["B", "b"], 2])
      expect(await search({ patterns: ["%b"], skip: 9 })).toEqual([[], 3])
    })
  })

  describe("connections", () => {
    it("are made, read, changed and deleted, each once and by name in the event log", async () => {
      const { store } = await openWorld(open)
      const made: NewConnection = {
        ...{ connectionId: "db", type: "postgres", description: "d", host: "h", port: 5432, login: "l" },
        ...{ schema: "s", sealedPassword: "sealed", sealedExtra: "more", actor },
      }
      const { actor: _actor, ...row } = made
      expect(await runEffect(store.createConnection(made))).toEqual({ ...row, updatedAt: date })
      expect(await failureOf(store.createConnection(made))).toMatchObject({ _tag: "AlreadyExists" })
      expect(await runEffect(store.connection("db"))).toEqual({ ...row, updatedAt: date })
      const changed = await runEffect(store.changeConnection({ ...plain, connectionId: "db" }))
      expect(changed).toMatchObject({ type: "http", host: null, sealedPassword: null, sealedExtra: null })
      expect(await failureOf(store.changeConnection({ ...plain, connectionId: "x" }))).toMatchObject({
        _tag: "NotFound",
      })
      expect(await failureOf(store.connection("x"))).toMatchObject({ _tag: "NotFound", id: "x" })
      const drop = () => runEffect(store.deleteConnection({ connectionId: "db", actor }))
      expect([await drop(), await drop()]).toEqual([true, false])
      expect((await eventsOf(store)).map(([event]) => event)).toEqual([
        "connection_deleted",
        "connection_changed",
        "connection_created",
      ])
    })

    it("are searched, ordered and counted", async () => {
      const { store } = await openWorld(open)
      for (const [connectionId, port] of [
        ["a", 2],
        ["b", null],
        ["c", 1],
      ] as const)
        await runEffect(store.createConnection({ ...plain, connectionId, port }))
      const search = async (options: Partial<Parameters<StoreService["searchConnections"]>[0]>) => {
        const all = { orderBy: [], skip: 0, limit: 10, ...options }
        const { rows, total } = await runEffect(store.searchConnections(all))
        return [rows.map(({ connectionId }) => connectionId), total]
      }
      expect(await search({})).toEqual([["a", "b", "c"], 3])
      expect(await search({ orderBy: [{ by: "port", isDescending: true }] })).toEqual([["a", "c", "b"], 3])
      expect(await search({ patterns: ["B", "c"], limit: 1 })).toEqual([["b"], 2])
      for (const by of ["connection_id", "conn_type", "description", "host"] as const)
        expect((await search({ orderBy: [{ by, isDescending: false }] }))[1]).toBe(3)
    })
  })
}

/** What is sealed, read and written by itself. */
function sealedTextsContract(open: OpenStore): void {
  describe("sealed texts", () => {
    it("are read by part, along the names, where there are any", async () => {
      const { store } = await openWorld(open)
      for (const key of ["b", "B", "a"])
        await runEffect(store.createVariable({ key, sealedValue: `of ${key}`, description: null, actor }))
      const one = { ...plain, connectionId: "one", sealedPassword: "p1" }
      const two = { ...plain, connectionId: "two", sealedPassword: "p2", sealedExtra: "e2" }
      for (const connection of [two, one, { ...plain, connectionId: "none" }])
        await runEffect(store.createConnection(connection))
      const read = (part: SealedPart, after: string | null, limit: number) =>
        runEffect(store.sealedTexts({ part, after, limit }))
      const first = await read("variable", null, 2)
      expect(first).toEqual([
        { name: "B", sealed: "of B" },
        { name: "a", sealed: "of a" },
      ])
      expect(await read("variable", "a", 2)).toEqual([{ name: "b", sealed: "of b" }])
      expect(await read("variable", "b", 2)).toEqual([])
      expect(await read("connection_password", null, 9)).toEqual([
        { name: "one", sealed: "p1" },
        { name: "two", sealed: "p2" },
      ])
      expect(await read("connection_extra", null, 1)).toEqual([{ name: "two", sealed: "e2" }])
    })

    it("take the place of what was read, and of nothing else; their names are one event", async () => {
      const { store } = await openWorld(open)
      for (const key of ["a", "b", "c"])
        await runEffect(store.createVariable({ key, sealedValue: "old", description: key, actor }))
      const both = { ...plain, connectionId: "db", host: "h", sealedPassword: "old", sealedExtra: "old" }
      await runEffect(store.createConnection(both))
      const before = await runEffect(store.variable("a"))
      await runEffect(store.changeVariable({ key: "b", sealedValue: "theirs", description: null, actor }))
      const texts = ["c", "gone", "b", "a"].map((name) => ({ name, from: "old", to: `new ${name}` }))
      const put = (part: SealedPart, given: typeof texts) =>
        runEffect(store.reseal({ part, texts: given, actor: "eve" }))
      expect(await put("variable", texts)).toEqual(["a", "c"])
      expect(await put("variable", texts)).toEqual([])
      expect(await put("variable", [])).toEqual([])
      expect(await runEffect(store.variable("a"))).toEqual({ ...before, sealedValue: "new a" })
      expect(await runEffect(store.variable("b"))).toMatchObject({ sealedValue: "theirs" })
      expect(await put("connection_password", [{ name: "db", from: "old", to: "new" }])).toEqual(["db"])
      const changed = { host: "h", sealedPassword: "new", sealedExtra: "old" }
      expect(await runEffect(store.connection("db"))).toMatchObject(changed)
      expect(await put("connection_extra", [{ name: "db", from: "old", to: "more" }])).toEqual(["db"])
      expect(await runEffect(store.connection("db"))).toMatchObject({ ...changed, sealedExtra: "more" })
      expect((await eventsOf(store)).slice(0, 3)).toEqual([
        ["secrets_rotated", "eve", { part: "connection_extra", names: ["db"] }],
        ["secrets_rotated", "eve", { part: "connection_password", names: ["db"] }],
        ["secrets_rotated", "eve", { part: "variable", names: ["a", "c"] }],
      ])
    })

    it("are written once by two who do it at the same time", async () => {
      const { store } = await openWorld(open)
      const keys = Array.from({ length: sealedTextsMax }, (_, place) => `v${place}`)
      for (const key of keys)
        await runEffect(store.createVariable({ key, sealedValue: "old", description: null, actor }))
      const texts = (to: string) => keys.map((name) => ({ name, from: "old", to }))
      const written = await Promise.all(
        [texts("one"), texts("two").toReversed()].map((given) =>
          runEffect(store.reseal({ part: "variable", texts: given, actor })),
        ),
      )
      expect(written.map((names) => names.length).sort((a, b) => a - b)).toEqual([0, sealedTextsMax])
    })
  })
}

async function eventsOf(store: StoreService) {
  const events = await runEffect(store.listEvents({ before: null, limit: 10 }))
  return events.map(({ event, actor: who, detail }) => [event, who, detail])
}
