import type { DagRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { rowOf } from "../view/table.ts"
import { withDatabase } from "./with-database.ts"

interface DagsListOptions extends DatabaseFlag {
  readonly json?: boolean
}

const dagsPerRead = 200

/** `sluice dags list`: every DAG, by its id. */
export const dagsList = defineCommand<DagsListOptions>({
  path: "dags list",
  summary: "list DAGs with their schedules and what of them runs",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice dags list", "sluice dags list --json | jq -r 'select(.is_paused) | .dag_id'"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { dagJson } = await import("../view/dag-view.ts")
      const { out } = context
      if (options.json !== true) await out.line(out.style("dim", dagLine(titles)))
      for (let after: string | null = null; !out.isClosed;) {
        const dags: readonly DagRow[] = await call(store.listDags({ after, limit: dagsPerRead }))
        for (const dag of dags)
          await out.line(options.json === true ? JSON.stringify(dagJson(dag)) : dagLine(cellsOf(dag)))
        after = dags.at(-1)?.dagId ?? null
        if (dags.length < dagsPerRead) break
      }
      return exitCodes.success
    }),
})

const titles = ["dag", "schedule", "state", "queued", "running", "next run"]

const dagLine = rowOf([24, 24, 8, 6, 7, 0])

function cellsOf(dag: DagRow): string[] {
  const state = dag.isStale ? "stale" : dag.isPaused ? "paused" : "active"
  const next = dag.isPaused || dag.isStale ? null : dag.nextRun
  const counts = [String(dag.queuedRuns), String(dag.runningRuns)]
  return [dag.dagId, dag.schedule ?? "", state, ...counts, next?.runAt.toISOString() ?? ""]
}
