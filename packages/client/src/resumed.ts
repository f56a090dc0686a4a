/*
 * A stream that outlives its connections: when one is lost, the next goes on where the last item left off. What a server
 * refuses is thrown at once; what may pass is tried again, ever more slowly, until it has failed too often in a row.
 */
import { ApiError, toApiError } from "./api-error.ts"

/** How lost connections are dealt with. */
export interface RetryOptions {
  /** Failures in a row, without an item between them, before the stream fails. Default: 8. */
  readonly retries?: number
  /** The first pause; each one after it is twice as long, up to 10 seconds. Default: 250. */
  readonly pauseMs?: number
  /** How long nothing may come before the connection counts as lost; servers say something every 15 s. Default: 45,000. */
  readonly silenceMs?: number
  /** Ends the stream with the signal's reason. */
  readonly signal?: AbortSignal
}

const retriesDefault = 8
const pauseMsDefault = 250
const pauseMsMax = 10_000
const silenceMsDefault = 45_000

/** A stream by its parts. */
export interface ResumedStream<A> {
  /** Asks for what comes after the last item that was taken. */
  readonly connect: (signal: AbortSignal) => Promise<Response>
  readonly read: (body: ReadableStream<Uint8Array>, silenceMs: number) => AsyncIterable<A>
  /** Told of each item before it is given on; true: it is the last one. */
  readonly take: (item: A) => boolean
  /** Whether the server ends the answer when there is no more for now, and not only when it must go. */
  readonly endsWithAnswer: boolean
}

/** Gives the items of a stream, over as many connections as it takes. */
export async function* resumed<A>(
  stream: ResumedStream<A>,
  options: RetryOptions,
): AsyncGenerator<A, void, undefined> {
  const { retries = retriesDefault, silenceMs = silenceMsDefault } = options
  // Aborted when the reader leaves too: a request that is under way then is for nobody.
  const left = new AbortController()
  const signal = AbortSignal.any([left.signal, ...(options.signal === undefined ? [] : [options.signal])])
  let failures = 0
  try {
    for (;;) {
      signal.throwIfAborted()
      let lost: unknown
      try {
        const response = await stream.connect(signal)
        if (!response.ok) throw await toApiError(response)
        if (response.body !== null)
          for await (const item of stream.read(response.body, silenceMs)) {
            failures = 0
            const isLast = stream.take(item)
            yield item
            if (isLast) return
          }
        if (stream.endsWithAnswer) return
      } catch (error) {
        if (signal.aborted || (error instanceof ApiError && !error.isPassing)) throw error
        lost = error
      }
      failures += 1
      if (failures > retries)
        throw lost ?? new Error(`the server ended the stream ${failures} times in a row`)
      await pause(pauseOf(failures, lost, options), signal)
    }
  } finally {
    left.abort()
  }
}

/** Longer each time, and not the same for all who were cut off together. */
function pauseOf(failures: number, lost: unknown, { pauseMs = pauseMsDefault }: RetryOptions): number {
  const own = Math.min(pauseMsMax, pauseMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2)
  return lost instanceof ApiError ? Math.max(own, lost.retryAfterMs ?? 0) : own
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener("abort", end, { once: true })
  })
}
