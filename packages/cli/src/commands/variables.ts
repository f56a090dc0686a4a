import type { VariableRow } from "@sluice/core/store"
import { variableKeyLengthMax } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes, Problem, UsageProblem } from "../problem.ts"
import { readEntered } from "../read-entered.ts"
import { withDatabase } from "./with-database.ts"

const keyArgument = { name: "<key>", description: "the variable's name" }
const rowsPerRead = 200

/** `sluice variables list`: names and descriptions, never values. */
export const variablesList = defineCommand<DatabaseFlag & { readonly json?: boolean }>({
  path: "variables list",
  summary: "list variables, without their values",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice variables list", "sluice variables list --json | jq -r .key"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { out } = context
      for (let skip = 0; !out.isClosed; skip += rowsPerRead) {
        const page = { orderBy: [], skip, limit: rowsPerRead }
        const { rows }: { rows: readonly VariableRow[] } = await call(store.searchVariables(page))
        for (const { key, description, updatedAt } of rows)
          await out.line(
            options.json === true
              ? JSON.stringify({ key, description, updated_at: updatedAt })
              : [key, description].filter((part) => part !== null).join("  "),
          )
        if (rows.length < rowsPerRead) break
      }
      return exitCodes.success
    }),
})

/** `sluice variables get`: one value, in the clear. */
export const variablesGet = defineCommand<DatabaseFlag & { readonly json?: boolean }>({
  path: "variables get",
  arguments: [keyArgument],
  summary: "print the value of a variable",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice variables get region", "sluice variables get warehouse | jq ."],
  run: (context, options, [key = ""]) =>
    withDatabase(context, options, async ({ store, vault, call }) => {
      const { value, description } = vault.openVariable(await call(store.variable(key)))
      await context.out.line(options.json === true ? JSON.stringify({ key, value, description }) : value)
      return exitCodes.success
    }),
})

interface SetOptions extends DatabaseFlag, ActorFlag {
  readonly description?: string
  readonly stdin?: boolean
  readonly json?: boolean
}

/** `sluice variables set`: makes a variable, or changes it. */
export const variablesSet = defineCommand<SetOptions>({
  path: "variables set",
  arguments: [keyArgument, { name: "[value]", description: "its value; with --stdin it is read from there" }],
  summary: "make a variable, or change it",
  details:
    "The value is stored encrypted, with SLUICE_SECRET_KEY or, beside an embedded database, with a key of the project. " +
    "Tasks read it with ctx.variable(key). A name with password, token, secret and the like hides the value in answers and logs.",
  options: [
    { flags: "--description <text>", description: "what it is for (default: as it was)" },
    { flags: "--stdin", description: "read the value from standard input: arguments are seen by others" },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice variables set region eu-west-1", "sluice variables set api_token --stdin < token.txt"],
  async run(context, options, [given = "", value]) {
    const key = readKey(given)
    if ((value === undefined) !== (options.stdin === true))
      throw new UsageProblem("a value came twice, or not at all", { expected: "a value, or --stdin" })
    const text = value ?? (await readEntered())
    return withDatabase(context, options, async ({ store, vault, call }) => {
      const { orNull } = await import("../run/or-null.ts")
      const known = await orNull(call(store.variable(key)))
      const description = options.description ?? known?.description ?? null
      const row = vault.sealVariable({ key, value: text, description }, actorOf(options, context.env))
      if (known === null) await call(store.createVariable(row))
      else await call(store.changeVariable(row))
      const did = known === null ? "created" : "changed"
      await context.out.line(options.json === true ? JSON.stringify({ key, did }) : `${did} variable ${key}`)
      return exitCodes.success
    })
  },
})

/** `sluice variables delete`: removes a variable. */
export const variablesDelete = defineCommand<DatabaseFlag & ActorFlag & { readonly json?: boolean }>({
  path: "variables delete",
  arguments: [keyArgument],
  summary: "delete a variable",
  options: [actorOption, jsonOption, databaseUrlOption],
  examples: ["sluice variables delete region"],
  run: (context, options, [key = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const isGone = await call(store.deleteVariable({ key, actor: actorOf(options, context.env) }))
      if (!isGone) throw new Problem(`there is no variable "${key}"`, { fix: "see `sluice variables list`" })
      await context.out.line(
        options.json === true ? JSON.stringify({ key, did: "deleted" }) : `deleted variable ${key}`,
      )
      return exitCodes.success
    }),
})

function readKey(key: string): string {
  if (key.length >= 1 && key.length <= variableKeyLengthMax && !/\p{Cc}/u.test(key)) return key
  throw new UsageProblem(`"${key}" cannot be the name of a variable`, {
    expected: `1 to ${variableKeyLengthMax} characters, none of them a control character`,
  })
}
