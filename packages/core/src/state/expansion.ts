/**
 * What may follow each state of an expansion.
 *
 * `waiting`: for its upstream tasks. `open`: its stream is being pulled. `draining`: all its instances exist, some
 * are unfinished; an unmapped task goes there at once. What has ended goes on only by hand: `cancelled` by `resume`; the
 * others to `draining` when instances of theirs are run again, to `waiting` when something above them is, to `open` when
 * their stream has more (`extend`).
 */
export const expansionTransitions = {
  waiting: ["open", "draining", "skipped", "upstream_failed", "cancelled"],
  open: ["draining", "cancelled", "waiting"],
  draining: ["success", "failed", "skipped", "upstream_failed", "cancelled", "waiting"],
  success: ["draining", "waiting", "open"],
  failed: ["draining", "waiting", "open"],
  skipped: ["draining", "waiting", "open"],
  upstream_failed: ["draining", "waiting", "open"],
  cancelled: ["waiting", "open", "draining"],
} as const satisfies Record<string, readonly string[]>

/** How far a task has been unrolled within one DagRun. */
export type ExpansionState = keyof typeof expansionTransitions

/** The states in which an expansion has ended. */
export const finalExpansionStates = ["success", "failed", "skipped", "upstream_failed", "cancelled"] as const

/** A state in which an expansion has ended. */
export type FinalExpansionState = (typeof finalExpansionStates)[number]

/** Whether an expansion in this state has ended. */
export function isFinalExpansionState(state: ExpansionState): state is FinalExpansionState {
  return (finalExpansionStates as readonly string[]).includes(state)
}
