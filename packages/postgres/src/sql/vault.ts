import type {
  ConnectionRow,
  NewConnection,
  NewVariable,
  ResealedText,
  SealedPart,
  SealedText,
  VariableRow,
  VaultStore,
} from "@sluice/core/store"
import { noteIdentityEvent } from "./event.ts"
import { type Counted, likeAny, countedSlice, orderByNames } from "./filter.ts"
import type { Sql } from "./row.ts"

const variableColumns = (sql: Sql) => sql`key, sealed_value, description, updated_at`

const connectionColumns = (sql: Sql) => sql`
  connection_id, type, description, host, port, login, schema, sealed_password, sealed_extra, updated_at
`

/** A variable by its key. */
export async function selectVariable(sql: Sql, key: string): Promise<VariableRow | null> {
  const rows = await sql<VariableRow[]>`select ${variableColumns(sql)} from variable where key = ${key}`
  return rows[0] ?? null
}

/** Variables that fit, counted. */
export function selectVariables(
  sql: Sql,
  options: Parameters<VaultStore["searchVariables"]>[0],
): Promise<Counted<VariableRow>[]> {
  const expressions = { key: "key", description: 'description collate "C"' }
  const last = { expression: expressions.key, isDescending: false }
  return countedSlice(sql, {
    columns: variableColumns(sql),
    from: sql`variable where true ${likeAny(sql, "key", options.patterns)}`,
    order: orderByNames(sql, options.orderBy, expressions, last),
    ...options,
  })
}

/** Makes a variable; null when the key is taken. */
export async function insertVariable(sql: Sql, options: NewVariable): Promise<VariableRow | null> {
  const { key, sealedValue, description, actor } = options
  const rows = await sql<VariableRow[]>`
    with changed as (
      insert into variable (key, sealed_value, description)
      values (${key}, ${sealedValue}, ${description})
      on conflict (key) do nothing
      returning ${variableColumns(sql)}
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "variable_created", detail: { key } })}
    )
    select * from changed
  `
  return rows[0] ?? null
}

/** Writes all of a variable; null when there is none. */
export async function updateVariable(sql: Sql, options: NewVariable): Promise<VariableRow | null> {
  const { key, sealedValue, description, actor } = options
  const rows = await sql<VariableRow[]>`
    with changed as (
      update variable set sealed_value = ${sealedValue}, description = ${description}, updated_at = now()
      where key = ${key}
      returning ${variableColumns(sql)}
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "variable_changed", detail: { key } })}
    )
    select * from changed
  `
  return rows[0] ?? null
}

/** Removes a variable. */
export async function deleteVariable(
  sql: Sql,
  { key, actor }: { key: string; actor: string },
): Promise<boolean> {
  const rows = await sql`
    with changed as (
      delete from variable where key = ${key} returning key
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "variable_deleted", detail: { key } })}
    )
    select key from changed
  `
  return rows.length > 0
}

/** A connection by its id. */
export async function selectConnection(sql: Sql, connectionId: string): Promise<ConnectionRow | null> {
  const rows = await sql<ConnectionRow[]>`
    select ${connectionColumns(sql)} from connection where connection_id = ${connectionId}
  `
  return rows[0] ?? null
}

/** Connections that fit, counted. */
export function selectConnections(
  sql: Sql,
  options: Parameters<VaultStore["searchConnections"]>[0],
): Promise<Counted<ConnectionRow>[]> {
  const expressions = {
    connection_id: "connection_id",
    conn_type: 'type collate "C"',
    description: 'description collate "C"',
    host: 'host collate "C"',
    port: "port",
  }
  const last = { expression: expressions.connection_id, isDescending: false }
  return countedSlice(sql, {
    columns: connectionColumns(sql),
    from: sql`connection where true ${likeAny(sql, "connection_id", options.patterns)}`,
    order: orderByNames(sql, options.orderBy, expressions, last),
    ...options,
  })
}

