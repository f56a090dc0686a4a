import type { BackfillRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface BackfillListOptions extends DatabaseFlag {
  readonly dag?: string
  readonly limit: number
  readonly json?: boolean
}

const backfillsPerRead = 200

/** `sluice backfill list`: backfills, newest first. */
export const backfillList = defineCommand<BackfillListOptions>({
  path: "backfill list",
  summary: "list backfills, newest first, with how far they are",
  options: [
    { flags: "--dag <id>", description: "only those of this DAG" },
    { flags: "--limit <n>", description: "how many at most", parse: wholeNumber("--limit", 1), default: 20 },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice backfill list", "sluice backfill list --dag users_sync --json"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { backfillJson, backfillProgress, backfillState } = await import("../view/dag-view.ts")
      const { out } = context
      let before: string | null = null
      for (let left = options.limit; left > 0 && !out.isClosed;) {
        const limit = Math.min(left, backfillsPerRead)
        const of = options.dag === undefined ? {} : { dagId: options.dag }
        const backfills: readonly BackfillRow[] = await call(store.listBackfills({ ...of, before, limit }))
        for (const one of backfills) {
          const text = `${one.id}  ${one.dagId}  ${backfillState(one)}  ${backfillProgress(one)}`
          await out.line(options.json === true ? JSON.stringify(backfillJson(one)) : text)
        }
        before = backfills.at(-1)?.id ?? null
        left -= backfills.length
        if (backfills.length < limit) break
      }
      return exitCodes.success
    }),
})
