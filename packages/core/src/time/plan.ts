/**
 * Which runs a DAG's planning asks for: a pure function of the planning, the DAG's id, and when its timetable was registered.
 *
 * Nothing here knows what time it is. Runs follow each other in strictly rising ticks, whoever asks and wherever they
 * start; what was missed is made up for or passed over only when a run is due (`dueRun`).
 */
import { jitterOf } from "./jitter.ts"
import { type Ticks, ticksOf } from "./ticks.ts"
import type { SerializedPlanning, SerializedTimetable } from "./timetable.ts"

/** A run that is to be made. */
export interface PlannedRun {
  readonly logicalDate: Date
  /** The span that it covers: from `intervalStart`, up to but not including `intervalEnd`, which is its tick. */
  readonly intervalStart: Date
  readonly intervalEnd: Date
  /** When it is to be made: its tick, and the jitter. */
  readonly runAt: Date
}

/** Whose plan it is. */
export interface PlanOwner {
  readonly dagId: string
  /** When the timetable was registered: without a start date, it begins then. */
  readonly since: Date
}

/** The runs of a DAG. */
export interface Plan {
  /** The run after those up to a tick; null for the tick: none was made. Null comes back where no run follows. */
  next(lastTick: Date | null): PlannedRun | null
  /** What to make now, given a run whose time has come: that run, or, without catchup, the latest whose time has come. */
  dueRun(run: PlannedRun, now: Date): PlannedRun
  /** The runs with logical dates in a range, both ends included, in order. Start and end date do not count. */
  between(from: Date, to: Date): Iterable<PlannedRun>
  /** What a run covers that is asked for by hand, with this logical date. */
  manualInterval(logicalDate: Date): { readonly start: Date; readonly end: Date }
}

/** A run of a continuous DAG is made no sooner than this after the one before, however soon that failed. */
export const continuousGapMs = 1_000

/** Makes the plan of a DAG. */
export function planOf(planning: SerializedPlanning, owner: PlanOwner): Plan {
  return planning.timetable.kind === "continuous"
    ? continuousPlan(planning, owner)
    : tickingPlan(planning, owner)
}

function tickingPlan(planning: SerializedPlanning, owner: PlanOwner): Plan {
  const { timetable, catchup } = planning
  const startAt = instant(planning.startDate)
  const endAt = instant(planning.endDate)
  const jitterMs = jitterOf(owner.dagId, planning.jitterMs)
  const ticks = ticksOf(timetable, originOf(timetable, startAt, owner.since.getTime()))
  const runOf = (tick: number) => runAtTick(ticks, tick, { jitterMs, covers: coversSpan(timetable) })
  const isBefore = (run: PlannedRun) => startAt !== null && run.intervalStart.getTime() < startAt
  // A registered `once` is due at its registration itself; of recurring ticks only later ones count.
  const firstAt = startAt ?? owner.since.getTime() + (timetable.kind === "once" ? 0 : 1)
  const lastTick = endAt === null ? Infinity : lastTickOf(ticks, endAt, coversSpan(timetable))
  return {
    next: (made) => {
      let tick = ticks.after(Math.max(firstAt - 1, made?.getTime() ?? -Infinity))
      while (tick !== null && isBefore(runOf(tick))) tick = ticks.after(tick)
      return tick === null || tick > lastTick ? null : runOf(tick)
    },
    dueRun: (run, now) => {
      if (catchup) return run
      const latest = ticks.atOrBefore(Math.min(now.getTime() - jitterMs, lastTick))
      return latest === null || latest <= run.intervalEnd.getTime() ? run : runOf(latest)
    },
    between: (from, to) => runsBetween(ticks, { from: from.getTime(), to: to.getTime(), runOf }),
    manualInterval: (logicalDate) => {
      if (!coversSpan(timetable)) return { start: logicalDate, end: logicalDate }
      const tick = ticks.atOrBefore(logicalDate.getTime())
      if (tick === null) return { start: logicalDate, end: logicalDate }
      const { intervalStart, intervalEnd } = runOf(tick)
      return { start: intervalStart, end: intervalEnd }
    },
  }
}

/** A continuous run covers what has passed since the one before; its end is not known until it is made. */
function continuousPlan(planning: SerializedPlanning, owner: PlanOwner): Plan {
  const endAt = instant(planning.endDate) ?? Infinity
  const origin = instant(planning.startDate) ?? owner.since.getTime()
  return {
    next: (made) => {
      const start = Math.max(origin, made?.getTime() ?? -Infinity)
      if (start > endAt) return null
      const intervalStart = new Date(start)
      const runAt = new Date(start + continuousGapMs)
      return { logicalDate: intervalStart, intervalStart, intervalEnd: runAt, runAt }
    },
    dueRun: (run, now) => ({ ...run, intervalEnd: now, runAt: now }),
    between: () => [],
    manualInterval: (logicalDate) => ({ start: logicalDate, end: logicalDate }),
  }
}

function originOf(timetable: SerializedTimetable, startAt: number | null, since: number): number {
  return startAt ?? (timetable.kind === "once" ? since : 0)
}

function coversSpan(timetable: SerializedTimetable): boolean {
  return "dataInterval" in timetable && timetable.dataInterval === "since_previous"
}

function runAtTick(ticks: Ticks, tick: number, how: { jitterMs: number; covers: boolean }): PlannedRun {
  const start = how.covers ? (ticks.atOrBefore(tick - 1) ?? tick) : tick
  const intervalStart = new Date(start)
  return {
    logicalDate: intervalStart,
    intervalStart,
    intervalEnd: new Date(tick),
    runAt: new Date(tick + how.jitterMs),
  }
}

/** The last tick whose run's logical date is not after the end. */
function lastTickOf(ticks: Ticks, endAt: number, covers: boolean): number {
  const last = ticks.atOrBefore(endAt)
  if (last === null) return -Infinity
  return covers ? (ticks.after(last) ?? last) : last
}

function* runsBetween(
  ticks: Ticks,
  range: { from: number; to: number; runOf: (tick: number) => PlannedRun },
): Iterable<PlannedRun> {
  for (let tick = ticks.after(range.from - 1); tick !== null; tick = ticks.after(tick)) {
    const run = range.runOf(tick)
    if (run.logicalDate.getTime() > range.to) return
    if (run.logicalDate.getTime() >= range.from) yield run
  }
}

function instant(date: string | null): number | null {
  return date === null ? null : Date.parse(date)
}