/** Makes a connection; null when the id is taken. */
export async function insertConnection(sql: Sql, options: NewConnection): Promise<ConnectionRow | null> {
  const { connectionId, type, description, host, port, login, schema, actor } = options
  const rows = await sql<ConnectionRow[]>`
    with changed as (
      insert into connection (
        connection_id, type, description, host, port, login, schema, sealed_password, sealed_extra
      )
      values (
        ${connectionId}, ${type}, ${description}, ${host}, ${port}, ${login}, ${schema}, ${options.sealedPassword},
        ${options.sealedExtra}
      )
      on conflict (connection_id) do nothing
      returning ${connectionColumns(sql)}
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "connection_created", detail: { connection_id: connectionId } })}
    )
    select * from changed
  `
  return rows[0] ?? null
}

/** Writes all of a connection; null when there is none. */
export async function updateConnection(sql: Sql, options: NewConnection): Promise<ConnectionRow | null> {
  const { connectionId, type, description, host, port, login, schema, actor } = options
  const rows = await sql<ConnectionRow[]>`
    with changed as (
      update connection
      set type = ${type}, description = ${description}, host = ${host}, port = ${port}, login = ${login},
          schema = ${schema}, sealed_password = ${options.sealedPassword}, sealed_extra = ${options.sealedExtra},
          updated_at = now()
      where connection_id = ${connectionId}
      returning ${connectionColumns(sql)}
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "connection_changed", detail: { connection_id: connectionId } })}
    )
    select * from changed
  `
  return rows[0] ?? null
}

/** Removes a connection. */
export async function deleteConnection(
  sql: Sql,
  { connectionId, actor }: { connectionId: string; actor: string },
): Promise<boolean> {
  const rows = await sql`
    with changed as (
      delete from connection where connection_id = ${connectionId} returning connection_id
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "connection_deleted", detail: { connection_id: connectionId } })}
    )
    select connection_id from changed
  `
  return rows.length > 0
}

/** Where the sealed texts of a part are. */
const sealedColumns = {
  variable: { table: "variable", name: "key", column: "sealed_value" },
  connection_password: { table: "connection", name: "connection_id", column: "sealed_password" },
  connection_extra: { table: "connection", name: "connection_id", column: "sealed_extra" },
} as const satisfies Record<SealedPart, object>

/** Sealed texts of a part by name, along the primary key. */
export function selectSealedTexts(
  sql: Sql,
  { part, after, limit }: { part: SealedPart; after: string | null; limit: number },
): Promise<SealedText[]> {
  const { table, name, column } = sealedColumns[part]
  return sql<SealedText[]>`
    select ${sql(name)} as name, ${sql(column)} as sealed
    from ${sql(table)}
    where ${sql(column)} is not null ${after === null ? sql`` : sql`and ${sql(name)} > ${after}`}
    order by ${sql(name)}
    limit ${limit}
  `
}

/**
 * Puts sealed texts in the place of others; gives the names of those that were still there.
 *
 * The rows are locked in the order of their names, so two who do it at once wait for one another; a row that was
 * changed meanwhile is looked at again as it is by then, and does not fit any more.
 */
export async function updateSealedTexts(
  sql: Sql,
  { part, texts, actor }: { part: SealedPart; texts: readonly ResealedText[]; actor: string },
): Promise<string[]> {
  const { table, name, column } = sealedColumns[part]
  const rows = await sql<{ names: string[] | null }[]>`
    with given as (
      select * from unnest(
        ${texts.map((text) => text.name)}::text[], ${texts.map(({ from }) => from)}::text[],
        ${texts.map(({ to }) => to)}::text[]
      ) as g (name, old, new)
    ), held as materialized (
      select given.name, given.new
      from ${sql(table)} target
      join given on target.${sql(name)} = given.name collate "C" and target.${sql(column)} = given.old
      order by target.${sql(name)}
      for update of target
    ), written as (
      update ${sql(table)} target set ${sql(column)} = held.new
      from held
      where target.${sql(name)} = held.name collate "C"
      returning target.${sql(name)} as name
    ), changed as (
      select array_agg(name order by name) as names from written having count(*) > 0
    ), noted as (
      insert into event_log (actor, event, detail)
      select ${actor}, 'secrets_rotated', json_build_object('part', ${part}::text, 'names', names)
      from changed
    )
    select names from changed
  `
  return rows[0]?.names ?? []
}
