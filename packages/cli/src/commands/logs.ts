import type { ExpansionView, LogRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import type { Output } from "../output.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import type { Session } from "../session.ts"
import { instanceName } from "../view/instance-name.ts"
import { withDatabase } from "./with-database.ts"

interface LogsOptions extends DatabaseFlag {
  readonly index?: number
  readonly key?: string
  readonly follow?: boolean
  readonly json?: boolean
}

/** How long `--follow` waits before it looks again. */
const followEveryMs = 500

/** `sluice logs`: what tasks have logged, oldest first. */
export const logs = defineCommand<LogsOptions>({
  path: "logs",
  arguments: [
    { name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" },
    { name: "[task]", description: "only lines of this task" },
  ],
  summary: "print what the tasks of a run have logged",
  options: [
    {
      flags: "--index <n>",
      description: "only this instance of a mapped task",
      parse: wholeNumber("--index", 0),
    },
    { flags: "--key <key>", description: "only the instance of the item with this key" },
    { flags: "-f, --follow", description: "go on until the run has ended" },
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice logs latest",
    "sluice logs latest upsert --index 12",
    "sluice logs latest upsert --key user-17",
    "sluice logs latest --follow | grep -i error",
  ],
  run: (context, options, [reference = "", taskId]) =>
    withDatabase(context, options, async (session) => {
      if (options.index !== undefined && taskId === undefined)
        throw new UsageProblem("--index came without a task", {
          expected: "sluice logs <run> <task> --index <n>",
        })
      if (options.key !== undefined && (taskId === undefined || options.index !== undefined))
        throw new UsageProblem(`--key came ${taskId === undefined ? "without a task" : "with --index"}`, {
          expected: "sluice logs <run> <task> --key <key>",
        })
      const [{ findRun }, { findTask }, { indexByKey }, { LogReader }, { isEnded }] = await Promise.all([
        import("../run/find-run.ts"),
        import("../run/find-task.ts"),
        import("../run/find-by-key.ts"),
        import("../run/log-reader.ts"),
        import("../run/watch-run.ts"),
      ])
      const run = await findRun(session, reference)
      const tasks =
        taskId === undefined
          ? await session.call(session.store.expansionsOfRun(run.id))
          : [await findTask(session, run, taskId)]
      const [task] = tasks
      const index =
        options.key === undefined || task === undefined
          ? options.index
          : await indexByKey(session, task, options.key)
      const reader = new LogReader(session, tasks, index)
      const print = (task: ExpansionView, row: LogRow) =>
        context.out.line(
          options.json === true ? JSON.stringify(jsonOf(task, row)) : lineOf(context.out, task, row),
        )
      for (;;) {
        // Asked before reading: what was logged until the end is read after it.
        const isOver = options.follow !== true || (await hasEnded(session, run.id, isEnded))
        for await (const { task, row } of reader.read()) {
          if (context.out.isClosed) return exitCodes.success
          await print(task, row)
        }
        if (isOver || context.out.isClosed) return exitCodes.success
        await new Promise((resolve) => setTimeout(resolve, followEveryMs))
      }
    }),
})

async function hasEnded(
  { store, call }: Session,
  dagRunId: string,
  isEnded: (run: { state: "queued" | "running" | "success" | "failed" }) => boolean,
): Promise<boolean> {
  return isEnded(await call(store.dagRunById(dagRunId)))
}

const levelStyles = { debug: "dim", info: "cyan", warning: "yellow", error: "red" } as const

function lineOf({ style }: Output, { taskId }: ExpansionView, row: LogRow): string {
  const fields = row.fields === null ? "" : ` ${JSON.stringify(row.fields)}`
  const tries = row.tryNumber > 1 ? ` try ${row.tryNumber}` : ""
  const at = style("dim", new Date(row.at).toISOString())
  const level = style(levelStyles[row.level], row.level.toUpperCase().padEnd(7))
  return `${at}  ${level}  ${instanceName(taskId, row.mapIndex)}${tries}  ${row.message}${fields}`
}

function jsonOf({ taskId }: ExpansionView, row: LogRow) {
  return {
    at: new Date(row.at).toISOString(),
    level: row.level,
    task_id: taskId,
    map_index: row.mapIndex,
    try_number: row.tryNumber,
    message: row.message,
    fields: row.fields,
  }
}
