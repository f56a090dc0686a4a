/** The trigger rules of Airflow that Sluice decides so far. */
export const triggerRules = ["all_success", "all_done", "none_failed", "one_success", "always"] as const

/** When a task may start, said in terms of how its upstream tasks ended. */
export type TriggerRule = (typeof triggerRules)[number]
