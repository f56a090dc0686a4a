/** Statuses with which a server says that it may work the next time. */
const passingStatuses = new Set([408, 425, 429])

/** The server refused a request, or failed at it. */
export class ApiError extends Error {
  override readonly name = "ApiError"
  readonly status: number
  /** What the server said of it: a text, or for 422 a list of places. */
  readonly detail: unknown
  /** How long the server asks to wait; null: it did not say. */
  readonly retryAfterMs: number | null
  constructor(status: number, detail: unknown, retryAfterMs: number | null = null) {
    super(`${status}: ${typeof detail === "string" ? detail : JSON.stringify(detail)}`)
    this.status = status
    this.detail = detail
    this.retryAfterMs = retryAfterMs
  }

  /** Whether the same request may be granted later. */
  get isPassing(): boolean {
    return this.status >= 500 || passingStatuses.has(this.status)
  }
}

/** Reads a refusal. */
export async function toApiError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "")
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN)
  return new ApiError(
    response.status,
    detailOf(text, response),
    Number.isNaN(seconds) ? null : seconds * 1_000,
  )
}

function detailOf(text: string, { statusText }: Response): unknown {
  try {
    return (JSON.parse(text) as { detail?: unknown }).detail ?? text
  } catch {
    return text || statusText
  }
}

/** An answer as the typed methods of the client give it. */
interface Answer<A> {
  readonly data?: A
  readonly error?: unknown
  readonly response: Response
}

/**
 * Takes the data of an answer; rejects with an `ApiError` where the server refused.
 *
 * @example
 * const { dags } = await dataOf(client.http.GET("/api/v2/dags"))
 */
export async function dataOf<A>(answer: Promise<Answer<A>>): Promise<NonNullable<A>> {
  const { data, error, response } = await answer
  if (data !== undefined && data !== null && response.ok) return data
  const detail = (error as { detail?: unknown } | undefined)?.detail ?? error
  throw new ApiError(response.status, detail ?? response.statusText)
}
