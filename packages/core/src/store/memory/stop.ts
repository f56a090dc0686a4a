import { Effect } from "effect"
import { isFinalExpansionState } from "../../state/expansion.ts"
import type { TaskError } from "../../host/host-pool.ts"
import type { ControlStore } from "../control-store.ts"
import { type NotAllowed, NotFound } from "../errors.ts"
import { cancelledByHand, mapRefusal } from "../map-change.ts"
import { cancelExpansion } from "./cancel.ts"
import { addOutcome, noteFinished } from "./counts.ts"
import { end } from "./decisions.ts"
import { noteMapEvent } from "./events.ts"
import { unrecordedOf } from "./offers.ts"
import { dropTrigger } from "./triggers.ts"
import { type ExpansionRecord, type MemoryState, type Offer, type PageRecord, markDue } from "./state.ts"

type StopOptions = Parameters<ControlStore["stopMap"]>[0]

/** Stops a map that goes on and still has this limit: its stream ends here, and what has not started never will. */
export function stopMap(state: MemoryState, { expansionId, tolerance, reason, actor }: StopOptions): boolean {
  const expansion = state.expansions.get(expansionId)
  if (expansion === undefined || expansion.stopReason !== null || expansion.task.kind !== "mapped")
    return false
  if (expansion.state !== "open" && expansion.state !== "draining") return false
  if (JSON.stringify(expansion.toleratedFailures) !== JSON.stringify(tolerance)) return false
  noteMapEvent(state, expansion, { actor, event: "map_stopped", detail: { reason: reason.message } })
  cutStream(state, expansion, reason)
  expansion.state = "draining"
  expansion.isWatched = false
  markDue(state, expansion)
  closeUnstarted(state, expansion)
  return true
}

/** Takes the stream from its runner, for good. */
function cutStream(state: MemoryState, expansion: ExpansionRecord, reason: TaskError): void {
  expansion.stopReason = reason
  expansion.streamFailure ??= "own"
  expansion.exhausted = true
  expansion.heldBy = null
  expansion.epoch += 1
  for (const source of expansion.run.expansions) {
    const isPulledHere =
      source.task.kind === "fused" &&
      source.edgesOut.some(
        ({ kind, downstream }) => kind === "stream" && downstream === expansion.task.taskId,
      )
    if (!isPulledHere || source.state !== "open") continue
    source.exhausted = true
    source.state = "draining"
    markDue(state, source)
  }
}

/** Records what a stopped map will never run, and says how much that was. What is leased ends by itself. */
export function closeUnstarted(state: MemoryState, expansion: ExpansionRecord): number {
  if (expansion.stopReason === null || expansion.state !== "draining") return 0
  let closed = 0
  for (const offer of expansion.offers) closed += closeOffer(state, offer)
  expansion.offers.clear()
  for (const page of expansion.pages) closed += closePage(state, page)
  for (const trigger of expansion.triggers) {
    skip(state, trigger.page, trigger.mapIndex)
    dropTrigger(state, trigger)
    closed += 1
  }
  return closed
}

/** An instance that waits for a retry ends as its last try did; what was never begun, or is to be resumed, is skipped. */
function closeOffer(state: MemoryState, offer: Offer): number {
  const { expansion } = offer
  const indexes = unrecordedOf(offer)
  for (const index of indexes) {
    if (expansion.rows.get(index)?.state === "up_for_retry") failLastTry(state, offer, index)
    else skip(state, offer.page, index)
  }
  return indexes.length
}

function failLastTry(state: MemoryState, { expansion, page }: Offer, index: number): void {
  const row = expansion.rows.get(index)
  if (row === undefined) return
  expansion.rows.set(index, { ...row, state: "failed" })
  // That try was the last after all.
  const tries = expansion.tries.get(index) ?? []
  expansion.tries.set(
    index,
    tries.filter(({ tryNumber }) => tryNumber !== row.tryNumber),
  )
  addOutcome(page.counts, "failed")
  noteFinished(state, page)
}

function closePage(state: MemoryState, page: PageRecord): number {
  const { expansion, firstIndex, count, claimed } = page
  if (claimed >= count) return 0
  const range = { ...page, firstIndex: firstIndex + claimed, count: count - claimed, page, expansion }
  const unstarted = unrecordedOf({ ...range, tryNumber: 1, baseTry: 0, isRetry: false, isIsolated: false })
  page.claimed = count
  for (const index of unstarted) skip(state, page, index)
  return unstarted.length
}

function skip(state: MemoryState, page: PageRecord, index: number): void {
  const { expansion } = page
  const at = state.now()
  const message = `not run: the map was stopped, ${expansion.stopReason?.message ?? ""}`
  const error = { type: "MapStopped", message, stack: null }
  // What was deferred has started, in a try of its own.
  const { tryNumber, startedAt } = expansion.rows.get(index) ?? { tryNumber: 0, startedAt: at }
  expansion.rows.set(index, {
    state: "skipped",
    tryNumber,
    startedAt,
    endedAt: at,
    value: null,
    error,
  })
  addOutcome(page.counts, "skipped")
  noteFinished(state, page)
}

/** Tells the scheduler of failures that may be too many, and of what a stopped map has still to close. */
export function alarm(state: MemoryState, expansion: ExpansionRecord, hasFailed: boolean): void {
  const { stopReason, toleratedFailures } = expansion
  if (isFinalExpansionState(expansion.state)) return
  if (stopReason === null && (!hasFailed || toleratedFailures === null)) return
  if (stopReason === null && toleratedFailures?.ratio !== null) expansion.isWatched = true
  markDue(state, expansion)
}

/** Cancels one map of a run that goes on. */
export function cancelMap(
  state: MemoryState,
  { expansionId, actor }: Parameters<ControlStore["cancelMap"]>[0],
): Effect.Effect<{ dagRunId: string }, NotAllowed | NotFound> {
  const expansion = state.expansions.get(expansionId)
  if (expansion === undefined) return Effect.fail(new NotFound({ what: "expansion", id: expansionId }))
  const { kind, taskId } = expansion.task
  const refusal = mapRefusal({ taskId, kind, state: expansion.state }, {})
  if (refusal !== null) return Effect.fail(refusal)
  noteMapEvent(state, expansion, { actor, event: "map_cancelled", detail: { state: expansion.state } })
  cutStream(state, expansion, cancelledByHand(actor))
  expansion.isCancelled = true
  cancelExpansion(state, expansion)
  // It never goes on: nothing is waited for any more.
  for (const trigger of expansion.triggers) dropTrigger(state, trigger)
  end(state, expansion, "cancelled")
  return Effect.succeed({ dagRunId: expansion.run.id })
}
