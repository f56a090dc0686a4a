import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { readJsonObject } from "../json-object.ts"
import { withDatabase } from "./with-database.ts"

interface DagsTriggerOptions extends DatabaseFlag {
  readonly conf?: string
  readonly runId?: string
  readonly json?: boolean
}

/** `sluice dags trigger`: makes a run, for the engines that work on this database. */
export const dagsTrigger = defineCommand<DagsTriggerOptions>({
  path: "dags trigger",
  arguments: [{ name: "<dag>", description: "the DAG's id" }],
  summary: "make a run of a stored DAG, for the engines to work on",
  details:
    "The newest version of the DAG is run. Nothing runs before an engine does: `sluice dev`, or `sluice engine`.",
  options: [
    { flags: "--conf <json>", description: "the run's params: JSON, or @file.json" },
    { flags: "--run-id <id>", description: "the run's id (default: manual__<time>)" },
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice dags trigger users_sync",
    'sluice dags trigger users_sync --conf \'{"since": "2026-01-01"}\'',
  ],
  run: (context, options, [dagId = ""]) =>
    withDatabase(context, options, async (session) => {
      const { store, call } = session
      const { parseWait } = await import("../run/parse-wait.ts")
      const { requestRun } = await import("@sluice/core/engine")
      const { runJson } = await import("../view/json-view.ts")
      const run = await call(
        requestRun(store, {
          dagId,
          runId: options.runId,
          conf: readJsonObject(context, "--conf", options.conf),
          triggeredBy: "cli",
        }),
      )
      store.wake("due")
      const waits = await parseWait(session, run)
      await context.out.line(
        options.json === true
          ? JSON.stringify(runJson(run))
          : `${run.runId} of DAG ${run.dagId} is ${run.state}${waits === null ? "" : `: it ${waits}`}`,
      )
      return exitCodes.success
    }),
})
