/*
 * A year of crons against another library that is kept, cron-parser. It is no judge of what a cron should do where clocks change, and
 * Lord Howe Island's half hour is beyond it: there the second reading in wall-clock.test.fixture.ts stands.
 */
import { CronExpressionParser } from "cron-parser"
import { describe, expect, it } from "vitest"
import { cronTicks } from "./cron.ts"

const from = Date.parse("2026-01-01T00:00:00Z")
const to = Date.parse("2027-01-01T00:00:00Z")

/** The ticks of the year, each after the one before. */
function ours(expression: string, timezone: string): number[] {
  const cron = cronTicks({ expression, timezone })
  const ticks: number[] = []
  for (let at = cron.after(from - 1); at !== null && at < to; at = cron.after(at)) ticks.push(at)
  return ticks
}

function theirs(expression: string, timezone: string): number[] {
  const cron = CronExpressionParser.parse(expression, { tz: timezone, currentDate: new Date(from - 1) })
  const ticks: number[] = []
  for (let at = cron.next().getTime(); at < to; at = cron.next().getTime()) ticks.push(at)
  return ticks
}

const zones = ["UTC", "Europe/Berlin", "America/New_York", "America/Santiago"]

describe("a year of ticks", () => {
  it.each(zones)("hour by hour is what cron-parser says, in %s", (timezone) => {
    const hours = ours("0 * * * *", timezone)
    // Where clocks are moved, hours go on: as many as in UTC, an hour apart.
    expect(hours).toHaveLength(8_760)
    expect(hours).toEqual(theirs("0 * * * *", timezone))
  })

  it.each([
    "0 0 * * *",
    "0 9 * * 1",
    "15 6,18 * * MON-FRI",
    "30 8-17 * * MON-FRI",
    "0 6 1 */2 *",
    "30 4 L * *",
    "0 12 31 * *",
    "5 0 * 3,10,11 *",
  ])(
    "of %s is what cron-parser says, in every zone whose clocks do not change at that time",
    (expression) => {
      // Santiago's days begin at one o'clock when its clocks jump at midnight.
      const steady = zones.filter((timezone) => timezone !== "America/Santiago")
      for (const timezone of steady) expect(ours(expression, timezone)).toEqual(theirs(expression, timezone))
    },
  )

  it.each([
    ["Europe/Berlin", "2026-03-29T01:00:00Z"],
    ["America/New_York", "2026-03-08T07:00:00Z"],
  ])(
    "of half past two in %s differs where that is skipped alone: it ticks as the clock jumps",
    (timezone, jump) => {
      const [mine, other] = [ours("30 2 * * *", timezone), theirs("30 2 * * *", timezone)]
      expect(mine).toHaveLength(365)
      const differing = mine.flatMap((at, place) => (at === other[place] ? [] : [[at, other[place]]]))
      // cron-parser waits for as long as was skipped.
      expect(differing).toEqual([[Date.parse(jump), Date.parse(jump) + 30 * 60_000]])
    },
  )

  it.each([
    ["Europe/Berlin", "30 2 * * *", "2026-10-25T00:30:00Z"],
    ["America/New_York", "30 1 * * *", "2026-11-01T05:30:00Z"],
  ])("in %s has %s once on the day that has it twice, the first time", (timezone, expression, first) => {
    const day = Date.parse(first)
    const near = ours(expression, timezone).filter((at) => Math.abs(at - day) < 12 * 3_600_000)
    expect(near).toEqual([day])
    expect(theirs(expression, timezone)).toContain(day)
  })
})
