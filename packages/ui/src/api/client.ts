import { currentToken, keepToken } from "./session.ts"

/** An answer that is not what was asked for, in the server's words. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem"
  readonly status: number
  /** Seconds to wait, where the server says so. */
  readonly retryAfter: number | null
  /** The params of a run that do not fit, each with why. */
  readonly params: readonly { readonly name: string; readonly message: string }[]

  constructor(
    status: number,
    message: string,
    { retryAfter = null, params = [] }: Partial<Pick<ApiProblem, "retryAfter" | "params">> = {},
  ) {
    super(message)
    this.status = status
    this.retryAfter = retryAfter
    this.params = params
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {
  override readonly name = "Unreachable"
}

/** Values of a query: a list repeats its name, what is undefined is left out. */
export type Query = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly (string | number)[]>
>

interface Request {
  readonly method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
  readonly query?: Query | undefined
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** Makes an address below `/api/v2` of names, each of them escaped. */
export function path(parts: TemplateStringsArray, ...names: readonly (string | number)[]): string {
  return parts.reduce((text, part, at) => text + encodeURIComponent(String(names[at - 1])) + part)
}

/** Sends a request, and gives the answer as it came. */
export async function send(address: string, request: Request = {}): Promise<Response> {
  const { method = "GET", body, signal, headers } = request
  const token = currentToken()
  const response = await fetch(`${addressOf(address)}${queryOf(request.query)}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error
    throw new Unreachable("The server cannot be reached.", { cause: error })
  })
  if (response.ok) return response
  // Another token may have come while this request was under way: that one is not to blame.
  if (response.status === 401 && token !== null && token === currentToken()) keepToken(null)
  throw await problemOf(response)
}

/** Asks for JSON. */
export async function api<A>(address: string, request: Request = {}): Promise<A> {
  const response = await send(address, request)
  return (response.status === 204 ? null : await response.json()) as A
}

function addressOf(address: string): string {
  return address.startsWith("/auth/") ? address : `/api/v2${address}`
}

function queryOf(query: Query | undefined): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null) continue
    for (const one of Array.isArray(value) ? (value as readonly (string | number)[]) : [value])
      search.append(name, String(one))
  }
  return search.size === 0 ? "" : `?${search}`
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const body = (await response.json().catch(() => null)) as {
    detail?: unknown
    params?: ApiProblem["params"]
  } | null
  const detail = body?.detail
  const wait = Number(response.headers.get("retry-after") ?? Number.NaN)
  return new ApiProblem(response.status, wordsOf(detail, response.status), {
    retryAfter: Number.isNaN(wait) ? null : wait,
    params: body?.params ?? [],
  })
}

function wordsOf(detail: unknown, status: number): string {
  if (typeof detail === "string") return detail
  if (Array.isArray(detail))
    return (detail as { loc?: unknown[]; msg?: string }[])
      .map(({ loc = [], msg = "" }) => `${loc.slice(1).join(".")}: ${msg}`)
      .join("; ")
  return `The server answered ${status}.`
}
