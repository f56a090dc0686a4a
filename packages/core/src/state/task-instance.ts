/**
 * What may follow each state of a task instance. From those in which it has ended it goes on only by hand: it is run
 * again (`redrive`, `clear`).
 *
 * Only states from `success` on, and `up_for_retry`, stand in a row: `scheduled` is an index that no lease covers,
 * `running` one inside a lease.
 */
export const taskInstanceTransitions = {
  scheduled: ["running", "skipped", "upstream_failed"],
  running: ["success", "failed", "skipped", "up_for_retry", "scheduled"],
  up_for_retry: ["running"],
  success: ["up_for_retry"],
  failed: ["up_for_retry"],
  skipped: ["up_for_retry"],
  upstream_failed: [],
} as const satisfies Record<string, readonly string[]>

/** The state of a task instance, in Airflow's names. */
export type TaskInstanceState = keyof typeof taskInstanceTransitions

/** The states that a row of the item table can have. */
export const recordedStates = ["success", "failed", "skipped", "upstream_failed", "up_for_retry"] as const

/** A state that a row of the item table can have. */
export type RecordedState = (typeof recordedStates)[number]
