import type { Context, TypedResponse } from "hono"
import type { ApiEnv } from "./environment.ts"

/** The media type of one JSON value a line. */
export const ndjson = "application/x-ndjson"

/** The media type of server-sent events. */
export const eventStream = "text/event-stream"

/**
 * Answers with text as it comes.
 *
 * Nothing is read ahead: the next part is asked for when the client has taken the one before. The source's signal is
 * aborted when the client goes or the server closes. A failure half-way ends the answer, since the status is long gone: a
 * client that has not been told of the end knows that there is more.
 */
export function streamText(
  c: Context<ApiEnv>,
  mediaType: string,
  open: (signal: AbortSignal) => AsyncGenerator<string>,
): Response {
  const { closing, onFailure } = c.var.services
  c.header("content-type", mediaType)
  c.header("x-accel-buffering", "no")
  const left = new AbortController()
  const signal = AbortSignal.any([left.signal, closing])
  const parts = open(signal)
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const close = () => {
      // Who has left has closed it.
      if (!left.signal.aborted) controller.close()
    }
    try {
      for (;;) {
        const { done, value } = await parts.next()
        if (done === true || signal.aborted) {
          await parts.return(undefined)
          return close()
        }
        if (value !== "") return controller.enqueue(encoder.encode(value))
      }
    } catch (error) {
      onFailure(error, { method: c.req.method, path: c.req.path })
      close()
    }
  }
  const cancel = async () => {
    left.abort()
    await parts.return(undefined)
  }
  return c.body(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }))
}

const encoder = new TextEncoder()

/** Answers with one JSON value a line, as they come. */
export function streamLines(
  c: Context<ApiEnv>,
  open: (signal: AbortSignal) => AsyncGenerator<readonly object[]>,
): Response & TypedResponse<string, 200, "json"> {
  // To the types of Hono a stream of lines is one text among answers of JSON.
  return streamText(c, ndjson, (signal) => textOf(open(signal))) as Response &
    TypedResponse<string, 200, "json">
}

async function* textOf(lines: AsyncGenerator<readonly object[]>): AsyncGenerator<string> {
  for await (const some of lines) yield some.map((line) => `${JSON.stringify(line)}\n`).join("")
}
