import { HostLost, type HostPool, type LeaseWork, type OutcomeBatch } from "../port.ts"
import { watchAbort } from "./abortable-call.ts"
import { answerRead } from "./answer-read.ts"
import type { HostProcess } from "./host-process.ts"

/** Runs a lease in a host that knows its context; settles after the last batch. */
export function runInHost(
  host: HostProcess,
  options: Parameters<HostPool["run"]>[0],
  abortGraceMs: number,
): Promise<void> {
  const { context, work, signal, reader } = options
  const what = describeWork(context, work)
  let running: readonly number[] | undefined
  return new Promise((resolve, reject) => {
    let stopWatching = (): void => {}
    const callId = host.call(
      {
        what,
        onMessage(message) {
          if (message.kind === "read") void answerRead(reader, message).then((reply) => host.send(reply))
          if (message.kind === "running") {
            running = message.indexes ?? running
            if (context.timeoutMs !== null) host.watchTimeout(callId, context.timeoutMs)
          }
          if (message.kind !== "batch") return
          running = running === undefined ? running : stillRunning(running, message.batch)
          if (message.isLast) {
            stopWatching()
            host.finish(callId)
          }
          deliver(message.batch, host, options.onBatch, reject)
          if (message.isLast) resolve()
        },
        onLost({ cause, wasAlone, afterMs, isToBlame }) {
          stopWatching()
          if (isToBlame === false) running = []
          const isSingle = work.count - work.recorded.length === 1
          reject(new HostLost(`the host ${cause}`, { wasAlone: wasAlone && isSingle, afterMs, running }))
        },
      },
      (callId) => ({ kind: "run", callId, contextId: context.contextId, work }),
    )
    stopWatching = watchAbort({ host, callId, what, signal, graceMs: abortGraceMs })
  })
}

function stillRunning(running: readonly number[], { indexes, others }: OutcomeBatch): readonly number[] {
  const hasEnded = (index: number) =>
    indexes === null || indexes.includes(index) || others.some((other) => other.mapIndex === index)
  return running.filter((index) => !hasEnded(index))
}

/** Hands over a batch with what the process wrote by itself; what the engine throws over it becomes the call's error. */
function deliver(
  batch: OutcomeBatch,
  host: HostProcess,
  onBatch: (batch: OutcomeBatch) => void,
  onError: (error: unknown) => void,
): void {
  const raw = host.takeRawLogs()
  try {
    onBatch(raw.length === 0 ? batch : { ...batch, logs: [...batch.logs, ...raw] })
  } catch (error) {
    onError(error)
  }
}

/** Names a lease for people: `upsert[0..99] of users_sync`. */
function describeWork(
  context: { readonly taskId: string; readonly dagId: string },
  work: Pick<LeaseWork, "firstIndex" | "count" | "indexes">,
): string {
  const last = work.indexes?.at(-1) ?? work.firstIndex + work.count - 1
  const range = work.count === 1 ? `[${last}]` : `[${work.firstIndex}..${last}]`
  return `${context.taskId}${work.firstIndex < 0 ? "" : range} of ${context.dagId}`
}
