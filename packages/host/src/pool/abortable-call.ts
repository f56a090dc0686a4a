import type { HostProcess } from "./host-process.ts"

/**
 * Passes an abort on to a host's call, and kills the host if the call has not ended `graceMs` later. Gives a function
 * that stops watching.
 */
export function watchAbort(options: {
  host: HostProcess
  callId: number
  what: string
  signal: AbortSignal
  graceMs: number
}): () => void {
  const { host, callId, what, signal, graceMs } = options
  let timer: NodeJS.Timeout | undefined
  const killLater = () => {
    timer = setTimeout(() => {
      if (!host.has(callId)) return
      // A host that is still starting has not heard of the abort, and runs nothing yet.
      if (!host.isReady) killLater()
      else
        host.kill(`was killed: ${what} was still running ${graceMs / 1000} s after it was aborted,`, callId)
    }, graceMs)
  }
  const abort = () => {
    const reason: unknown = signal.reason
    host.send({ kind: "abort", callId, reason: reason instanceof Error ? reason.message : String(reason) })
    killLater()
  }
  if (signal.aborted) abort()
  else signal.addEventListener("abort", abort, { once: true })
  return () => {
    signal.removeEventListener("abort", abort)
    clearTimeout(timer)
  }
}
