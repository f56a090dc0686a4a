import { describeValue } from "../stream/describe-value.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { parseDurationMs } from "./duration.ts"
import { integerMax } from "./option-defaults.ts"
import { suggest } from "./suggestion.ts"

/** Reads one option's value: `undefined` refuses it, and `expected` says what would have been right. */
export interface OptionCheck<T> {
  readonly expected: string
  read(value: unknown): T | undefined
}

/** Where options were given, for messages. */
export interface OptionPlace {
  readonly dagId?: string | null
  readonly taskId?: string | null
  /** The call that takes them, as the author wrote it: `task()`, `iterate()`. */
  readonly call: string
  /** Options of other calls, and where they go. */
  readonly elsewhere?: Readonly<Record<string, string>>
}

/** The values that a table of checks yields. */
export type CheckedOptions<Checks> = {
  [K in keyof Checks]?: Checks[K] extends OptionCheck<infer T> ? T : never
}

/**
 * Checks options against a table; what was not given stays absent, so that layers of defaults can be put below.
 *
 * An option given as `undefined` counts as not given.
 */
export function checkOptions<Checks extends Readonly<Record<string, OptionCheck<unknown>>>>(
  given: unknown,
  checks: Checks,
  place: OptionPlace,
): CheckedOptions<Checks> {
  if (given === undefined) return {}
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw notOptions(given, place)
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (check === undefined) throw unknownOption(name, Object.keys(checks), place)
    checked[name] = check.read(value)
    if (checked[name] === undefined) throw badValue(name, value, check.expected, place)
  }
  return checked as CheckedOptions<Checks>
}

/** Accepts whole numbers between two bounds. */
export function integerCheck(min: number, max = integerMax): OptionCheck<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    read: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
        ? value
        : undefined,
  }
}

/** Accepts finite numbers from a bound up. */
export function numberCheck(min: number): OptionCheck<number> {
  return {
    expected: `a finite number of at least ${min}`,
    read: (value) =>
      typeof value === "number" && Number.isFinite(value) && value >= min ? value : undefined,
  }
}

/** Accepts durations of at least `minMs`, as milliseconds. */
export function durationCheck(minMs: number): OptionCheck<number> {
  return {
    expected: `milliseconds from ${minMs} to ${integerMax}, or a string such as "30s", "5m", "2h"`,
    read: (value) => {
      const ms = parseDurationMs(value)
      return ms !== null && ms >= minMs && ms <= integerMax ? ms : undefined
    },
  }
}

/** Accepts non-empty text of limited length. */
export function textCheck(lengthMax: number): OptionCheck<string> {
  return {
    expected: `text of 1 to ${lengthMax} characters`,
    read: (value) =>
      typeof value === "string" && value !== "" && value.length <= lengthMax ? value : undefined,
  }
}

/** Accepts true and false. */
export const booleanCheck: OptionCheck<boolean> = {
  expected: "true or false",
  read: (value) => (typeof value === "boolean" ? value : undefined),
}

/** Accepts functions. */
export function functionCheck<Fn>(expected: string): OptionCheck<Fn> {
  return { expected, read: (value) => (typeof value === "function" ? (value as Fn) : undefined) }
}

/** Accepts one of some words. */
export function oneOfCheck<const Word extends string>(words: readonly Word[]): OptionCheck<Word> {
  return {
    expected: `one of ${words.map((word) => `"${word}"`).join(", ")}`,
    read: (value) => words.find((word) => word === value),
  }
}

/** Accepts also null, which says "no limit". */
export function orNullCheck<T>(check: OptionCheck<T>): OptionCheck<T | null> {
  return {
    expected: `${check.expected}, or null for none`,
    read: (value) => (value === null ? null : check.read(value)),
  }
}

function notOptions(given: unknown, place: OptionPlace): DagDefinitionError {
  return new DagDefinitionError({
    ...place,
    problem: `the options of ${place.call} are ${describeValue(given)}`,
    expected: "an object of options",
  })
}

function badValue(name: string, value: unknown, expected: string, place: OptionPlace): DagDefinitionError {
  return new DagDefinitionError({
    ...place,
    problem: `the option "${name}" of ${place.call} is ${describeValue(value)}`,
    expected,
  })
}

function unknownOption(name: string, known: readonly string[], place: OptionPlace): DagDefinitionError {
  const home = place.elsewhere?.[name]
  const near = suggest(name, known)
  const advice = home ? `give it to ${home}` : near ? `write "${near}"` : undefined
  return new DagDefinitionError({
    ...place,
    problem: `${place.call} has no option "${name}"`,
    expected: `one of ${known.join(", ")}`,
    ...(advice === undefined ? {} : { fix: advice }),
  })
}
