import { toApiError } from "./api-error.ts"

/** Who the client is: a token of a program, a function that gives one, or a user's name and password. */
export type Credentials =
  | { readonly token: string | (() => string | Promise<string>) }
  | { readonly username: string; readonly password: string }

/** How long before it ends a session is replaced. */
const renewBeforeMs = 60_000

/** Gives the tokens that requests are sent with. */
export interface Tokens {
  /** The token to send. */
  readonly current: () => Promise<string>
  /** Another one in place of one that was refused; null: there is none. */
  readonly renew: (refused: string) => Promise<string | null>
}

/** Makes the tokens of somebody. A user signs in with the first request, and again when the session ends or is refused. */
export function makeTokens(
  url: string,
  credentials: Credentials,
  options: { readonly fetch: typeof fetch; readonly now: () => number },
): Tokens {
  if ("token" in credentials) return tokensOf(credentials.token)
  const { username, password } = credentials
  let session: Promise<Session> | undefined
  const open = async (): Promise<Session> => {
    const response = await options.fetch(`${url}/auth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password }),
    })
    if (!response.ok) throw await toApiError(response)
    const { access_token: token } = (await response.json()) as { access_token: string }
    return { token, endsAt: endOf(token) }
  }
  // Requests that come together sign in once; a failure is nobody's session.
  const renewed = () => {
    const opening = open()
    session = opening
    opening.catch(() => {
      if (session === opening) session = undefined
    })
    return opening
  }
  /** The newest session, or another one in place of it where it does not suffice; who comes second finds it replaced. */
  const sufficient = async (suffices: (known: Session) => boolean) => {
    const opening = session ?? renewed()
    const known = await opening
    if (suffices(known)) return known.token
    return (await (session === opening || session === undefined ? renewed() : session)).token
  }
  return {
    current: () => sufficient(({ endsAt }) => endsAt - renewBeforeMs > options.now()),
    renew: (refused) => sufficient(({ token }) => token !== refused),
  }
}

interface Session {
  readonly token: string
  readonly endsAt: number
}

function tokensOf(token: string | (() => string | Promise<string>)): Tokens {
  if (typeof token === "string")
    return { current: () => Promise.resolve(token), renew: () => Promise.resolve(null) }
  return {
    current: async () => token(),
    renew: async (refused) => {
      const next = await token()
      return next === refused ? null : next
    },
  }
}

/** When a session's token ends, as it says itself. */
function endOf(token: string): number {
  const [, claims = ""] = token.split(".")
  const { exp } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))) as { exp: number }
  return exp * 1_000
}
