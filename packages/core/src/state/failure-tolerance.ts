/** How many failed instances a map goes on with. One more, and it is stopped. */
export interface FailureTolerance {
  /** null: any number. */
  readonly count: number | null
  /** The share of ended instances that may have failed, from 0 to 1; null: any. */
  readonly ratio: number | null
  /** The ratio is judged once so many instances have ended: of two, one is half. */
  readonly minSample: number
}

/** From how many ended instances on a ratio is judged, where nothing else is said. */
export const failureSampleMinDefault = 100

/** How many instances of a map have ended so far, folded or not, and how many of them failed. */
export interface FailureCounts {
  readonly failed: number
  readonly ended: number
}

/** Says in words which limit the failures of a map have crossed; null: none. */
export function crossedTolerance(tolerance: FailureTolerance | null, counts: FailureCounts): string | null {
  if (tolerance === null) return null
  const { failed, ended } = counts
  if (tolerance.count !== null && failed > tolerance.count)
    return `${failed} instances failed, and ${tolerance.count} are tolerated`
  if (tolerance.ratio === null || ended < tolerance.minSample || failed <= tolerance.ratio * ended)
    return null
  return `${failed} of ${ended} ended instances failed, and a share of ${tolerance.ratio} is tolerated`
}

/**
 * Whether a success can still make a map cross its limit: the one with which enough have ended to judge the ratio.
 *
 * After that only a failure can, and only failures need to be looked at.
 */
export function needsWatch(tolerance: FailureTolerance | null, { failed, ended }: FailureCounts): boolean {
  return tolerance !== null && tolerance.ratio !== null && failed > 0 && ended < tolerance.minSample
}
