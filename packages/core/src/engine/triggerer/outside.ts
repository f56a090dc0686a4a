import { stat } from "node:fs/promises"

/** What built-in triggers see of the world outside. A simulation has one of its own. */
export interface Outside {
  /** Asks over HTTP; gives at most `bytesMax` of the body, and says whether that is all. Rejects where there is no answer. */
  readonly fetch: (options: {
    readonly url: string
    readonly method: "GET" | "HEAD"
    readonly headers: Readonly<Record<string, string>>
    readonly bytesMax: number
    readonly signal: AbortSignal
  }) => Promise<HttpReply>
  /** The size of a file, or null where there is none. Rejects where it cannot be told. */
  readonly fileSize: (path: string) => Promise<number | null>
}

/** An answer over HTTP. */
export interface HttpReply {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
  /** Whether the body goes on beyond `bytesMax`. */
  readonly isCut: boolean
}

/** The real one. */
export const realOutside: Outside = {
  fetch: async ({ url, bytesMax, ...request }) => {
    const response = await fetch(url, request)
    const contentType = response.headers.get("content-type") ?? ""
    return { status: response.status, contentType, ...(await readSome(response, bytesMax)) }
  },
  fileSize: async (path) => {
    try {
      return (await stat(path)).size
    } catch (error) {
      if (isAbsent(error)) return null
      throw error
    }
  },
}

/** Reads a body to its end or its bound, and lets go of the rest. */
async function readSome(
  response: Response,
  bytesMax: number,
): Promise<{ readonly body: Uint8Array; readonly isCut: boolean }> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = response.body?.getReader()
  for (;;) {
    const part = await reader?.read()
    if (part?.value === undefined) return { body: Buffer.concat(chunks), isCut: false }
    chunks.push(part.value)
    bytes += part.value.byteLength
    if (bytes <= bytesMax) continue
    await reader?.cancel()
    return { body: Buffer.concat(chunks).subarray(0, bytesMax), isCut: true }
  }
}

function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null
  return code === "ENOENT" || code === "ENOTDIR"
}
