import type { SerializedDag } from "@sluice/core/dag"
import type { HostPoolSettings } from "../options.ts"
import { type Bundle, BundleRejected } from "../port.ts"
import { HostProcess } from "./host-process.ts"

/** Evaluates a bundle in a host of its own, which ends with it. */
export async function describeInHost(
  settings: HostPoolSettings,
  bundle: Bundle,
  signal: AbortSignal,
): Promise<readonly SerializedDag[]> {
  signal.throwIfAborted()
  // Its time is bounded as a whole, so a loop need not be told from slowness.
  const host = new HostProcess(settings, () => {})
  const seconds = settings.describeMs / 1000
  const timer = setTimeout(
    () =>
      host.kill(
        `did not finish within ${seconds} s: a loop, or work that belongs inside a task, at its top level?`,
      ),
    settings.describeMs,
  )
  const stop = () => host.kill("was ended with its worker")
  signal.addEventListener("abort", stop, { once: true })
  try {
    return await describe(host, bundle)
  } finally {
    signal.removeEventListener("abort", stop)
    clearTimeout(timer)
    host.kill("is no longer needed")
  }
}

function describe(host: HostProcess, bundle: Bundle): Promise<readonly SerializedDag[]> {
  return new Promise((resolve, reject) => {
    host.call(
      {
        what: "the DAG file's top level",
        onMessage(message) {
          if (message.kind === "described") resolve(message.dags)
          if (message.kind === "rejected") reject(new BundleRejected(message.error))
        },
        onLost: ({ cause }) =>
          reject(new BundleRejected({ type: "HostLost", message: `loading the file ${cause}`, stack: null })),
      },
      (callId) => ({ kind: "describe", callId, bundle }),
    )
  })
}
