import { triggerRules, type TriggerRule } from "../state/trigger-rule.ts"
import { type Asset, isAsset } from "./asset.ts"
import { DagDefinitionError } from "./definition-error.ts"
import type { Duration } from "./duration.ts"
import { failureChecks, type FailureOptions, refuseBothLimits } from "./failure-options.ts"
import {
  booleanCheck,
  checkOptions,
  durationCheck,
  functionCheck,
  integerCheck,
  numberCheck,
  oneOfCheck,
  orNullCheck,
  textCheck,
  type CheckedOptions,
  type OptionCheck,
  type OptionPlace,
} from "./option-check.ts"
import { type WeightRule, weightRules } from "./weight.ts"
import { idLengthMax, integerMax, mapDefaults, outletsMax, taskDefaults } from "./option-defaults.ts"

/** Options of a task. `taskDefaults` holds what counts where nothing is said. */
export interface TaskOptions {
  /** Attempts after the first one. Default 0. */
  readonly retries?: number
  /** How long the first retry waits. Default `"5m"`. */
  readonly retryDelay?: Duration
  /** How many times longer each later retry waits. Default 1: always the same. */
  readonly retryBackoff?: number
  /** The longest wait before a retry. Default `"24h"`. */
  readonly retryDelayMax?: Duration
  /** How long one attempt may take (of a source: one page). Default null: for ever. */
  readonly timeout?: Duration | null
  /** When the task starts, said in terms of how its upstream tasks ended. Default `"all_success"`. */
  readonly triggerRule?: TriggerRule
  /** The pool whose slots its instances take. Default `"default_pool"`. */
  readonly pool?: string
  /** How many slots one instance takes. Default 1. */
  readonly poolSlots?: number
  /** Larger runs first. Default 1. */
  readonly priority?: number
  /**
   * What the priority is weighed with: nothing (`"absolute"`, the default), or the sum of the priorities of all tasks
   * below (`"downstream"`, Airflow's default: what much waits for goes first) or above it (`"upstream"`: runs are ended
   * before others are begun).
   */
  readonly weightRule?: WeightRule
  /** The most instances at once within one run. Default null: as many as the workers have slots. */
  readonly concurrency?: number | null
  /** The most instances at once over all runs of the DAG. Default null: as many as the workers have slots. */
  readonly dagConcurrency?: number | null
  /**
   * The most instances that may be deferred at once within one run: no further one is started while as many are, or
   * those that run might become so. Default null: no limit.
   */
  readonly deferredMax?: number | null
  /**
   * The assets that the task makes. Its success is an event of each; of a mapped task, the success of the whole map. What
   * `ctx.assets.emit` says of an instance is an event besides.
   */
  readonly outlets?: readonly Asset[]
}

/** The bounds of an expansion's pages. `mapDefaults` holds what counts where nothing is said. */
export interface PageOptions {
  /** The most map indexes that may exist unfinished, and, in a chain, not yet consumed. Default 1,000. */
  readonly window?: number
  /** The most items asked of the stream at once. Default 500, never more than the window. */
  readonly pageSize?: number
  /** The most bytes one page's items may take. Default 16 MiB. */
  readonly pageBytesMax?: number
  /** The most items the expansion may ever have; one more is an error. Default null: no end is foreseen. */
  readonly maxItems?: number | null
  /** True to start paused, until someone lets it go on. Default false. */
  readonly paused?: boolean
}

/** Options of `iterate` and `expand` over items of this type. */
export interface MapOptions<Item = unknown> extends PageOptions, FailureOptions {
  /**
   * Names each item by what it is, not by where it stands. An item whose key came before in the same expansion is
   * dropped: it gets no instance. Text of 1 to 512 characters. Default: items have no key, and none is dropped.
   */
  readonly key?: (item: Item) => string
  /** What people see of an instance beside its index, cut at 250 characters. Default: nothing. */
  readonly label?: (item: Item) => string
  /**
   * False: results of the mapped task that is iterated are taken page by page as its pages are completed, so that one slow
   * instance does not hold back what came after it. Their order, and with it the indexes, then depend on what is faster.
   * Default true: in the order of their indexes.
   */
  readonly ordered?: boolean
}

/** Options of a source: those of the task that it is, and the bounds of its own pages. */
export type SourceOptions = Omit<TaskOptions, OfInstances> & PageOptions

/** Options that need instances: a source has none. */
type OfInstances = "concurrency" | "dagConcurrency" | "deferredMax" | "pool" | "poolSlots" | "outlets"

const outletsCheck: OptionCheck<readonly Asset[]> = {
  expected: `a list of up to ${outletsMax} assets, each once`,
  read: (value) => {
    if (!Array.isArray(value) || value.length > outletsMax || !value.every(isAsset)) return undefined
    return new Set(value.map((asset) => asset.name)).size === value.length ? value : undefined
  },
}

const taskChecks = {
  retries: integerCheck(0),
  retryDelay: durationCheck(0),
  retryBackoff: numberCheck(1),
  retryDelayMax: durationCheck(0),
  timeout: orNullCheck(durationCheck(1)),
  triggerRule: oneOfCheck(triggerRules),
  pool: textCheck(idLengthMax),
  poolSlots: integerCheck(1),
  priority: integerCheck(-integerMax),
  weightRule: oneOfCheck(weightRules),
  concurrency: orNullCheck(integerCheck(1)),
  dagConcurrency: orNullCheck(integerCheck(1)),
  deferredMax: orNullCheck(integerCheck(1)),
  outlets: outletsCheck,
}

