/**
 * A bounded set of connections that survives everything that happens to them.
 *
 * Invariants: a call has its connection for itself, so a dead backend costs one
 * call and no answer can reach another caller; a call ends within its deadline,
 * waiting for a connection included; a connection goes back only when the
 * protocol is known to be in step, else it is thrown away and the next call opens
 * a fresh one. A call that failed as `DatabaseUnavailable` may or may not have
 * been done: only what is idempotent may be repeated.
 */
import { type Connection, createConnection, type Sql } from "./client/connection.ts"
import { useConnection } from "./client/use-connection.ts"
import { DeadlineMissed } from "./deadline.ts"
import {
  DatabaseError,
  DatabaseUnavailable,
  type Endpoint,
  endpointName,
  endsConnection,
  toDatabaseError,
} from "./errors.ts"

export type { Sql } from "./client/connection.ts"

/** How long a call may take when it does not say so itself. */
export const callDeadlineMs = 10_000

/** The schema that holds all of Sluice, so that it can share a database with others. */
export const sluiceSchema = "sluice"

/** How long a connection is used before a fresh one takes its place; backends grow with age. */
const connectionLifetimeMs = 45 * 60_000

/** What a client is made of. */
export interface ClientOptions {
  readonly url: string
  /** The most connections open at once. */
  readonly max: number
  readonly applicationName: string
  /** For the page and lease statements: keeps the planner on index and ctid plans (see stack.md, planner traps). */
  readonly hot?: boolean
  /** Behind PgBouncer in transaction mode: `false`, and `search_path` set by its `connect_query`. */
  readonly prepare?: boolean
  readonly schema?: string
  /** Told of each connection that was thrown away, with the reason. */
  readonly onReset?: (reason: unknown) => void
}

/** Runs statements against one database. */
export interface Client {
  readonly endpoint: Endpoint
  /** The schema its statements work in. */
  readonly schema: string
  /** Statements sent since the client was made. */
  readonly statements: number
  /** Runs `use` with a connection of its own; rejects with `DatabaseUnavailable` or `DatabaseError`. */
  run<T>(operation: string, use: (sql: Sql) => Promise<T>, options?: RunOptions): Promise<T>
  /** Lets running calls end, then closes; calls made later are rejected. */
  close(): Promise<void>
}

/** What one call may ask for. */
export interface RunOptions {
  readonly deadlineMs?: number
}

/** Makes a client; nothing is opened before the first call. */
export function createClient(options: ClientOptions): Client {
  return new PooledClient(options)
}

/** The settings a connection starts with. */
export function sessionParameters(options: ClientOptions): Record<string, string> {
  const named = { application_name: options.applicationName }
  // PgBouncer refuses a client that brings settings it does not track.
  if (options.prepare === false) return named
  return {
    ...named,
    search_path: options.schema ?? sluiceSchema,
    // A statement whose client gave up stops within a second, even while it waits for a lock.
    // Servers on Windows cannot do it, and there refuse the setting.
    ...(process.platform !== "win32" && { client_connection_check_interval: "1000" }),
    ...(options.hot === true && hotParameters),
  }
}

/** Without these the planner sorts or hashes whole backlogs on tables it has no statistics of. */
const hotParameters = {
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  // Until Postgres 17 "off" is a huge cost, and a huge cost starts the just-in-time compiler.
  jit: "off",
  // Planning `claim` anew took as long as running it (0.1 to 0.2 ms); no plan here depends on its parameters.
  plan_cache_mode: "force_generic_plan",
}

interface Waiter {
  resolve(connection: Connection): void
  reject(reason: unknown): void
}

class PooledClient implements Client {
  readonly endpoint: Endpoint
  readonly #options: ClientOptions
  readonly #idle: { connection: Connection; until: number }[] = []
  readonly #open = new Map<Connection, number>()
  readonly #waiting: Waiter[] = []
  #statementsOfClosed = 0
  #running = 0
  #whenIdle: (() => void) | undefined
  #isClosed = false

