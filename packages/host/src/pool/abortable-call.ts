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
  const { host, callId, signal, graceMs } = options
  let timer: NodeJS.Timeout | undefined
  const abort = () => {
    const reason: unknown = signal.reason
    host.send({ kind: "abort", callId, reason: reason instanceof Error ? reason.message : String(reason) })
    timer = setTimeout(() => {
      if (host.has(callId))
        host.kill(`was killed: ${options.what} was still running ${graceMs / 1000} s after it was aborted,`)
    }, graceMs)
  }
  if (signal.aborted) abort()
  else signal.addEventListener("abort", abort, { once: true })
  return () => {
    signal.removeEventListener("abort", abort)
    clearTimeout(timer)
  }
}
