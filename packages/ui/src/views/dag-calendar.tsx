import type { DagCalendar as Calendar } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { Link, useParams, useSearch } from "@tanstack/react-router"
import { ChevronLeft, ChevronRight } from "lucide-react"
import type { KeyboardEvent, ReactNode } from "react"
import { calendarQuery } from "../api/queries.ts"
import { useNow } from "../components/clock.ts"
import { Loaded } from "../components/feedback.tsx"
import { Panel } from "../components/page.tsx"
import { StateBar, wordsOfMix } from "../components/state.tsx"
import { Time } from "../components/time.tsx"
import { Tip } from "../components/tip.tsx"
import { dayOf, type Month, monthsOf } from "../model/calendar.ts"
import { count, shortCount } from "../model/format.ts"
import { fillOf, lookOf } from "../model/states.ts"

type Day = Calendar["days"][number]

/** The days are those of whoever looks. */
const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** A year of a DAG by day: how its runs went, and what its schedule has in store. */
export function DagCalendar() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const today = dayOf(useNow())
  const { year = Number(today.slice(0, 4)) } = useSearch({ from: "/shell/dags/$dagId/calendar" })
  const calendar = useQuery(calendarQuery(dagId, year, timezone))
  return (
    <Panel
      title={<YearSwitch dagId={dagId} year={year} />}
      aside={calendar.data !== undefined && <Sum calendar={calendar.data} />}
    >
      <Loaded query={calendar} rows={10}>
        {(found) => (
          <>
            <Notes calendar={found} />
            <Months dagId={dagId} year={year} today={today} days={found.days} />
            <Legend />
          </>
        )}
      </Loaded>
    </Panel>
  )
}

function YearSwitch({ dagId, year }: { readonly dagId: string; readonly year: number }) {
  const to = (other: number, label: string, icon: ReactNode) => (
    <Link
      to="/dags/$dagId/calendar"
      params={{ dagId }}
      search={{ year: other }}
      replace
      resetScroll={false}
      aria-label={label}
      className="inline-flex size-7 items-center justify-center rounded-md text-muted hover:bg-sunken hover:text-ink"
    >
      {icon}
    </Link>
  )
  return (
    <span className="-ml-1.5 inline-flex items-center gap-1">
      {to(year - 1, "The year before", <ChevronLeft size={15} aria-hidden />)}
      <span className="w-10 text-center">{year}</span>
      {to(year + 1, "The year after", <ChevronRight size={15} aria-hidden />)}
    </span>
  )
}

function Sum({ calendar: { days } }: { readonly calendar: Calendar }) {
  const sum = (of: (day: Day) => number) => days.reduce((all, day) => all + of(day), 0)
  const runs = sum(runsOn)
  const failed = sum((day) => day.runs["failed"] ?? 0)
  const planned = sum((day) => day.planned)
  return (
    <span className="text-xs text-muted">
      {count(runs)} {runs === 1 ? "run" : "runs"}
      {failed > 0 && <span className="font-medium text-danger">, {count(failed)} failed</span>}
      {planned > 0 && `, ${count(planned)} planned`} · days of {timezone}
    </span>
  )
}

function runsOn({ runs }: Day): number {
  return Object.values(runs).reduce<number>((sum, n) => sum + (n ?? 0), 0)
}

/** What is left out, where there is too much of it. */
function Notes({ calendar: { counted_from: from, planned_until: until } }: { readonly calendar: Calendar }) {
  if (from === null && until === null) return null
  return (
    <p role="status" className="m-0 border-b border-line px-3 py-2 text-xs text-muted">
      {from !== null && (
        <>
          There are many runs: those that were due before <Time at={from} /> are not counted.{" "}
        </>
      )}
      {until !== null && (
        <>
          There are many ticks to come: those after <Time at={until} /> are not shown.
        </>
      )}
    </p>
  )
}

const weekdays = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]

function Months({
  dagId,
  year,
  today,
  days,
}: {
  readonly dagId: string
  readonly year: number
  readonly today: string
  readonly days: readonly Day[]
}) {
  const byDate = new Map(days.map((day) => [day.date, day]))
  const last = days.findLast((day) => runsOn(day) > 0)?.date
  return (
    <div
      className="grid gap-x-6 gap-y-4 p-3 sm:grid-cols-2 lg:grid-cols-3 xl:grid-cols-4"
      role="group"
      aria-label={`${year} by day`}
      onKeyDown={moveBetweenDays}
    >
      {monthsOf(year).map((month) => (
        <MonthView
          key={month.name}
          dagId={dagId}
          month={month}
          today={today}
          byDate={byDate}
          reached={last}
        />
      ))}
    </div>
  )
}

