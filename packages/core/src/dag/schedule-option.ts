import { describeCondition } from "../time/asset-condition.ts"
import { describeValue } from "../stream/describe-value.ts"
import { isTimezone, readCron } from "../time/cron.ts"
import type { DataIntervalRule, SerializedCron, SerializedTimetable } from "../time/timetable.ts"
import { type AssetSchedule, isAssetSchedule } from "./asset.ts"
import { dateCheck } from "./date-check.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { checkOptions, durationCheck, oneOfCheck, type OptionCheck } from "./option-check.ts"

/** A schedule as it is stored, and as people read it. */
export interface CheckedSchedule {
  readonly summary: string | null
  readonly timetable: SerializedTimetable
  /** Null: it waits for none. */
  readonly assets: AssetSchedule | null
}

/** A schedule by the clock alone. */
type CheckedTime = Omit<CheckedSchedule, "assets">

const noTime: CheckedTime = { summary: null, timetable: { kind: "none" } }

/** Characters that people see of what a DAG waits for. */
const summaryLengthMax = 250

/** The most crons that one DAG may have, and the longest text of one. */
const cronsMax = 20
const expressionLengthMax = 1_000
/** The most dates that `atDates()` takes: they stand in each version of the DAG, and are gone through one by one. */
const datesMax = 1_000
/** More often than this no timetable ticks. */
const everyMsMin = 1_000

const expected =
  'a cron such as "0 5 * * *", a preset such as "@daily", cron(), every(), atDates(), once(), continuous(), several crons, assets, assetOrTime(), or null'

const intervalCheck: OptionCheck<DataIntervalRule> = oneOfCheck(["since_previous", "none"])

const timezoneCheck: OptionCheck<string> = {
  expected: 'the IANA name of a time zone, such as "Europe/Berlin"',
  read: (value) => (typeof value === "string" && isTimezone(value) ? value : undefined),
}

/** Checks what `schedule` of `dag()` says. */
export function checkSchedule(given: unknown, dagId: string): CheckedSchedule {
  const assets = assetsOf(given)
  if (assets !== null) return { ...noTime, summary: summaryOf(assets), assets }
  if (kindOf(given) === "asset_or_time") return checkAssetOrTime(given as object, dagId)
  return { ...checkTime(given, dagId), assets: null }
}

/** Assets alone, or a list of them: then all of them. */
function assetsOf(given: unknown): AssetSchedule | null {
  if (isAssetSchedule(given)) return given
  if (!Array.isArray(given) || given.length === 0 || !given.every(isAssetSchedule)) return null
  return given.reduce((all: AssetSchedule, one: AssetSchedule) => all.and(one))
}

function checkAssetOrTime(given: object, dagId: string): CheckedSchedule {
  const { assets, time } = given as { assets: unknown; time: unknown }
  const awaited = assetsOf(assets)
  if (awaited === null)
    throw refused(dagId, `has ${describeValue(assets)} as assets`, "assets in assetOrTime()")
  const checked = checkTime(time, dagId)
  if (checked.summary === null)
    throw refused(dagId, "has no time in assetOrTime()", "a time beside the assets")
  return { ...checked, summary: `${summaryOf(awaited)} or ${checked.summary}`, assets: awaited }
}

function summaryOf({ condition }: AssetSchedule): string {
  const text = `assets: ${describeCondition(condition)}`
  return text.length <= summaryLengthMax ? text : `${text.slice(0, summaryLengthMax - 1)}…`
}

function checkTime(given: unknown, dagId: string): CheckedTime {
  if (given === undefined || given === null) return noTime
  if (given === "@once") return { summary: "@once", timetable: { kind: "once" } }
  if (given === "@continuous") return { summary: "@continuous", timetable: { kind: "continuous" } }
  if (typeof given === "string" || Array.isArray(given)) return checkCrons([given].flat(), dagId)
  switch (kindOf(given)) {
    case "cron":
      return checkCrons([given], dagId)
    case "delta":
      return checkDelta(given, dagId)
    case "events":
      return checkDates(given, dagId)
    case "once":
      return checkTime("@once", dagId)
    case "continuous":
      return checkTime("@continuous", dagId)
    default:
      throw refused(dagId, `is ${describeValue(given)}`, expected)
  }
}

