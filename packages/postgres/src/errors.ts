/**
 * What a call to the database can end in, said once: either it may be tried
 * again as it is (`DatabaseUnavailable`), or it may not (`DatabaseError`).
 * Messages are one line, name the server without its password, and say what to do.
 */

/** Where a database is, in words that may be shown and logged: never holds a password. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

interface Details {
  readonly operation: string
  readonly sqlState?: string | undefined
  readonly cause?: unknown
}

/** The database could not do it now: connection lost, deadline missed, deadlock, full. The same call may work later. */
export class DatabaseUnavailable extends Error {
  readonly retryable = true
  readonly operation: string
  readonly sqlState: string | undefined
  constructor(message: string, details: Details) {
    super(message, { cause: details.cause })
    this.name = "DatabaseUnavailable"
    this.operation = details.operation
    this.sqlState = details.sqlState
  }
}

/** The database refused it, and would refuse it again: a constraint, a type, a missing table, a wrong password. */
export class DatabaseError extends Error {
  readonly retryable = false
  readonly operation: string
  readonly sqlState: string | undefined
  /** The constraint that was violated, when one was. */
  readonly constraint: string | undefined
  constructor(message: string, details: Details & { constraint?: string | undefined }) {
    super(message, { cause: details.cause })
    this.name = "DatabaseError"
    this.operation = details.operation
    this.sqlState = details.sqlState
    this.constraint = details.constraint
  }
}

/** Names a database as `host:port/database`, for messages. */
export function endpointName(endpoint: Endpoint): string {
  const place = endpoint.host.startsWith("/") ? endpoint.host : `${endpoint.host}:${endpoint.port}`
  return `${place}/${endpoint.database}`
}

/** Says whether an error came from the server as an answer, so that the protocol is known to be in step. */
export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && error.name === "PostgresError"
}

interface ServerError extends Error {
  readonly code: string
  readonly severity?: string
  readonly constraint_name?: string
}

/** SQL states, whole or as a class, after which the same statement may simply be sent again. */
const retryableStates = [
  "08", // connection exceptions
  "53", // out of connections, memory or disk
  "57P", // shutdown, crash, cannot connect now
  "57014", // cancelled: by an administrator, or because its client went away
  "40001", // serialization failure
  "40P01", // deadlock
  "55P03", // lock not available
  "25006", // read-only: a failover is under way
  "58030", // I/O error
] as const

/** States that make a server's answer the end of its connection, though its severity does not say so. */
const lostStates = ["08", "57P", "25006"] as const

/** Says whether a connection is of no more use after this error of the server. */
export function endsConnection(error: unknown): boolean {
  if (!isServerError(error)) return true
  return error.severity === "FATAL" || startsWithAny(error.code, lostStates)
}

/** Turns whatever ended a call into one of the two errors; what is neither the driver's nor ours passes unchanged. */
export function toDatabaseError(error: unknown, operation: string, endpoint: Endpoint): unknown {
  if (error instanceof DatabaseUnavailable || error instanceof DatabaseError) return error
  if (isServerError(error)) return fromServer(error, operation, endpoint)
  return fromNetwork(error, operation, endpoint)
}

function fromServer(error: ServerError, operation: string, endpoint: Endpoint): Error {
  const details = { operation, sqlState: error.code, cause: error, constraint: error.constraint_name }
  const message = `${operation}: ${refusal(error, endpoint)} (${error.code})`
  return startsWithAny(error.code, retryableStates)
    ? new DatabaseUnavailable(message, details)
    : new DatabaseError(message, details)
}

/** The server's words, except where a person at the keyboard needs to be told what to do. */
function refusal(error: ServerError, endpoint: Endpoint): string {
  const name = endpointName(endpoint)
  switch (error.code) {
    case "28P01":
    case "28000":
      return `Postgres at ${name} does not let user "${endpoint.user}" in: ${error.message}. Check user and password in DATABASE_URL`
    case "3D000":
      return `database "${endpoint.database}" does not exist at ${name}. Create it (createdb ${endpoint.database}) or correct DATABASE_URL`
    case "53300":
      return `Postgres at ${name} has no connection left. Raise max_connections or run fewer roles`
    case "42P01":
    case "3F000":
      return `${error.message} at ${name}. If the database was never migrated, run \`sluice db migrate\``
    case "42704":
      // A setting of ours, or of the URL, that the server refuses with the connection.
      return error.severity === "FATAL"
        ? `Postgres at ${name} refuses the connection: ${error.message}. Sluice needs Postgres 14 or newer, and DATABASE_URL may hold only settings that it knows`
        : error.message
    case "26000":
      return `${error.message}. Behind PgBouncer in transaction mode, turn prepared statements off (prepare: false)`
    default:
      return error.message
  }
}

/** Why a connection to a server fails, by the operating system's code. */
const networkReasons: Record<string, string> = {
  ECONNREFUSED: "refuses connections. Is it running? Start it or correct DATABASE_URL",
  ENOTFOUND: "cannot be found: its host name is unknown. Correct DATABASE_URL",
  EAI_AGAIN: "cannot be found: name lookup failed. Check the network or DATABASE_URL",
  ENOENT: "has no socket there. Is it running? Start it or correct DATABASE_URL",
  EHOSTUNREACH: "cannot be reached. Check the network or DATABASE_URL",
  ENETUNREACH: "cannot be reached. Check the network or DATABASE_URL",
  ETIMEDOUT: "did not answer. Check the network, a firewall, or DATABASE_URL",
  ECONNRESET: "broke the connection",
  EPIPE: "broke the connection",
  CONNECTION_CLOSED: "closed the connection",
  CONNECTION_ENDED: "is no longer used: the client was closed",
  CONNECTION_DESTROYED: "is no longer used: the client was closed",
  TLS_REFUSED: "does not speak TLS. Use sslmode=disable, or turn ssl on at the server",
}

function fromNetwork(error: unknown, operation: string, endpoint: Endpoint): unknown {
  const code = codeOf(error)
  if (!(error instanceof Error) || code === undefined) return error
  const reason = networkReasons[code]
  const details = { operation, cause: error }
  if (reason !== undefined || (error as { syscall?: unknown }).syscall !== undefined) {
    const why = reason ?? `cannot be used: ${error.message}`
    return new DatabaseUnavailable(`${operation}: Postgres at ${endpointName(endpoint)} ${why}`, details)
  }
  // What is left with a code is the driver's own refusal, such as UNDEFINED_VALUE.
  return new DatabaseError(`${operation}: ${error.message}`, details)
}

/** The code of a system or driver error; `AggregateError` (several addresses tried) gives that of its first. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === "string" ? code : undefined
}

function startsWithAny(code: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => code.startsWith(prefix))
}
