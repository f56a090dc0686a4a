import { Exit } from "effect"
import { nextExpansionState } from "../../engine/scheduler.ts"
import { lingerMs } from "../../expansion/pull-loop.ts"
import { nextPageSize } from "../../expansion/window.ts"
import type { DueExpansion, ExpansionProgress } from "../../store/expansion-store.ts"
import type { Claimed } from "../../store/lease-store.ts"
import type { EngineProcess } from "./engine-process.ts"
import type { World } from "./world.ts"

/** The lengths of the engine's polls: a sleep of one of these, before a call, was a wait that nothing else ended. */
const polls: ReadonlySet<number> = new Set([500, 1_000, 2_000])

/** How long news may take from the store to whoever waits for it: the lingering of a chain is the longest. */
const newsMs = lingerMs + 60

/** Notes when a poll found what a wake-up should have told, in a world where none is lost. */
export function notePollEnd(
  world: World,
  process: EngineProcess,
  call: { verb: string; args: readonly unknown[]; wokenBy: number | null; exit: Exit.Exit<unknown, unknown> },
): void {
  if (world.plan.untilMs > 0 || Exit.isFailure(call.exit)) return
  // News of this moment is on its way: the poll was only a little faster.
  if (world.time.elapsed - world.newsAt <= newsMs) return
  const note = ({ verb, wokenBy }: { verb: string; wokenBy: number | null }) =>
    void world.pollEnded.push(`${world.time.elapsed} ${process.name} ${verb} after ${wokenBy ?? "some"} ms`)
  if (call.verb === "readStream" && call.wokenBy !== null && readLate(world, process, call.exit.value))
    note(call)
  // The rescuer folds in the middle of its turn: whatever it finds, nobody else has.
  const isPoll = call.verb === "fold" || (call.wokenBy !== null && polls.has(call.wokenBy))
  if (isPoll && newsIn(call.verb, call.args, call.exit.value)) note(call)
}

function newsIn(verb: string, args: readonly unknown[], answer: unknown): boolean {
  switch (verb) {
    case "claim":
      // Retries come due by the clock alone.
      return (answer as Claimed).leases.some((lease) => lease.tryNumber === 1)
    case "dueExpansions":
      return (answer as readonly DueExpansion[]).some((due) => nextExpansionState(due) !== null)
    case "leaseExpansions":
    case "stalledRuns":
      return (answer as readonly unknown[]).length > 0
    case "progress":
      return nextPageSize(answer as ExpansionProgress) > 0
    case "fold":
      return (
        (args[0] as { expansionIds: unknown }).expansionIds === null &&
        (answer as { pages: number }).pages > 0
      )
    default:
      return false
  }
}

/** A chain lingers a moment after its poll before it reads. */
function readLate(world: World, process: EngineProcess, answer: unknown): boolean {
  const isAfterPoll = process.polledAt >= 0 && world.time.elapsed - process.polledAt <= lingerMs + 10
  return isAfterPoll && (answer as { items: readonly unknown[] }).items.length > 0
}