/** Arrows go from one day with runs to the next, up and down by a week at least. */
function moveBetweenDays(event: KeyboardEvent<HTMLElement>): void {
  const days = [...event.currentTarget.querySelectorAll<HTMLElement>("a[data-day]")]
  const at = days.indexOf(event.target as HTMLElement)
  const day = days[at]?.dataset["day"]
  if (day === undefined) return
  const weekOff = (weeks: number) => dayOf(new Date(`${day}T12:00`).getTime() + weeks * 7 * 86_400_000)
  const moves: Readonly<Record<string, () => HTMLElement | undefined>> = {
    ArrowLeft: () => days[at - 1],
    ArrowRight: () => days[at + 1],
    ArrowUp: () => days.findLast((one) => (one.dataset["day"] ?? "") <= weekOff(-1)),
    ArrowDown: () => days.find((one) => (one.dataset["day"] ?? "") >= weekOff(1)),
    Home: () => days[0],
    End: () => days.at(-1),
  }
  const next = moves[event.key]?.()
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

function MonthView({
  dagId,
  month,
  today,
  byDate,
  reached,
}: {
  readonly dagId: string
  readonly month: Month
  readonly today: string
  readonly byDate: ReadonlyMap<string, Day>
  /** The day that Tab leads to; arrows lead to the others. */
  readonly reached: string | undefined
}) {
  // On a small screen there is room for the months in which something is.
  const isEmpty = !month.dates.some((date) => date === today || byDate.has(date))
  return (
    <section aria-label={month.name} className={isEmpty ? "max-sm:hidden" : ""}>
      <h3 className="m-0 mb-1 text-sm font-semibold">{month.name}</h3>
      <div className="grid grid-cols-7 gap-[3px]">
        {weekdays.map((name) => (
          <div key={name} aria-hidden className="pb-0.5 text-center text-2xs text-muted">
            {name}
          </div>
        ))}
        {month.dates.map((date, at) => (
          <div key={date} style={at === 0 ? { gridColumnStart: month.before + 1 } : undefined}>
            <DayCell
              dagId={dagId}
              date={date}
              day={byDate.get(date)}
              isToday={date === today}
              isReached={date === reached}
            />
          </div>
        ))}
      </div>
    </section>
  )
}

/** The state that a day is coloured by: what an operator would want to see of it first. */
function toneOf({ runs }: Day): "failed" | "running" | "queued" | "success" | null {
  return (["failed", "running", "queued", "success"] as const).find((state) => (runs[state] ?? 0) > 0) ?? null
}

function DayCell({
  dagId,
  date,
  day,
  isToday,
  isReached,
}: {
  readonly dagId: string
  readonly date: string
  readonly day: Day | undefined
  readonly isToday: boolean
  readonly isReached: boolean
}) {
  const number = Number(date.slice(8))
  const look = `flex h-10 flex-col justify-between overflow-hidden lg:h-7 rounded-[5px] px-1 py-0.5 text-2xs leading-tight ${isToday ? "ring-2 ring-accent" : ""}`
  const tone = day === undefined ? null : toneOf(day)
  if (day === undefined)
    return (
      <div className={`${look} text-muted`} aria-current={isToday ? "date" : undefined}>
        {number}
      </div>
    )
  const runs = runsOn(day)
  const mix = {
    success: day.runs["success"] ?? 0,
    failed: day.runs["failed"] ?? 0,
    running: day.runs["running"] ?? 0,
    scheduled: day.runs["queued"] ?? 0,
  }
  const planned = day.planned === 0 ? "" : `${count(day.planned)} planned`
  const words = [runs === 0 ? "" : wordsOfMix(mix), planned].filter((part) => part !== "").join(", ")
  if (runs === 0)
    return (
      <Tip text={`${date}: ${words}`}>
        <div
          tabIndex={-1}
          className={`${look} border border-dashed border-line-strong text-muted`}
          aria-current={isToday ? "date" : undefined}
        >
          <span>{number}</span>
          <span className="text-right" aria-label={words}>
            {shortCount(day.planned)}
          </span>
        </div>
      </Tip>
    )
  return (
    <Tip text={`${date}: ${words}`}>
      <Link
        to="/dags/$dagId/runs"
        params={{ dagId }}
        search={{ day: date }}
        data-day={date}
        tabIndex={isReached ? 0 : -1}
        aria-current={isToday ? "date" : undefined}
        className={`${look} hover:outline-2 hover:outline-accent`}
        style={{ background: `color-mix(in srgb, ${fillOf(tone)} 15%, var(--surface))` }}
      >
        <span className="sr-only">
          {date}: {words}
        </span>
        <span aria-hidden className="flex justify-between gap-1">
          <span className="font-medium">{number}</span>
          <span>{shortCount(runs)}</span>
        </span>
        <span aria-hidden className="block">
          <StateBar mix={mix} height={6} />
        </span>
      </Link>
    </Tip>
  )
}

function Legend() {
  return (
    <ul
      className="m-0 flex list-none flex-wrap gap-x-4 gap-y-1 border-t border-line px-3 py-2 text-xs text-muted"
      aria-label="Colours"
    >
      {(["success", "failed", "running", "queued"] as const).map((state) => (
        <li key={state} className="inline-flex items-center gap-1.5">
          <span className="size-2.5 rounded-[3px]" style={{ background: fillOf(state) }} />
          {lookOf(state).label}
        </li>
      ))}
      <li className="inline-flex items-center gap-1.5">
        <span className="size-2.5 rounded-[3px] border border-dashed border-line-strong" />
        planned by the schedule
      </li>
      <li>A day counts the runs that were due on it; choose one to see them.</li>
    </ul>
  )
}
