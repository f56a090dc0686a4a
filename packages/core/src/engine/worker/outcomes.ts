import type { SerializedTask } from "../../dag/serialized-dag.ts"
import { retryDelayOf } from "../../expansion/retry-delay.ts"
import type { OtherOutcome, TaskError } from "../../host/host-pool.ts"
import type { RecordedException } from "../../store/lease-store.ts"

/**
 * Turns an instance that did not succeed into what is recorded of it: this is where a failure becomes a retry. `tries`
 * are those made so far, this one included; a redrive begins to count anew.
 */
export function toException(task: SerializedTask, tries: number, outcome: OtherOutcome): RecordedException {
  const { mapIndex, startedMs, endedMs } = outcome
  const times = { mapIndex, startedMs: Math.round(startedMs), endedMs: Math.round(endedMs) }
  if (outcome.kind === "skipped") {
    const error = outcome.reason === null ? null : skipped(outcome.reason)
    return { ...times, state: "skipped", error, retryDelayMs: null }
  }
  if (outcome.kind === "deferred") {
    return { ...times, state: "deferred", error: null, retryDelayMs: null, deferral: outcome.deferral }
  }
  const { error } = outcome
  if (outcome.isFinal || tries > task.retries) {
    return { ...times, state: "failed", error, retryDelayMs: null }
  }
  const retryDelayMs = retryDelayOf(task, { failures: tries, mapIndex })
  return { ...times, state: "up_for_retry", error, retryDelayMs }
}

function skipped(message: string): TaskError {
  return { type: "Skip", message, stack: null }
}
