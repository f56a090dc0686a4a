/** A doubled Ctrl-C: npm passes the terminal's signal on to the process that had it already, within milliseconds. */
const sameInterruptMs = 300

/** What the process was asked to do while it works. */
export interface Interrupts {
  /** Aborted by the first Ctrl-C, or the first request to end. */
  readonly signal: AbortSignal
  /** Gives the signals back to Node. */
  close(): void
}

/** Listens for SIGINT and SIGTERM: the first aborts the signal, a second one calls `onSecond`. */
export function listenForInterrupts(onSecond: () => void): Interrupts {
  const controller = new AbortController()
  let firstAt = 0
  const onSignal = () => {
    const now = performance.now()
    if (!controller.signal.aborted) {
      firstAt = now
      controller.abort()
    } else if (now - firstAt > sameInterruptMs) onSecond()
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  return {
    signal: controller.signal,
    close: () => {
      process.off("SIGINT", onSignal)
      process.off("SIGTERM", onSignal)
    },
  }
}

/** Resolves when a signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve(), { once: true })
  })
}
