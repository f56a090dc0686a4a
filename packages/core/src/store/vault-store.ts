import type { Effect } from "effect"
import type { OrderBy, Slice } from "./catalog-store.ts"
import type { AlreadyExists, NotFound, StoreError } from "./errors.ts"

/** A variable. Its value is sealed: the store never has it in the clear. */
export interface VariableRow {
  readonly key: string
  readonly sealedValue: string
  readonly description: string | null
  readonly updatedAt: Date
}

/** How to reach something outside. Password and extra are sealed. */
export interface ConnectionRow {
  readonly connectionId: string
  readonly type: string
  readonly description: string | null
  readonly host: string | null
  readonly port: number | null
  readonly login: string | null
  readonly schema: string | null
  readonly sealedPassword: string | null
  readonly sealedExtra: string | null
  readonly updatedAt: Date
}

/** The longest names, and what a variable or a connection may be described with. */
export const variableKeyLengthMax = 250
export const connectionIdLengthMax = 200
export const vaultDescriptionLengthMax = 10_000

/** Where sealed texts are: the value of a variable, the password and the extra of a connection. */
export const sealedParts = ["variable", "connection_password", "connection_extra"] as const

/** One of the places where sealed texts are. */
export type SealedPart = (typeof sealedParts)[number]

/** A sealed text, and the name of the variable or the connection that has it. */
export interface SealedText {
  readonly name: string
  readonly sealed: string
}

/** A sealed text that takes the place of another. */
export interface ResealedText {
  readonly name: string
  readonly from: string
  readonly to: string
}

/** The most sealed texts that one statement reads or writes. */
export const sealedTextsMax = 100

/** What variables and connections can be ordered by; the name decides between equals. */
export const variableOrders = ["key", "description"] as const
export const connectionOrders = ["connection_id", "conn_type", "description", "host", "port"] as const

interface Search<Order extends string> {
  /** SQL's `like` over the name, without regard to case; of several, one has to fit. */
  readonly patterns?: readonly string[]
  readonly orderBy: readonly OrderBy<Order>[]
  readonly skip: number
  readonly limit: number
}

/** A row as it is written. */
export type NewVariable = Omit<VariableRow, "updatedAt"> & { readonly actor: string }
export type NewConnection = Omit<ConnectionRow, "updatedAt"> & { readonly actor: string }

/**
 * Variables and connections, sealed. Each change is in the event log, by name, written with it. Lists are counted: they
 * are of what people entered. Every `limit` ≤ 1000.
 */
export interface VaultStore {
  readonly variable: (key: string) => Effect.Effect<VariableRow, NotFound | StoreError>
  readonly searchVariables: (
    options: Search<(typeof variableOrders)[number]>,
  ) => Effect.Effect<Slice<VariableRow>, StoreError>
  readonly createVariable: (options: NewVariable) => Effect.Effect<VariableRow, AlreadyExists | StoreError>
  /** Writes all of a variable that is there. */
  readonly changeVariable: (options: NewVariable) => Effect.Effect<VariableRow, NotFound | StoreError>
  /** False when there was none. */
  readonly deleteVariable: (options: { key: string; actor: string }) => Effect.Effect<boolean, StoreError>
  readonly connection: (connectionId: string) => Effect.Effect<ConnectionRow, NotFound | StoreError>
  readonly searchConnections: (
    options: Search<(typeof connectionOrders)[number]>,
  ) => Effect.Effect<Slice<ConnectionRow>, StoreError>
  readonly createConnection: (
    options: NewConnection,
  ) => Effect.Effect<ConnectionRow, AlreadyExists | StoreError>
  /** Writes all of a connection that is there. */
  readonly changeConnection: (options: NewConnection) => Effect.Effect<ConnectionRow, NotFound | StoreError>
  /** False when there was none. */
  readonly deleteConnection: (options: {
    connectionId: string
    actor: string
  }) => Effect.Effect<boolean, StoreError>
  /** The sealed texts of a part by name, after one; null: from the first on. `limit` ≤ `sealedTextsMax`. */
  readonly sealedTexts: (options: {
    part: SealedPart
    after: string | null
    limit: number
  }) => Effect.Effect<readonly SealedText[], StoreError>
  /**
   * Puts sealed texts in the place of others that say the same, at most `sealedTextsMax`. What is not `from` any more stays
   * as it is. Gives the names of what was written; it is one event, with these names, and `updatedAt` stays.
   */
  readonly reseal: (options: {
    part: SealedPart
    texts: readonly ResealedText[]
    actor: string
  }) => Effect.Effect<readonly string[], StoreError>
}
