import { Exit } from "effect"
import { type DagRunState, dagRunTransitions } from "../../state/dag-run.ts"
import { type ExpansionState, expansionTransitions, isFinalExpansionState } from "../../state/expansion.ts"
import { countsOf, sumOf } from "../../store/memory/counts.ts"
import type { ExpansionRecord, InstanceRow, MemoryState, RunRecord } from "../../store/memory/state.ts"
import { expectSteered, type SteeredSeen, steeredSeen } from "./control-invariants.ts"
import { expectAccounted } from "./instance-invariants.ts"
import type { StoreCall } from "./simulated-store.ts"
import { expectWindow } from "./window-invariants.ts"

/** Checks the store after each call; tells of the first thing that must not be. */
export interface InvariantChecker {
  /** Looks at the store before a call; gives back what looks at it afterwards. */
  readonly before: (call: StoreCall) => (exit: Exit.Exit<unknown, unknown>) => void
}

/** What was last seen of an expansion. */
interface Seen {
  state: ExpansionState
  epoch: number
  created: number
  readonly ended: Map<number, InstanceRow>
  readonly steered: SteeredSeen
}

/** Verbs that write nothing an invariant speaks of. */
const idle: ReadonlySet<string> = new Set([
  "progress",
  "readStream",
  "xcom",
  "dagRunById",
  "dagVersion",
  "heartbeat",
  "endRole",
  "dueExpansions",
  "stalledRuns",
  "runCounts",
])

/** Verbs that take back what has ended. */
const again: ReadonlySet<string> = new Set(["redriveInstances", "resolveRepairs", "reopenRun"])

/** Verbs that only the holder of an epoch may call with success. */
const fenced: ReadonlySet<string> = new Set(["commitPage", "delayPull", "breakStream"])

/** Watches a store's state for what design section 9 says must always hold. */
export function watchInvariants(state: MemoryState, onBroken: (message: string) => void): InvariantChecker {
  const seen = new Map<ExpansionRecord, Seen>()
  const runStates = new Map<RunRecord, DagRunState>()
  return {
    before: (call) => {
      if (idle.has(call.verb)) return () => {}
      const isStale = fenced.has(call.verb) && isStaleEpoch(state, call)
      const marks = markOf(state)
      return (exit) => {
        try {
          if (isStale && Exit.isSuccess(exit)) throw new Error(`${call.verb} succeeded under a stale epoch`)
          if (Exit.isFailure(exit) && markOf(state) !== marks)
            throw new Error(`${call.verb} was refused and wrote`)
          for (const run of state.runs) expectRun(runStates, run)
          for (const expansion of state.expansions.values()) expectExpansion(seen, expansion, call)
        } catch (error) {
          onBroken(`after ${call.verb}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
    },
  }
}

function isStaleEpoch(state: MemoryState, { args }: StoreCall): boolean {
  const { expansionId, epoch } = args[0] as { expansionId: string; epoch: number }
  return state.expansions.get(expansionId)?.epoch !== epoch
}

/** A text that differs when anything was written that a refused call must not write. */
function markOf(state: MemoryState): string {
  let marks = `${state.leases.size}`
  for (const {
    state: at,
    seq,
    cursor,
    created,
    rows,
    pulls,
    offers,
    pullFailures,
  } of state.expansions.values()) {
    marks += ` ${at} ${seq} ${cursor} ${created} ${rows.size} ${pulls} ${offers.size} ${pullFailures}`
  }
  return marks
}

/** Throws with a message when a statement about the store is not true. */
export function must(condition: boolean, message: () => string): void {
  if (!condition) throw new Error(message())
}

function expectRun(states: Map<RunRecord, DagRunState>, run: RunRecord): void {
  const before = states.get(run) ?? run.state
  const next: readonly string[] = dagRunTransitions[before]
  must(
    before === run.state || next.includes(run.state),
    () => `run ${run.id} went from ${before} to ${run.state}`,
  )
  states.set(run, run.state)
  if (run.state !== "success" && run.state !== "failed") return
  const unended = run.expansions.find((expansion) => !isFinalExpansionState(expansion.state))
  must(
    unended === undefined,
    () => `run ${run.id} is ${run.state} while ${unended?.task.taskId} is ${unended?.state}`,
  )
}

function expectExpansion(
  seen: Map<ExpansionRecord, Seen>,
  expansion: ExpansionRecord,
  call: StoreCall,
): void {
  const { id, task, created, epoch, state } = expansion
  const last = seen.get(expansion) ?? {
    ...{ state, epoch, created: 0, ended: new Map<number, InstanceRow>() },
    steered: steeredSeen(expansion, null),
  }
  const steered = steeredSeen(expansion, last.steered)
  const next: readonly string[] = expansionTransitions[last.state]
  must(
    last.state === state || next.includes(state),
    () => `${task.taskId} went from ${last.state} to ${state}`,
  )
  must(epoch >= last.epoch, () => `${task.taskId}: its epoch went back`)
  const mayCreate = call.verb === "commitPage" || call.verb === "decideExpansion"
  must(
    created === last.created || mayCreate || (expansion.isClearing && created <= last.created),
    () => `${task.taskId}: ${call.verb} created instances`,
  )
  // What is run again by hand is unfinished once more, however many that is; a page may have been on its way then.
  if (created > last.created && expansion.generation === 0) expectWindow(expansion, steered)
  expectSteered(expansion, last.steered, steered)
  // What begins anew has instances in the way of being removed, and none that count.
  if (expansion.isClearing) {
    seen.set(expansion, { state, epoch, created, ended: new Map(), steered })
    return
  }
  expectPages(expansion)
  // What was ended may be run again by hand, and what follows it with it.
  const ended = again.has(call.verb) ? new Map<number, InstanceRow>() : last.ended
  if (task.kind === "task" || task.kind === "mapped") expectAccounted(expansion, ended)
  if (isFinalExpansionState(state)) {
    must(expansion.leases.size === 0, () => `${task.taskId} is ${state}, and an instance of it is leased`)
    const isWhole = state === "cancelled" || hasTakenBack(expansion) || sumOf(countsOf(expansion)) === created
    must(isWhole, () => `expansion ${id} of ${task.taskId} ended before its instances`)
  }
  seen.set(expansion, { state, epoch, created, ended, steered })
}

/** It stays ended while instances are taken back, until its run is reopened. */
function hasTakenBack({ rows }: ExpansionRecord): boolean {
  return [...rows.values()].some(({ state }) => state === "up_for_retry")
}

/** Pages follow each other without a hole, and together are all that was created. */
function expectPages({ task, pages, created }: ExpansionRecord): void {
  let next = task.kind === "task" ? -1 : 0
  for (const page of pages) {
    must(
      page.firstIndex === next,
      () => `${task.taskId}: a page begins at ${page.firstIndex}, not at ${next}`,
    )
    next += page.count
  }
  const sum = task.kind === "task" ? next + 1 : next
  must(sum === created, () => `${task.taskId}: ${created} were created, and its pages hold ${sum}`)
}
