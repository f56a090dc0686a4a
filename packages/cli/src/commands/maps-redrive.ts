import { redrivableStates, type RedrivableState } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import {
  databaseUrlOption,
  type DatabaseFlag,
  indexRange,
  type IndexRange,
  jsonOption,
  oneOfRepeatable,
} from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface MapsRedriveOptions extends DatabaseFlag, ActorFlag {
  readonly state?: readonly RedrivableState[]
  readonly index?: IndexRange
  readonly key?: string
  readonly error?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `sluice maps redrive`: runs failed instances of a task again, and what is downstream of them. */
export const mapsRedrive = defineCommand<MapsRedriveOptions>({
  path: "maps redrive",
  arguments: [
    { name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" },
    { name: "<task>", description: "the task's id" },
  ],
  summary: "run failed instances again, and what is downstream of them",
  details:
    "The source is not touched: each instance runs on the input it had, with its retries anew, and the old attempt stays " +
    "in the history. Tasks that wait for the whole begin anew. A run that had ended is running again: " +
    "`sluice run <file> --resume` takes it to its end.",
  options: [
    {
      flags: "--state <state>",
      description: `which have ended so (repeatable): ${redrivableStates.join(", ")} (default: failed)`,
      parse: oneOfRepeatable("--state", redrivableStates),
    },
    { flags: "--index <n|from-to>", description: "only these map indexes", parse: indexRange("--index") },
    { flags: "--key <key>", description: "only the instance of the item with this key" },
    { flags: "--error <type>", description: "only those that failed with an error of this type: TypeError" },
    { flags: "--dry-run", description: "say what would run again, and do nothing" },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice maps redrive latest upsert --dry-run",
    "sluice maps redrive latest upsert",
    "sluice maps redrive latest upsert --error TimeoutError --index 1000-1999",
  ],
  run: (context, options, [reference = "", taskId = ""]) =>
    withDatabase(context, options, async (session) => {
      const [{ findRun }, { runAgain, tellRunAgain }] = await Promise.all([
        import("../run/find-run.ts"),
        import("../run/run-again.ts"),
      ])
      const { index, key, error } = options
      const run = await findRun(session, reference)
      const report = await runAgain(session, run, {
        taskId,
        select: {
          states: options.state ?? ["failed"],
          ...(index !== undefined && { fromIndex: index.from, toIndex: index.to }),
          ...(key !== undefined && { key }),
          ...(error !== undefined && { errorType: error }),
        },
        downstream: true,
        isDryRun: options.dryRun === true,
        actor: actorOf(options, context.env),
        event: "redriven",
      })
      await tellRunAgain(context.out, run, [report], {
        isDryRun: options.dryRun === true,
        advice: "nothing was done: say it again without --dry-run",
        isJson: options.json === true,
      })
      return exitCodes.success
    }),
})
