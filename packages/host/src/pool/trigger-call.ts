import { HostLost, type HostPool, type TriggerEnd } from "../port.ts"
import { watchAbort } from "./abortable-call.ts"
import type { HostProcess } from "./host-process.ts"

/** How long a trigger under suspicion runs alone, and may keep its host from answering before the grace of an abort. */
const trialMs = 1_000

/** Runs a user-defined trigger in a host that knows its context, until its first event. */
export function runTriggerInHost(
  host: HostProcess,
  options: Parameters<HostPool["runTrigger"]>[0],
  settings: { readonly abortGraceMs: number },
): Promise<TriggerEnd> {
  const { context, work, onLogs } = options
  const trial = new AbortController()
  const signal = AbortSignal.any([options.signal, trial.signal])
  const what = `trigger "${work.name}" of ${context.taskId} of ${context.dagId}`
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    let stopWatching = (): void => {}
    const endTrial = (): void => trial.abort(new DOMException("its trial is over", "AbortError"))
    const stop = (): void => {
      clearTimeout(timer)
      stopWatching()
    }
    const callId = host.call(
      {
        what,
        onMessage(message) {
          if (message.kind === "triggerLogs") onLogs(message.logs)
          if (message.kind === "running" && work.isolated) timer = setTimeout(endTrial, trialMs)
          if (message.kind !== "triggerEnded") return
          stop()
          host.finish(callId)
          const raw = host.takeRawLogs()
          if (raw.length > 0) onLogs(raw)
          const isTried = trial.signal.aborted && message.end.kind !== "event"
          resolve(isTried ? { kind: "tried" } : message.end)
        },
        onLost({ cause, wasAlone, afterMs, isToBlame }) {
          stop()
          const running = isToBlame === null ? undefined : isToBlame ? [work.mapIndex] : []
          reject(new HostLost(`the host ${cause}`, { wasAlone, afterMs, running }))
        },
      },
      (callId) => ({ kind: "trigger", callId, contextId: context.contextId, work }),
    )
    if (work.isolated) host.watchTimeout(callId, trialMs)
    stopWatching = watchAbort({ host, callId, what, signal, graceMs: settings.abortGraceMs })
  })
}
