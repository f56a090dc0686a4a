/**
 * What may follow each state of a task instance. From those in which it has ended it goes on only by hand: it is run
 * again (`redrive`, `clear`), or waits in `up_for_retry` for one above it that is, and ends there where nothing comes of
 * that. From one in which it waits it goes to its end when its map is stopped.
 *
 * `running` has no row: it is an index inside a lease. `scheduled` has one only where it follows `deferred`: the event
 * has come, and a slot is waited for. Else it is an index that no lease covers. All others are rows.
 */
export const taskInstanceTransitions = {
  scheduled: ["running", "skipped", "upstream_failed"],
  running: ["success", "failed", "skipped", "up_for_retry", "deferred", "scheduled"],
  up_for_retry: ["running", "failed", "skipped", "upstream_failed"],
  deferred: ["scheduled", "up_for_retry", "failed", "skipped"],
  success: ["up_for_retry"],
  failed: ["up_for_retry"],
  skipped: ["up_for_retry"],
  upstream_failed: ["up_for_retry"],
} as const satisfies Record<string, readonly string[]>

/** The state of a task instance, in Airflow's names. */
export type TaskInstanceState = keyof typeof taskInstanceTransitions

/** The states that a row of the item table can have. */
export const recordedStates = [
  "success",
  "failed",
  "skipped",
  "upstream_failed",
  "up_for_retry",
  "deferred",
  "scheduled",
] as const

/** A state that a row of the item table can have. */
export type RecordedState = (typeof recordedStates)[number]

/** A state of a row whose instance has not ended. */
export type UnfinishedRecordedState = "up_for_retry" | "deferred" | "scheduled"

/** A state in which an instance has ended. */
export type EndedState = Exclude<RecordedState, UnfinishedRecordedState>

/** Whether an instance with a row in this state has ended. */
export function isEndedState(state: RecordedState): state is EndedState {
  return state !== "up_for_retry" && state !== "deferred" && state !== "scheduled"
}

/** Whether a row in this state stands for an instance that may be leased, on its own: for its next try, or to go on. */
export function isAwaitingLease(state: RecordedState): boolean {
  return state === "up_for_retry" || state === "scheduled"
}
