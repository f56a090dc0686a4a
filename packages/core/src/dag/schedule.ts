import type { DataIntervalRule } from "../time/timetable.ts"
import type { AssetSchedule } from "./asset.ts"
import type { Duration } from "./duration.ts"

/** Options of a schedule that ticks again and again. */
export interface IntervalOptions {
  /**
   * What a run covers: `"since_previous"`, the default, from the tick before to its own, so that `ctx.dataInterval` follows
   * without a gap; `"none"`, nothing: both ends and the logical date are the tick.
   */
  readonly dataInterval?: DataIntervalRule
}

/** Options of `cron()`. */
export interface CronOptions extends IntervalOptions {
  /** The IANA name of the clock that is meant. Default `"UTC"`. */
  readonly timezone?: string
}

/** A cron expression in a time zone. */
export interface CronSchedule {
  readonly kind: "cron"
  readonly expression: string
  readonly options: CronOptions
}

/** When runs are made, as `cron`, `every`, `atDates`, `once` and `continuous` say it. */
export type Schedule =
  | CronSchedule
  | { readonly kind: "delta"; readonly every: Duration; readonly options: IntervalOptions }
  | { readonly kind: "events"; readonly dates: readonly (Date | string)[] }
  | { readonly kind: "once" }
  | { readonly kind: "continuous" }

/** When runs are made by the clock: a cron expression or preset, a schedule, or several crons. */
export type TimeSchedule = string | Schedule | readonly (string | CronSchedule)[]

/** Runs by the clock and after assets, as `assetOrTime` says it. */
export interface AssetOrTime {
  readonly kind: "asset_or_time"
  readonly assets: AssetSchedule
  readonly time: TimeSchedule
}

/** What `schedule` takes: a time, assets (a list: all of them), both, or null for none. */
export type ScheduleOption = TimeSchedule | AssetSchedule | readonly AssetSchedule[] | AssetOrTime | null

/**
 * A schedule by a cron expression of five fields, or six with seconds first, or a preset such as `"@daily"`.
 *
 * A cron that names its times ticks once for each day, also when clocks change: a skipped time as the clock jumps, a
 * repeated one the first time. Others (`*`, `*\/15`) follow the clock on the wall.
 *
 * @example
 * dag("report", { schedule: cron("30 7 * * MON-FRI", { timezone: "Europe/Berlin" }) }, () => { ... })
 */
export function cron(expression: string, options: CronOptions = {}): CronSchedule {
  return { kind: "cron", expression, options }
}

/** A schedule by a fixed span of real time, counted from the start date, or from 1970 (UTC) where there is none. */
export function every(span: Duration, options: IntervalOptions = {}): Schedule {
  return { kind: "delta", every: span, options }
}

/**
 * A run at each of these dates, which need no pattern, such as holidays or the days of releases: up to 1,000, in any order; text
 * is ISO 8601, in UTC where it names no offset. Both ends of a run's data interval, and its logical date, are its date.
 *
 * As Airflow's `EventsTimetable`. Dates before the start date count for nothing; nor do those that have passed when the
 * schedule is new, where there is no start date.
 *
 * @example
 * dag("close_year", { schedule: atDates(["2026-12-31T23:00:00+01:00", "2027-12-31T23:00:00+01:00"]) }, () => { ... })
 */
export function atDates(dates: readonly (Date | string)[]): Schedule {
  return { kind: "events", dates }
}

/** One run, at the start date, or at once where there is none. */
export function once(): Schedule {
  return { kind: "once" }
}

/** A run whenever none of the DAG is unfinished; it covers the time since the one before. */
export function continuous(): Schedule {
  return { kind: "continuous" }
}

/**
 * Runs by the clock, and also whenever assets have had their events.
 *
 * @example
 * dag("report", { schedule: assetOrTime(orders.and(users), "@daily") }, () => { ... })
 */
export function assetOrTime(assets: AssetSchedule, time: TimeSchedule): AssetOrTime {
  return { kind: "asset_or_time", assets, time }
}
