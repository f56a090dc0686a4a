import { cronTicks } from "./cron.ts"
import type { SerializedTimetable } from "./timetable.ts"

/**
 * The instants of a timetable, in milliseconds since 1970: a set that does not depend on where one starts to look.
 *
 * So whoever goes from tick to tick, from anywhere, meets the same ones, and none twice.
 */
export interface Ticks {
  /** The first tick after an instant; null: none comes any more. */
  after(at: number): number | null
  /** The last tick up to an instant, that instant included; null: none was. */
  atOrBefore(at: number): number | null
}

/**
 * Gives the ticks of a timetable. `origin` is where it starts: its one tick for `once`, what `delta` counts from.
 *
 * `none` and `continuous` have no ticks.
 */
export function ticksOf(timetable: SerializedTimetable, origin: number): Ticks {
  switch (timetable.kind) {
    case "none":
    case "continuous":
      return { after: () => null, atOrBefore: () => null }
    case "once":
      return {
        after: (at) => (at < origin ? origin : null),
        atOrBefore: (at) => (at < origin ? null : origin),
      }
    case "events":
      return namedTicks(timetable.dates.map(Date.parse))
    case "delta":
      return deltaTicks(timetable.everyMs, origin)
    case "cron":
      return merge(timetable.crons.map(cronTicks))
  }
}

/** Ticks at instants in ascending order. */
function namedTicks(instants: readonly number[]): Ticks {
  return {
    after: (at) => instants.find((instant) => instant > at) ?? null,
    atOrBefore: (at) => instants.findLast((instant) => instant <= at) ?? null,
  }
}

function deltaTicks(everyMs: number, origin: number): Ticks {
  const atOrBefore = (at: number) => origin + Math.floor((at - origin) / everyMs) * everyMs
  return { after: (at) => atOrBefore(at) + everyMs, atOrBefore }
}

/** Ticks wherever one of several does; where two do, once. */
function merge(all: readonly Ticks[]): Ticks {
  const known = (at: number | null) => at !== null
  const best = (found: readonly (number | null)[], choose: (...ticks: number[]) => number) => {
    const ticks = found.filter(known)
    return ticks.length === 0 ? null : choose(...ticks)
  }
  return {
    after: (at) =>
      best(
        all.map((ticks) => ticks.after(at)),
        Math.min,
      ),
    atOrBefore: (at) =>
      best(
        all.map((ticks) => ticks.atOrBefore(at)),
        Math.max,
      ),
  }
}
