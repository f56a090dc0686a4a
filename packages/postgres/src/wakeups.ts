import type { Wakeups } from "@sluice/core/store"
import type { Notifier } from "./notify.ts"

/** Carries wake-ups over LISTEN and NOTIFY: one channel a topic; the payload is what they are about. */
export function makeWakeups(notifier: Notifier): Wakeups {
  return {
    wake: (topic, about) => notifier.signal(`sluice_${topic}`, about),
    onWake: (topic, listener) => notifier.subscribe(`sluice_${topic}`, listener),
  }
}