function kindOf(given: unknown): unknown {
  return typeof given === "object" && given !== null && "kind" in given ? given.kind : undefined
}

interface CheckedCron extends SerializedCron {
  readonly summary: string
  readonly dataInterval: DataIntervalRule
}

function checkCrons(given: readonly unknown[], dagId: string): CheckedTime {
  if (given.length === 0 || given.length > cronsMax) {
    throw refused(dagId, `is ${describeValue(given)}`, `1 to ${cronsMax} crons`)
  }
  const crons = given.map((one) => checkCron(one, dagId))
  const dataInterval = crons[0]?.dataInterval ?? "since_previous"
  if (crons.some((one) => one.dataInterval !== dataInterval)) {
    throw refused(dagId, "has crons that differ in dataInterval", "the same for all of them")
  }
  return {
    summary: crons.map((one) => one.summary).join(", "),
    timetable: {
      kind: "cron",
      crons: crons.map(({ expression, timezone }) => ({ expression, timezone })),
      dataInterval,
    },
  }
}

function checkCron(given: unknown, dagId: string): CheckedCron {
  if (typeof given === "string") return checkCron({ kind: "cron", expression: given, options: {} }, dagId)
  if (kindOf(given) !== "cron") throw refused(dagId, `holds ${describeValue(given)}`, "crons alone in a list")
  const { expression, options } = given as { expression: unknown; options: unknown }
  const checks = { timezone: timezoneCheck, dataInterval: intervalCheck }
  const { timezone = "UTC", dataInterval = "since_previous" } = checkOptions(options, checks, {
    dagId,
    call: "cron()",
  })
  const written = readExpression(expression, dagId)
  const text = String(expression).trim()
  return {
    expression: written,
    timezone,
    dataInterval,
    summary: timezone === "UTC" ? text : `${text} (${timezone})`,
  }
}

function readExpression(given: unknown, dagId: string): string {
  if (typeof given !== "string" || given.length > expressionLengthMax) {
    throw refused(
      dagId,
      `has ${describeValue(given)} as a cron`,
      `text of up to ${expressionLengthMax} characters`,
    )
  }
  const read = readCron(given)
  if (typeof read === "string") return read
  throw refused(dagId, `has ${read.problem} in the cron "${given}"`, read.expected)
}

function checkDelta(given: object, dagId: string): CheckedTime {
  const { every, options } = given as { every: unknown; options: unknown }
  const check = durationCheck(everyMsMin)
  const everyMs = check.read(every)
  if (everyMs === undefined) throw refused(dagId, `has every(${describeValue(every)})`, check.expected)
  const { dataInterval = "since_previous" } = checkOptions(
    options,
    { dataInterval: intervalCheck },
    { dagId, call: "every()" },
  )
  return {
    summary: `every ${typeof every === "string" ? every : `${everyMs}ms`}`,
    timetable: { kind: "delta", everyMs, dataInterval },
  }
}

function checkDates(given: object, dagId: string): CheckedTime {
  const { dates } = given as { dates: unknown }
  if (!Array.isArray(dates) || dates.length === 0 || dates.length > datesMax)
    throw refused(dagId, `has atDates(${describeValue(dates)})`, `a list of 1 to ${datesMax} dates`)
  const read = dates.map((date: unknown) => {
    const instant = dateCheck.read(date)
    if (instant === undefined)
      throw refused(dagId, `has ${describeValue(date)} among the dates of atDates()`, dateCheck.expected)
    return instant
  })
  const ascending = [...new Set(read)].toSorted()
  const [first] = ascending
  const span = ascending.length === 1 ? `at ${first}` : `from ${first} to ${ascending.at(-1)}`
  return {
    summary: `${ascending.length === 1 ? "1 date" : `${ascending.length} dates`} ${span}`,
    timetable: { kind: "events", dates: ascending },
  }
}

function refused(dagId: string, what: string, wanted: string): DagDefinitionError {
  return new DagDefinitionError({
    dagId,
    problem: `the option "schedule" of dag() ${what}`,
    expected: wanted,
  })
}
