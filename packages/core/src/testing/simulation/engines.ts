import { type EngineOptions, engineRoles } from "../../engine/engine.ts"
import type { SeededRandom } from "./random.ts"

/** Draws two or three engines. The first plays every role; what the others play is up to the seed. */
export function drawEngines(random: SeededRandom): (Partial<EngineOptions> & { name: string })[] {
  const count = random.integer(2, 3)
  return Array.from({ length: count }, (_, number) => {
    const some = engineRoles.filter(() => random.chance(0.6))
    return {
      name: `e${number + 1}`,
      roles: number === 0 || some.length === 0 ? engineRoles : some,
      lanes: random.integer(1, 4),
      concurrency: random.pick([1, 2, 4, 8]),
      expansionsMax: random.pick([1, 2, 10]),
      // A third of it, the time between renewals, is no length of a poll: see `poll-ends.ts`.
      leaseSeconds: random.pick([2.1, 3.3, 6.6]),
      // A quarter of it, the time between heartbeats, is none either. The short ones are taken for dead now and then.
      deadAfterSeconds: random.pick([3.1, 20.3]),
      stopGraceMs: random.pick([500, 3_000]),
    }
  })
}
