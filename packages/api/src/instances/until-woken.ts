import type { WakeupTopic } from "@sluice/core/store"
import type { Services } from "../environment.ts"

/** Waits for a wake-up of one of the topics, for the end of the time, or for the server to close. */
export function untilWoken(
  { store, closing }: Pick<Services, "store" | "closing">,
  topics: readonly WakeupTopic[],
  timeoutMs: number,
): Promise<void> {
  if (closing.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      closing.removeEventListener("abort", done)
      for (const unsubscribe of unsubscribes) unsubscribe()
      resolve()
    }
    const timer = setTimeout(done, timeoutMs)
    const unsubscribes = topics.map((topic) => store.onWake(topic, done))
    closing.addEventListener("abort", done, { once: true })
  })
}
