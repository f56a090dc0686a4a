import { HostLost, type HostPool, type PulledPage, PullFailed } from "../port.ts"
import { watchAbort } from "./abortable-call.ts"
import { answerRead } from "./answer-read.ts"
import type { HostProcess } from "./host-process.ts"

/** Pulls a page in a host that knows its context. */
export function pullInHost(
  host: HostProcess,
  options: Parameters<HostPool["pull"]>[0],
  abortGraceMs: number,
): Promise<PulledPage> {
  const { context, request, signal, reader } = options
  const what = `the stream of ${context.taskId} of ${context.dagId}`
  return new Promise((resolve, reject) => {
    let stopWatching = (): void => {}
    const finish = (callId: number): void => {
      stopWatching()
      host.finish(callId)
    }
    const callId = host.call(
      {
        what,
        onMessage(message) {
          if (message.kind === "read") {
            void answerRead(reader, message).then((reply) => host.send(reply))
          } else if (message.kind === "pulled") {
            finish(callId)
            resolve({ ...message.page, logs: [...message.page.logs, ...host.takeRawLogs()] })
          } else if (message.kind === "pullFailed") {
            finish(callId)
            reject(new PullFailed(message))
          }
        },
        onLost({ cause, isToBlame, ...loss }) {
          stopWatching()
          reject(
            new HostLost(`the host ${cause}`, { ...loss, running: isToBlame === false ? [] : undefined }),
          )
        },
      },
      (callId) => ({ kind: "pull", callId, contextId: context.contextId, request }),
    )
    stopWatching = watchAbort({ host, callId, what, signal, graceMs: abortGraceMs })
  })
}
