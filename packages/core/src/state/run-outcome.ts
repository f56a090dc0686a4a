/** What is known of a run's tasks when one of its last ones ends. */
export interface RunCounts {
  readonly hasUnfinished: boolean
  /** Tasks that decide the run (leaves, teardowns aside) and failed, or could not run because something above failed. */
  readonly leavesFailed: number
}

/** Says how a run ended, or `null` while a task is unfinished. The leaf tasks decide, as in Airflow. */
export function decideRun(counts: RunCounts): "success" | "failed" | null {
  if (counts.hasUnfinished) return null
  return counts.leavesFailed > 0 ? "failed" : "success"
}
