import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"

interface DbStatusOptions extends DatabaseFlag {
  readonly json?: boolean
}

/** `sluice db status`: which database, and whether it is migrated. */
export const dbStatus = defineCommand<DbStatusOptions>({
  path: "db status",
  summary: "show which database is used and whether it is migrated",
  details: "Exit code: 0 up to date, 1 not migrated or not reachable.",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice db status", "sluice db status --json | jq .pending"],
  async run({ cwd, env, out }, options) {
    const [{ migrationStatus }, { databaseUrlOf, openEmbeddedIfThere }] = await Promise.all([
      import("@sluice/postgres"),
      import("../session.ts"),
    ])
    const url = databaseUrlOf(options, env)
    const embedded = url === undefined ? await openEmbeddedIfThere(cwd) : null
    try {
      const { applied, pending } = await migrationStatus({ url: url ?? embedded?.url ?? "" })
      const where = url === undefined ? "embedded (.sluice/postgres)" : placeOf(url)
      const state = pending.length === 0 ? "up to date" : "not migrated: run `sluice db migrate`"
      const names = { applied: applied.map(({ name }) => name), pending: pending.map(({ name }) => name) }
      if (options.json === true) await out.line(JSON.stringify({ database: where, ...names }))
      else {
        await out.line(`database  ${where}`)
        await out.line(`applied   ${names.applied.join(", ") || "nothing"}`)
        await out.line(`pending   ${names.pending.join(", ") || "nothing"}`)
        await out.line(`state     ${state}`)
      }
      return pending.length === 0 ? exitCodes.success : exitCodes.failed
    } finally {
      await embedded?.close()
    }
  },
})

/** A URL without the password. */
function placeOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return host + pathname
  } catch {
    return "DATABASE_URL"
  }
}
