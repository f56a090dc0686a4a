import { Effect } from "effect"
import type { Scope } from "effect"
import { idly } from "./turn.ts"
import type { Wakeups, WakeupTopic } from "./wakeups.ts"

/**
 * Lets any number of fibers wait for the next wake-up of some topics without losing one.
 *
 * A waiter reads `version()` before it looks for work, and waits with it: a wake-up in between ends the wait at once.
 * All waiters are woken, and each wait has a time limit, so a lost wake-up costs a poll and never a hang.
 */
export interface WakeGate {
  readonly version: () => number
  /** Waits until the version differs from `seen`, or the time is over. */
  readonly wait: (seen: number, timeoutMs: number) => Effect.Effect<void>
}

/** Makes a gate that listens to the topics until its scope closes. */
export function makeWakeGate(
  wakeups: Wakeups,
  topics: readonly WakeupTopic[],
): Effect.Effect<WakeGate, never, Scope.Scope> {
  return Effect.acquireRelease(
    Effect.sync(() => openGate(wakeups, topics)),
    (gate) => Effect.sync(gate.close),
  )
}

function openGate(wakeups: Wakeups, topics: readonly WakeupTopic[]): WakeGate & { close: () => void } {
  let version = 0
  const waiting = new Set<() => void>()
  const open = () => {
    version += 1
    for (const resume of waiting) resume()
    waiting.clear()
  }
  const unsubscribes = topics.map((topic) => wakeups.onWake(topic, open))
  const opened = (seen: number) =>
    Effect.callback<void>((resume) => {
      if (version !== seen) return resume(Effect.void)
      const wake = () => resume(Effect.void)
      waiting.add(wake)
      return Effect.sync(() => waiting.delete(wake))
    })
  return {
    version: () => version,
    wait: (seen, timeoutMs) => idly(Effect.raceFirst(opened(seen), Effect.sleep(timeoutMs))),
    close: () => unsubscribes.forEach((unsubscribe) => unsubscribe()),
  }
}

/** Wake-ups that stay within one process: one topic, no store. */
export function localWakeups(): Wakeups {
  const listeners = new Set<(about: readonly string[]) => void>()
  return {
    wake: () => listeners.forEach((listener) => listener([])),
    onWake: (_topic, listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
