import type { ExpansionState } from "@sluice/core/state"
import type { ExpansionView } from "@sluice/core/store"
import type { WireState } from "../wire/enums.ts"

/**
 * Whether a task of a run is shown as one instance without a number, because it has none of its own: nothing of it has
 * begun, nothing ever will, or it is a source, whose items are other tasks' instances.
 */
export function isPlaceholder(view: Pick<ExpansionView, "kind" | "created">): boolean {
  return view.kind === "source" || view.kind === "fused" || view.created === 0
}

/** The state of a task that is shown as one instance. Airflow, too, has one such row until a map is unrolled. */
export function placeholderState({ kind, state }: Pick<ExpansionView, "kind" | "state">): WireState | null {
  if (kind === "source" || kind === "fused") return sourceStates[state]
  return taskStates[state]
}

const endStates = {
  success: "success",
  failed: "failed",
  skipped: "skipped",
  upstream_failed: "upstream_failed",
} as const

const sourceStates: Readonly<Record<ExpansionState, WireState | null>> = {
  ...endStates,
  waiting: null,
  open: "running",
  draining: "running",
  cancelled: "failed",
}

const taskStates: Readonly<Record<ExpansionState, WireState | null>> = {
  ...endStates,
  waiting: null,
  open: "scheduled",
  draining: "scheduled",
  cancelled: "skipped",
}
