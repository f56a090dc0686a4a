import type { ConnectionRow, VariableRow, VaultStore } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import { sliceOf } from "./sql/filter.ts"
import * as vault from "./sql/vault.ts"
import { call, orNotFound, orTaken } from "./store-call.ts"

/** Variables and connections, sealed. */
export function vaultVerbs(client: Client): VaultStore {
  return {
    variable: (key) =>
      call(client, "variable", (sql) => vault.selectVariable(sql, key)).pipe(orNotFound("variable", key)),
    searchVariables: (options) =>
      call(client, "searchVariables", (sql) => vault.selectVariables(sql, options)).pipe(
        Effect.map((found) => sliceOf(found, "key", toVariable)),
      ),
    createVariable: (options) =>
      call(client, "createVariable", (sql) => vault.insertVariable(sql, options)).pipe(
        orTaken("variable", options.key),
      ),
    changeVariable: (options) =>
      call(client, "changeVariable", (sql) => vault.updateVariable(sql, options)).pipe(
        orNotFound("variable", options.key),
      ),
    deleteVariable: (options) => call(client, "deleteVariable", (sql) => vault.deleteVariable(sql, options)),
    connection: (id) =>
      call(client, "connection", (sql) => vault.selectConnection(sql, id)).pipe(orNotFound("connection", id)),
    searchConnections: (options) =>
      call(client, "searchConnections", (sql) => vault.selectConnections(sql, options)).pipe(
        Effect.map((found) => sliceOf(found, "connectionId", toConnection)),
      ),
    createConnection: (options) =>
      call(client, "createConnection", (sql) => vault.insertConnection(sql, options)).pipe(
        orTaken("connection", options.connectionId),
      ),
    changeConnection: (options) =>
      call(client, "changeConnection", (sql) => vault.updateConnection(sql, options)).pipe(
        orNotFound("connection", options.connectionId),
      ),
    deleteConnection: (options) =>
      call(client, "deleteConnection", (sql) => vault.deleteConnection(sql, options)),
    sealedTexts: (options) =>
      call(client, "sealedTexts", (sql) => vault.selectSealedTexts(sql, options)).pipe(
        Effect.map((rows) => rows.map(({ name, sealed }) => ({ name, sealed }))),
      ),
    reseal: (options) => call(client, "reseal", (sql) => vault.updateSealedTexts(sql, options)),
  }
}

function toVariable({ key, sealedValue, description, updatedAt }: VariableRow): VariableRow {
  return { key, sealedValue, description, updatedAt }
}

function toConnection(row: ConnectionRow): ConnectionRow {
  const { connectionId, type, description, host, port, login, schema, sealedPassword, sealedExtra } = row
  return {
    ...{ connectionId, type, description, host, port, login, schema, sealedPassword, sealedExtra },
    updatedAt: row.updatedAt,
  }
}
