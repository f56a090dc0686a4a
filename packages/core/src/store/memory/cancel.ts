import { isFinalExpansionState } from "../../state/expansion.ts"
import { noteRunEvent } from "./events.ts"
import { offerRest } from "./offers.ts"
import { type ExpansionRecord, type MemoryState, type RunRecord, markDue } from "./state.ts"

/** Cancels a run that has not ended: parks its leases as offers, and what it waits for, until it is resumed. */
export function cancelRun(
  state: MemoryState,
  run: RunRecord,
  { note, actor }: { readonly note: string; readonly actor: string },
): boolean {
  if (run.state !== "queued" && run.state !== "running") return false
  noteRunEvent(state, run, { actor, event: "dag_run_cancelled", detail: { note } })
  run.state = "failed"
  run.note = note
  run.isCancelled = true
  run.endedAt = new Date(state.now())
  for (const expansion of run.expansions) {
    if (!isFinalExpansionState(expansion.state)) cancelExpansion(state, expansion)
  }
  return true
}

function cancelExpansion(state: MemoryState, expansion: ExpansionRecord): void {
  for (const lease of expansion.leases) offerRest(state, lease)
  for (const trigger of expansion.triggers) Object.assign(trigger, { isParked: true, owner: null })
  expansion.state = "cancelled"
  expansion.seq += 1
  expansion.endedAt = state.now()
  // Whoever pulled it may not notice before it is resumed, and must not keep what it has let go of.
  expansion.heldBy = null
  expansion.epoch += 1
  state.due.delete(expansion)
  state.unended.delete(expansion)
}

/** Takes a cancelled run up again: each cancelled expansion goes back to the state that its facts speak of. */
export function resumeRun(state: MemoryState, run: RunRecord, actor: string): boolean {
  if (!run.isCancelled) return false
  noteRunEvent(state, run, { actor, event: "dag_run_resumed", detail: null })
  run.state = "running"
  run.note = null
  run.isCancelled = false
  run.endedAt = null
  for (const expansion of run.expansions) {
    if (expansion.state === "cancelled") resumeExpansion(state, expansion)
  }
  return true
}

function resumeExpansion(state: MemoryState, expansion: ExpansionRecord): void {
  expansion.state = resumedState(expansion)
  expansion.endedAt = null
  for (const trigger of expansion.triggers) trigger.isParked = false
  state.unended.add(expansion)
  markDue(state, expansion)
}

function resumedState(expansion: ExpansionRecord): "waiting" | "open" | "draining" {
  if (expansion.exhausted) return "draining"
  return expansion.openedAt === null ? "waiting" : "open"
}
