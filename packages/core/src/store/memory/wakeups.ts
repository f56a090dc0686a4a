import type { WakeupTopic, Wakeups } from "../wakeups.ts"

/** Wake-ups among the listeners of this process. */
export function wakeups(): Wakeups {
  const listeners = new Map<WakeupTopic, Set<() => void>>()
  return {
    wake: (topic) => {
      for (const listener of listeners.get(topic) ?? []) listener()
    },
    onWake: (topic, listener) => {
      // Wrapped, so that one function given twice is two listeners, each ended on its own.
      const entry = () => listener()
      const ofTopic = listeners.get(topic) ?? new Set()
      listeners.set(topic, ofTopic.add(entry))
      return () => void ofTopic.delete(entry)
    },
  }
}
