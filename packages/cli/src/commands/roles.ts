import type { RoleRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface RolesOptions extends DatabaseFlag {
  readonly json?: boolean
}

/** The most roles that are listed: the ones heard of last. */
const rolesMax = 1_000

/** `sluice roles`: who works on this database, and whether they live. */
export const roles = defineCommand<RolesOptions>({
  path: "roles",
  summary: "list the processes that work on this database, and whether they live",
  details:
    "A process says every few seconds that it is alive. One that has been silent for too long counts as dead: what it held\n" +
    "goes to others at once, and its roles are shown for another hour.",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice roles", "sluice roles --json | jq 'select(.health != \"alive\")'"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { out } = context
      const rows = await call(store.listRoles({ limit: rolesMax }))
      if (options.json === true) {
        for (const row of rows) await out.line(JSON.stringify(roleJson(row)))
        return exitCodes.success
      }
      const { tableLines } = await import("../view/table.ts")
      const [titles = "", ...lines] = tableLines(columns, rows)
      await out.line(out.style("dim", titles))
      for (const line of lines) await out.line(line)
      return exitCodes.success
    }),
})

const columns = [
  { title: "role", cell: (row: RoleRow) => row.role },
  { title: "health", cell: healthOf },
  { title: "heard of", align: "right", cell: (row: RoleRow) => `${Math.round(row.silentMs / 1000)} s ago` },
  { title: "engine", cell: (row: RoleRow) => row.engine },
  { title: "host", cell: (row: RoleRow) => row.hostname },
  { title: "process", align: "right", cell: (row: RoleRow) => String(row.pid) },
  { title: "since", cell: (row: RoleRow) => row.startedAt.toISOString() },
] as const

/** `silent`: too long without a heartbeat, and no rescuer has noticed it yet. */
function healthOf(row: RoleRow): "alive" | "silent" | "dead" {
  if (row.isAlive) return "alive"
  return row.diedAt === null ? "silent" : "dead"
}

function roleJson(row: RoleRow) {
  return {
    id: row.id,
    role: row.role,
    health: healthOf(row),
    engine: row.engine,
    hostname: row.hostname,
    pid: row.pid,
    started_at: row.startedAt,
    heartbeat_at: row.heartbeatAt,
    silent_ms: Math.round(row.silentMs),
    died_at: row.diedAt,
    info: row.info,
  }
}
