import type { Wakeups } from "@sluice/core/store"
import type { Notifier } from "./notify.ts"

/** Carries wake-ups over LISTEN and NOTIFY: one channel a topic, no payload. */
export function makeWakeups(notifier: Notifier): Wakeups {
  return {
    wake: (topic) => notifier.signal(`sluice_${topic}`),
    onWake: (topic, listener) => notifier.subscribe(`sluice_${topic}`, () => listener()),
  }
}