  constructor(options: ClientOptions) {
    this.#options = options
    const first = this.#connect()
    this.endpoint = first.endpoint
    this.#idle.push({ connection: first, until: this.#open.get(first) ?? 0 })
  }

  get schema(): string {
    return this.#options.schema ?? sluiceSchema
  }

  get statements(): number {
    let count = this.#statementsOfClosed
    for (const connection of this.#open.keys()) count += connection.statements
    return count
  }

  async run<T>(operation: string, use: (sql: Sql) => Promise<T>, options: RunOptions = {}): Promise<T> {
    if (this.#isClosed) throw this.#closedError(operation)
    this.#running++
    try {
      return await this.#runWithin(options.deadlineMs ?? callDeadlineMs, use)
    } catch (error) {
      throw this.#explain(error, operation)
    } finally {
      this.#running--
      if (this.#running === 0) this.#whenIdle?.()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve))
    for (const connection of this.#open.keys()) connection.close()
    this.#idle.length = 0
  }

  async #runWithin<T>(deadlineMs: number, use: (sql: Sql) => Promise<T>): Promise<T> {
    const until = performance.now() + deadlineMs
    const connection = this.#takeIdle() ?? (await this.#wait(deadlineMs))
    try {
      const result = await useConnection(connection, use, { deadlineMs, until })
      this.#release(connection)
      return result
    } catch (error) {
      // After anything but an answer of the server, nobody knows what is still on its way.
      if (endsConnection(error)) connection.destroy(error)
      this.#release(connection)
      throw error
    }
  }

  /** A connection at once, if there is one at rest or room for another. */
  #takeIdle(): Connection | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.connection.isDead) continue
      if (idle.until > performance.now()) return idle.connection
      idle.connection.close()
    }
    return this.#open.size < this.#options.max ? this.#connect() : undefined
  }

  #connect(): Connection {
    const connection = createConnection({
      url: this.#options.url,
      parameters: sessionParameters(this.#options),
      prepare: this.#options.prepare ?? true,
      onDeath: (reason) => this.#forget(connection, reason),
    })
    this.#open.set(connection, performance.now() + connectionLifetimeMs * (0.8 + 0.4 * Math.random()))
    return connection
  }

  #forget(connection: Connection, reason: unknown): void {
    this.#statementsOfClosed += connection.statements
    this.#open.delete(connection)
    if (!isOwnGoodbye(reason)) this.#options.onReset?.(reason)
  }

  #wait(deadlineMs: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(new DeadlineMissed(deadlineMs))
      }, deadlineMs)
      const waiter: Waiter = {
        resolve: (connection) => (clearTimeout(timer), resolve(connection)),
        reject: (reason) => (clearTimeout(timer), reject(reason)),
      }
      this.#waiting.push(waiter)
    })
  }

  /** Passes a connection on: to who waits longest, else to rest. A dead one is replaced for who waits. */
  #release(connection: Connection): void {
    const waiter = this.#waiting.shift()
    if (waiter === undefined) {
      const until = this.#open.get(connection)
      if (until !== undefined) this.#idle.push({ connection, until })
      return
    }
    try {
      waiter.resolve(connection.isDead ? this.#connect() : connection)
    } catch (error) {
      waiter.reject(error)
    }
  }

  #explain(error: unknown, operation: string): unknown {
    if (!(error instanceof DeadlineMissed)) return toDatabaseError(error, operation, this.endpoint)
    const message = `${operation}: ${error.message} at ${endpointName(this.endpoint)}`
    return new DatabaseUnavailable(message, { operation, cause: error })
  }

  #closedError(operation: string): DatabaseError {
    return new DatabaseError(`${operation}: the client was closed`, { operation })
  }
}

function isOwnGoodbye(reason: unknown): boolean {
  return (reason as { code?: unknown } | null)?.code === "CONNECTION_ENDED"
}
