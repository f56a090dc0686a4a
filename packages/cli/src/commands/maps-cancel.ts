import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { mapArguments } from "./map-arguments.ts"
import { withDatabase } from "./with-database.ts"

interface MapsCancelOptions extends DatabaseFlag, ActorFlag {
  readonly json?: boolean
}

/** `sluice maps cancel`: ends one map by hand, while its run goes on. */
export const mapsCancel = defineCommand<MapsCancelOptions>({
  path: "maps cancel",
  arguments: mapArguments,
  summary: "cancel one mapped task of a run that goes on",
  details:
    "What runs of it is aborted, its source is closed, and what follows sees a failed upstream. It does not come back, " +
    "also when its run is cancelled and resumed.",
  options: [actorOption, jsonOption, databaseUrlOption],
  examples: ["sluice maps cancel latest upsert"],
  run: (context, options, [reference = "", taskId = ""]) =>
    withDatabase(context, options, async (session) => {
      const [{ findMap }, { cancelMap }] = await Promise.all([
        import("../run/find-map.ts"),
        import("@sluice/core/engine"),
      ])
      const { run, map } = await findMap(session, reference, taskId)
      const { expansionId } = map
      await session.call(cancelMap(session.store, { expansionId, actor: actorOf(options, context.env) }))
      await context.out.line(
        options.json === true
          ? JSON.stringify({ dag_id: run.dagId, run_id: run.runId, task_id: taskId, is_cancelled: true })
          : `cancelled ${taskId} of ${run.dagId} ${run.runId}`,
      )
      return exitCodes.success
    }),
})
