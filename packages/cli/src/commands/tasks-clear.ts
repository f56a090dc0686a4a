import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, indexRange, type IndexRange, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface TasksClearOptions extends DatabaseFlag, ActorFlag {
  readonly index?: IndexRange
  readonly onlyFailed?: boolean
  /** False with `--no-downstream`. */
  readonly downstream?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** `sluice tasks clear`: runs a task again, mapped or not, with what is downstream of it. */
export const tasksClear = defineCommand<TasksClearOptions>({
  path: "tasks clear",
  arguments: [
    { name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" },
    { name: "<task>", description: "the task's id" },
  ],
  summary: "run a task again on the inputs it has, and what is downstream of it",
  details:
    "Says what would run, and does it with --yes. Old attempts stay in the history. A map that reads a task which is cleared " +
    "whole begins anew, and so does what waits for its end, with the sources that such a map pulls itself; of some indexes, " +
    "the instances that follow run again. A source cannot be cleared. `sluice run <file> --resume` takes the run to its end.",
  options: [
    { flags: "--index <n|from-to>", description: "only these map indexes", parse: indexRange("--index") },
    { flags: "--only-failed", description: "only instances that failed" },
    { flags: "--no-downstream", description: "leave what is downstream as it is" },
    { flags: "--yes", description: "do it" },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice tasks clear latest report --yes", "sluice tasks clear latest upsert --index 0-99"],
  run: (context, options, [reference = "", taskId = ""]) =>
    withDatabase(context, options, async (session) => {
      const [{ findRun }, { clearTasks, tellRunAgain }] = await Promise.all([
        import("../run/find-run.ts"),
        import("../run/run-again.ts"),
      ])
      const { index } = options
      const run = await findRun(session, reference)
      const isDryRun = options.yes !== true
      const reports = await clearTasks(session, run, {
        tasks: [{ taskId, ...(index !== undefined && { indexes: index }) }],
        onlyFailed: options.onlyFailed === true,
        downstream: options.downstream !== false,
        isDryRun,
        actor: actorOf(options, context.env),
      })
      await tellRunAgain(context.out, run, reports, {
        isDryRun,
        advice: "nothing was done: say it again with --yes",
        isJson: options.json === true,
      })
      return exitCodes.success
    }),
})
