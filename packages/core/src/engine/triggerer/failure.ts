import type { SerializedTask } from "../../dag/serialized-dag.ts"
import { triggerName } from "../../dag/trigger-spec.ts"
import type { TaskError } from "../../host/host-pool.ts"
import type { TriggerFailure, WaitingTrigger } from "../../store/trigger-store.ts"
import { toException } from "../worker/outcomes.ts"

/** Turns a deferral that came to nothing into what is recorded of it: the try has failed, and the task's retries count. */
export function toFailure(
  task: SerializedTask,
  waiting: WaitingTrigger,
  { error, isFinal }: { readonly error: TaskError; readonly isFinal: boolean },
): TriggerFailure {
  const { triggerId, mapIndex, tryNumber, baseTry } = waiting
  const outcome = { mapIndex, kind: "failed", error, isFinal, startedMs: 0, endedMs: 0 } as const
  const { state, retryDelayMs } = toException(task, tryNumber - baseTry, outcome)
  return { triggerId, error, retryDelayMs, state: state === "up_for_retry" ? "up_for_retry" : "failed" }
}

/** The error of a deferral whose trigger could not fire. */
export function triggerFailed(
  { trigger }: WaitingTrigger,
  why: string,
  stack: string | null = null,
): TaskError {
  return { type: "TriggerFailed", message: `${triggerName(trigger)} ${why}`, stack }
}

/** The error of a deferral whose time is over. */
export function deferralTimeout({ trigger }: WaitingTrigger): TaskError {
  const message = `${triggerName(trigger)} had not fired when the timeout of the deferral was over`
  return { type: "DeferralTimeout", message, stack: null }
}
