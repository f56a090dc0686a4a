import { EventLog } from "./event-log.ts"
import type { FaultPlan } from "./faults.ts"
import { type SeededRandom, randomFor } from "./random.ts"
import { VirtualTime } from "./virtual-time.ts"

/** What everything in one simulation shares: its seed, clock, log, and the first thing that went wrong. */
export interface World {
  readonly seed: number
  readonly time: VirtualTime
  readonly log: EventLog
  readonly plan: FaultPlan
  /** For what happens as it happens: delays, order, faults. */
  readonly random: SeededRandom
  /** The faults that were injected, in order. */
  readonly faults: string[]
  /** When things stop going wrong, in virtual milliseconds; later again where runs are extended. */
  troubleUntilMs: number
  /** When something was last written to the store that others may wait for, in virtual milliseconds. */
  newsAt: number
  /** Waits of a calm world that only a poll has ended. */
  readonly pollEnded: string[]
  /** Tasks of fibers that can go on now. */
  readonly ready: (() => void)[]
  failure: string | null
}

/** Makes an empty world. */
export function makeWorld(options: { seed: number; plan: FaultPlan; keepsAll: boolean }): World {
  const { seed, plan, keepsAll } = options
  const time = new VirtualTime(randomFor(seed, "order"))
  return {
    seed,
    time,
    log: new EventLog(() => time.elapsed, keepsAll),
    plan,
    random: randomFor(seed, "world"),
    faults: [],
    troubleUntilMs: plan.untilMs,
    newsAt: 0,
    pollEnded: [],
    ready: [],
    failure: null,
  }
}

/** Notes the first thing that must never happen; the simulation ends there. */
export function fail(world: World, message: string): void {
  world.log.add(`FAILED ${message}`)
  world.failure ??= message
}

/** Whether things still go wrong. */
export function isTroubled(world: World): boolean {
  return world.time.elapsed < world.troubleUntilMs
}

/** Notes a fault for the report. */
export function noteFault(world: World, what: string): void {
  world.faults.push(`${world.time.elapsed} ${what}`)
  world.log.add(`! ${what}`)
}

/** Lets everything run that can run now: fibers, and the promises between them. */
export async function settle(world: World): Promise<void> {
  do {
    for (let task = world.ready.shift(); task !== undefined; task = world.ready.shift()) task()
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
  } while (world.ready.length > 0)
}
