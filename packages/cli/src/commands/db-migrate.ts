import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"

interface DbMigrateOptions extends DatabaseFlag {
  readonly json?: boolean
}

/** `sluice db migrate`: brings a database to the shape this version needs. */
export const dbMigrate = defineCommand<DbMigrateOptions>({
  path: "db migrate",
  summary: "bring the database to the shape this version needs",
  details:
    "Safe to repeat, and to run from many places at once. The embedded database is migrated by itself.",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice db migrate", "sluice db migrate --database-url postgres://me@localhost/sluice"],
  async run({ cwd, env, out }, options) {
    const [{ migrate, openDatabase }, { databaseUrlOf }] = await Promise.all([
      import("@sluice/postgres"),
      import("../session.ts"),
    ])
    const url = databaseUrlOf(options, env)
    // An embedded one is migrated as it is opened.
    const applied = url === undefined ? [] : await migrate({ url })
    const database = await openDatabase({ url, projectDir: cwd, migrate: true })
    await database.close()
    const names = applied.map((migration) => migration.name)
    if (options.json === true) await out.line(JSON.stringify({ applied: names }))
    else if (url === undefined) await out.line("the embedded database is up to date")
    else await out.line(names.length === 0 ? "nothing to do: up to date" : `applied ${names.join(", ")}`)
    return exitCodes.success
  },
})
