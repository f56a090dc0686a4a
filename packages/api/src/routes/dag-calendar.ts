/** The runs of a DAG by day: what was, by state, and what its schedule still has in store. */
import { z } from "@hono/zod-openapi"
import type { DagSummary } from "@sluice/core/store"
import { isTimezone, planOf } from "@sluice/core/time"
import { DateTime, Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { dagRunStates } from "../wire/enums.ts"
import { instant, instantOf } from "../wire/instant.ts"
import { dagName } from "../wire/names.ts"
import { whole } from "../wire/query.ts"
import { json, text } from "../wire/text.ts"

/** The most runs that are counted, the newest of the year: 100,000 take some 30 ms from the index that has them by day. */
const calendarRunsMax = 100_000

/** The most ticks to come that are reckoned. */
const plannedTicksMax = 2_000

/** The longest name of a time zone. */
const timezoneLengthMax = 64

/** A year of a DAG by day. */
export const calendarSchema = z
  .object({
    dag_id: z.string(),
    year: z.int(),
    timezone: z.string(),
    days: z.array(
      z.object({
        date: z.iso.date(),
        runs: z.object(Object.fromEntries(dagRunStates.map((state) => [state, z.int().optional()]))),
        planned: z.int(),
      }),
    ),
    counted_from: instant
      .nullable()
      .describe("Runs before it are not counted, for there are too many; null: all are."),
    planned_until: instant
      .nullable()
      .describe("Ticks after it are not reckoned, for there are too many; null: all of the year are."),
  })
  .openapi("DAGCalendarResponse")

type Day = z.infer<typeof calendarSchema>["days"][number]

const getCalendar = endpoint({
  method: "get",
  path: "/dags/{dag_id}/calendar",
  operationId: "get_dag_calendar",
  tags: ["DAG"],
  summary: "How many runs of a DAG fell on each day of a year, by state, and how many its schedule will make",
  role: "viewer",
  request: {
    params: dagName,
    query: z.object({
      year: whole(1, 9_998),
      timezone: text(timezoneLengthMax)
        .refine(isTimezone, "expected the name of a time zone, such as Europe/Berlin")
        .default("UTC"),
    }),
  },
  responses: { 200: json("The days on which something was or will be, in order.", calendarSchema) },
})

/** Calendars of DAGs. */
export function dagCalendarRoutes() {
  return makeRouter().openapi(getCalendar, async (c) => {
    const { store } = c.var.services
    const { dag_id: dagId } = c.req.valid("param")
    const { year, timezone } = c.req.valid("query")
    const dag = await Effect.runPromise(store.dagSummary(dagId))
    const dates = datesOf(year)
    const starts = [...dates, { year: year + 1, month: 1, day: 1 }].map((date) => startOf(date, timezone))
    const { counts, countedFrom } = await Effect.runPromise(
      store.countRunsByDay({ dagId, starts, limit: calendarRunsMax }),
    )
    const days = dates.map(({ month, day }): Day => {
      const date = [String(year).padStart(4, "0"), ...[month, day].map((n) => String(n).padStart(2, "0"))]
      return { date: date.join("-"), runs: {}, planned: 0 }
    })
    for (const { day, state, count } of counts) {
      const found = days[day]
      if (found !== undefined) found.runs[state] = count
    }
    const plannedUntil = addPlanned(dag, starts, days)
    return c.json(
      {
        ...{ dag_id: dagId, year, timezone },
        days: days.filter(({ runs, planned }) => planned > 0 || Object.keys(runs).length > 0),
        ...{ counted_from: instantOf(countedFrom), planned_until: instantOf(plannedUntil) },
      },
      200,
    )
  })
}

/** Counts the ticks to come into the days on which they fall; says where it stopped before the year ended. */
function addPlanned(dag: DagSummary, starts: readonly Date[], days: readonly Day[]): Date | null {
  if (dag.isPaused || dag.isStale || dag.nextRun === null) return null
  const end = Number(starts.at(-1))
  const plan = planOf(dag.planning, { dagId: dag.dagId, since: dag.nextRun.intervalEnd })
  let at = 0
  let run: typeof dag.nextRun | null = dag.nextRun
  for (let reckoned = 0; run !== null && run.runAt.getTime() < end; reckoned++) {
    if (reckoned === plannedTicksMax) return run.runAt
    while (at < days.length && Number(starts[at + 1]) <= run.runAt.getTime()) at += 1
    const day = days[at]
    if (day !== undefined && Number(starts[0]) <= run.runAt.getTime()) day.planned += 1
    run = plan.next(run.intervalEnd)
  }
  return null
}

interface CalendarDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** The days of a year. */
function datesOf(year: number): readonly CalendarDate[] {
  return Array.from({ length: 12 }, (_, at) => {
    const month = at + 1
    const last = new Date(0)
    last.setUTCFullYear(year, month, 0)
    return Array.from({ length: last.getUTCDate() }, (_, before) => ({ year, month, day: before + 1 }))
  }).flat()
}

/** When a day begins in a time zone: at midnight, or right after it where a clock was put forward then. */
function startOf(date: CalendarDate, timezone: string): Date {
  const zoned = DateTime.makeZonedUnsafe(date, { timeZone: timezone, adjustForTimeZone: true })
  return new Date(DateTime.toEpochMillis(zoned))
}
