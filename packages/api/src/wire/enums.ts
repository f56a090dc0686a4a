import type { DagRunTriggeredBy, DagRunType } from "@sluice/core/store"
import type { DagRunState, TaskInstanceState } from "@sluice/core/state"

/** How a run came to be. Closed: a client refuses any other. */
export const dagRunTypes = [
  "backfill",
  "scheduled",
  "manual",
  "operator_triggered",
  "asset_triggered",
  "asset_materialization",
] as const satisfies readonly (DagRunType | "asset_materialization")[]

/** The state of a run. Closed. */
export const dagRunStates = [
  "queued",
  "running",
  "success",
  "failed",
] as const satisfies readonly DagRunState[]

/** What had a run made. Closed. */
export const triggeredBys = [
  "cli",
  "operator",
  "rest_api",
  "ui",
  "test",
  "timetable",
  "asset",
  "backfill",
] as const satisfies readonly DagRunTriggeredBy[]

/** The state of a task instance. Closed; null is one that has not begun. */
export const taskInstanceStates = [
  "removed",
  "scheduled",
  "queued",
  "running",
  "success",
  "restarting",
  "failed",
  "up_for_retry",
  "up_for_reschedule",
  "upstream_failed",
  "skipped",
  "deferred",
] as const

/** A state of a task instance as clients read it. */
export type WireState = (typeof taskInstanceStates)[number]

/** Every state of ours is one of Airflow's: the compiler says so. */
export function toWireState(state: TaskInstanceState): WireState {
  return state
}
