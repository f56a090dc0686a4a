import { failureSampleMinDefault, type FailureTolerance } from "../state/failure-tolerance.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { isPlainObject } from "./input-plan.ts"
import { integerCheck, numberCheck, type OptionCheck, type OptionPlace, oneOfCheck } from "./option-check.ts"

/** Options of a map about its failures. */
export interface FailureOptions {
  /**
   * How many failed instances the map goes on with; one more stops it: its source is closed, what runs ends, nothing new
   * starts, and it fails. A count, or an object: `ratio` is a share of the ended instances, judged from `minSample`
   * (default 100) on. Default null: it goes on to its end, however many fail.
   */
  readonly toleratedFailures?:
    | number
    | { readonly count?: number; readonly ratio?: number; readonly minSample?: number }
    | null
  /** `"stop"`: with the first failure, as `toleratedFailures: 0`. Default `"continue"`. */
  readonly onFailure?: "stop" | "continue"
}

const count = integerCheck(0)
const minSample = integerCheck(1)
const ratio = numberCheck(0)

const toleratedCheck: OptionCheck<FailureTolerance | null> = {
  expected:
    "a count from 0, or { count, ratio, minSample } with a count, a ratio from 0 to 1 or both, or null for no limit",
  read: (value) => {
    if (value === null) return null
    if (typeof value === "number")
      return count.read(value) === undefined ? undefined : toleranceOf({ count: value })
    if (!isPlainObject(value)) return undefined
    return isTolerance(value) ? toleranceOf(value) : undefined
  },
}

interface GivenTolerance {
  readonly count?: number
  readonly ratio?: number
  readonly minSample?: number
}

const parts: Readonly<Record<string, (value: unknown) => boolean>> = {
  count: (value) => count.read(value) !== undefined,
  ratio: (value) => (ratio.read(value) ?? 2) <= 1,
  minSample: (value) => minSample.read(value) !== undefined,
}

function isTolerance(
  value: Readonly<Record<string, unknown>>,
): value is Readonly<Record<string, unknown>> & GivenTolerance {
  const given = Object.entries(value).filter(([, part]) => part !== undefined)
  const areRight = given.every(([name, part]) => Object.hasOwn(parts, name) && parts[name]?.(part) === true)
  const limits = given.filter(([name]) => name !== "minSample")
  return areRight && limits.length > 0 && (value["minSample"] === undefined || value["ratio"] !== undefined)
}

/** Completes a tolerance of which some parts were given. */
export function toleranceOf(given: GivenTolerance): FailureTolerance {
  return {
    count: given.count ?? null,
    ratio: given.ratio ?? null,
    minSample: given.minSample ?? failureSampleMinDefault,
  }
}

/** How the options about failures are checked. */
export const failureChecks = {
  toleratedFailures: toleratedCheck,
  onFailure: oneOfCheck(["stop", "continue"]),
}

/** What the options about failures come down to; null: no limit. */
export function tolerationOf(given: {
  readonly toleratedFailures?: FailureTolerance | null
  readonly onFailure?: "stop" | "continue"
}): FailureTolerance | null {
  return given.onFailure === "stop" ? toleranceOf({ count: 0 }) : (given.toleratedFailures ?? null)
}

/** Two ways to say the same are refused together: which one would count? */
export function refuseBothLimits(
  given: { readonly toleratedFailures?: unknown; readonly onFailure?: unknown },
  place: OptionPlace,
): void {
  if (given.toleratedFailures === undefined || given.onFailure === undefined) return
  throw new DagDefinitionError({
    ...place,
    problem: `${place.call} got both "onFailure" and "toleratedFailures"`,
    expected: 'one of them: onFailure "stop" is toleratedFailures 0, "continue" is no limit',
    fix: 'leave "onFailure" out',
  })
}
