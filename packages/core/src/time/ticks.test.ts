import { fc, it } from "@fast-check/vitest"
import { describe, expect } from "vitest"
import { wallClockTicks } from "./wall-clock.test.fixture.ts"
import { type Ticks, ticksOf } from "./ticks.ts"
import type { SerializedTimetable } from "./timetable.ts"

const hourMs = 3_600_000

/** Instants at which clocks change, in both directions: by an hour, half an hour, two hours, at midnight, by a day. */
const transitions = [
  ["America/New_York", "2026-03-08T07:00Z"],
  ["America/New_York", "2026-11-01T06:00Z"],
  ["Europe/Berlin", "2026-03-29T01:00Z"],
  ["Europe/Dublin", "2026-10-25T01:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30Z"],
  ["America/Sao_Paulo", "2018-02-18T02:00Z"],
  ["America/Sao_Paulo", "2018-11-04T03:00Z"],
  ["Antarctica/Troll", "2026-03-29T01:00Z"],
  ["Antarctica/Troll", "2026-10-25T01:00Z"],
  ["America/Havana", "2026-03-08T05:00Z"],
  ["America/Havana", "2026-11-01T05:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00Z"],
  ["UTC", "2026-06-01T00:00Z"],
] as const

const field = (min: number, max: number, named = false) => {
  const value = fc.integer({ min, max })
  const list = fc
    .uniqueArray(value, { minLength: 1, maxLength: 3 })
    .map((values) => values.sort((a, b) => a - b).join(","))
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
  const step = fc.constantFrom(...[1, 2, 5, 15].filter((n) => n <= max)).map((n) => `*/${n}`)
  return named ? fc.oneof(list, range) : fc.oneof(fc.constant("*"), list, range, step)
}

const cronOf = (hours: fc.Arbitrary<string>, minutes: fc.Arbitrary<string>) =>
  fc
    .tuple(minutes, hours, fc.constantFrom("*", "*", "*/2"), fc.constantFrom("*", "*", "0-5", "1,3,6"))
    .map(([minute, hour, day, weekday]) => `${minute} ${hour} ${weekday === "*" ? day : "*"} * ${weekday}`)

const expression = fc.oneof(
  cronOf(field(0, 3), field(0, 59)),
  cronOf(field(0, 3, true), field(0, 59, true)),
  cronOf(fc.constantFrom("23", "0", "1", "2", "3"), field(0, 59)),
)

const cronTimetable = (expressions: readonly string[], timezone: string): SerializedTimetable => ({
  kind: "cron",
  crons: expressions.map((one) => ({ expression: one, timezone })),
  dataInterval: "none",
})

/** A timetable, and an instant around which it is looked at. */
const places: fc.Arbitrary<{ timetable: SerializedTimetable; around: number }> = fc.oneof(
  fc
    .record({
      at: fc.constantFrom(...transitions),
      expressions: fc.array(expression, { minLength: 1, maxLength: 2 }),
    })
    .map(({ at: [timezone, instant], expressions }) => ({
      timetable: cronTimetable(expressions, timezone),
      around: Date.parse(instant),
    })),
  fc
    .record({
      everyMs: fc.integer({ min: 60_000, max: 10 * hourMs }),
      around: fc.integer({ min: 0, max: 2 ** 41 }),
    })
    .map(
      ({ everyMs, around }) =>
        ({ timetable: { kind: "delta", everyMs, dataInterval: "none" }, around }) as const,
    ),
)

/** Goes from tick to tick. */
function walk(ticks: Ticks, from: number, to: number): number[] {
  const found: number[] = []
  for (let at = ticks.after(from); at !== null && at <= to; at = ticks.after(at)) {
    found.push(at)
    if (found.length > 10_000) throw new Error("it does not get on")
  }
  return found
}

describe("the ticks of a timetable", () => {
  it.prop([places, fc.array(fc.integer({ min: -8 * hourMs, max: 8 * hourMs }), { maxLength: 5 })])(
    "always rise, and are the same wherever a range is split",
    ({ timetable, around }, cuts) => {
      const ticks = ticksOf(timetable, 0)
      const [from, to] = [around - 8 * hourMs, around + 8 * hourMs]
      const whole = walk(ticks, from, to)
      expect(whole.every((tick, place) => place === 0 || tick > whole[place - 1]!)).toBe(true)
      const edges = [from, ...cuts.map((cut) => around + cut).sort((a, b) => a - b), to]
      const parts = edges.slice(1).flatMap((edge, place) => walk(ticks, edges[place]!, edge))
      expect(parts).toEqual(whole)
    },
  )

  it.prop([
    places,
    fc.array(fc.integer({ min: -6 * hourMs, max: 6 * hourMs }), { minLength: 1, maxLength: 10 }),
  ])("are the same looked at backwards", ({ timetable, around }, offsets) => {
    const ticks = ticksOf(timetable, 0)
    const whole = walk(ticks, around - 12 * hourMs, around + 6 * hourMs)
    for (const at of offsets.map((offset) => around + offset)) {
      const wanted = whole.findLast((tick) => tick <= at)
      if (wanted !== undefined) expect(ticks.atOrBefore(at)).toBe(wanted)
    }
    for (const tick of whole.slice(-20)) expect(ticks.atOrBefore(tick)).toBe(tick)
  })

  it.prop([fc.constantFrom(...transitions), expression], { numRuns: 60 })(
    "are those of a clock on the wall that is read minute by minute",
    ([timezone, instant], cron) => {
      const around = Date.parse(instant)
      const range = { from: around - 5 * hourMs, to: around + 5 * hourMs }
      const found = walk(ticksOf(cronTimetable([cron], timezone), 0), range.from, range.to)
      expect(found).toEqual(wallClockTicks(cron, timezone, range))
    },
  )

  it.each([
    ["Europe/Berlin", 365 * 24],
    ["UTC", 365 * 24],
  ])("come once an hour through a whole year in %s", (timezone, hours) => {
    const ticks = walk(
      ticksOf(cronTimetable(["0 * * * *"], timezone), 0),
      Date.parse("2025-12-31T23:59Z"),
      Date.parse("2026-12-31T23:00Z"),
    )
    expect(ticks).toHaveLength(hours)
    expect(new Set(ticks.slice(1).map((tick, place) => tick - ticks[place]!))).toEqual(new Set([hourMs]))
  })

  it.each(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC"])(
    "of a named time come once a day through a whole year in %s",
    (timezone) => {
      const ticks = walk(
        ticksOf(cronTimetable(["30 2 * * *"], timezone), 0),
        Date.parse("2026-01-01T12:00Z"),
        Date.parse("2027-01-01T12:00Z"),
      )
      expect(ticks).toHaveLength(365)
    },
  )

  it("of several crons come once where they coincide", () => {
    const ticks = ticksOf(cronTimetable(["0 */2 * * *", "0 */3 * * *"], "UTC"), 0)
    const found = walk(ticks, Date.parse("2026-01-01T00:00Z"), Date.parse("2026-01-01T12:00Z"))
    expect(found.map((at) => new Date(at).getUTCHours())).toEqual([2, 3, 4, 6, 8, 9, 10, 12])
  })

  it("of a span count from the origin, before it too", () => {
    const ticks = ticksOf({ kind: "delta", everyMs: 1000, dataInterval: "none" }, 300)
    expect([ticks.after(300), ticks.after(299), ticks.atOrBefore(300), ticks.atOrBefore(299)]).toEqual([
      1300, 300, 300, -700,
    ])
  })
})
