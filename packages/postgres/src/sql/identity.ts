import type { ApiTokenRow, UserCredentials, UserRole, UserRow } from "@sluice/core/store"
import { noteIdentityEvent } from "./event.ts"
import type { Sql } from "./row.ts"

interface NewUser {
  username: string
  role: UserRole
  passwordHash: string
  actor: string
}

const created = ({ username, role, actor }: NewUser) =>
  ({ actor, event: "user_created", detail: { username, role } }) as const

/** Makes a user; null when the name is taken. */
export async function insertUser(sql: Sql, options: NewUser): Promise<UserRow | null> {
  const rows = await sql<UserRow[]>`
    with changed as (
      insert into api_user (username, role, password_hash)
      values (${options.username}, ${options.role}, ${options.passwordHash})
      on conflict (username) do nothing
      returning id, username, role, password_version, created_at
    ), noted as (
      ${noteIdentityEvent(sql, created(options))}
    )
    select id, username, role, password_version, created_at from changed
  `
  return rows[0] ?? null
}

/** Makes a user while there is none; of two who try at once under one name, one does. */
export async function insertFirstUser(sql: Sql, options: NewUser): Promise<boolean> {
  const rows = await sql`
    with changed as (
      insert into api_user (username, role, password_hash)
      select ${options.username}, ${options.role}, ${options.passwordHash}
      where not exists (select from api_user)
      on conflict (username) do nothing
      returning id
    ), noted as (
      ${noteIdentityEvent(sql, created(options))}
    )
    select id from changed
  `
  return rows.length > 0
}

/** A user with what the password is checked against. */
export async function selectUser(sql: Sql, username: string): Promise<UserCredentials | null> {
  const rows = await sql<UserCredentials[]>`
    select id, username, role, password_version, created_at, password_hash
    from api_user
    where username = ${username}
  `
  return rows[0] ?? null
}

/** Users by name, after a name. */
export function selectUsers(sql: Sql, options: { after: string | null; limit: number }): Promise<UserRow[]> {
  return sql<UserRow[]>`
    select id, username, role, password_version, created_at
    from api_user
    where ${options.after}::text is null or username collate "C" > ${options.after}::text
    order by username collate "C"
    limit ${options.limit}
  `
}

/** Removes a user. */
export async function deleteUser(
  sql: Sql,
  { username, actor }: { username: string; actor: string },
): Promise<boolean> {
  const rows = await sql`
    with changed as (
      delete from api_user where username = ${username} returning id
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "user_deleted", detail: { username } })}
    )
    select id from changed
  `
  return rows.length > 0
}

/** Sets a password, and voids what was signed for the one before. */
export async function updatePassword(
  sql: Sql,
  options: { username: string; passwordHash: string; actor: string },
): Promise<boolean> {
  const { username, actor } = options
  const rows = await sql`
    with changed as (
      update api_user
      set password_hash = ${options.passwordHash}, password_version = password_version + 1
      where username = ${username}
      returning id
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "user_password_set", detail: { username } })}
    )
    select id from changed
  `
  return rows.length > 0
}

/** Stores a token by its hash; null when the name is taken. */
export async function insertApiToken(
  sql: Sql,
  options: {
    name: string
    role: UserRole
    tokenHash: string
    actor: string
    expiresAt: Date | null
  },
): Promise<ApiTokenRow | null> {
  const { name, role, tokenHash, actor, expiresAt } = options
  const rows = await sql<ApiTokenRow[]>`
    with changed as (
      insert into api_token (name, role, token_hash, created_by, expires_at)
      values (${name}, ${role}, ${tokenHash}, ${actor}, ${expiresAt})
      on conflict (name) do nothing
      returning id, name, role, created_by, created_at, expires_at
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "api_token_created", detail: { name, role } })}
    )
    select id, name, role, created_by, created_at, expires_at from changed
  `
  return rows[0] ?? null
}

/** The token of this hash, while it has not expired. */
export async function selectApiToken(sql: Sql, tokenHash: string): Promise<ApiTokenRow | null> {
  const rows = await sql<ApiTokenRow[]>`
    select id, name, role, created_by, created_at, expires_at
    from api_token
    where token_hash = ${tokenHash} and (expires_at is null or expires_at > now())
  `
  return rows[0] ?? null
}

/** Tokens by name, after a name. */
export function selectApiTokens(
  sql: Sql,
  options: { after: string | null; limit: number },
): Promise<ApiTokenRow[]> {
  return sql<ApiTokenRow[]>`
    select id, name, role, created_by, created_at, expires_at
    from api_token
    where ${options.after}::text is null or name collate "C" > ${options.after}::text
    order by name collate "C"
    limit ${options.limit}
  `
}

/** Removes a token. */
export async function deleteApiToken(
  sql: Sql,
  { name, actor }: { name: string; actor: string },
): Promise<boolean> {
  const rows = await sql`
    with changed as (
      delete from api_token where name = ${name} returning id
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "api_token_revoked", detail: { name } })}
    )
    select id from changed
  `
  return rows.length > 0
}

/** Keeps a secret unless one is kept; null when another process is keeping one right now. */
export async function upsertSecret(
  sql: Sql,
  options: { name: string; value: string },
): Promise<string | null> {
  const rows = await sql<{ value: string }[]>`
    with made as (
      insert into secret (name, value) values (${options.name}, ${options.value})
      on conflict (name) do nothing
      returning value
    )
    select value from made
    union all
    select value from secret where name = ${options.name}
  `
  return rows[0]?.value ?? null
}
