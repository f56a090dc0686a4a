import type { DagRunRow } from "@sluice/core/store"

/** Whether a run was ended because its time was over, and by nobody's hand. */
export function isTimedOut({
  isCancelled,
  timeoutAt,
  endedAt,
}: Pick<DagRunRow, "isCancelled" | "timeoutAt" | "endedAt">): boolean {
  return isCancelled && timeoutAt !== null && endedAt !== null && endedAt >= timeoutAt
}

/** The state of a run as people read it: one that was cancelled by hand says so. */
export function runStateText(run: DagRunRow): string {
  return run.isCancelled && !isTimedOut(run) ? "cancelled" : run.state
}
