import { createHash, randomBytes } from "node:crypto"

/** What a token of a program begins with: it is found in code and logs by that, and told from a session. */
export const apiTokenPrefix = "sluice_"

const apiTokenBytes = 32
const passwordBytes = 15
const signingSecretBytes = 64

/** Makes a token for a program. It is shown once; only its hash is kept. */
export function makeApiToken(): string {
  return `${apiTokenPrefix}${randomBytes(apiTokenBytes).toString("base64url")}`
}

/** The hash that a token is kept and found by. Tokens are random, so a fast hash keeps them as safe as a slow one. */
export function hashApiToken(token: string): string {
  return createHash("sha256").update(token).digest("hex")
}

/** Makes a password that nobody guesses, short enough to copy. */
export function makePassword(): string {
  return randomBytes(passwordBytes).toString("base64url")
}

/** Makes the secret that sessions are signed with. */
export function makeSigningSecret(): string {
  return randomBytes(signingSecretBytes).toString("base64url")
}
