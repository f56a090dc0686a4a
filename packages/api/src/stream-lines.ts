import type { Context, TypedResponse } from "hono"
import { stream } from "hono/streaming"
import type { ApiEnv } from "./environment.ts"

/** The media type of one JSON value a line. */
export const ndjson = "application/x-ndjson"

/**
 * Answers with one JSON value a line, as they come.
 *
 * Nothing is read ahead: the next lines are asked for when the client has taken those before. The source is closed when
 * the client goes, when the server closes, and at its end. What fails half-way is told in a last line, since the status
 * is long gone.
 */
export function streamLines(
  c: Context<ApiEnv>,
  lines: AsyncGenerator<readonly object[]>,
): Response & TypedResponse<string, 200, "json"> {
  const { closing, onFailure } = c.var.services
  c.header("content-type", ndjson)
  c.header("x-accel-buffering", "no")
  const response = stream(
    c,
    async (out) => {
      const end = () => void lines.return(undefined)
      out.onAbort(end)
      closing.addEventListener("abort", end, { once: true })
      try {
        for await (const some of lines) {
          if (out.aborted || closing.aborted) return
          if (some.length > 0) await out.write(some.map((line) => `${JSON.stringify(line)}\n`).join(""))
        }
      } finally {
        closing.removeEventListener("abort", end)
      }
    },
    async (error, out) => {
      onFailure(error, { method: c.req.method, path: c.req.path })
      await out.write(`${JSON.stringify({ detail: "the stream broke; the server's log says more" })}\n`)
    },
  )
  // To the types of Hono a stream of lines is one text among answers of JSON.
  return response as Response & TypedResponse<string, 200, "json">
}
