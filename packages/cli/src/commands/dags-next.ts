import type { PlannedRun } from "@sluice/core/time"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface DagsNextOptions extends DatabaseFlag {
  readonly count: number
  readonly json?: boolean
}

/** `sluice dags next`: the runs that a schedule will make. */
export const dagsNext = defineCommand<DagsNextOptions>({
  path: "dags next",
  arguments: [{ name: "<dag>", description: "the DAG's id" }],
  summary: "show the runs that a DAG's schedule makes next, with what they cover",
  details: "Reckoned from the schedule, also of a paused DAG: as if it went on now and all ran in time.",
  options: [
    { flags: "--count <n>", description: "how many", parse: wholeNumber("--count", 1), default: 5 },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice dags next users_sync", "sluice dags next users_sync --count 20 --json"],
  run: (context, options, [dagId = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { planOf } = await import("@sluice/core/time")
      const { out } = context
      const dag = await call(store.dag(dagId))
      const plan = planOf(dag.planning, { dagId, since: dag.timetableSince })
      const now = new Date()
      let next = dag.nextRun ?? plan.next(dag.lastTick)
      if (next !== null && next.runAt <= now) next = plan.dueRun(next, now)
      for (let shown = 0; next !== null && shown < options.count && !out.isClosed; shown++) {
        await out.line(options.json === true ? JSON.stringify(runJson(next)) : runText(next))
        // When a continuous DAG's run ends is not known: only its next run can be told.
        next = dag.planning.timetable.kind === "continuous" ? null : plan.next(next.intervalEnd)
      }
      if (options.json !== true && dag.planning.timetable.kind === "none")
        await out.line(`DAG ${dagId} has no schedule: its runs are asked for`)
      return exitCodes.success
    }),
})

function runJson({ runAt, logicalDate, intervalStart, intervalEnd }: PlannedRun) {
  return {
    run_after: runAt.toISOString(),
    logical_date: logicalDate.toISOString(),
    data_interval_start: intervalStart.toISOString(),
    data_interval_end: intervalEnd.toISOString(),
  }
}

function runText({ runAt, intervalStart, intervalEnd }: PlannedRun): string {
  return `${runAt.toISOString()}  covers ${intervalStart.toISOString()} to ${intervalEnd.toISOString()}`
}
