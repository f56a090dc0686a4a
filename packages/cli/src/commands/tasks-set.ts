import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { limit, limitMax, type None, orNull } from "../limit-option.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface TasksSetOptions extends DatabaseFlag, ActorFlag {
  readonly concurrency?: number | None
  readonly dagConcurrency?: number | None
  readonly priority?: number
  readonly json?: boolean
}

/** `sluice tasks set`: changes a task in all unfinished runs. */
export const tasksSet = defineCommand<TasksSetOptions>({
  path: "tasks set",
  arguments: [
    { name: "<dag>", description: "the DAG's id" },
    { name: "<task>", description: "the task's id" },
  ],
  summary: "limit a task, or make it more urgent, in all unfinished runs of its DAG",
  details:
    "It counts from the next instance that starts: what runs goes on. Later runs have what the DAG file says. " +
    "`sluice maps set` changes one run alone.",
  options: [
    {
      flags: "--concurrency <n>",
      description: "instances at once in each run, or none for no limit",
      parse: limit("--concurrency", "none"),
    },
    {
      flags: "--dag-concurrency <n>",
      description: "instances at once over all runs of the DAG, or none for no limit",
      parse: limit("--dag-concurrency", "none"),
    },
    { flags: "--priority <n>", description: "larger runs first", parse: readPriority },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice tasks set users_sync upsert --dag-concurrency 8",
    "sluice tasks set users_sync upsert --priority 10",
  ],
  run: (context, options, [dagId = "", taskId = ""]) => {
    const { concurrency, dagConcurrency, priority } = options
    const change = {
      ...(concurrency !== undefined && { concurrency: orNull(concurrency) }),
      ...(dagConcurrency !== undefined && { dagConcurrency: orNull(dagConcurrency) }),
      ...(priority !== undefined && { priority }),
    }
    if (Object.keys(change).length === 0)
      throw new UsageProblem("nothing to set was given", {
        expected: "one of --concurrency, --dag-concurrency, --priority",
      })
    return withDatabase(context, options, async ({ store, call }) => {
      const { changeTask } = await import("@sluice/core/engine")
      const actor = actorOf(options, context.env)
      const runs = await call(changeTask(store, { ...change, dagId, taskId, actor }))
      await context.out.line(
        options.json === true
          ? JSON.stringify({ dag_id: dagId, task_id: taskId, runs })
          : `changed ${taskId} in ${runs} unfinished ${runs === 1 ? "run" : "runs"} of ${dagId}`,
      )
      return exitCodes.success
    })
  },
})

function readPriority(text: string): number {
  if (/^-?\d+$/.test(text) && Math.abs(Number(text)) <= limitMax) return Number(text)
  throw new UsageProblem(`--priority: "${text}" came`, {
    expected: `a whole number from -${limitMax} to ${limitMax}`,
  })
}
