/**
 * The scheduler: decides what each expansion whose facts changed does next, and when a run has ended.
 *
 * It holds nothing in memory and locks nothing while it thinks: it reads facts with their sequence number, decides in
 * plain functions, and the store refuses a decision whose facts have moved on. Any number may run; after a crash at
 * any line the expansion is still due, or the stalled run is found by the rescuer.
 */
import { Clock, Effect } from "effect"
import type { TaskError } from "../host/host-pool.ts"
import { crossedTolerance, needsWatch } from "../state/failure-tolerance.ts"
import { decideExpansion } from "../state/expansion-outcome.ts"
import { isFinalExpansionState } from "../state/expansion.ts"
import type { ExpansionState } from "../state/expansion.ts"
import { decideGate } from "../state/gate.ts"
import { decideRun } from "../state/run-outcome.ts"
import { decideTrigger } from "../state/trigger-rule.ts"
import type { StoreError } from "../store/errors.ts"
import type { DueExpansion } from "../store/expansion-store.ts"
import type { StoreService } from "../store/store.ts"

/** The most expansions decided in one turn, and how many of them at once. */
export const dueMax = 200
const decisionsAtOnce = 4

/** The most pages that one turn removes of what begins anew: few enough that decisions do not wait for them. */
const clearedPagesMax = 50

/** The most waiting instances of paused or cancelled maps that one turn puts out of the way of claims, or back. */
const sweptMax = 2_000

/** Decides everything that is due, once; says whether there may be more. */
export const scheduleOnce = Effect.fnUntraced(function* (store: StoreService) {
  const cleared = yield* store.clearPages({ limit: clearedPagesMax })
  const swept = yield* store.sweep({ limit: sweptMax })
  if (swept > 0) {
    store.wake("work")
    store.wake("trigger")
  }
  const due = yield* store.dueExpansions({ limit: dueMax })
  yield* Effect.forEach(due, (expansion) => decide(store, expansion), {
    concurrency: decisionsAtOnce,
    discard: true,
  })
  return cleared || swept > 0 || due.length >= dueMax
})

const decide = Effect.fnUntraced(function* (store: StoreService, expansion: DueExpansion) {
  const { expansionId, seq, state } = expansion
  const tooMany = reasonToStop(expansion)
  if (tooMany !== null) return yield* stopMap(store, expansion, tooMany)
  const to = nextExpansionState(expansion)
  // What came back to a stopped map has to end there before the map does.
  if (to === null && expansion.isStopped) yield* closeStopped(store, expansion)
  const isWatched = expansion.now !== null && needsWatch(expansion.toleratedFailures, expansion.now)
  const verdict = verdictOf(expansion, to)
  const decision = { expansionId, seq, from: state, to, isWatched, ...verdict }
  const { isDone, isAwaited } = yield* store.decideExpansion(decision)
  if (!isDone || to === null) return
  if (to === "draining") store.wake("work")
  if (to === "open") store.wake("open")
  // Its outlets may have had their events with it.
  if (to === "success" && expansion.kind === "mapped") store.wake("plan")
  // Downstream tasks became due with this decision, or the fused sources of a task that will never pull them.
  if (!expansion.isLeaf || state === "waiting") store.wake("due")
  // A reader that never starts holds nothing back any more.
  if (state === "waiting" && isFinalExpansionState(to)) store.wake("progress")
  // Not only a leaf may be the last: what follows may have been decided before, or have left a stream before its end.
  if (isFinalExpansionState(to) && !isAwaited) yield* finishRun(store, expansion.dagRunId)
})

/** What a gate that ends says of its targets. */
function verdictOf({ gate }: DueExpansion, to: ExpansionState | null) {
  if (gate === null || to === null || !isFinalExpansionState(to)) return {}
  return { verdict: decideGate(gate.gate, to, gate.result) }
}

/** Why a map has to stop now; null: it may go on. */
export function reasonToStop(expansion: DueExpansion): TaskError | null {
  const { state, isStopped, toleratedFailures, now } = expansion
  if (isStopped || now === null || (state !== "open" && state !== "draining")) return null
  const crossed = crossedTolerance(toleratedFailures, now)
  return crossed === null ? null : { type: "TooManyFailures", message: crossed, stack: null }
}

/** Stops a map. Where its limit was changed meanwhile, nothing happens, and it is still due. */
const stopMap = Effect.fnUntraced(function* (
  store: StoreService,
  expansion: DueExpansion,
  reason: TaskError,
) {
  const { expansionId, taskId, toleratedFailures: tolerance } = expansion
  if (!(yield* store.stopMap({ expansionId, tolerance, reason, actor: "sluice" }))) return
  const message = `map "${taskId}" was stopped: ${reason.message}`
  const entry = { mapIndex: null, tryNumber: 0, level: "error", message, fields: null } as const
  const at = yield* Clock.currentTimeMillis
  yield* store.appendLogs({ expansionId, entries: [{ ...entry, at }] })
  yield* Effect.logWarning(message)
  yield* store.fold({ expansionIds: [expansionId], limit: foldPagesMax })
  // Its runner and its readers, and whoever decides what follows.
  for (const topic of ["control", "progress", "due"] as const) store.wake(topic)
})

const closeStopped = Effect.fnUntraced(function* (store: StoreService, { expansionId }: DueExpansion) {
  const closed = yield* store.closeStopped(expansionId)
  if (closed === 0) return
  yield* store.fold({ expansionIds: [expansionId], limit: foldPagesMax })
  store.wake("due")
  store.wake("progress")
})

/** The most pages that are folded after a map was stopped; the rescuer folds what is left. */
const foldPagesMax = 1_000

/** Says where an expansion goes from here; `null`: nowhere yet. */
export function nextExpansionState(expansion: DueExpansion): ExpansionState | null {
  switch (expansion.state) {
    case "waiting":
      return start(expansion)
    case "draining":
      return end(expansion)
    default:
      return null
  }
}

function start(expansion: DueExpansion): ExpansionState | null {
  const { left, skips, fails } = expansion.gates
  if (left > 0) return null
  if (fails > 0) return "upstream_failed"
  if (skips > 0) return "skipped"
  const decision = decideTrigger(expansion.triggerRule, expansion.upstream)
  if (decision === "wait") return null
  if (decision !== "run") return decision
  return expansion.kind === "task" ? "draining" : "open"
}

/** A source has no instances: it ends as its stream did. */
function end(expansion: DueExpansion): ExpansionState | null {
  if (expansion.hasRepairs) return null
  if (expansion.kind === "task" || expansion.kind === "mapped") return decideExpansion(expansion)
  if (expansion.streamFailure === null) return "success"
  return expansion.streamFailure === "own" ? "failed" : "upstream_failed"
}

/** Ends a run of which nothing is unfinished. Whoever ends the last task sees all the others ended. */
export function finishRun(store: StoreService, dagRunId: string): Effect.Effect<boolean, StoreError> {
  return Effect.gen(function* () {
    const counts = yield* store.runCounts(dagRunId)
    const state = decideRun(counts)
    if (state === null) return false
    const isDone = yield* store.finishDagRun({ dagRunId, state, reopenings: counts.reopenings })
    if (isDone) store.wake("run")
    return isDone
  })
}
