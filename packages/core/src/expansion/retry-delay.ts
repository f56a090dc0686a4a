/** What decides how long a task waits before its next try. */
export interface RetryDelays {
  readonly retryDelayMs: number
  /** Each further delay is this many times the one before; 1: always the same. */
  readonly retryBackoff: number
  readonly retryDelayMaxMs: number
}

/** The share of a delay by which it is spread, so that siblings that failed together do not come back together. */
export const retryJitter = 0.25

/**
 * Says how many milliseconds to wait before a try, counted from the failure before it.
 *
 * The spread follows from the map index, not from chance: the same instance waits the same, siblings differ.
 *
 * @example
 * retryDelayOf({ retryDelayMs: 1000, retryBackoff: 2, retryDelayMaxMs: 60_000 }, { failures: 3, mapIndex: -1 }) // 4000
 */
export function retryDelayOf(
  delays: RetryDelays,
  attempt: { readonly failures: number; readonly mapIndex: number },
): number {
  const grown = delays.retryDelayMs * delays.retryBackoff ** (attempt.failures - 1)
  const bounded = Math.min(grown, delays.retryDelayMaxMs)
  return Math.round(bounded * (1 + retryJitter * spread(attempt.mapIndex)))
}

/** A number in [0, 1) that differs between neighbours; 0 for an unmapped instance. */
function spread(mapIndex: number): number {
  if (mapIndex < 0) return 0
  const golden = 0.618033988749895
  return ((mapIndex + 1) * golden) % 1
}
