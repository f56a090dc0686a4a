import type { StoreService, WakeupTopic } from "@sluice/core/store"

/** Waits for a wake-up of one of the topics, for the end of the time, or for the signal. */
export function untilWoken(
  store: Pick<StoreService, "onWake">,
  options: {
    readonly topics: readonly WakeupTopic[]
    readonly timeoutMs: number
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { topics, timeoutMs, signal } = options
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      for (const unsubscribe of unsubscribes) unsubscribe()
      resolve()
    }
    const timer = setTimeout(done, timeoutMs)
    const unsubscribes = topics.map((topic) => store.onWake(topic, done))
    signal.addEventListener("abort", done, { once: true })
  })
}
