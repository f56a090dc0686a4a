import { isTagged, type StoreService, type UserRole } from "@sluice/core/store"
import { Effect } from "effect"
import { apiTokenPrefix, hashApiToken } from "./secrets.ts"
import type { Sessions } from "./sessions.ts"

/** Who makes a request. */
export interface Actor {
  readonly kind: "user" | "token"
  readonly name: string
  readonly role: UserRole
}

/**
 * How long what is known of a user or a token may be used without asking again: a revoked one is refused after this
 * time at the latest.
 */
export const identityCacheMs = 1_000

/** The most identities that are remembered; past that the oldest is asked for again. */
const identitiesCachedMax = 10_000

/** Says who a bearer token belongs to; null when to nobody (any more). */
export type Authenticator = (bearer: string) => Promise<Actor | null>

/** Makes an authenticator over sessions and the tokens of programs. */
export function makeAuthenticator(options: {
  readonly store: Pick<StoreService, "user" | "apiTokenByHash">
  readonly sessions: Sessions
  readonly now?: () => number
}): Authenticator {
  const { store, sessions } = options
  const now = options.now ?? Date.now
  const user = cached(now, (username) => orNull(Effect.runPromise(store.user(username))))
  const apiToken = cached(now, (hash) => orNull(Effect.runPromise(store.apiTokenByHash(hash))))
  return async (bearer) => {
    if (bearer.startsWith(apiTokenPrefix)) {
      const found = await apiToken(hashApiToken(bearer))
      // The role and the expiry are the row's: the cache does not outlive the token.
      if (found === null || (found.expiresAt !== null && found.expiresAt.getTime() <= now())) return null
      return { kind: "token", name: found.name, role: found.role }
    }
    const claims = await sessions.read(bearer)
    if (claims === null) return null
    const found = await user(claims.username)
    const isSame =
      found !== null && found.id === claims.userId && found.passwordVersion === claims.passwordVersion
    return isSame ? { kind: "user", name: found.username, role: found.role } : null
  }
}

async function orNull<A>(promise: Promise<A>): Promise<A | null> {
  try {
    return await promise
  } catch (error) {
    if (isTagged(error, "NotFound")) return null
    throw error
  }
}

/** Remembers answers for a moment. A failure is not an answer. */
function cached<A>(now: () => number, ask: (key: string) => Promise<A>): (key: string) => Promise<A> {
  const known = new Map<string, { readonly answer: Promise<A>; readonly until: number }>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined && found.until > now()) return found.answer
    const answer = ask(key)
    known.delete(key)
    known.set(key, { answer, until: now() + identityCacheMs })
    answer.catch(() => known.delete(key))
    if (known.size > identitiesCachedMax) known.delete(known.keys().next().value ?? key)
    return answer
  }
}
