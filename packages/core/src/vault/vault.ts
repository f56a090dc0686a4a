/**
 * Variables and connections in the clear: sealed on the way into the store, opened on the way out.
 *
 * The store has sealed text only; the key is where programs run. Without a key nothing is written and nothing is read.
 */
import { Effect } from "effect"
import type { Connection } from "../dag/connection.ts"
import type { Json } from "../json.ts"
import type { SecretBox } from "../secrets/secret-box.ts"
import { isSensitiveName, secretsIn } from "../secrets/sensitive-names.ts"
import { isTagged, type NotFound, type StoreError } from "../store/errors.ts"
import type { StoreService } from "../store/store.ts"
import { untilAvailable } from "../store/store-retry.ts"
import type {
  ConnectionRow,
  NewConnection,
  NewVariable,
  SealedPart,
  SealedText,
  VariableRow,
} from "../store/vault-store.ts"

/** There is no key to seal or open anything with. */
export class SecretKeyMissing extends Error {
  override readonly name = "SecretKeyMissing"
  constructor() {
    super(
      "there is no secret key, so variables and connections can be neither written nor read. Fix: set SLUICE_SECRET_KEY to 32 bytes in base64 (openssl rand -base64 32), the same wherever Sluice runs",
    )
  }
}

/** A variable in the clear. */
export type Variable = Omit<VariableRow, "sealedValue"> & { readonly value: string }

/** A connection in the clear; `extra` as it was entered. */
export type StoredConnection = Omit<ConnectionRow, "sealedPassword" | "sealedExtra"> & {
  readonly password: string | null
  readonly extra: string | null
}

/** A connection of which nothing is known but its name. */
export function emptyConnection(connectionId: string): Omit<StoredConnection, "updatedAt"> {
  const nothing = { host: null, port: null, login: null, schema: null, password: null, extra: null }
  return { connectionId, type: "", description: null, ...nothing }
}

/** Seals and opens rows. Each throws `SecretKeyMissing` or `SecretUnreadable`. */
export interface Vault {
  readonly sealVariable: (variable: Omit<Variable, "updatedAt">, actor: string) => NewVariable
  readonly openVariable: (row: VariableRow) => Variable
  readonly sealConnection: (connection: Omit<StoredConnection, "updatedAt">, actor: string) => NewConnection
  readonly openConnection: (row: ConnectionRow) => StoredConnection
  /** What it says, sealed with the key that seals now; null: it is. */
  readonly reseal: (part: SealedPart, text: SealedText) => string | null
}

/** What a sealed text is sealed for. It cannot change: what was sealed before would not open. */
const placeOf: Record<SealedPart, (name: string) => string> = {
  variable: (name) => `variable ${name}`,
  connection_password: (name) => `password of connection ${name}`,
  connection_extra: (name) => `extra of connection ${name}`,
}

/** Makes a vault; null: without a key. */
export function makeVault(box: SecretBox | null): Vault {
  const own = () => {
    if (box === null) throw new SecretKeyMissing()
    return box
  }
  const sealOrNull = (text: string | null, place: string) => (text === null ? null : own().seal(text, place))
  const openOrNull = (text: string | null, place: string) => (text === null ? null : own().open(text, place))
  return {
    sealVariable: ({ value, ...variable }, actor) => ({
      ...variable,
      sealedValue: own().seal(value, placeOf.variable(variable.key)),
      actor,
    }),
    openVariable: ({ sealedValue, ...row }) => ({
      ...row,
      value: own().open(sealedValue, placeOf.variable(row.key)),
    }),
    sealConnection: ({ password, extra, ...connection }, actor) => ({
      ...connection,
      sealedPassword: sealOrNull(password, placeOf.connection_password(connection.connectionId)),
      sealedExtra: sealOrNull(extra, placeOf.connection_extra(connection.connectionId)),
      actor,
    }),
    openConnection: ({ sealedPassword, sealedExtra, ...row }) => ({
      ...row,
      password: openOrNull(sealedPassword, placeOf.connection_password(row.connectionId)),
      extra: openOrNull(sealedExtra, placeOf.connection_extra(row.connectionId)),
    }),
    reseal: (part, { name, sealed }) => {
      const place = placeOf[part](name)
      return own().isNewest(sealed) ? null : own().seal(own().open(sealed, place), place)
    },
  }
}

/** What user code reads, and what of it must not be told anywhere. */
interface Read<A> {
  readonly found: A
  readonly secrets: readonly string[]
}

/** Reads a variable for user code; null: there is none. */
export async function readVariable(
  store: StoreService,
  vault: Vault,
  key: string,
): Promise<Read<string> | null> {
  const row = await orNull(store.variable(key))
  if (row === null) return null
  const { value } = vault.openVariable(row)
  const parsed = parseJson(value)
  return {
    found: value,
    secrets: [...(isSensitiveName(key) ? [value] : []), ...secretsIn(parsed, isSensitiveName(key))],
  }
}

/** Reads a connection for user code; null: there is none. */
export async function readConnection(
  store: StoreService,
  vault: Vault,
  id: string,
): Promise<Read<Connection> | null> {
  const row = await orNull(store.connection(id))
  if (row === null) return null
  const { type, host, port, login, password, schema, extra: text } = vault.openConnection(row)
  const extra = text === null ? null : parseJson(text)
  const secrets = [
    ...(password === null ? [] : [password, encodeURIComponent(password)]),
    ...secretsIn(extra),
  ]
  return { found: { id, type, host, port, login, password, schema, extra }, secrets }
}

/** JSON where it is some, else the text itself. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

async function orNull<A>(effect: Effect.Effect<A, NotFound | StoreError>): Promise<A | null> {
  try {
    return await Effect.runPromise(untilAvailable(effect))
  } catch (error) {
    if (isTagged(error, "NotFound")) return null
    throw error
  }
}
