import { fc, it } from "@fast-check/vitest"
import { describe, expect } from "vitest"
import { continuousGapMs, type Plan, type PlannedRun, planOf } from "./plan.ts"
import { planningDefaults, type SerializedPlanning, type SerializedTimetable } from "./timetable.ts"

const hourly: SerializedTimetable = {
  kind: "cron",
  crons: [{ expression: "0 * * * *", timezone: "UTC" }],
  dataInterval: "since_previous",
}
const hourlyTrigger: SerializedTimetable = { ...hourly, dataInterval: "none" }
const since = new Date("2026-01-01T00:30:00Z")

function plan(planning: Partial<SerializedPlanning>, dagId = "d"): Plan {
  return planOf({ ...planningDefaults, ...planning }, { dagId, since })
}

const at = (text: string) => new Date(`2026-01-${text}:00Z`)

/** A run as `logical: start..end at runAt`, day and time alone. */
function text(run: PlannedRun | null): string | null {
  if (run === null) return null
  const short = (date: Date) => date.toISOString().slice(8, 16)
  const [logical, start, end] = [run.logicalDate, run.intervalStart, run.intervalEnd].map(short)
  const late = run.runAt.getTime() - run.intervalEnd.getTime()
  return `${logical}: ${start}..${end}${late === 0 ? "" : ` +${late}ms`}`
}

/** The first runs of a plan. */
function first(planned: Plan, count: number): (string | null)[] {
  const runs: (string | null)[] = []
  let last: Date | null = null
  for (let n = 0; n < count; n++) {
    const run = planned.next(last)
    runs.push(text(run))
    if (run === null) break
    last = run.intervalEnd
  }
  return runs
}

