import type { EventRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { rowOf } from "../view/table.ts"
import { withDatabase } from "./with-database.ts"

interface EventsListOptions extends DatabaseFlag {
  readonly dag?: string
  readonly limit: number
  readonly json?: boolean
}

const eventsPerRead = 200

/** `sluice events list`: who did what to runs and maps, the newest first. */
export const eventsList = defineCommand<EventsListOptions>({
  path: "events list",
  arguments: [
    { name: "[run]", description: "run id, dag/run id, the beginning of one, or latest (default: all runs)" },
  ],
  summary: "list who did what to runs and maps, newest first",
  options: [
    { flags: "--dag <id>", description: "only events of this DAG" },
    { flags: "--limit <n>", description: "how many at most", parse: wholeNumber("--limit", 1), default: 50 },
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice events list",
    "sluice events list latest",
    "sluice events list --json | jq -r 'select(.event == \"dag_run_cancelled\") | .actor'",
  ],
  run: (context, options, [reference]) =>
    withDatabase(context, options, async (session) => {
      const { store, call } = session
      const { findRun } = await import("../run/find-run.ts")
      const { out } = context
      const run = reference === undefined ? null : await findRun(session, reference)
      const of = {
        ...(options.dag !== undefined && { dagId: options.dag }),
        ...(run !== null && { dagRunId: run.id }),
      }
      let before: string | null = null
      let left = options.limit
      if (options.json !== true) await out.line(out.style("dim", lineOf(titles)))
      while (left > 0 && !out.isClosed) {
        const limit = Math.min(left, eventsPerRead)
        const events: readonly EventRow[] = await call(store.listEvents({ ...of, before, limit }))
        for (const event of events)
          await out.line(options.json === true ? JSON.stringify(jsonOf(event)) : lineOf(cellsOf(event)))
        before = events.at(-1)?.id ?? null
        left -= events.length
        if (events.length < limit) break
      }
      return exitCodes.success
    }),
})

const titles = ["when", "who", "event", "where", "detail"] as const
const lineOf = rowOf([24, 24, 18, 36, 0])

function cellsOf(event: EventRow): string[] {
  const index = event.mapIndex === null ? "" : `[${event.mapIndex}]`
  const where = [event.dagId, event.runId, event.taskId === null ? null : `${event.taskId}${index}`]
  return [
    event.at.toISOString(),
    event.actor,
    event.event,
    where.filter((part) => part !== null).join("/"),
    event.detail === null ? "" : JSON.stringify(event.detail),
  ]
}

function jsonOf(event: EventRow) {
  return {
    id: event.id,
    at: event.at,
    dag_id: event.dagId,
    run_id: event.runId,
    task_id: event.taskId,
    map_index: event.mapIndex,
    actor: event.actor,
    event: event.event,
    detail: event.detail,
  }
}
