/** What may follow each state of a DagRun. `failed` goes back to `running` only by hand (`resume`). */
export const dagRunTransitions = {
  queued: ["running", "failed"],
  running: ["success", "failed"],
  success: [],
  failed: ["running"],
} as const satisfies Record<string, readonly string[]>

/** The state of a DagRun, in Airflow's names. */
export type DagRunState = keyof typeof dagRunTransitions
