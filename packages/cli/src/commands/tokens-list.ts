import type { ApiTokenRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { rowOf } from "../view/table.ts"
import { withDatabase } from "./with-database.ts"

interface TokensListOptions extends DatabaseFlag {
  readonly json?: boolean
}

const tokensPerRead = 200

/** `sluice tokens list`: the tokens of programs, without the tokens themselves. */
export const tokensList = defineCommand<TokensListOptions>({
  path: "tokens list",
  summary: "list the tokens of programs",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice tokens list", "sluice tokens list --json | jq -r .name"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { out } = context
      const titles = ["token", "role", "made by", "made", "expires"]
      if (options.json !== true) await out.line(out.style("dim", lineOf(titles)))
      for (let after: string | null = null; !out.isClosed;) {
        const tokens: readonly ApiTokenRow[] = await call(
          store.listApiTokens({ after, limit: tokensPerRead }),
        )
        for (const token of tokens)
          await out.line(options.json === true ? JSON.stringify(jsonOf(token)) : lineOf(cellsOf(token)))
        const last = tokens.at(-1)
        if (last === undefined || tokens.length < tokensPerRead) break
        after = last.name
      }
      return exitCodes.success
    }),
})

function jsonOf({ name, role, createdBy, createdAt, expiresAt }: ApiTokenRow) {
  return { name, role, created_by: createdBy, created_at: createdAt, expires_at: expiresAt }
}

function cellsOf({ name, role, createdBy, createdAt, expiresAt }: ApiTokenRow): string[] {
  return [name, role, createdBy, createdAt.toISOString(), expiresAt?.toISOString() ?? "never"]
}

const lineOf = rowOf([32, 8, 24, 24, 0])
