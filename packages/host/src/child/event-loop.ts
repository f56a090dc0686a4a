import { turnEveryMs } from "./bounds.ts"

let lastTurnAt = 0
let turning: Promise<void> | null = null

/** Says whether user code has kept the event loop so long that it should turn once. */
export function isTurnDue(now: number): boolean {
  return now - lastTurnAt > turnEveryMs
}

/**
 * Lets the event loop turn: pings are answered, aborts and timers served. All who wait go on after the same turn, so
 * each of them asks again whether another one has used it up.
 */
export function turn(): Promise<void> {
  turning ??= new Promise((resolve) => {
    setImmediate(() => {
      lastTurnAt = performance.now()
      turning = null
      resolve()
    })
  })
  return turning
}
