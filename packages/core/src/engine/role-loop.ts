import { Cause, Context, Effect } from "effect"
import { isTagged } from "../store/errors.ts"
import { CurrentTurn } from "../store/turn.ts"

/** The longest pause of a role after turns that failed in a row. */
export const failurePauseMaxMs = 5_000

/** Told of each turn of each loop: how long it worked, its waits left out, and whether it failed. */
export type TurnObserver = (
  loop: string,
  turn: { readonly workedMs: number; readonly isFailed: boolean },
) => void

/** Who observes the loops; nobody by default. */
export const ObservedTurns = Context.Reference<TurnObserver | null>("@sluice/core/engine/ObservedTurns", {
  defaultValue: () => null,
})

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
  return observed(name, turn).pipe(Effect.andThen(succeeded), Effect.catchCause(failed), Effect.forever)
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

function observed<A, E, R>(name: string, turn: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
  return Effect.flatMap(ObservedTurns, (observer) => {
    if (observer === null) return turn
    const current = { waitedMs: 0 }
    const startedAt = performance.now()
    const tell = (isFailed: boolean) =>
      Effect.sync(() => {
        const workedMs = Math.max(0, performance.now() - startedAt - current.waitedMs)
        observer(name, { workedMs, isFailed })
      })
    return turn.pipe(
      Effect.provideService(CurrentTurn, current),
      Effect.tap(() => tell(false)),
      // One that is interrupted is neither: its loop ends.
      Effect.tapCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : tell(true))),
    )
  })
}
