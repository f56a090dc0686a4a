import { describe, expect, it } from "vitest"
import { cronPresets, cronTicks, isTimezone, readCron } from "./cron.ts"

/** The next ticks after an instant, as UTC to the minute. */
function ticks(expression: string, timezone: string, from: string, count: number): string[] {
  const cron = cronTicks({ expression, timezone })
  const found: string[] = []
  for (let at: number | null = Date.parse(from); found.length < count;) {
    at = cron.after(at)
    if (at === null) break
    found.push(new Date(at).toISOString().slice(0, 16))
  }
  return found
}

describe("a cron where clocks jump forward", () => {
  // New York, 8 March 2026: 02:00 EST (07:00Z) is followed by 03:00 EDT.
  it.each([
    [
      "a skipped time ticks when the clock jumps",
      "30 2 * * *",
      ["03-07T07:30", "03-08T07:00", "03-09T06:30"],
    ],
    ["so does one on the hour", "0 2 * * *", ["03-07T07:00", "03-08T07:00", "03-09T06:00"]],
    [
      "two skipped times tick once",
      "0,30 2 * * *",
      ["03-07T07:00", "03-07T07:30", "03-08T07:00", "03-09T06:00"],
    ],
    [
      "a time outside is an hour earlier in UTC from then on",
      "30 6 * * *",
      ["03-07T11:30", "03-08T10:30", "03-09T10:30"],
    ],
  ])("%s", (_, expression, wanted) => {
    const found = ticks(expression, "America/New_York", "2026-03-07T06:00Z", wanted.length)
    expect(found).toEqual(wanted.map((at) => `2026-${at}`))
  })

  it.each([
    ["every hour stays every hour", "0 * * * *", ["06:00", "07:00", "08:00", "09:00"]],
    ["every half hour stays so", "*/30 * * * *", ["06:00", "06:30", "07:00", "07:30"]],
    ["every second hour leaves the skipped one out", "0 */2 * * *", ["08:00", "10:00", "12:00"]],
  ])("%s", (_, expression, wanted) => {
    const found = ticks(expression, "America/New_York", "2026-03-08T05:30Z", wanted.length)
    expect(found).toEqual(wanted.map((at) => `2026-03-08T${at}`))
  })

  it("by half an hour, as on Lord Howe Island, keeps each day's tick", () => {
    // 4 October 2026: 02:00 (15:30Z the day before) is followed by 02:30.
    expect(ticks("15 2 * * *", "Australia/Lord_Howe", "2026-10-02T00:00Z", 3)).toEqual([
      "2026-10-02T15:45",
      "2026-10-03T15:30",
      "2026-10-04T15:15",
    ])
  })

  it("at midnight, as in São Paulo, starts the day when it starts", () => {
    // 4 November 2018: 00:00 does not exist, the day begins at 01:00 (03:00Z).
    expect(ticks("0 0 * * *", "America/Sao_Paulo", "2018-11-03T00:00Z", 3)).toEqual([
      "2018-11-03T03:00",
      "2018-11-04T03:00",
      "2018-11-05T02:00",
    ])
  })

  it("by a whole day, as in Samoa, has nothing on the day that is left out", () => {
    // 29 December 2011 is followed by the 31st.
    expect(ticks("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00Z", 3)).toEqual([
      "2011-12-29T22:00",
      "2011-12-30T22:00",
      "2011-12-31T22:00",
    ])
    expect(ticks("0 12 30 12 *", "Pacific/Apia", "2011-01-01T00:00Z", 1)).toEqual(["2012-12-29T22:00"])
  })
})

