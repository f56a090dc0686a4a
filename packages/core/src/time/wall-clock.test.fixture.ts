/**
 * A second reading of cron, as plain as can be: each minute of a range is looked up on the clock on the wall.
 *
 * It knows lists, ranges and steps of numbers, in five fields, of which either day of month or day of week is `*` or a step.
 */
export function wallClockTicks(
  expression: string,
  timezone: string,
  range: { from: number; to: number },
): number[] {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = expression.split(" ")
  const isFixed = !/[*/]/.test(`${minute} ${hour}`)
  const matches = (wall: Date) =>
    isIn(minute, wall.getUTCMinutes(), 0) &&
    isIn(hour, wall.getUTCHours(), 0) &&
    isIn(day, wall.getUTCDate(), 1) &&
    isIn(month, wall.getUTCMonth() + 1, 1) &&
    isIn(weekday, wall.getUTCDay(), 0)
  const ticks = new Set<number>()
  const seen = new Set<number>()
  const clock = wallClock(timezone)
  // From a day before, so that a repeated time is known to be one.
  for (let at = range.from - dayMs; at <= range.to; at += minuteMs) {
    const wall = clock(at)
    const skipped = wall - clock(at - minuteMs) - minuteMs
    if (isFixed) {
      for (let gap = wall - skipped; gap < wall; gap += minuteMs) {
        // A time that is skipped ticks now, if its day has not been skipped with it.
        if (isSameDay(gap, wall) && matches(new Date(gap))) ticks.add(at)
      }
    }
    if (matches(new Date(wall)) && !(isFixed && seen.has(wall))) ticks.add(at)
    seen.add(wall)
  }
  return [...ticks].filter((at) => at > range.from)
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

function isSameDay(a: number, b: number): boolean {
  return Math.floor(a / dayMs) === Math.floor(b / dayMs)
}

function isIn(field: string, value: number, min: number): boolean {
  return field.split(",").some((part) => {
    if (part === "*") return true
    if (part.startsWith("*/")) return (value - min) % Number(part.slice(2)) === 0
    const [low, high = low] = part.split("-").map(Number)
    return low !== undefined && high !== undefined && value >= low && value <= high
  })
}

/** What the clock on the wall shows at an instant, as if it were UTC. */
function wallClock(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  })
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute)
  }
}
