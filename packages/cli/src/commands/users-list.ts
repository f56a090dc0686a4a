import type { UserRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { rowOf } from "../view/table.ts"
import { withDatabase } from "./with-database.ts"

interface UsersListOptions extends DatabaseFlag {
  readonly json?: boolean
}

const usersPerRead = 200

/** `sluice users list`: who may sign in. */
export const usersList = defineCommand<UsersListOptions>({
  path: "users list",
  summary: "list who may sign in to the API",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice users list", "sluice users list --json | jq -r .username"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { out } = context
      if (options.json !== true) await out.line(out.style("dim", lineOf(["user", "role", "since"])))
      for (let after: string | null = null; !out.isClosed;) {
        const users: readonly UserRow[] = await call(store.listUsers({ after, limit: usersPerRead }))
        for (const { username, role, createdAt } of users)
          await out.line(
            options.json === true
              ? JSON.stringify({ username, role, created_at: createdAt })
              : lineOf([username, role, createdAt.toISOString()]),
          )
        const last = users.at(-1)
        if (last === undefined || users.length < usersPerRead) break
        after = last.username
      }
      return exitCodes.success
    }),
})

const lineOf = rowOf([32, 8, 0])
