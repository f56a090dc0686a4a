import type { BackfillDateRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { backfillIdOf, databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

const datesPerRead = 500

/** `sluice backfill show`: one backfill with its dates. */
export const backfillShow = defineCommand<DatabaseFlag & { readonly json?: boolean }>({
  path: "backfill show",
  arguments: [{ name: "<backfill>", description: "its number, as `backfill list` shows it" }],
  summary: "show how far a backfill is, and what became of each date",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice backfill show 3", "sluice backfill show 3 --json | tail -n +2 | jq -r .refusal"],
  run: (context, options, [id = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { backfillJson, backfillProgress, backfillState } = await import("../view/dag-view.ts")
      const { out } = context
      const backfill = await call(store.backfill(backfillIdOf(id)))
      const text = `backfill ${id} of DAG ${backfill.dagId} is ${backfillState(backfill)}\n${backfillProgress(backfill)}`
      await out.line(options.json === true ? JSON.stringify(backfillJson(backfill)) : text)
      for (let after = -1; !out.isClosed;) {
        const dates: readonly BackfillDateRow[] = await call(
          store.listBackfillDates({ backfillId: id, after, limit: datesPerRead }),
        )
        for (const date of dates)
          await out.line(options.json === true ? JSON.stringify(dateJson(date)) : dateText(date))
        after = dates.at(-1)?.ordinal ?? after
        if (dates.length < datesPerRead) break
      }
      return exitCodes.success
    }),
})

function dateJson({ logicalDate, dagRunId, refusal }: BackfillDateRow) {
  return { logical_date: logicalDate.toISOString(), dag_run: dagRunId, refusal }
}

function dateText({ logicalDate, dagRunId, refusal }: BackfillDateRow): string {
  const fate = dagRunId !== null ? `run ${dagRunId}` : refusal !== null ? `no run: ${refusal}` : "not made"
  return `${logicalDate.toISOString()}  ${fate}`
}