const pageChecks = {
  window: integerCheck(1),
  pageSize: integerCheck(1),
  pageBytesMax: integerCheck(1),
  maxItems: orNullCheck(integerCheck(1)),
  paused: booleanCheck,
}

const mapChecks = {
  ...pageChecks,
  ...failureChecks,
  key: functionCheck<ItemText>("a function from the item to text, such as (user) => user.id"),
  label: functionCheck<ItemText>("a function from the item to text, such as (user) => user.name"),
  ordered: booleanCheck,
}

/** A function of an item with its type forgotten. What it gives is checked where it is called. */
export type ItemText = (item: unknown) => unknown

const {
  concurrency: _concurrency,
  dagConcurrency: _dagConcurrency,
  deferredMax: _deferredMax,
  pool: _pool,
  poolSlots: _poolSlots,
  outlets: _outlets,
  ...sourceTaskChecks
} = taskChecks

/** Task options that were given, checked, and nothing else. */
export type GivenTaskOptions = CheckedOptions<typeof taskChecks>

/** Bounds of pages that were given, checked, and nothing else. */
export type GivenPageOptions = CheckedOptions<typeof pageChecks>

/** Map options that were given, checked, and nothing else. */
export type GivenMapOptions = CheckedOptions<typeof mapChecks>

/** Every setting of a task, in the units of `SerializedTask`. */
export type TaskSettings = typeof taskDefaults

/** Checks the options of `task()`. */
export function checkTaskOptions(given: unknown, place: Partial<OptionPlace>): GivenTaskOptions {
  const elsewhere = homes(mapChecks, "iterate() or expand()")
  return checkOptions(given, taskChecks, { call: "task()", elsewhere, ...place })
}

/** Checks the `defaultTaskOptions` of a DAG or a group. */
export function checkDefaultTaskOptions(given: unknown, place: Partial<OptionPlace>): GivenTaskOptions {
  const elsewhere = { ...homes(mapChecks, "iterate() or expand()"), outlets: "the task() that makes them" }
  const { outlets: _, ...checks } = taskChecks
  return checkOptions(given, checks, { ...place, call: "defaultTaskOptions", elsewhere })
}

/** Checks the options of `source()`, and parts those of the task from those of its pages. */
export function checkSourceOptions(
  given: unknown,
  place: Omit<OptionPlace, "call">,
): { readonly task: GivenTaskOptions; readonly map: GivenPageOptions } {
  const checks = { ...sourceTaskChecks, ...pageChecks }
  const elsewhere = {
    concurrency: "the task that iterates it: a source is read one page at a time",
    dagConcurrency: "the task that iterates it: a source is read one page at a time",
    deferredMax: "the task that iterates it: a source cannot defer",
    pool: "the task that iterates it: a pull holds no slot",
    poolSlots: "the task that iterates it: a pull holds no slot",
    outlets: "the task that iterates it: a source makes nothing by being read",
    key: "iterate() or expand(): it names the instances of a task",
    label: "iterate() or expand(): it names the instances of a task",
    toleratedFailures: "iterate() or expand(): a source has no instances that could fail",
    onFailure: "iterate() or expand(): a source has no instances that could fail",
  }
  const at = { call: "source()", elsewhere, ...place }
  const { window, pageSize, pageBytesMax, maxItems, paused, ...task } = checkOptions(given, checks, at)
  const map = withoutUndefined({ window, pageSize, pageBytesMax, maxItems, paused })
  refusePageOverWindow(map, at)
  return { task, map }
}

/** Checks the options of `iterate()` or `expand()`. */
export function checkMapOptions(given: unknown, place: OptionPlace): GivenMapOptions {
  const elsewhere = homes(taskChecks, "task()")
  const map = checkOptions(given, mapChecks, { elsewhere, ...place })
  refusePageOverWindow(map, place)
  refuseBothLimits(map, place)
  return map
}

/** Puts layers of given task options over the defaults; later layers win. */
export function taskSettings(...layers: readonly GivenTaskOptions[]): TaskSettings {
  const given: GivenTaskOptions = Object.assign({}, ...layers)
  const { retryDelay, retryDelayMax, timeout, ...same } = given
  const retryDelayMs = retryDelay ?? taskDefaults.retryDelayMs
  return {
    ...taskDefaults,
    ...same,
    retryDelayMs,
    retryDelayMaxMs: retryDelayMax ?? Math.max(taskDefaults.retryDelayMaxMs, retryDelayMs),
    timeoutMs: timeout ?? taskDefaults.timeoutMs,
  }
}

function refusePageOverWindow(map: GivenPageOptions, place: OptionPlace): void {
  const window = map.window ?? mapDefaults.window
  if (map.pageSize === undefined || map.pageSize <= window) return
  throw new DagDefinitionError({
    ...place,
    problem: `the option "pageSize" of ${place.call} is ${map.pageSize}, over the window of ${window}`,
    expected: "a page that fits into the window",
    fix: `lower pageSize, or set window to ${map.pageSize} or more`,
  })
}

function homes(checks: object, home: string): Record<string, string> {
  return Object.fromEntries(Object.keys(checks).map((name) => [name, home]))
}

function withoutUndefined(map: {
  [K in keyof GivenPageOptions]: GivenPageOptions[K] | undefined
}): GivenPageOptions {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined))
}
