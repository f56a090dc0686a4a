import { describe, expect, it } from "vitest"
import { atDates, continuous, cron, dag, DagDefinitionError, every, once } from "../index.ts"
import { planningDefaults } from "../time/timetable.ts"
import { serializeDag } from "./index.ts"

const loose = (value: unknown) => value as never

function planned(options: object) {
  const { schedule, planning } = serializeDag(dag("d", loose(options), () => {}))
  return { schedule, ...planning }
}

const inUtc = (expression: string) => ({ expression, timezone: "UTC" })

describe("the schedule of a DAG", () => {
  it.each([
    ["nothing", undefined, null, { kind: "none" }],
    ["null", null, null, { kind: "none" }],
    [
      "a preset",
      "@daily",
      "@daily",
      { kind: "cron", crons: [inUtc("0 0 * * *")], dataInterval: "since_previous" },
    ],
    [
      "a cron",
      "*/5 6 * * MON",
      "*/5 6 * * MON",
      { kind: "cron", crons: [inUtc("*/5 6 * * MON")], dataInterval: "since_previous" },
    ],
    [
      "a cron in a time zone",
      cron("0 5 * * *", { timezone: "Europe/Berlin", dataInterval: "none" }),
      "0 5 * * * (Europe/Berlin)",
      { kind: "cron", crons: [{ expression: "0 5 * * *", timezone: "Europe/Berlin" }], dataInterval: "none" },
    ],
    [
      "several crons",
      ["@hourly", cron("30 9 * * *", { timezone: "Asia/Tokyo" })],
      "@hourly, 30 9 * * * (Asia/Tokyo)",
      {
        kind: "cron",
        crons: [inUtc("0 * * * *"), { expression: "30 9 * * *", timezone: "Asia/Tokyo" }],
        dataInterval: "since_previous",
      },
    ],
    [
      "a span",
      every("15m"),
      "every 15m",
      { kind: "delta", everyMs: 900_000, dataInterval: "since_previous" },
    ],
    [
      "a span in milliseconds",
      every(5000, { dataInterval: "none" }),
      "every 5000ms",
      { kind: "delta", everyMs: 5000, dataInterval: "none" },
    ],
    [
      "dates, each once and in order",
      atDates(["2027-01-01", new Date("2026-12-24T18:00:00Z"), "2026-12-24T19:00:00+01:00"]),
      "2 dates from 2026-12-24T18:00:00.000Z to 2027-01-01T00:00:00.000Z",
      { kind: "events", dates: ["2026-12-24T18:00:00.000Z", "2027-01-01T00:00:00.000Z"] },
    ],
    [
      "a date",
      atDates(["2027-01-01"]),
      "1 date at 2027-01-01T00:00:00.000Z",
      { kind: "events", dates: ["2027-01-01T00:00:00.000Z"] },
    ],
    ["once", once(), "@once", { kind: "once" }],
    ["@once", "@once", "@once", { kind: "once" }],
    ["continuous", continuous(), "@continuous", { kind: "continuous" }],
  ])("may be %s", (_, schedule, summary, timetable) => {
    expect(planned({ schedule })).toMatchObject({ schedule: summary, timetable })
  })

  it.each([
    [
      "61 * * * *",
      'dag "d": the option "schedule" of dag() has the minute "61" in the cron "61 * * * *"; expected * or 0 to 59',
    ],
    ["every day", 'has 2 fields in the cron "every day"; expected minute, hour'],
    ["@fortnightly", 'has no preset "@fortnightly"'],
    ["0 0 31 2 *", "has a date that never comes"],
    [cron("0 5 * * *", { timezone: "Berlin" }), 'the option "timezone" of cron() is the string "Berlin"'],
    [cron("0 5 * * *", loose({ zone: "UTC" })), 'cron() has no option "zone"'],
    [["0 5 * * *", cron("@daily", { dataInterval: "none" })], "has crons that differ in dataInterval"],
    [[], "is an array of 0; expected 1 to 20 crons"],
    [["@daily", every("1h")], "holds an object with the keys"],
    [every(loose("often")), 'has every(the string "often")'],
    [every("10ms"), "milliseconds from 1000"],
    [atDates([]), "has atDates(an array of 0); expected a list of 1 to 1000 dates"],
    [atDates(loose("2027-01-01")), 'has atDates(the string "2027-01-01")'],
    [atDates(["2027-01-01", "soon"]), 'has the string "soon" among the dates of atDates()'],
    [
      every("1h", loose({ dataInterval: "some" })),
      'the option "dataInterval" of every() is the string "some"',
    ],
    [7, 'the option "schedule" of dag() is the number 7'],
    [{ kind: "weekly" }, 'the option "schedule" of dag() is an object'],
    [cron(loose(5)), "has the number 5 as a cron"],
  ])("is refused when it is %j", (schedule, message) => {
    const define = () => planned({ schedule })
    expect(define).toThrow(DagDefinitionError)
    expect(define).toThrow(message)
  })
})

