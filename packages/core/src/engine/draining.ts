import { Effect } from "effect"

/** Waits until a signal aborts; for ever where there is none. */
export function untilAborted(signal: AbortSignal | undefined): Effect.Effect<void> {
  if (signal === undefined) return Effect.never
  return Effect.callback<void>((resume) => {
    const done = () => resume(Effect.void)
    if (signal.aborted) return done()
    signal.addEventListener("abort", done, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", done))
  })
}
