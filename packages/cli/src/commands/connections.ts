import type { ConnectionRow } from "@sluice/core/store"
import type { StoredConnection } from "@sluice/core/vault"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes, Problem, UsageProblem } from "../problem.ts"
import { readEntered } from "../read-entered.ts"
import { withDatabase } from "./with-database.ts"

const idArgument = { name: "<id>", description: "the connection's name" }
const rowsPerRead = 200

/** `sluice connections list`: where they go, never their secrets. */
export const connectionsList = defineCommand<DatabaseFlag & { readonly json?: boolean }>({
  path: "connections list",
  summary: "list connections, without their passwords",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice connections list", "sluice connections list --json | jq -r .connection_id"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { out } = context
      for (let skip = 0; !out.isClosed; skip += rowsPerRead) {
        const page = { orderBy: [], skip, limit: rowsPerRead }
        const { rows }: { rows: readonly ConnectionRow[] } = await call(store.searchConnections(page))
        for (const row of rows)
          await out.line(options.json === true ? JSON.stringify(plainOf(row)) : lineOf(row))
        if (rows.length < rowsPerRead) break
      }
      return exitCodes.success
    }),
})

/** `sluice connections get`: one connection, in the clear. */
export const connectionsGet = defineCommand<DatabaseFlag>({
  path: "connections get",
  arguments: [idArgument],
  summary: "print a connection as JSON, its password too",
  options: [databaseUrlOption],
  examples: ["sluice connections get warehouse | jq -r .host"],
  run: (context, options, [id = ""]) =>
    withDatabase(context, options, async ({ store, vault, call }) => {
      const row = await call(store.connection(id))
      const { password, extra } = vault.openConnection(row)
      await context.out.line(JSON.stringify({ ...plainOf(row), password, extra }))
      return exitCodes.success
    }),
})

interface SetOptions extends DatabaseFlag, ActorFlag {
  readonly type?: string
  readonly host?: string
  readonly port?: number
  readonly login?: string
  readonly schema?: string
  readonly extra?: string
  readonly description?: string
  readonly passwordStdin?: boolean
  readonly json?: boolean
}

/** `sluice connections set`: makes a connection, or changes what is given of it. */
export const connectionsSet = defineCommand<SetOptions>({
  path: "connections set",
  arguments: [idArgument],
  summary: "make a connection, or change what is given of it",
  details:
    "Password and extra are stored encrypted, with SLUICE_SECRET_KEY or, beside an embedded database, with a key of the project. " +
    "Tasks read it with ctx.connection(id).",
  options: [
    { flags: "--type <type>", description: "what kind of thing it is, such as http or postgres" },
    { flags: "--host <host>", description: "where it is" },
    { flags: "--port <n>", description: "its port", parse: wholeNumber("--port", 0) },
    { flags: "--login <name>", description: "who signs in" },
    { flags: "--schema <name>", description: "a schema, a database or the like" },
    { flags: "--extra <json>", description: "more of it" },
    { flags: "--description <text>", description: "what it is for" },
    {
      flags: "--password-stdin",
      description: "read the password from standard input: arguments are seen by others",
    },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice connections set crm --type http --host api.example.com --login sluice --password-stdin < password.txt",
    "sluice connections set crm --port 8443",
  ],
  async run(context, options, [id = ""]) {
    if (!/^[\w.-]{1,200}$/.test(id))
      throw new UsageProblem(`connection: "${id}" came`, { expected: "letters, digits, _, . and - only" })
    const password = options.passwordStdin === true ? await readEntered() : undefined
    return withDatabase(context, options, async ({ store, vault, call }) => {
      const [{ emptyConnection }, { orNull }] = await Promise.all([
        import("@sluice/core/vault"),
        import("../run/or-null.ts"),
      ])
      const known = await orNull(call(store.connection(id)))
      if (known === null && options.type === undefined)
        throw new UsageProblem(`there is no connection "${id}" yet`, { expected: "--type, to make it" })
      const before = known === null ? emptyConnection(id) : vault.openConnection(known)
      const connection = { ...before, ...given(options), ...(password !== undefined && { password }) }
      const { updatedAt: _at, ...kept } = { updatedAt: null, ...connection }
      const row = vault.sealConnection(kept, actorOf(options, context.env))
      if (known === null) await call(store.createConnection(row))
      else await call(store.changeConnection(row))
      const did = known === null ? "created" : "changed"
      await context.out.line(options.json === true ? JSON.stringify({ id, did }) : `${did} connection ${id}`)
      return exitCodes.success
    })
  },
})

/** `sluice connections delete`: removes a connection. */
export const connectionsDelete = defineCommand<DatabaseFlag & ActorFlag & { readonly json?: boolean }>({
  path: "connections delete",
  arguments: [idArgument],
  summary: "delete a connection",
  options: [actorOption, jsonOption, databaseUrlOption],
  examples: ["sluice connections delete crm"],
  run: (context, options, [id = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const actor = actorOf(options, context.env)
      const isGone = await call(store.deleteConnection({ connectionId: id, actor }))
      if (!isGone)
        throw new Problem(`there is no connection "${id}"`, { fix: "see `sluice connections list`" })
      await context.out.line(
        options.json === true ? JSON.stringify({ id, did: "deleted" }) : `deleted connection ${id}`,
      )
      return exitCodes.success
    }),
})

function given({
  type,
  host,
  port,
  login,
  schema,
  extra,
  description,
}: SetOptions): Partial<StoredConnection> {
  const all = { type, host, port, login, schema, extra, description }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function plainOf({ connectionId, type, description, host, port, login, schema }: ConnectionRow) {
  return { connection_id: connectionId, conn_type: type, description, host, port, login, schema }
}

function lineOf({ connectionId, type, host, port, login }: ConnectionRow): string {
  const where = `${login === null ? "" : `${login}@`}${host ?? ""}${port === null ? "" : `:${port}`}`
  return `${connectionId}  ${type}  ${where}`.trimEnd()
}