describe("the planning of a DAG", () => {
  it("has the defaults that are written down", () => {
    expect(planned({})).toEqual({ schedule: null, ...planningDefaults })
  })

  it("is stored in milliseconds and UTC", () => {
    const options = {
      startDate: "2026-01-31",
      endDate: new Date("2026-02-01T06:00:00+02:00"),
      catchup: true,
      jitter: "5m",
      maxActiveRuns: 3,
    }
    expect(planned(options)).toMatchObject({
      startDate: "2026-01-31T00:00:00.000Z",
      endDate: "2026-02-01T04:00:00.000Z",
      catchup: true,
      jitterMs: 300_000,
      maxActiveRuns: 3,
    })
    expect(planned({ startDate: "2026-01-31T06:00+01:00" }).startDate).toBe("2026-01-31T05:00:00.000Z")
  })

  it.each([
    { startDate: "2026-02-30" },
    { startDate: "2026-01-31T06:00" },
    { startDate: "yesterday" },
    { endDate: new Date(Number.NaN) },
    { endDate: 5 },
    { catchup: "yes" },
    { jitter: -1 },
    { maxActiveRuns: 0 },
    { maxActiveRuns: 1.5 },
  ])("refuses %j by name", (options) => {
    const [name] = Object.keys(options)
    expect(() => planned(options)).toThrow(`the option "${name}" of dag() is`)
  })

  it("refuses an end before the start", () => {
    expect(() => planned({ startDate: "2026-02-01", endDate: "2026-01-01" })).toThrow(
      "comes before its startDate",
    )
  })

  it("refuses params that a scheduled run would lack", () => {
    const paramsSchema = { type: "object", properties: { a: { default: 1 } }, required: ["a", "b", "c"] }
    expect(() => planned({ schedule: "@daily", paramsSchema, params: { b: 2 } })).toThrow(
      'it has a schedule, and requires the param "c" without a default (defaults: b). Fix: give it one: params: { c: ... }',
    )
    expect(planned({ paramsSchema }).schedule).toBeNull()
    expect(planned({ schedule: "@daily", paramsSchema, params: { b: 2, c: 3 } }).schedule).toBe("@daily")
  })
})

describe("how long runs are kept", () => {
  it.each([
    ["nothing", undefined, null],
    ["all", "all", { days: null, count: null }],
    ["days", { days: 30 }, { days: 30, count: null }],
    ["both", { days: 30, count: 500 }, { days: 30, count: 500 }],
  ])("is %s", (_, keepRuns, kept) => {
    expect(planned(keepRuns === undefined ? {} : { keepRuns })).toMatchObject({ keepRuns: kept })
  })

  it.each([
    [{}],
    [{ days: 0 }],
    [{ days: 1.5 }],
    [{ count: 10_001 }],
    [{ hours: 3, days: 1 }],
    ["none"],
    [7],
  ])("is refused when it is %j", (keepRuns) => {
    expect(() => planned({ keepRuns })).toThrow(/keepRuns.*"all", or \{ days, count \}/s)
  })
})
