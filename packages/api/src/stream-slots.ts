import { ApiError } from "./problem.ts"

/** How long a client that was refused a stream is asked to wait, in seconds. */
const retryAfterSeconds = 10

/** The streams of one kind that a server sends at once. */
export interface StreamSlots {
  /** Refuses one more where there are as many as there may be. */
  readonly refuseFull: () => void
  /** Passes a stream on, and counts it from its first item on until it ends or its reader leaves. */
  readonly counted: <A>(stream: AsyncGenerator<A>) => AsyncGenerator<A>
}

/** Bounds streams; `whatIs` says what there are so many of, as in "streams are followed". */
export function makeStreamSlots(max: number, whatIs: string): StreamSlots {
  let open = 0
  return {
    refuseFull: () => {
      if (open >= max)
        throw new ApiError(429, `${open} ${whatIs} already; try again later`, {
          "retry-after": String(retryAfterSeconds),
        })
    },
    counted: async function* (stream) {
      open += 1
      try {
        yield* stream
      } finally {
        open -= 1
      }
    },
  }
}