describe("the plan of a DAG", () => {
  it("begins after the timetable was registered, where there is no start date", () => {
    expect(first(plan({ timetable: hourly }), 2)).toEqual([
      "01T00:00: 01T00:00..01T01:00",
      "01T01:00: 01T01:00..01T02:00",
    ])
    expect(first(plan({ timetable: hourlyTrigger }), 2)).toEqual([
      "01T01:00: 01T01:00..01T01:00",
      "01T02:00: 01T02:00..01T02:00",
    ])
  })

  it("has its runs at the dates that are named, those that have passed with a start date and catchup alone", () => {
    const dates = ["2025-12-31T00:00:00.000Z", "2026-01-01T06:00:00.000Z", "2026-01-09T00:00:00.000Z"]
    const timetable = { kind: "events", dates } as const
    const coming = ["01T06:00: 01T06:00..01T06:00", "09T00:00: 09T00:00..09T00:00", null]
    expect(first(plan({ timetable }), 3)).toEqual(coming)
    const made = plan({ timetable, startDate: "2025-12-01T00:00:00.000Z", catchup: true })
    expect(first(made, 4)).toEqual(["31T00:00: 31T00:00..31T00:00", ...coming])
    expect(text(made.dueRun(made.next(null)!, at("05T00:00")))).toBe("31T00:00: 31T00:00..31T00:00")
    const latest = plan({ timetable, startDate: "2025-12-01T00:00:00.000Z" })
    expect(text(latest.dueRun(latest.next(null)!, at("05T00:00")))).toBe(coming[0])
    expect(first(plan({ timetable, endDate: "2026-01-02T00:00:00.000Z" }), 3)).toEqual([coming[0], null])
  })

  it("has no data interval that starts before the start date", () => {
    const startDate = "2026-01-02T00:00:00.000Z"
    expect(first(plan({ timetable: hourly, startDate }), 1)).toEqual(["02T00:00: 02T00:00..02T01:00"])
    expect(first(plan({ timetable: hourlyTrigger, startDate }), 1)).toEqual(["02T00:00: 02T00:00..02T00:00"])
    expect(first(plan({ timetable: hourly, startDate: "2026-01-02T00:10:00.000Z" }), 1)).toEqual([
      "02T01:00: 02T01:00..02T02:00",
    ])
  })

  it("has no logical date after the end date", () => {
    const [startDate, endDate] = ["2026-01-02T00:00:00.000Z", "2026-01-02T01:00:00.000Z"]
    expect(first(plan({ timetable: hourly, startDate, endDate }), 9)).toEqual([
      "02T00:00: 02T00:00..02T01:00",
      "02T01:00: 02T01:00..02T02:00",
      null,
    ])
    expect(first(plan({ timetable: hourlyTrigger, startDate, endDate }), 9)).toHaveLength(3)
  })

  it("counts spans from the start date", () => {
    const timetable: SerializedTimetable = {
      kind: "delta",
      everyMs: 90 * 60_000,
      dataInterval: "since_previous",
    }
    expect(first(plan({ timetable, startDate: "2026-01-02T00:10:00.000Z" }), 2)).toEqual([
      "02T00:10: 02T00:10..02T01:40",
      "02T01:40: 02T01:40..02T03:10",
    ])
  })

  it("covers with several crons the time since the last of any", () => {
    const crons = ["0 9 * * *", "30 17 * * *"].map((expression) => ({ expression, timezone: "UTC" }))
    expect(first(plan({ timetable: { kind: "cron", crons, dataInterval: "since_previous" } }), 3)).toEqual([
      "31T17:30: 31T17:30..01T09:00",
      "01T09:00: 01T09:00..01T17:30",
      "01T17:30: 01T17:30..02T09:00",
    ])
  })

  it("is one run for once, at the start date or at once", () => {
    expect(first(plan({ timetable: { kind: "once" } }), 9)).toEqual(["01T00:30: 01T00:30..01T00:30", null])
    const startDate = "2026-01-05T00:00:00.000Z"
    expect(first(plan({ timetable: { kind: "once" }, startDate }), 9)).toEqual([
      "05T00:00: 05T00:00..05T00:00",
      null,
    ])
    expect(
      plan({ timetable: { kind: "once" } }).dueRun(
        plan({ timetable: { kind: "once" } }).next(null)!,
        at("09T00:00"),
      ).runAt,
    ).toEqual(since)
  })

  it("is empty without a schedule", () => {
    expect(first(plan({}), 9)).toEqual([null])
  })

  it("goes on where the last run ended when it is continuous, and not at once", () => {
    const planned = plan({ timetable: { kind: "continuous" } })
    const due = planned.dueRun(planned.next(null)!, at("01T08:00"))
    expect(text(due)).toBe("01T00:30: 01T00:30..01T08:00")
    const following = planned.next(due.intervalEnd)!
    expect(following.intervalStart).toEqual(at("01T08:00"))
    expect(following.runAt.getTime()).toBe(at("01T08:00").getTime() + continuousGapMs)
  })

  it("is late by the jitter, and means the same time", () => {
    const [run] = first(plan({ timetable: hourly, jitterMs: 600_000 }, "load"), 1)
    expect(run).toMatch(/^01T00:00: 01T00:00\.\.01T01:00 \+\d+ms$/)
    expect(first(plan({ timetable: hourly, jitterMs: 600_000 }, "other"), 1)[0]).not.toBe(run)
  })
})

describe("a run that comes due late", () => {
  it("is the latest that is due, without catchup", () => {
    const planned = plan({ timetable: hourly })
    const run = planned.next(null)!
    expect(text(planned.dueRun(run, at("01T01:30")))).toBe("01T00:00: 01T00:00..01T01:00")
    expect(text(planned.dueRun(run, at("03T12:59")))).toBe("03T11:00: 03T11:00..03T12:00")
  })

  it("is itself, with catchup", () => {
    const planned = plan({ timetable: hourly, catchup: true })
    expect(text(planned.dueRun(planned.next(null)!, at("03T12:59")))).toBe("01T00:00: 01T00:00..01T01:00")
  })

  it("is never later than the end date", () => {
    const planned = plan({ timetable: hourly, endDate: "2026-01-02T01:00:00.000Z" })
    expect(text(planned.dueRun(planned.next(null)!, at("09T00:00")))).toBe("02T01:00: 02T01:00..02T02:00")
  })

  it("is not due before its jitter is over", () => {
    const planned = plan({ timetable: hourly, jitterMs: 3_600_000 })
    const run = planned.next(null)!
    const due = planned.dueRun(run, new Date(at("03T12:00").getTime() + 1))
    expect(due.runAt.getTime()).toBeLessThanOrEqual(at("03T12:00").getTime() + 1)
    expect(due.intervalEnd).toEqual(at("03T11:00"))
  })
})

