import { randomUUID } from "node:crypto"
import { errors, jwtVerify, SignJWT } from "jose"
import type { UserRow } from "@sluice/core/store"

/** How long a session lives: one of a person or a program, one of a command line. In seconds, as Airflow's. */
export const sessionSeconds = 86_400
export const cliSessionSeconds = 3_600

/** The shortest secret that HMAC with SHA-512 should have. */
export const signingSecretLengthMin = 32

const algorithm = "HS512"
const issuer = "sluice"
const audience = "sluice-api"

/** What a session's token says, once its signature is checked. */
export interface SessionClaims {
  readonly userId: string
  readonly username: string
  readonly passwordVersion: number
}

/** Signs and reads the tokens of sessions. */
export interface Sessions {
  readonly sign: (user: UserRow, seconds: number) => Promise<string>
  /** Null when it was not signed here, has expired, or is no token. */
  readonly read: (token: string) => Promise<SessionClaims | null>
}

/** Makes sessions over one secret; who has another secret does not understand them. */
export function makeSessions(secret: string): Sessions {
  if (secret.length < signingSecretLengthMin)
    throw new Error(`the signing secret has ${secret.length} characters; expected ${signingSecretLengthMin}`)
  const key = new TextEncoder().encode(secret)
  return {
    sign: (user, seconds) =>
      new SignJWT({ role: user.role.toUpperCase(), uid: user.id, ver: user.passwordVersion })
        .setProtectedHeader({ alg: algorithm, typ: "JWT" })
        .setSubject(user.username)
        .setJti(randomUUID())
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt()
        .setNotBefore("0s")
        .setExpirationTime(`${seconds}s`)
        .sign(key),
    read: async (token) => {
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: [algorithm], issuer, audience })
        return claimsOf(payload)
      } catch (error) {
        if (error instanceof errors.JOSEError) return null
        throw error
      }
    },
  }
}

function claimsOf({ sub, uid, ver }: { sub?: string; uid?: unknown; ver?: unknown }): SessionClaims | null {
  if (typeof sub !== "string" || typeof uid !== "string" || typeof ver !== "number") return null
  return { userId: uid, username: sub, passwordVersion: ver }
}
