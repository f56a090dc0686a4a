import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { countOf } from "../view/numbers.ts"
import { withDatabase } from "./with-database.ts"

interface DagsDeleteOptions extends DatabaseFlag, ActorFlag {
  readonly yes?: boolean
  readonly json?: boolean
}

/** `sluice dags delete`: deletes a DAG with all its runs. */
export const dagsDelete = defineCommand<DagsDeleteOptions>({
  path: "dags delete",
  arguments: [{ name: "<dag>", description: "the DAG's id" }],
  summary: "delete a DAG with its runs and versions",
  details:
    "Says what would go, and does it with --yes. A DAG with unfinished runs is not deleted: cancel them first. While its file defines\n" +
    "it, it comes back as a new DAG. The pruner (in `sluice dev`, `sluice run`, `sluice engine`) removes its runs.",
  options: [{ flags: "--yes", description: "do it" }, actorOption, jsonOption, databaseUrlOption],
  examples: ["sluice dags delete users_sync", "sluice dags delete users_sync --yes"],
  run: (context, options, [dagId = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      await call(store.dagSummary(dagId))
      const states = await call(store.countRunsByState({ dagIds: [dagId] }))
      const { total: versions } = await call(
        store.listDagVersions({ dagId, isNewestFirst: true, skip: 0, limit: 1 }),
      )
      const runs = states.reduce((sum, { count }) => sum + count, 0)
      const isDone = options.yes === true
      if (isDone) {
        await call(store.deleteDag({ dagId, actor: actorOf(options, context.env) }))
        for (const topic of ["prune", "plan"] as const) store.wake(topic)
      }
      await context.out.line(
        options.json === true
          ? JSON.stringify({ dag_id: dagId, runs, versions, is_deleted: isDone })
          : `${isDone ? "deleted" : "would delete"} DAG ${dagId} with ${countOf(runs, "run")} and ${countOf(versions, "version")}` +
              (isDone ? "" : "; nothing was done: say it again with --yes"),
      )
      return exitCodes.success
    }),
})
