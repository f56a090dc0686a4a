/** The trigger rules of Airflow. */
export const triggerRules = [
  "all_success",
  "all_failed",
  "all_done",
  "all_done_min_one_success",
  "all_done_setup_success",
  "all_skipped",
  "one_success",
  "one_failed",
  "one_done",
  "none_failed",
  "none_failed_min_one_success",
  "none_skipped",
  "always",
] as const

/** When a task may start, said in terms of how its upstream tasks ended. */
export type TriggerRule = (typeof triggerRules)[number]

/** How the upstream tasks of a task stand: counts of tasks, not of instances. */
export interface UpstreamCounts {
  readonly total: number
  /** Streams that have started, and are read while they run. */
  readonly opened: number
  readonly success: number
  readonly failed: number
  readonly skipped: number
  readonly upstreamFailed: number
  /** Those of them that are setups. */
  readonly setups: number
  readonly setupSuccess: number
  readonly setupSkipped: number
}

/** What a trigger rule says of a waiting task. */
export type TriggerDecision = "wait" | "run" | "skipped" | "upstream_failed"

/**
 * Decides whether a waiting task runs, waits or will never run, from counters alone.
 *
 * A verdict that no later outcome can change is given at once, as Airflow does: one failed upstream is enough for
 * `all_success`. A stream that has started counts as a success here: how it ends is told index by index. A task without
 * upstream runs whatever its rule is.
 */
export function decideTrigger(rule: TriggerRule, upstream: UpstreamCounts): TriggerDecision {
  if (upstream.total === 0) return "run"
  return decisions[rule](factsOf(upstream))
}

/** What the rules are said in. */
interface Facts {
  readonly hasGood: boolean
  readonly hasFailed: boolean
  /** Failed, or not run since something above failed. */
  readonly hasBad: boolean
  readonly hasSkipped: boolean
  readonly isComplete: boolean
  /** How its setups ended, if it has any and all have: at least one well, all skipped, or otherwise. */
  readonly setups: "good" | "skipped" | "bad"
}

function factsOf(counts: UpstreamCounts): Facts {
  const { total, opened, success, failed, skipped, upstreamFailed } = counts
  const good = success + opened
  const bad = failed + upstreamFailed
  return {
    hasGood: good > 0,
    hasFailed: failed > 0,
    hasBad: bad > 0,
    hasSkipped: skipped > 0,
    isComplete: good + bad + skipped >= total,
    setups: setupsOf(counts),
  }
}

function setupsOf({ setups, setupSuccess, setupSkipped }: UpstreamCounts): Facts["setups"] {
  if (setups === 0 || setupSuccess > 0) return "good"
  return setupSkipped >= setups ? "skipped" : "bad"
}

const decisions: Record<TriggerRule, (facts: Facts) => TriggerDecision> = {
  always: () => "run",
  all_done: ({ isComplete }) => (isComplete ? "run" : "wait"),
  all_success: ({ hasBad, hasSkipped, isComplete }) => {
    if (hasBad) return "upstream_failed"
    // A skip waits for the others: one of them may still fail, and how it ends must not depend on who was first.
    if (!isComplete) return "wait"
    return hasSkipped ? "skipped" : "run"
  },
  all_failed: ({ hasGood, hasSkipped, isComplete }) => {
    if (hasGood || hasSkipped) return "skipped"
    return isComplete ? "run" : "wait"
  },
  all_skipped: ({ hasGood, hasBad, isComplete }) => {
    if (hasGood || hasBad) return "skipped"
    return isComplete ? "run" : "wait"
  },
  all_done_min_one_success: ({ hasGood, hasBad, isComplete }) => {
    if (!isComplete) return "wait"
    if (hasGood) return "run"
    return hasBad ? "upstream_failed" : "skipped"
  },
  all_done_setup_success: ({ isComplete, setups }) => {
    if (!isComplete) return "wait"
    if (setups === "good") return "run"
    return setups === "skipped" ? "skipped" : "upstream_failed"
  },
  one_success: ({ hasGood, hasBad, isComplete }) => {
    if (hasGood) return "run"
    if (!isComplete) return "wait"
    return hasBad ? "upstream_failed" : "skipped"
  },
  one_failed: ({ hasBad, isComplete }) => {
    if (hasBad) return "run"
    return isComplete ? "skipped" : "wait"
  },
  one_done: ({ hasGood, hasFailed, isComplete }) => {
    if (hasGood || hasFailed) return "run"
    return isComplete ? "skipped" : "wait"
  },
  none_failed: ({ hasBad, isComplete }) => {
    if (hasBad) return "upstream_failed"
    return isComplete ? "run" : "wait"
  },
  none_failed_min_one_success: ({ hasGood, hasBad, isComplete }) => {
    if (hasBad) return "upstream_failed"
    if (!isComplete) return "wait"
    return hasGood ? "run" : "skipped"
  },
  none_skipped: ({ hasSkipped, isComplete }) => {
    if (hasSkipped) return "skipped"
    return isComplete ? "run" : "wait"
  },
}
