import { Duration, Effect, Schedule } from "effect"
import { isTagged } from "./errors.ts"
import type { StoreUnavailable } from "./errors.ts"

/** The longest pause between two tries while the store is away. */
export const storeRetryDelayMaxMs = 5_000

/** Waits 50 ms after the first failure, then twice as long each time, at most five seconds, spread at random. */
const backoff = Schedule.exponential(50, 2).pipe(
  Schedule.modifyDelay(({ duration }) =>
    Effect.succeed(Duration.min(duration, Duration.millis(storeRetryDelayMaxMs))),
  ),
  Schedule.jittered,
)

/**
 * Repeats a store call until the store is there again.
 *
 * Only for calls that may be sent twice: a call that failed as unavailable may or may not have been done.
 */
export function untilAvailable<A, E, R>(
  effect: Effect.Effect<A, E | StoreUnavailable, R>,
): Effect.Effect<A, E | StoreUnavailable, R> {
  return Effect.retry(effect, { schedule: backoff, while: isUnavailable })
}

function isUnavailable(error: unknown): boolean {
  return isTagged(error, "StoreUnavailable")
}