describe("the runs of a range", () => {
  it("have their logical dates in it, both ends included", () => {
    const range = (timetable: SerializedTimetable) =>
      [...plan({ timetable }).between(at("02T03:00"), at("02T05:00"))].map(text)
    expect(range(hourly)).toEqual([
      "02T03:00: 02T03:00..02T04:00",
      "02T04:00: 02T04:00..02T05:00",
      "02T05:00: 02T05:00..02T06:00",
    ])
    expect(range(hourlyTrigger)).toEqual([
      "02T03:00: 02T03:00..02T03:00",
      "02T04:00: 02T04:00..02T04:00",
      "02T05:00: 02T05:00..02T05:00",
    ])
    expect(range({ kind: "none" })).toEqual([])
  })
})

describe("a run that is asked for by hand", () => {
  it("covers the last whole interval, as in Airflow", () => {
    expect(plan({ timetable: hourly }).manualInterval(at("02T03:20"))).toEqual({
      start: at("02T02:00"),
      end: at("02T03:00"),
    })
    for (const timetable of [hourlyTrigger, { kind: "none" } as const]) {
      expect(plan({ timetable }).manualInterval(at("02T03:20"))).toEqual({
        start: at("02T03:20"),
        end: at("02T03:20"),
      })
    }
  })
})

describe("whatever the planning and the delays", () => {
  const timetables: fc.Arbitrary<SerializedTimetable> = fc.oneof(
    fc.constantFrom(hourly, hourlyTrigger),
    fc
      .record({
        everyMs: fc.integer({ min: 60_000, max: 7_200_000 }),
        dataInterval: fc.constantFrom("since_previous" as const, "none" as const),
      })
      .map((delta) => ({ kind: "delta" as const, ...delta })),
  )

  it.prop([
    timetables,
    fc.integer({ min: 0, max: 3_600_000 }),
    fc.array(fc.integer({ min: 1, max: 20 * 3_600_000 }), { maxLength: 15 }),
  ])(
    "catchup always makes every tick once, in order, and its intervals follow without a gap",
    (timetable, jitterMs, delays) => {
      const planned = plan({ timetable, jitterMs, catchup: true })
      const made: PlannedRun[] = []
      let run = planned.next(null)
      let now = since.getTime()
      for (const delay of delays) {
        now += delay
        while (run !== null && run.runAt.getTime() <= now) {
          const due = planned.dueRun(run, new Date(now))
          made.push(due)
          run = planned.next(due.intervalEnd)
        }
      }
      for (const [place, one] of made.slice(1).entries()) {
        expect(one.intervalEnd.getTime()).toBeGreaterThan(made[place]!.intervalEnd.getTime())
        if ("dataInterval" in timetable && timetable.dataInterval === "since_previous")
          expect(one.intervalStart).toEqual(made[place]!.intervalEnd)
      }
      const [oldest, newest] = [made[0], made.at(-1)]
      if (oldest === undefined || newest === undefined) return
      const wanted = [...planned.between(oldest.logicalDate, newest.logicalDate)].map(text)
      expect(made.map(text)).toEqual(wanted)
    },
  )

  it.prop([
    timetables,
    fc.integer({ min: 0, max: 3_600_000 }),
    fc.array(fc.integer({ min: 1, max: 20 * 3_600_000 }), { maxLength: 15 }),
  ])(
    "without catchup at most one run is made at a time, always the latest that is due",
    (timetable, jitterMs, delays) => {
      const planned = plan({ timetable, jitterMs })
      let run = planned.next(null)
      let now = since.getTime()
      let last = -Infinity
      for (const delay of delays) {
        now += delay
        if (run === null || run.runAt.getTime() > now) continue
        const due = planned.dueRun(run, new Date(now))
        expect(due.runAt.getTime()).toBeLessThanOrEqual(now)
        expect(due.intervalEnd.getTime()).toBeGreaterThan(last)
        last = due.intervalEnd.getTime()
        run = planned.next(due.intervalEnd)
        expect(run!.runAt.getTime()).toBeGreaterThan(now)
      }
    },
  )
})
