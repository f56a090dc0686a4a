import { Cause, Effect } from "effect"
import { isTagged } from "../store/errors.ts"

/** The longest pause of a role after turns that failed in a row. */
export const failurePauseMaxMs = 5_000

/**
 * Repeats a turn for ever, and outlives whatever a turn ends in.
 *
 * A role must not die: a turn that fails or breaks is logged, and the next one comes after a pause that doubles with
 * each failure in a row. The turn itself does its own waiting.
 */
export function roleLoop<R>(
  name: string,
  turn: Effect.Effect<unknown, unknown, R>,
): Effect.Effect<never, never, R> {
  let failures = 0
  const succeeded = Effect.sync(() => {
    failures = 0
  })
  const failed = (cause: Cause.Cause<unknown>) => {
    failures += 1
    const pauseMs = Math.min(failurePauseMaxMs, 100 * 2 ** Math.min(failures, 10))
    return report(name, cause, failures).pipe(Effect.andThen(Effect.sleep(pauseMs)))
  }
  return turn.pipe(Effect.andThen(succeeded), Effect.catchCause(failed), Effect.forever)
}

/** A store that is away is news once, not with each try. */
function report(name: string, cause: Cause.Cause<unknown>, failures: number): Effect.Effect<void> {
  const error = Cause.squash(cause)
  const isAway = isTagged(error, "StoreUnavailable")
  if (isAway && failures > 1) return Effect.void
  return isAway
    ? Effect.logWarning(`${name}: ${(error as Error).message}; trying again`)
    : Effect.logError(`${name}: a turn failed`, cause)
}
