/**
 * What a wake-up is about. `work`: instances can be claimed. `due`: facts changed that the scheduler decides on.
 * `open`: an expansion can be pulled. `progress`: an expansion's
 * window or its upstream moved. `control`: something was cancelled, paused or resized.
 * `run`: a run ended. `prune`: something was deleted. `trigger`: an instance was deferred. `plan`: a schedule was stored, a DAG goes on, a backfill was
 * asked for. `parse`: a run waits for its file to be parsed. `log`: instances of an expansion logged something.
 */
export const wakeupTopics = [
  "work",
  "due",
  "open",
  "progress",
  "control",
  "run",
  "trigger",
  "plan",
  "parse",
  "log",
  "prune",
] as const

/** A topic of wake-ups. */
export type WakeupTopic = (typeof wakeupTopics)[number]

/**
 * Tells others that it is worth looking. A hint, never a fact: it may be lost, merged or come twice, so whoever waits
 * also polls slowly.
 */
export interface Wakeups {
  /** Tells listeners of this process at once, and other processes soon after, many signals as one. */
  readonly wake: (topic: WakeupTopic, about?: string) => void
  /**
   * Calls `listener` on each wake-up of the topic, with what it is about; nothing there: it may be about anything. Gives
   * back what ends it.
   */
  readonly onWake: (topic: WakeupTopic, listener: (about: readonly string[]) => void) => () => void
}
