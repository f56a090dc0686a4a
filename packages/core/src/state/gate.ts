import type { FinalExpansionState } from "./expansion.ts"

/**
 * A task whose end says of tasks below it whether they may run at all, beside what their trigger rules say.
 *
 * `targets` are the ordinals of all of which it may say so: these wait for it, whatever their rules, so that how they end
 * does not depend on who was first.
 */
export type Gate = BranchGate | ShortCircuitGate | SetupGate

/** Follows the ways that its task returns the ids of, and skips the others. */
export interface BranchGate {
  readonly kind: "branch"
  readonly targets: readonly number[]
  /** What each id that may be returned stands for: the targets that are not skipped then. */
  readonly ways: readonly { readonly id: string; readonly follows: readonly number[] }[]
}

/** Skips all its targets where its task returns false. */
export interface ShortCircuitGate {
  readonly kind: "short_circuit"
  readonly targets: readonly number[]
}

/** A setup that failed or was skipped keeps the work from running that needs what it makes. */
export interface SetupGate {
  readonly kind: "setup"
  /** The work between it and its teardowns. */
  readonly targets: readonly number[]
  /** Targets that follow it directly: what its failure means to them, their trigger rules say. */
  readonly direct: readonly number[]
}

/** What a gate that has ended says: the ordinals of tasks that may not run, because of a choice or a failure. */
export interface GateVerdict {
  readonly skips: readonly number[]
  readonly fails: readonly number[]
}

/** How the gates above a task stand. */
export interface GateCounts {
  /** Those that have not ended. */
  readonly left: number
  readonly skips: number
  readonly fails: number
}

/** What a gate says that has ended so. `result` is what its task returned, as JSON text; null: nothing. */
export function decideGate(gate: Gate, state: FinalExpansionState, result: string | null): GateVerdict {
  if (gate.kind === "setup") return setupVerdict(gate, state)
  if (state !== "success" || result === null) return { skips: [], fails: [] }
  const value: unknown = JSON.parse(result)
  const skips = gate.kind === "branch" ? notFollowed(gate, value) : value === false ? gate.targets : []
  return { skips, fails: [] }
}

function setupVerdict({ targets, direct }: SetupGate, state: FinalExpansionState): GateVerdict {
  const others = targets.filter((target) => !direct.includes(target))
  if (state === "success") return { skips: [], fails: [] }
  return state === "skipped" ? { skips: others, fails: [] } : { skips: [], fails: others }
}

function notFollowed({ targets, ways }: BranchGate, value: unknown): number[] {
  const chosen = new Set([value].flat())
  const followed = new Set(ways.flatMap(({ id, follows }) => (chosen.has(id) ? follows : [])))
  return targets.filter((target) => !followed.has(target))
}
