import { Effect } from "effect"
import { AlreadyExists, NotFound } from "../errors.ts"
import type { ApiTokenRow, IdentityStore, UserCredentials, UserRow } from "../identity-store.ts"
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
    deleteUser: (username) => Effect.sync(() => state.users.delete(username)),
    setPassword: ({ username, passwordHash }) =>
      Effect.sync(() => {
        const user = state.users.get(username)
        if (user === undefined) return false
        state.users.set(username, { ...user, passwordHash, passwordVersion: user.passwordVersion + 1 })
        return true
      }),
  }
}

function addUser(state: MemoryState, options: NewUser): UserCredentials {
  const user = {
    ...options,
    id: String(nextNumber(state)),
    passwordVersion: 1,
    createdAt: new Date(state.now()),
  }
  state.users.set(user.username, user)
  return user
}

function toUserRow({ passwordHash: _hash, ...row }: UserCredentials): UserRow {
  return row
}

function apiTokens(
  state: MemoryState,
): Pick<IdentityStore, "createApiToken" | "apiTokenByHash" | "listApiTokens" | "revokeApiToken"> {
  return {
    createApiToken: (options) =>
      Effect.suspend(() => {
        if (state.apiTokens.has(options.name))
          return Effect.fail(new AlreadyExists({ what: "token", id: options.name }))
        const token = { ...options, id: String(nextNumber(state)), createdAt: new Date(state.now()) }
        state.apiTokens.set(token.name, token)
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
    revokeApiToken: (name) => Effect.sync(() => state.apiTokens.delete(name)),
  }
}

function toTokenRow({ tokenHash: _hash, ...row }: ApiTokenRow & { readonly tokenHash: string }): ApiTokenRow {
  return row
}

function secrets(state: MemoryState): Pick<IdentityStore, "keepSecret"> {
  return {
    keepSecret: ({ name, value }) =>
      Effect.sync(() => {
        const kept = state.secrets.get(name) ?? value
        state.secrets.set(name, kept)
        return kept
      }),
  }
}

/** By code points, as the database's "C" collation does. */
function namesAfter<A>(from: ReadonlyMap<string, A>, after: string | null, limit: number): [string, A][] {
  return [...from]
    .filter(([name]) => after === null || name > after)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit)
}
