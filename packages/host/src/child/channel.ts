import type { FromHost, ToHost } from "../protocol.ts"
import { unsentCharsMax } from "./bounds.ts"

// Taken away from user code: what a library sends to "its" parent must not reach ours.
const sendToParent = process.send?.bind(process)
Reflect.deleteProperty(process, "send")

let unsentChars = 0
let waiting: (() => void)[] = []

/** Sends one message to the parent. `chars` says about how large it is. */
export function send(message: FromHost, chars = 0): void {
  if (sendToParent === undefined || !process.connected) return
  unsentChars += chars
  sendToParent(message, undefined, {}, () => settle(chars))
}

function settle(chars: number): void {
  unsentChars -= chars
  if (unsentChars > unsentCharsMax || waiting.length === 0) return
  for (const wake of waiting) wake()
  waiting = []
}

/** Sends a message; settles when it has left the process, so that a loop or a crash right after cannot keep it back. */
export function sendOut(message: FromHost): Promise<void> {
  if (sendToParent === undefined || !process.connected) return Promise.resolve()
  return new Promise((resolve) => sendToParent(message, undefined, {}, () => resolve()))
}

/** Sends a message and ends the process once it has left. */
export function sendAndExit(message: FromHost, exitCode: number): void {
  if (sendToParent === undefined || !process.connected) process.exit(exitCode)
  sendToParent(message, undefined, {}, () => process.exit(exitCode))
}

/** Says whether so much waits to be sent that the parent must catch up first. */
export function isBackedUp(): boolean {
  return unsentChars > unsentCharsMax
}

/** Waits until the parent has caught up. */
export function caughtUp(): Promise<void> {
  return new Promise((resolve) => {
    if (isBackedUp()) waiting.push(resolve)
    else resolve()
  })
}

/** Calls `onMessage` for each message of the parent; when the parent is gone, so is this process. */
export function listen(onMessage: (message: ToHost) => void): void {
  process.on("message", (message) => onMessage(message as ToHost))
  process.on("disconnect", () => process.exit(0))
}
