import type { StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import { hashPassword } from "./passwords.ts"
import { makePassword, makeSigningSecret } from "./secrets.ts"

/** The name of the user that a database without users gets. */
export const firstUsername = "admin"

/** The name under which the signing secret is kept. */
const signingSecretName = "api_signing_secret"

/** Makes an administrator in a database without users; gives the password, which is kept nowhere, or null. */
export async function createFirstUser(store: StoreService): Promise<string | null> {
  const users = await Effect.runPromise(store.listUsers({ after: null, limit: 1 }))
  if (users.length > 0) return null
  const password = makePassword()
  const user = {
    username: firstUsername,
    role: "admin",
    passwordHash: await hashPassword(password),
    actor: "sluice",
  } as const
  return (await Effect.runPromise(store.createFirstUser(user))) ? password : null
}

/** The secret that all servers of an installation sign with; the first one makes it. */
export function loadSigningSecret(store: StoreService): Promise<string> {
  return Effect.runPromise(store.keepSecret({ name: signingSecretName, value: makeSigningSecret() }))
}
