import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { limit, orNull } from "../limit-option.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

/** What the newest version of the DAG says. */
type AsInFile = "file"

interface DagsSetOptions extends DatabaseFlag, ActorFlag {
  readonly maxActiveRuns?: number | AsInFile
  readonly maxActiveTasks?: number | AsInFile
  readonly json?: boolean
}

/** `sluice dags set`: limits of a DAG, whatever its file says. */
export const dagsSet = defineCommand<DagsSetOptions>({
  path: "dags set",
  arguments: [{ name: "<dag>", description: "the DAG's id" }],
  summary: "limit a DAG's runs, or what runs of each, whatever its file says",
  details:
    "It counts at once, for the runs that are there and for all that come, also when the file changes; `file` gives a limit " +
    "back to what the file says. What runs goes on to its end.",
  options: [
    {
      flags: "--max-active-runs <n>",
      description: "runs at once, backfills aside; or file",
      parse: limit("--max-active-runs", "file"),
    },
    {
      flags: "--max-active-tasks <n>",
      description: "instances of one run at once, of all its tasks; or file",
      parse: limit("--max-active-tasks", "file"),
    },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice dags set users_sync --max-active-runs 2",
    "sluice dags set users_sync --max-active-tasks file",
  ],
  run: (context, options, [dagId = ""]) => {
    const { maxActiveRuns: runs, maxActiveTasks: tasks } = options
    if (runs === undefined && tasks === undefined)
      throw new UsageProblem("nothing to set was given", {
        expected: "one of --max-active-runs, --max-active-tasks",
      })
    return withDatabase(context, options, async ({ store, call }) => {
      const { setDagLimits } = await import("@sluice/core/engine")
      const dag = await call(
        setDagLimits(store, {
          dagId,
          actor: actorOf(options, context.env),
          ...(runs !== undefined && { maxActiveRuns: orNull(runs) }),
          ...(tasks !== undefined && { maxActiveTasks: orNull(tasks) }),
        }),
      )
      const { maxActiveRuns, maxActiveTasks } = dag
      await context.out.line(
        options.json === true
          ? JSON.stringify({
              dag_id: dagId,
              max_active_runs: maxActiveRuns,
              max_active_tasks: maxActiveTasks,
            })
          : `DAG ${dagId}: at most ${maxActiveRuns} runs at once, ${maxActiveTasks === null ? "no limit on the instances" : `at most ${maxActiveTasks} instances`} of each`,
      )
      return exitCodes.success
    })
  },
})
