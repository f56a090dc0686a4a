import type { Effect } from "effect"
import type { AlreadyExists, NotFound, StoreError } from "./errors.ts"

/** What someone may do, least first: each role may do what those before it may. */
export const userRoles = ["viewer", "user", "op", "admin"] as const

/** What a user, or a program with a token, may do. */
export type UserRole = (typeof userRoles)[number]

/** Someone who may sign in. */
export interface UserRow {
  /** Never given out twice: a user made anew under an old name is another one. */
  readonly id: string
  readonly username: string
  readonly role: UserRole
  /** Grows with each new password, so that what was signed for an older one is void. */
  readonly passwordVersion: number
  readonly createdAt: Date
}

/** A user with what a password is checked against. */
export interface UserCredentials extends UserRow {
  readonly passwordHash: string
}

/** A token of a program: what is known of it, never the token itself. */
export interface ApiTokenRow {
  readonly id: string
  readonly name: string
  readonly role: UserRole
  /** Who made it. */
  readonly createdBy: string
  readonly createdAt: Date
  /** Null: it does not expire. */
  readonly expiresAt: Date | null
}

/** The longest a user's or a token's name may be. */
export const identityNameLengthMax = 128

/** Users, tokens and the secret that sessions are signed with. Each change is in the event log, written with it. */
export interface IdentityStore {
  readonly createUser: (options: {
    username: string
    role: UserRole
    passwordHash: string
    actor: string
  }) => Effect.Effect<UserRow, AlreadyExists | StoreError>
  /** Makes a user only while there is none at all; false when there was one. */
  readonly createFirstUser: (options: {
    username: string
    role: UserRole
    passwordHash: string
    actor: string
  }) => Effect.Effect<boolean, StoreError>
  readonly user: (username: string) => Effect.Effect<UserCredentials, NotFound | StoreError>
  /** Users by name, after a name. `limit` ≤ 1000. */
  readonly listUsers: (options: {
    after: string | null
    limit: number
  }) => Effect.Effect<readonly UserRow[], StoreError>
  /** False when there was no such user. */
  readonly deleteUser: (options: { username: string; actor: string }) => Effect.Effect<boolean, StoreError>
  /** Gives a user a new password, and voids what was signed before. False when there is no such user. */
  readonly setPassword: (options: {
    username: string
    passwordHash: string
    actor: string
  }) => Effect.Effect<boolean, StoreError>
  /** Stores a token by its hash. Names are unique. */
  readonly createApiToken: (options: {
    name: string
    role: UserRole
    tokenHash: string
    actor: string
    expiresAt: Date | null
  }) => Effect.Effect<ApiTokenRow, AlreadyExists | StoreError>
  /** The token with this hash, unless it has expired. */
  readonly apiTokenByHash: (tokenHash: string) => Effect.Effect<ApiTokenRow, NotFound | StoreError>
  /** Tokens by name, after a name. `limit` ≤ 1000. */
  readonly listApiTokens: (options: {
    after: string | null
    limit: number
  }) => Effect.Effect<readonly ApiTokenRow[], StoreError>
  /** False when there was no such token. */
  readonly revokeApiToken: (options: { name: string; actor: string }) => Effect.Effect<boolean, StoreError>
  /** Notes in the event log that somebody tried to sign in, from where, and whether it was granted. */
  readonly recordSignIn: (options: {
    username: string
    address: string
    isGranted: boolean
  }) => Effect.Effect<void, StoreError>
  /** Keeps a secret under a name, unless one is kept there already; gives back the one that is kept. */
  readonly keepSecret: (options: { name: string; value: string }) => Effect.Effect<string, StoreError>
}
