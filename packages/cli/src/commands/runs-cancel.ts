import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes, Problem } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface RunsCancelOptions extends DatabaseFlag, ActorFlag {
  readonly json?: boolean
}

/** `sluice runs cancel`: ends a run by hand. */
export const runsCancel = defineCommand<RunsCancelOptions>({
  path: "runs cancel",
  arguments: [{ name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" }],
  summary: "cancel a run that has not ended",
  details: "What runs is aborted. `sluice run <file> --resume` takes it up again.",
  options: [actorOption, jsonOption, databaseUrlOption],
  examples: ["sluice runs cancel latest", "sluice runs cancel users_sync/manual__2026-11-22"],
  run: (context, options, [reference = ""]) =>
    withDatabase(context, options, async (session) => {
      const { findRun } = await import("../run/find-run.ts")
      const { store, call } = session
      const run = await findRun(session, reference)
      const isDone = await call(
        store.cancelDagRun({
          dagRunId: run.id,
          note: "cancelled by `sluice runs cancel`",
          actor: actorOf(options, context.env),
        }),
      )
      if (!isDone)
        throw new Problem(`run "${run.runId}" of DAG "${run.dagId}" has ended already (${run.state})`)
      store.wake("control")
      store.wake("run")
      const { out } = context
      await out.line(
        options.json === true
          ? JSON.stringify({ dag_id: run.dagId, run_id: run.runId, is_cancelled: true })
          : `cancelled ${run.dagId} ${run.runId}`,
      )
      return exitCodes.success
    }),
})
