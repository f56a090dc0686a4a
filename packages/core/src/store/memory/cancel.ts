import type { SerializedDag } from "../../dag/serialized-dag.ts"
import { isFinalExpansionState } from "../../state/expansion.ts"
import { type EventName, timedOutNote, unparsedEvent } from "../control-store.ts"
import { noteRunEvent } from "./events.ts"
import { offerRest } from "./offers.ts"
import { type ExpansionRecord, type MemoryState, type RunRecord, markDue } from "./state.ts"

/** When a run that begins now, or goes on now, is over its time; null: never. */
export function timeoutOf({ runTimeoutMs }: SerializedDag, now: Date): Date | null {
  return runTimeoutMs === null ? null : new Date(now.getTime() + runTimeoutMs)
}

/** Fails the runs whose time is over, the longest ago first. */
export function timeOutRuns(state: MemoryState, limit: number): string[] {
  const isOver = ({ state: at, timeoutAt }: RunRecord) =>
    at === "running" && timeoutAt !== null && timeoutAt.getTime() <= state.now()
  const over = state.runs.filter(isOver).sort((a, b) => Number(a.timeoutAt) - Number(b.timeoutAt))
  const ended = over.slice(0, limit)
  const timedOut = { note: timedOutNote, actor: "sluice", event: "dag_run_timed_out" } as const
  for (const run of ended) cancelRun(state, run, timedOut)
  return ended.map(({ id }) => id)
}

/** Ends a run whose file could not be parsed; resumed, it waits for a parse again. */
export function failUnparsed(state: MemoryState, run: RunRecord, note: string): void {
  noteRunEvent(state, run, unparsedEvent(note))
  Object.assign(run, { state: "failed", note, endedAt: new Date(state.now()) })
}

/** Cancels a run that has not ended: parks its leases as offers, and what it waits for, until it is resumed. */
export function cancelRun(
  state: MemoryState,
  run: RunRecord,
  { note, actor, event = "dag_run_cancelled" }: { note: string; actor: string; event?: EventName },
): boolean {
  if (run.state !== "queued" && run.state !== "running") return false
  noteRunEvent(state, run, { actor, event, detail: { note } })
  run.state = "failed"
  run.note = note
  run.isCancelled = true
  run.endedAt = new Date(state.now())
  for (const expansion of run.expansions) {
    if (!isFinalExpansionState(expansion.state)) cancelExpansion(state, expansion)
  }
  return true
}

/** Takes away what an expansion has leased, and ends it. */
export function cancelExpansion(state: MemoryState, expansion: ExpansionRecord): void {
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
  const isUnparsed = run.awaitsParse && run.state === "failed"
  if (!run.isCancelled && !isUnparsed) return false
  noteRunEvent(state, run, { actor, event: "dag_run_resumed", detail: null })
  run.state = run.awaitsParse ? "queued" : "running"
  run.reopenings += 1
  run.note = null
  run.isCancelled = false
  run.endedAt = null
  run.timeoutAt = run.awaitsParse ? null : timeoutOf(run.version.dag, new Date(state.now()))
  for (const expansion of run.expansions) {
    // A map that was cancelled by itself stays so.
    if (expansion.state === "cancelled" && !expansion.isCancelled) resumeExpansion(state, expansion)
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
