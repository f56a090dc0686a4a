import { defineCommand } from "../command.ts"
import { readJsonObject } from "../json-object.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { UsageProblem } from "../problem.ts"

interface RunOptions extends DatabaseFlag {
  readonly dag?: string
  readonly conf?: string
  readonly runId?: string
  readonly resume?: boolean
  readonly json?: boolean
}

/** `sluice run`: runs one DagRun to its end. */
export const run = defineCommand<RunOptions>({
  path: "run",
  arguments: [{ name: "<file>", description: "the DAG file" }],
  summary: "run a DAG once, to its end, and show it live",
  details:
    "Starts all roles of the engine in this process. Without a database it starts an embedded Postgres in .sluice.\n" +
    "Ctrl-C cancels the run; a second one stops at once. Either way --resume goes on where it stood.\n" +
    "Exit code: 0 success, 1 failed, 2 the command or the file is wrong, 130 cancelled.",
  options: [
    { flags: "--dag <id>", description: "which DAG, where the file defines several" },
    { flags: "--conf <json>", description: "the run's params: JSON, or @file.json" },
    { flags: "--run-id <id>", description: "the run's id (default: manual__<time>)" },
    { flags: "--resume", description: "go on with the newest run that is unfinished or was cancelled" },
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice run dags/users.ts",
    'sluice run dags/users.ts --conf \'{"since": "2026-01-01"}\'',
    "sluice run dags/users.ts --resume",
    "sluice run dags/users.ts --json | tail -1 | jq .tasks",
  ],
  async run(context, options, [file = ""]) {
    const conf = readJsonObject(context, "--conf", options.conf)
    if (options.resume === true && options.conf !== undefined)
      throw new UsageProblem("--conf came with --resume", {
        expected: "one of them: a run keeps the params it started with",
      })
    const [{ exitCodeOf, runAndShow }, { databaseUrlOf }] = await Promise.all([
      import("../run/run-and-show.ts"),
      import("../session.ts"),
    ])
    const result = await runAndShow(context, {
      session: {
        projectDir: context.cwd,
        databaseUrl: databaseUrlOf(options, context.env),
        applicationName: "sluice run",
      },
      file,
      dagId: options.dag,
      conf,
      runId: options.runId,
      resume: options.resume === true,
      json: options.json === true,
    })
    return exitCodeOf(result)
  },
})