describe("a cron where clocks go back", () => {
  // New York, 1 November 2026: after 01:59 EDT (05:59Z) comes 01:00 EST (06:00Z).
  it.each([
    ["a repeated time ticks the first time", "30 1 * * *", ["10-31T05:30", "11-01T05:30", "11-02T06:30"]],
    [
      "so do several that are named",
      "0,30 1 * * *",
      ["10-31T05:00", "10-31T05:30", "11-01T05:00", "11-01T05:30", "11-02T06:00"],
    ],
    [
      "a named range too",
      "0 1-3 * * *",
      [
        "10-31T05:00",
        "10-31T06:00",
        "10-31T07:00",
        "11-01T05:00",
        "11-01T07:00",
        "11-01T08:00",
        "11-02T06:00",
      ],
    ],
    [
      "a time outside is an hour later in UTC from then on",
      "30 6 * * *",
      ["10-31T10:30", "11-01T11:30", "11-02T11:30"],
    ],
  ])("%s", (_, expression, wanted) => {
    const found = ticks(expression, "America/New_York", "2026-10-31T04:30Z", wanted.length)
    expect(found).toEqual(wanted.map((at) => `2026-${at}`))
  })

  it.each([
    ["every hour stays every hour", "0 * * * *", ["04:00", "05:00", "06:00", "07:00"]],
    [
      "every twenty minutes of one hour come twice",
      "*/20 1 * * *",
      ["05:00", "05:20", "05:40", "06:00", "06:20", "06:40"],
    ],
  ])("%s", (_, expression, wanted) => {
    const found = ticks(expression, "America/New_York", "2026-11-01T03:30Z", wanted.length)
    expect(found).toEqual(wanted.map((at) => `2026-11-01T${at}`))
  })

  it("by half an hour, as on Lord Howe Island, ticks on", () => {
    // 5 April 2026: after 01:59 (14:59Z the day before) comes 01:30.
    expect(ticks("45 1 * * *", "Australia/Lord_Howe", "2026-04-03T20:00Z", 2)).toEqual([
      "2026-04-04T14:45",
      "2026-04-05T15:15",
    ])
    expect(ticks("*/15 * * * *", "Australia/Lord_Howe", "2026-04-04T14:30Z", 4)).toEqual([
      "2026-04-04T14:45",
      "2026-04-04T15:00",
      "2026-04-04T15:15",
      "2026-04-04T15:30",
    ])
  })
})

describe("a cron of six fields", () => {
  it("ticks within the minute", () => {
    const cron = cronTicks({ expression: "*/20 * * * * *", timezone: "UTC" })
    expect(cron.after(Date.parse("2026-01-01T00:00:20Z"))).toBe(Date.parse("2026-01-01T00:00:40Z"))
    expect(cron.after(Date.parse("2026-01-01T00:00:20.001Z"))).toBe(Date.parse("2026-01-01T00:00:40Z"))
    expect(cron.atOrBefore(Date.parse("2026-01-01T00:00:20Z"))).toBe(Date.parse("2026-01-01T00:00:20Z"))
    expect(cron.atOrBefore(Date.parse("2026-01-01T00:00:19.999Z"))).toBe(Date.parse("2026-01-01T00:00:00Z"))
  })
})

describe("reading a cron", () => {
  it.each(["* * * * *", "*/5 1-3 1,15 JAN-MAR MON", "0 0 L * *", "0 0 * * 5#2", "30 * * * * *"])(
    "takes %s",
    (text) => {
      expect(readCron(`  ${text} `)).toBe(text)
    },
  )

  it("writes presets out", () => {
    for (const [name, expression] of Object.entries(cronPresets)) {
      expect(readCron(name)).toBe(expression)
      expect(readCron(expression)).toBe(expression)
    }
  })

  it.each([
    ["60 * * * *", 'the minute "60"', "* or 0 to 59"],
    ["* 24 * * *", 'the hour "24"', "* or 0 to 23"],
    ["* * 32 * *", 'the day of month "32"', "* or 1 to 31"],
    ["* * 0 * *", 'the day of month "0"', "* or 1 to 31"],
    ["* * * 13 *", 'the month "13"', "* or 1 to 12"],
    ["* * * FOO *", 'the month "FOO"', "JAN to DEC"],
    ["* * * * 8", 'the day of week "8"', "0 to 7"],
    ["61 * * * * *", 'the second "61"', "* or 0 to 59"],
    ["5-1 * * * *", 'the minute "5-1"', "ranges (1-5)"],
    ["*/0 * * * *", 'the minute "*/0"', "steps"],
    ["x * * * *", 'the minute "x"', "* or 0 to 59"],
    ["* * * *", "4 fields", "minute, hour"],
    ["1 2 3 4 5 6 7", "7 fields", "minute, hour"],
    ["", "no fields", "minute, hour"],
    ["@hourlyy", 'no preset "@hourlyy"', "@hourly"],
    ["0 0 30 2 *", "a date that never comes", "a day that its month has"],
  ])("refuses %j and says where", (text, problem, expected) => {
    const read = readCron(text)
    expect(read).toMatchObject({ problem, expected: expect.stringContaining(expected) as string })
  })

  it("knows time zones by their names", () => {
    expect(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"].every(isTimezone)).toBe(true)
    expect(["", "Mars/Olympus", "+02:00", "Europe / Berlin"].some(isTimezone)).toBe(false)
  })
})
