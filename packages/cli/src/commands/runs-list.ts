import type { DagRunRow } from "@sluice/core/store"
import { dagRunTransitions, type DagRunState } from "@sluice/core/state"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, oneOfRepeatable, wholeNumber } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { seconds } from "../view/numbers.ts"
import { runStateText } from "../view/run-state.ts"
import { rowOf } from "../view/table.ts"
import { withDatabase } from "./with-database.ts"

interface RunsListOptions extends DatabaseFlag {
  readonly dag?: string
  readonly state?: readonly DagRunState[]
  readonly limit: number
  readonly json?: boolean
}

const states = Object.keys(dagRunTransitions) as DagRunState[]
const runsPerRead = 200

/** `sluice runs list`: the newest runs first. */
export const runsList = defineCommand<RunsListOptions>({
  path: "runs list",
  summary: "list runs, newest first",
  options: [
    { flags: "--dag <id>", description: "only runs of this DAG" },
    {
      flags: "--state <state>",
      description: `only runs in this state (repeatable): ${states.join(", ")}`,
      parse: oneOfRepeatable("--state", states),
    },
    { flags: "--limit <n>", description: "how many at most", parse: wholeNumber("--limit", 1), default: 20 },
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice runs list",
    "sluice runs list --dag users_sync --state failed --limit 100",
    "sluice runs list --json | jq -r .run_id",
  ],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { runJson } = await import("../view/json-view.ts")
      const { out } = context
      let before: string | undefined
      let left = options.limit
      if (options.json !== true) await out.line(out.style("dim", runLine(titles)))
      while (left > 0 && !out.isClosed) {
        const limit = Math.min(left, runsPerRead)
        const runs: readonly DagRunRow[] = await call(
          store.listDagRuns({
            limit,
            ...(options.dag !== undefined && { dagId: options.dag }),
            ...(options.state !== undefined && { states: options.state }),
            ...(before !== undefined && { before }),
          }),
        )
        for (const run of runs)
          await out.line(options.json === true ? JSON.stringify(runJson(run)) : runLine(cellsOf(run)))
        before = runs.at(-1)?.id
        left -= runs.length
        if (runs.length < limit) break
      }
      return exitCodes.success
    }),
})

const titles = ["dag", "run", "state", "queued", "took", "note"] as const

function cellsOf(run: DagRunRow): string[] {
  const took =
    run.endedAt === null ? "" : seconds(run.endedAt.getTime() - (run.startedAt ?? run.queuedAt).getTime())
  return [run.dagId, run.runId, runStateText(run), run.queuedAt.toISOString(), took, run.note ?? ""]
}

const runLine = rowOf([16, 34, 9, 24, 12, 0])
