import { taskInstanceTransitions, type TaskInstanceState } from "@sluice/core/state"
import type { SerializedDag } from "@sluice/core/dag"
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
  readonly key?: string
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
    { flags: "--key <key>", description: "only the instance of the item with this key" },
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice tasks list latest --state failed",
    "sluice tasks list latest --task upsert | head",
    "sluice tasks list latest --task upsert --key user-17",
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
      const { dag } = await session.call(session.store.dagVersion(run.dagVersionId))
      const columns = columnsFor(dag, tasks)
      if (options.json !== true)
        await out.line(
          out.style(
            "dim",
            lineOf(columns, (column) => column.title),
          ),
        )
      for (const task of tasks) {
        for await (const instance of instancesOf(session, task, options)) {
          if (out.isClosed) return exitCodes.success
          await out.line(
            options.json === true
              ? JSON.stringify(jsonOf(instance))
              : lineOf(columns, (column) => column.cell(instance)),
          )
        }
      }
      return exitCodes.success
    }),
})

/** Reads the instances of a task by keyset: one page of them in memory. */
async function* instancesOf(
  session: Session,
  task: ExpansionView,
  { key, state: states }: TasksListOptions,
): AsyncGenerator<TaskInstanceView> {
  const { expansionId, kind } = task
  const { store, call } = session
  if (key !== undefined) {
    const { findByKey } = await import("../run/find-by-key.ts")
    const instance = await findByKey(session, task, key)
    if (instance !== null && states?.includes(instance.state) !== false) yield instance
    return
  }
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

/** A column of a list that is printed as it is read, and so has its width from the start. */
interface ListColumn {
  readonly title: string
  readonly width: number
  readonly cell: (instance: TaskInstanceView) => string
}

/** Items are named only where a task in the list gives them a name. */
function columnsFor({ tasks }: SerializedDag, listed: readonly ExpansionView[]): ListColumn[] {
  const ids = new Set(listed.map((task) => task.taskId))
  const isNamed = tasks.some(
    ({ taskId, mapping }) => ids.has(taskId) && (mapping?.isKeyed === true || mapping?.isLabelled === true),
  )
  const item: ListColumn = { title: "item", width: 20, cell: ({ label, key }) => oneLine(label ?? key ?? "") }
  return [
    { title: "task", width: 16, cell: (instance) => instance.taskId },
    { title: "index", width: 9, cell: (instance) => String(instance.mapIndex) },
    ...(isNamed ? [item] : []),
    { title: "state", width: 15, cell: (instance) => instance.state },
    { title: "try", width: 3, cell: (instance) => String(instance.tryNumber) },
    { title: "started", width: 24, cell: (instance) => instance.startedAt?.toISOString() ?? "" },
    { title: "took", width: 8, cell: tookOf },
    { title: "error", width: 0, cell: errorOf },
  ]
}

function tookOf({ startedAt, endedAt }: TaskInstanceView): string {
  return startedAt === null || endedAt === null ? "" : seconds(endedAt.getTime() - startedAt.getTime())
}

function errorOf({ error }: TaskInstanceView): string {
  const frame = firstUserFrame(error?.stack ?? null)
  const place = frame === null ? "" : ` (${frame})`
  return error === null ? "" : `${error.type}: ${oneLine(error.message)}${place}`
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ")
}

function lineOf(columns: readonly ListColumn[], cell: (column: ListColumn) => string): string {
  return columns
    .map((column) => pad(cell(column), column.width))
    .join("  ")
    .trimEnd()
}

function jsonOf(instance: TaskInstanceView) {
  return {
    task_id: instance.taskId,
    map_index: instance.mapIndex,
    key: instance.key,
    label: instance.label,
    state: instance.state,
    try_number: instance.tryNumber,
    started_at: instance.startedAt,
    ended_at: instance.endedAt,
    error: instance.error,
  }
}
