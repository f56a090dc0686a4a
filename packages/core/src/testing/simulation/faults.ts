import type { SeededRandom } from "./random.ts"

/** How much goes wrong in a simulated world, and for how long. All of it follows from the seed. */
export interface FaultPlan {
  /** Virtual milliseconds after which nothing goes wrong any more. */
  readonly untilMs: number
  /** The chance, for each store call, of each fault. */
  readonly perCall: {
    /** The engine dies before the call reaches the store. */
    readonly killBefore: number
    /** The engine dies after the store did it, before the answer comes. */
    readonly killAfter: number
    /** The call never reaches the store. */
    readonly unreached: number
    /** The store does it, and the answer is lost. */
    readonly lostReply: number
    /** The caller is told that it failed, and the store does it later. */
    readonly belated: number
    /** The store does it twice. */
    readonly doubled: number
    readonly slow: number
  }
  /** The chance, for each wake-up and each other engine, that it does not arrive. */
  readonly lostWakeup: number
  /** Timed faults, each at an instant of its own. */
  readonly timed: readonly TimedFault[]
}

/** A fault that comes at an instant. `engine` and `host` choose among those there are then. */
export type TimedFault =
  | { readonly atMs: number; readonly kind: "kill" | "stop"; readonly engine: number }
  | { readonly atMs: number; readonly kind: "pause"; readonly engine: number; readonly forMs: number }
  | { readonly atMs: number; readonly kind: "killHost"; readonly engine: number; readonly host: number }
  | {
      readonly atMs: number
      readonly kind: "cancel"
      readonly run: number
      readonly forMs: number
      readonly times: number
    }

const calm: FaultPlan = {
  untilMs: 0,
  perCall: { killBefore: 0, killAfter: 0, unreached: 0, lostReply: 0, belated: 0, doubled: 0, slow: 0 },
  lostWakeup: 0,
  timed: [],
}

/** Draws what goes wrong. One world in eight is calm, so that its time can be judged. */
export function drawFaults(random: SeededRandom, options: { readonly isFlickering: boolean }): FaultPlan {
  if (random.chance(1 / 8)) return calm
  const untilMs = random.pick([500, 2_000, 8_000, 20_000])
  const some = (most: number) => (random.chance(0.5) ? 0 : random.next() * most)
  return {
    untilMs,
    perCall: {
      killBefore: some(0.01),
      killAfter: some(0.02),
      unreached: some(0.05),
      lostReply: some(0.08),
      belated: some(0.08),
      doubled: some(0.1),
      slow: some(0.1),
    },
    lostWakeup: random.pick([0, 0, 0.1, 0.5, 1]),
    timed: Array.from({ length: random.integer(0, 6) }, () =>
      drawTimed(random, untilMs, options.isFlickering),
    ),
  }
}

/** How long a run stays cancelled before it is resumed, and how often that happens in a row. */
const cancellings = [
  { forMs: 0, times: 1 },
  { forMs: 100, times: 1 },
  { forMs: 3_000, times: 1 },
]

/** Many times in a row: what was decided of a run while it was cancelled may then meet it when it goes on. */
const flickers = [
  { forMs: 5, times: 40 },
  { forMs: 20, times: 20 },
]

function drawTimed(random: SeededRandom, untilMs: number, isFlickering: boolean): TimedFault {
  const atMs = random.integer(0, untilMs)
  const engine = random.integer(0, 9)
  const kind = random.pick([
    "kill",
    "kill",
    "stop",
    "pause",
    "pause",
    "killHost",
    "killHost",
    "cancel",
  ] as const)
  switch (kind) {
    case "pause":
      return { atMs, kind, engine, forMs: random.pick([50, 1_000, 5_000, 20_000]) }
    case "killHost":
      return { atMs, kind, engine, host: random.integer(0, 9) }
    case "cancel":
      return { atMs, kind, run: random.integer(0, 9), ...random.pick(isFlickering ? flickers : cancellings) }
    default:
      return { atMs, kind, engine }
  }
}
