import { taskInstanceTransitions, type TaskInstanceState } from "@sluice/core/state"
import type { ExpansionView, TaskInstanceView } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, oneOfRepeatable } from "../options.ts"
import { exitCodes } from "../problem.ts"
import type { Session } from "../session.ts"
import { firstUserFrame } from "../stack.ts"
import { seconds } from "../view/numbers.ts"
import { pad } from "../view/table.ts"
import { withDatabase } from "./with-database.ts"

interface TasksListOptions extends DatabaseFlag {
  readonly task?: string
  readonly state?: readonly TaskInstanceState[]
  readonly json?: boolean
}

const states = Object.keys(taskInstanceTransitions) as TaskInstanceState[]
const instancesPerRead = 500

/** `sluice tasks list`: the task instances of a run, as a stream. */
export const tasksList = defineCommand<TasksListOptions>({
  path: "tasks list",
  arguments: [{ name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" }],
  summary: "list the task instances of a run",
  details: "Rows are read page by page and printed as they come, however many there are.",
  options: [
    { flags: "--task <id>", description: "only instances of this task" },
    {
      flags: "--state <state>",
      description: `only instances in this state (repeatable): ${states.join(", ")}`,
      parse: oneOfRepeatable("--state", states),
    },
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice tasks list latest --state failed",
    "sluice tasks list latest --task upsert | head",
    "sluice tasks list latest --json | jq -r 'select(.try_number > 1) | .map_index'",
  ],
  run: (context, options, [reference = ""]) =>
    withDatabase(context, options, async (session) => {
      const [{ findRun }, { findTask }] = await Promise.all([
        import("../run/find-run.ts"),
        import("../run/find-task.ts"),
      ])
      const { out } = context
      const run = await findRun(session, reference)
      const tasks =
        options.task === undefined
          ? await session.call(session.store.expansionsOfRun(run.id))
          : [await findTask(session, run, options.task)]
      if (options.json !== true) await out.line(out.style("dim", lineOf(titles)))
      for (const task of tasks) {
        for await (const instance of instancesOf(session, task, options.state)) {
          if (out.isClosed) return exitCodes.success
          await out.line(options.json === true ? JSON.stringify(jsonOf(instance)) : lineOf(cellsOf(instance)))
        }
      }
      return exitCodes.success
    }),
})

/** Reads the instances of a task by keyset: one page of them in memory. */
async function* instancesOf(
  { store, call }: Session,
  { expansionId, kind }: ExpansionView,
  states: readonly TaskInstanceState[] | undefined,
): AsyncGenerator<TaskInstanceView> {
  if (kind === "source" || kind === "fused") return
  let afterIndex = -2
  for (;;) {
    const instances: readonly TaskInstanceView[] = await call(
      store.listTaskInstances({
        expansionId,
        afterIndex,
        limit: instancesPerRead,
        ...(states !== undefined && { states }),
      }),
    )
    yield* instances
    if (instances.length < instancesPerRead) return
    afterIndex = instances.at(-1)?.mapIndex ?? afterIndex
  }
}

const titles = ["task", "index", "state", "try", "started", "took", "error"] as const
const widths = [16, 9, 15, 3, 24, 8, 0]

function cellsOf(instance: TaskInstanceView): string[] {
  const { startedAt, endedAt, error } = instance
  const frame = firstUserFrame(error?.stack ?? null)
  const place = frame === null ? "" : ` (${frame})`
  return [
    instance.taskId,
    String(instance.mapIndex),
    instance.state,
    String(instance.tryNumber),
    startedAt?.toISOString() ?? "",
    startedAt === null || endedAt === null ? "" : seconds(endedAt.getTime() - startedAt.getTime()),
    error === null ? "" : `${error.type}: ${error.message.replaceAll(/\s*\n\s*/g, " ")}${place}`,
  ]
}

function lineOf(cells: readonly string[]): string {
  return cells
    .map((cell, place) => pad(cell, widths[place] ?? 0))
    .join("  ")
    .trimEnd()
}

function jsonOf(instance: TaskInstanceView) {
  return {
    task_id: instance.taskId,
    map_index: instance.mapIndex,
    state: instance.state,
    try_number: instance.tryNumber,
    started_at: instance.startedAt,
    ended_at: instance.endedAt,
    error: instance.error,
  }
}
