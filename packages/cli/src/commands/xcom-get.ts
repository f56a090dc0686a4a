import type { ExpansionView } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, wholeNumber } from "../options.ts"
import { exitCodes, Problem, UsageProblem } from "../problem.ts"
import { instanceName } from "../view/instance-name.ts"
import { withDatabase } from "./with-database.ts"

interface XComGetOptions extends DatabaseFlag {
  readonly index?: number
  readonly itemKey?: string
  readonly key: string
  readonly json?: boolean
}

/** `sluice xcom get`: a value that a task instance left. */
export const xcomGet = defineCommand<XComGetOptions>({
  path: "xcom get",
  arguments: [
    { name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" },
    { name: "<task>", description: "the task's id" },
  ],
  summary: "print what a task instance returned, or pushed under a key",
  details: "Prints JSON. Dates and bigints come as text, maps as pairs, sets as lists, bytes as base64.",
  options: [
    {
      flags: "--index <n>",
      description: "which instance of a mapped task",
      parse: wholeNumber("--index", 0),
    },
    { flags: "--item-key <key>", description: "the instance of the item with this key" },
    { flags: "--key <key>", description: "what it was pushed under", default: "return_value" },
    { flags: "--json", description: "print it in one line, with where it came from" },
    databaseUrlOption,
  ],
  examples: ["sluice xcom get latest report", "sluice xcom get latest upsert --index 12 --key etag"],
  run: (context, options, [reference = "", taskId = ""]) =>
    withDatabase(context, options, async (session) => {
      if (options.itemKey !== undefined && options.index !== undefined)
        throw new UsageProblem("--item-key came with --index", { expected: "one of them" })
      const [{ findRun }, { findTask }, { indexByKey }, { readableValue }, { orNull }] = await Promise.all([
        import("../run/find-run.ts"),
        import("../run/find-task.ts"),
        import("../run/find-by-key.ts"),
        import("../view/readable-value.ts"),
        import("../run/or-null.ts"),
      ])
      const run = await findRun(session, reference)
      const task = await findTask(session, run, taskId)
      const mapIndex =
        options.itemKey === undefined
          ? indexOf(task, options.index)
          : await indexByKey(session, task, options.itemKey)
      const { key } = options
      const found = session.store.xcom({ expansionId: task.expansionId, mapIndex, key })
      const encoded = await orNull(session.call(found))
      if (encoded === null) {
        const what = key === "return_value" ? "no result" : `no XCom "${key}"`
        throw new Problem(
          `${instanceName(taskId, mapIndex)} of run "${run.runId}" has ${what} (the task is ${task.state})`,
        )
      }
      const value = readableValue(encoded)
      const where = { dag_id: run.dagId, run_id: run.runId, task_id: taskId, map_index: mapIndex, key }
      await context.out.line(
        options.json === true ? JSON.stringify({ ...where, value }) : JSON.stringify(value, null, 2),
      )
      return exitCodes.success
    }),
})

function indexOf({ taskId, kind, created }: ExpansionView, index: number | undefined): number {
  if (kind === "source" || kind === "fused") {
    throw new UsageProblem(`"${taskId}" is a source: its items are with the task that iterates it`)
  }
  if (kind === "task") {
    if (index === undefined) return -1
    throw new UsageProblem(`task "${taskId}" is not mapped`, { fix: "leave --index out" })
  }
  if (index !== undefined) return index
  throw new UsageProblem(`task "${taskId}" is mapped`, {
    expected: `--index <n>, from 0 to ${Math.max(0, created - 1)}, or --item-key <key>`,
  })
}
