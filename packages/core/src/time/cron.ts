/**
 * Cron expressions, by way of croner; the one file that knows it.
 *
 * Where clocks change, a cron does what Vixie's cron did. One that names its times (no `*` and no `/` in seconds, minutes and
 * hours) ticks once a day for each: a time that is skipped in spring ticks when the clock jumps, a time that comes twice in autumn
 * ticks the first time. Any other follows the clock on the wall: skipped times do not tick, repeated ones do so twice.
 */
import { Cron } from "croner"
import type { SerializedCron } from "./timetable.ts"

/** Names for crons, as in Airflow. */
export const cronPresets: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@quarterly": "0 0 1 */3 *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
}

/** What is wrong with a cron expression. */
export interface CronProblem {
  readonly problem: string
  readonly expected: string
}

const fields = [
  { name: "second", expected: "0 to 59" },
  { name: "minute", expected: "0 to 59" },
  { name: "hour", expected: "0 to 23" },
  { name: "day of month", expected: "1 to 31, or L for the last" },
  { name: "month", expected: "1 to 12, or JAN to DEC" },
  { name: "day of week", expected: "0 to 7 (0 and 7 are Sunday), or SUN to SAT" },
] as const

/** Reads a cron expression or a preset; gives the expression, written out, or what is wrong with it. */
export function readCron(text: string): string | CronProblem {
  const words = text.trim().split(/\s+/)
  if (words[0]?.startsWith("@")) return readPreset(text.trim())
  if (words.length !== 5 && words.length !== 6) {
    return {
      problem: `${words[0] === "" ? "no" : words.length} ${words.length === 1 && words[0] !== "" ? "field" : "fields"}`,
      expected: "minute, hour, day of month, month, day of week; a second may come first",
    }
  }
  return fieldProblem(words) ?? neverProblem(words) ?? words.join(" ")
}

function readPreset(name: string): string | CronProblem {
  const known = Object.hasOwn(cronPresets, name) ? cronPresets[name] : undefined
  return (
    known ?? {
      problem: `no preset "${name}"`,
      expected: `one of ${Object.keys(cronPresets).join(", ")}, @once, @continuous`,
    }
  )
}

/** Tries each field alone, so that the one at fault can be named. */
function fieldProblem(words: readonly string[]): CronProblem | null {
  const named = fields.slice(fields.length - words.length)
  for (const [place, field] of named.entries()) {
    const alone = named.map((_, other) => (other === place ? (words[place] ?? "") : "*"))
    if (isCron(alone.join(" "))) continue
    const steps = "with lists (1,2), ranges (1-5) and steps (*/10, 1-5/2)"
    return {
      problem: `the ${field.name} "${words[place]}"`,
      expected: `* or ${field.expected}, ${steps}`,
    }
  }
  return null
}

function isCron(expression: string): boolean {
  try {
    open({ expression, timezone: "UTC" })
    return true
  } catch {
    return false
  }
}

/** Each field is right, and still no day is: the 30th of February. */
function neverProblem(words: readonly string[]): CronProblem | null {
  const ticks = cronTicks({ expression: words.join(" "), timezone: "UTC" })
  if (ticks.after(0) !== null) return null
  return { problem: "a date that never comes", expected: "a day that its month has" }
}

/** Whether a text names a time zone. */
export function isTimezone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false
  try {
    return Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== ""
  } catch {
    return false
  }
}

/** The instants of one cron, in milliseconds since 1970. */
export function cronTicks(cron: SerializedCron): {
  after(at: number): number | null
  atOrBefore(at: number): number | null
} {
  const opened = open(cron)
  return {
    after: (at) => opened.nextRun(new Date(at))?.getTime() ?? null,
    atOrBefore: (at) => opened.previousRuns(1, new Date(at + 1))[0]?.getTime() ?? null,
  }
}

function open({ expression, timezone }: SerializedCron): Cron {
  return new Cron(expression, { timezone, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" })
}
