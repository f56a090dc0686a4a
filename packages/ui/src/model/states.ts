/** What each state looks like: the one place from a state to its colour and its words. */
import type { DagRunState, ExpansionState, WireState } from "@sluice/api/wire"

/** A state of anything. */
export type AnyState = DagRunState | ExpansionState | WireState | "none"

/** The colours that states share. */
export type Tone = "success" | "running" | "failed" | "retry" | "deferred" | "idle" | "skipped" | "upstream"

interface Look {
  readonly tone: Tone
  readonly label: string
}

const looks: Readonly<Record<AnyState, Look>> = {
  none: { tone: "idle", label: "not begun" },
  queued: { tone: "idle", label: "queued" },
  scheduled: { tone: "idle", label: "scheduled" },
  waiting: { tone: "idle", label: "waiting" },
  running: { tone: "running", label: "running" },
  open: { tone: "running", label: "open" },
  draining: { tone: "running", label: "draining" },
  restarting: { tone: "running", label: "restarting" },
  success: { tone: "success", label: "success" },
  failed: { tone: "failed", label: "failed" },
  up_for_retry: { tone: "retry", label: "up for retry" },
  up_for_reschedule: { tone: "retry", label: "up for reschedule" },
  deferred: { tone: "deferred", label: "deferred" },
  skipped: { tone: "skipped", label: "skipped" },
  upstream_failed: { tone: "upstream", label: "upstream failed" },
  removed: { tone: "idle", label: "removed" },
  cancelled: { tone: "upstream", label: "cancelled" },
}

/** How a state is drawn and named. */
export function lookOf(state: string | null): Look {
  return looks[(state ?? "none") as AnyState] ?? { tone: "idle", label: state ?? "none" }
}

/** Whether a run in this state has ended. */
export function isRunOver(state: DagRunState): boolean {
  return state === "success" || state === "failed"
}

/** The state of a run as it is shown: one that was cancelled did not fail. */
export function stateOfRun(run: {
  readonly state: DagRunState
  readonly is_cancelled: boolean
}): DagRunState | "cancelled" {
  return run.is_cancelled && run.state === "failed" ? "cancelled" : run.state
}

/** The state of an expansion in people's words: open and draining both run, until somebody pauses it. */
export function expansionLabel(expansion: {
  readonly state: ExpansionState
  readonly is_pulling_paused: boolean
  readonly is_running_paused: boolean
}): string {
  const { state, is_pulling_paused: noPull, is_running_paused: noRun } = expansion
  if (state !== "open" && state !== "draining") return lookOf(state).label
  if (noPull && noRun) return "paused"
  if (noRun) return "running paused"
  if (noPull) return "pulling paused"
  return state === "open" ? "running" : "draining"
}

/** The states of instances in the order in which bars show them: what is done first, what has not begun last. */
export const barStates = [
  "success",
  "failed",
  "upstream_failed",
  "skipped",
  "running",
  "up_for_retry",
  "deferred",
  "scheduled",
] as const

/** A state that bars show. */
export type BarState = (typeof barStates)[number]

/** The colour of an area in a state, as CSS. */
export function fillOf(state: string | null): string {
  return `var(--s-${lookOf(state).tone}-fill)`
}

/** The colour of words in a state, as CSS. */
export function inkOf(state: string | null): string {
  return `var(--s-${lookOf(state).tone})`
}
