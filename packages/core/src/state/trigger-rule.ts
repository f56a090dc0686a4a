/** The trigger rules of Airflow that Sluice decides so far. */
export const triggerRules = ["all_success", "all_done", "none_failed", "one_success", "always"] as const

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
}

/** What a trigger rule says of a waiting task. */
export type TriggerDecision = "wait" | "run" | "skipped" | "upstream_failed"

/**
 * Decides whether a waiting task runs, waits or will never run, from counters alone.
 *
 * A verdict that no later outcome can change is given at once, as Airflow does: one failed upstream is enough for
 * `all_success`. A stream that has started counts as a success here: how it ends is told index by index.
 */
export function decideTrigger(rule: TriggerRule, upstream: UpstreamCounts): TriggerDecision {
  const { total, opened, success, failed, skipped, upstreamFailed } = upstream
  const good = success + opened
  const bad = failed + upstreamFailed
  const isComplete = good + bad + skipped >= total
  switch (rule) {
    case "always":
      return "run"
    case "all_done":
      return isComplete ? "run" : "wait"
    case "all_success":
      if (bad > 0) return "upstream_failed"
      // A skip waits for the others: one of them may still fail, and how it ends must not depend on who was first.
      if (!isComplete) return "wait"
      return skipped > 0 ? "skipped" : "run"
    case "none_failed":
      if (bad > 0) return "upstream_failed"
      return isComplete ? "run" : "wait"
    case "one_success":
      if (good > 0 || total === 0) return "run"
      if (!isComplete) return "wait"
      return bad > 0 ? "upstream_failed" : "skipped"
  }
}
