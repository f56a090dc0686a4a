import { Effect } from "effect"
import { AlreadyExists, NotFound } from "../errors.ts"
import type { ApiTokenRow, IdentityStore, UserCredentials, UserRow } from "../identity-store.ts"
import { noteIdentityEvent } from "./events.ts"
import { namesAfter } from "./names-after.ts"
import { type MemoryState, nextNumber } from "./state.ts"

/** Users, tokens and secrets over a memory state. */
export function identities(state: MemoryState): IdentityStore {
  return { ...users(state), ...apiTokens(state), ...secrets(state) }
}

type NewUser = Parameters<IdentityStore["createUser"]>[0]

function users(
  state: MemoryState,
): Pick<
  IdentityStore,
  "createUser" | "createFirstUser" | "user" | "listUsers" | "deleteUser" | "setPassword"
> {
  return {
    createUser: (options) =>
      Effect.suspend(() =>
        state.users.has(options.username)
          ? Effect.fail(new AlreadyExists({ what: "user", id: options.username }))
          : Effect.succeed(toUserRow(addUser(state, options))),
      ),
    createFirstUser: (options) =>
      Effect.sync(() => {
        if (state.users.size > 0) return false
        addUser(state, options)
        return true
      }),
    user: (username) =>
      Effect.suspend(() => {
        const user = state.users.get(username)
        return user === undefined
          ? Effect.fail(new NotFound({ what: "user", id: username }))
          : Effect.succeed(user)
      }),
    listUsers: ({ after, limit }) =>
      Effect.sync(() => namesAfter(state.users, after, limit).map(([, user]) => toUserRow(user))),
    deleteUser: ({ username, actor }) =>
      Effect.sync(() => {
        const isGone = state.users.delete(username)
        if (isGone) noteIdentityEvent(state, { actor, event: "user_deleted", detail: { username } })
        return isGone
      }),
    setPassword: ({ username, passwordHash, actor }) =>
      Effect.sync(() => {
        const user = state.users.get(username)
        if (user === undefined) return false
        state.users.set(username, { ...user, passwordHash, passwordVersion: user.passwordVersion + 1 })
        noteIdentityEvent(state, { actor, event: "user_password_set", detail: { username } })
        return true
      }),
  }
}

function addUser(state: MemoryState, { actor, ...options }: NewUser): UserCredentials {
  const user = {
    ...options,
    id: String(nextNumber(state)),
    passwordVersion: 1,
    createdAt: new Date(state.now()),
  }
  state.users.set(user.username, user)
  const { username, role } = user
  noteIdentityEvent(state, { actor, event: "user_created", detail: { username, role } })
  return user
}

function toUserRow({ passwordHash: _hash, ...row }: UserCredentials): UserRow {
  return row
}

function apiTokens(
  state: MemoryState,
): Pick<IdentityStore, "createApiToken" | "apiTokenByHash" | "listApiTokens" | "revokeApiToken"> {
  return {
    createApiToken: ({ actor, ...options }) =>
      Effect.suspend(() => {
        if (state.apiTokens.has(options.name))
          return Effect.fail(new AlreadyExists({ what: "token", id: options.name }))
        const createdAt = new Date(state.now())
        const token = { ...options, id: String(nextNumber(state)), createdBy: actor, createdAt }
        state.apiTokens.set(token.name, token)
        const { name, role } = token
        noteIdentityEvent(state, { actor, event: "api_token_created", detail: { name, role } })
        return Effect.succeed(toTokenRow(token))
      }),
    apiTokenByHash: (tokenHash) =>
      Effect.suspend(() => {
        const token = [...state.apiTokens.values()].find((one) => one.tokenHash === tokenHash)
        const isLive =
          token !== undefined && (token.expiresAt === null || token.expiresAt.getTime() > state.now())
        return isLive
          ? Effect.succeed(toTokenRow(token))
          : Effect.fail(new NotFound({ what: "token", id: "of this hash" }))
      }),
    listApiTokens: ({ after, limit }) =>
      Effect.sync(() => namesAfter(state.apiTokens, after, limit).map(([, token]) => toTokenRow(token))),
    revokeApiToken: ({ name, actor }) =>
      Effect.sync(() => {
        const isGone = state.apiTokens.delete(name)
        if (isGone) noteIdentityEvent(state, { actor, event: "api_token_revoked", detail: { name } })
        return isGone
      }),
  }
}

function toTokenRow({ tokenHash: _hash, ...row }: ApiTokenRow & { readonly tokenHash: string }): ApiTokenRow {
  return row
}

function secrets(state: MemoryState): Pick<IdentityStore, "keepSecret" | "recordSignIn"> {
  return {
    recordSignIn: ({ username, address, isGranted }) =>
      Effect.sync(() => {
        const event = isGranted ? "signed_in" : "sign_in_refused"
        noteIdentityEvent(state, { actor: username, event, detail: { address } })
      }),
    keepSecret: ({ name, value }) =>
      Effect.sync(() => {
        const kept = state.secrets.get(name) ?? value
        state.secrets.set(name, kept)
        return kept
      }),
  }
}
