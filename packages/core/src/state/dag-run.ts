/** What may follow each state of a DagRun. One that has ended goes on only by hand (`resume`, `redrive`, `clear`, `extend`). */
export const dagRunTransitions = {
  queued: ["running", "failed"],
  running: ["success", "failed"],
  success: ["running"],
  failed: ["running", "queued"],
} as const satisfies Record<string, readonly string[]>

/** The state of a DagRun, in Airflow's names. */
export type DagRunState = keyof typeof dagRunTransitions
