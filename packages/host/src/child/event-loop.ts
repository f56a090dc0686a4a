import { turnEveryMs } from "./bounds.ts"

let lastTurnAt = 0

/** Says whether user code has kept the event loop so long that it should turn once. */
export function isTurnDue(now: number): boolean {
  return now - lastTurnAt > turnEveryMs
}

/** Lets the event loop turn: pings are answered, aborts and timers served. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      lastTurnAt = performance.now()
      resolve()
    })
  })
}
