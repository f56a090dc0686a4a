import { useSyncExternalStore } from "react"

/** How often what counts on the clock is drawn anew. */
const tickMs = 1_000

let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const tell of listeners) tell()
  }, tickMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The time, second by second: one timer for all who look at it. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}
