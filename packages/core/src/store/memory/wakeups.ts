import type { WakeupTopic, Wakeups } from "../wakeups.ts"

/** Wake-ups among the listeners of this process. */
export function wakeups(): Wakeups {
  const listeners = new Map<WakeupTopic, Set<(about: readonly string[]) => void>>()
  return {
    wake: (topic, about) => {
      for (const listener of listeners.get(topic) ?? []) listener(about === undefined ? [] : [about])
    },
    onWake: (topic, listener) => {
      // Wrapped, so that one function given twice is two listeners, each ended on its own.
      const entry = (about: readonly string[]) => listener(about)
      const ofTopic = listeners.get(topic) ?? new Set()
      listeners.set(topic, ofTopic.add(entry))
      return () => void ofTopic.delete(entry)
    },
  }
}
