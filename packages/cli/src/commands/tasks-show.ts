import type { TaskInstanceView, TaskTryRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes, Problem } from "../problem.ts"
import { firstUserFrame } from "../stack.ts"
import { seconds } from "../view/numbers.ts"
import { rowOf } from "../view/table.ts"
import { withDatabase } from "./with-database.ts"

interface TasksShowOptions extends DatabaseFlag {
  readonly index: number
  readonly json?: boolean
}

/** An attempt, be it the last or one before. */
type Attempt = Pick<TaskInstanceView, "state" | "tryNumber" | "startedAt" | "endedAt" | "error">

/** `sluice tasks show`: every attempt of one task instance. */
export const tasksShow = defineCommand<TasksShowOptions>({
  path: "tasks show",
  arguments: [
    { name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" },
    { name: "<task>", description: "the task's id" },
  ],
  summary: "show every attempt of one task instance, the oldest first",
  options: [
    {
      flags: "--index <n>",
      description: "the map index; -1: the task is not mapped",
      parse: wholeNumber("--index", -1),
      default: -1,
    },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice tasks show latest report", "sluice tasks show latest upsert --index 7"],
  run: (context, options, [reference = "", taskId = ""]) =>
    withDatabase(context, options, async (session) => {
      const [{ findRun }, { findTask }] = await Promise.all([
        import("../run/find-run.ts"),
        import("../run/find-task.ts"),
      ])
      const { store, call } = session
      const run = await findRun(session, reference)
      const { expansionId } = await findTask(session, run, taskId)
      const mapIndex = options.index
      const [instance] = await call(
        store.listTaskInstances({ expansionId, afterIndex: mapIndex - 1, limit: 1 }),
      )
      const before: readonly TaskTryRow[] = await call(store.taskTries({ expansionId, mapIndex }))
      if (instance?.mapIndex !== mapIndex && before.length === 0)
        throw new Problem(`task "${taskId}" has no instance ${mapIndex}`, {
          fix: `\`sluice tasks list ${reference} --task ${taskId}\` shows them`,
        })
      const attempts = attemptsOf(instance?.mapIndex === mapIndex ? instance : undefined, before)
      const { out } = context
      if (options.json === true) {
        await out.line(
          JSON.stringify({ task_id: taskId, map_index: mapIndex, attempts: attempts.map(jsonOf) }),
        )
        return exitCodes.success
      }
      await out.line(out.style("dim", lineOf(["try", "state", "started", "took", "error"])))
      for (const attempt of attempts) await out.line(lineOf(cellsOf(attempt)))
      return exitCodes.success
    }),
})

/** An instance that waits for its next try stands for an attempt that is in the history already. */
function attemptsOf(instance: TaskInstanceView | undefined, before: readonly TaskTryRow[]): Attempt[] {
  const isKept = before.some(({ tryNumber }) => tryNumber === instance?.tryNumber)
  return [...before, ...(instance === undefined || isKept ? [] : [instance])]
}

const lineOf = rowOf([3, 15, 24, 8, 0])

function cellsOf({ state, tryNumber, startedAt, endedAt, error }: Attempt): string[] {
  const frame = firstUserFrame(error?.stack ?? null)
  return [
    String(tryNumber),
    state,
    startedAt?.toISOString() ?? "",
    startedAt === null || endedAt === null ? "" : seconds(endedAt.getTime() - startedAt.getTime()),
    error === null
      ? ""
      : `${error.type}: ${error.message.replaceAll(/\s*\n\s*/g, " ")}${frame === null ? "" : ` (${frame})`}`,
  ]
}

function jsonOf({ state, tryNumber, startedAt, endedAt, error }: Attempt) {
  return { try_number: tryNumber, state, started_at: startedAt, ended_at: endedAt, error }
}
