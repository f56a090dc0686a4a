import type { IdentityStore } from "@sluice/core/store"
import type { Client } from "./client.ts"
import { insertEvent } from "./sql/event.ts"
import * as identities from "./sql/identity.ts"
import { call, orNotFound, orTaken } from "./store-call.ts"

/** Users, tokens and secrets. */
export function identityVerbs(client: Client): IdentityStore {
  return {
    createUser: (options) =>
      call(client, "createUser", (sql) => identities.insertUser(sql, options)).pipe(
        orTaken("user", options.username),
      ),
    createFirstUser: (options) =>
      call(client, "createFirstUser", (sql) => identities.insertFirstUser(sql, options)),
    user: (username) =>
      call(client, "user", (sql) => identities.selectUser(sql, username)).pipe(orNotFound("user", username)),
    listUsers: (options) => call(client, "listUsers", (sql) => identities.selectUsers(sql, options)),
    deleteUser: (options) => call(client, "deleteUser", (sql) => identities.deleteUser(sql, options)),
    setPassword: (options) => call(client, "setPassword", (sql) => identities.updatePassword(sql, options)),
    createApiToken: (options) =>
      call(client, "createApiToken", (sql) => identities.insertApiToken(sql, options)).pipe(
        orTaken("token", options.name),
      ),
    apiTokenByHash: (tokenHash) =>
      call(client, "apiTokenByHash", (sql) => identities.selectApiToken(sql, tokenHash)).pipe(
        orNotFound("token", "of this hash"),
      ),
    listApiTokens: (options) =>
      call(client, "listApiTokens", (sql) => identities.selectApiTokens(sql, options)),
    revokeApiToken: (options) =>
      call(client, "revokeApiToken", (sql) => identities.deleteApiToken(sql, options)),
    recordSignIn: ({ username, address, isGranted }) =>
      call(client, "recordSignIn", (sql) =>
        insertEvent(sql, {
          actor: username,
          event: isGranted ? "signed_in" : "sign_in_refused",
          detail: { address },
        }),
      ),
    keepSecret: (options) => call(client, "keepSecret", (sql) => keepSecret(sql, options)),
  }
}

/** Whoever waited for another to keep the secret sees an old snapshot, and looks again. */
async function keepSecret(
  sql: Parameters<typeof identities.upsertSecret>[0],
  options: { name: string; value: string },
): Promise<string> {
  return (await identities.upsertSecret(sql, options)) ?? keepSecret(sql, options)
}
