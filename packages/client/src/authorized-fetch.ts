import type { Tokens } from "./tokens.ts"

/** Sends a request as somebody. */
export type Send = (request: Request) => Promise<Response>

/** Makes the function that sends requests with a token, and once more with another when that one is refused. */
export function authorizedFetch(tokens: Tokens, send: typeof fetch): Send {
  return async (request) => {
    const again = request.clone()
    const token = await tokens.current()
    const response = await send(withToken(request, token))
    if (response.status !== 401) return response
    const other = await tokens.renew(token)
    if (other === null) return response
    await response.body?.cancel()
    return send(withToken(again, other))
  }
}

function withToken(request: Request, token: string): Request {
  request.headers.set("authorization", `Bearer ${token}`)
  return request
}
