import type { HostPoolSettings } from "../options.ts"
import { type Bundle, BundleRejected, type DescribedBundle, withCaptured } from "../port.ts"
import { HostProcess } from "./host-process.ts"

/** What is evaluated, and where its file lies, where that is known. */
interface ParsedFile {
  readonly bundle: Bundle
  readonly folder: string | null
}

/** Evaluates a bundle in a host of its own, which ends with it. */
export async function describeInHost(
  settings: HostPoolSettings,
  file: ParsedFile,
  signal: AbortSignal,
): Promise<DescribedBundle> {
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
    return await describe(host, file)
  } finally {
    signal.removeEventListener("abort", stop)
    clearTimeout(timer)
    host.kill("is no longer needed")
  }
}

function describe(host: HostProcess, { bundle, folder }: ParsedFile): Promise<DescribedBundle> {
  return new Promise((resolve, reject) => {
    host.call(
      {
        what: "the DAG file's top level",
        onMessage(message) {
          if (message.kind === "described")
            resolve({ dags: message.dags, bundle: withCaptured(bundle, message.captured) })
          if (message.kind === "rejected") reject(new BundleRejected(message.error))
        },
        onLost: ({ cause }) =>
          reject(new BundleRejected({ type: "HostLost", message: `loading the file ${cause}`, stack: null })),
      },
      (callId) => ({ kind: "describe", callId, bundle, folder }),
    )
  })
}
