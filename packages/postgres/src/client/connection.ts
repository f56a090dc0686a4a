/**
 * One Postgres connection that dies once and is never used again.
 *
 * The driver, postgres.js 3.4.9, is good while its socket lives and dangerous
 * when it dies: it writes to a socket it has set to null (an uncaught TypeError
 * ends the process), leaves half a message in its buffer so that the next
 * connection never starts, and keeps an old error for the next query
 * (porsager/postgres #1066, #1154, #1208). All of it happens in what it does
 * after a socket's `close` event. So each connection is a driver of its own with
 * one slot, it speaks to a facade that never says `close`, and after the end of
 * its socket nothing is asked of it again. No patch of the driver is needed, and
 * it works the same inside a bundle.
 *
 * What is in flight when the socket ends is rejected at once by us, not by the driver.
 */
import { EventEmitter } from "node:events"
import type { Socket } from "node:net"
import postgres from "postgres"
import { DatabaseError, type Endpoint } from "../errors.ts"
import { registerArrayTypes, type TypeTables } from "./arrays.ts"
import { closedError, openSocket, type SocketOptions, type TlsMode } from "./socket.ts"

/** The tag that sends statements; rows come with camelCase columns, bigint and numeric as strings. */
export type Sql = postgres.Sql

/** How to open a connection. */
export interface ConnectionOptions {
  readonly url: string
  /** Sent as startup parameters, so that a new connection needs no further round trip. */
  readonly parameters: Readonly<Record<string, string>>
  readonly prepare: boolean
  /** Told of each notification that this connection listens for. */
  readonly onNotify?: (channel: string, payload: string) => void
  /** Told once, when the connection has ended for whatever reason. */
  readonly onDeath?: (reason: unknown) => void
}

/** One connection; it connects with its first statement. */
export interface Connection {
  readonly sql: Sql
  readonly endpoint: Endpoint
  readonly isDead: boolean
  /** Statements sent so far. */
  readonly statements: number
  /** Ends it now: whatever waits for an answer is rejected with `reason`. */
  destroy(reason: unknown): void
  /** Says goodbye to the server and ends it; only for a connection at rest. */
  close(): void
  /** Calls `listener` when the connection ends, or now if it has; one listener at a time, `undefined` takes it away. */
  whenDead(listener: ((reason: unknown) => void) | undefined): void
}

const goodbye = Buffer.from([0x58, 0, 0, 0, 4])

/** Makes a connection. Throws `DatabaseError` when the URL is not one of Postgres. */
export function createConnection(options: ConnectionOptions): Connection {
  return new DriverConnection(options)
}

class DriverConnection implements Connection {
  readonly sql: Sql
  readonly endpoint: Endpoint
  readonly #socketOptions: SocketOptions
  readonly #facade = new Facade()
  readonly #connecting = new AbortController()
  readonly #onDeath: ((reason: unknown) => void) | undefined
  #listener: ((reason: unknown) => void) | undefined
  #isDead = false
  #reason: unknown

  constructor(options: ConnectionOptions) {
    this.#onDeath = options.onDeath
    const url = parseUrl(options.url)
    this.sql = createDriver(
      url.href,
      driverOptions(options, () => this.#open()),
    )
    registerArrayTypes(this.sql.options as unknown as TypeTables)
    const { host, port, database, user, path } = this.sql.options as unknown as ParsedDriverOptions
    this.endpoint = { host: path || host.join(","), port: port[0] ?? 5432, database, user }
    this.#socketOptions = { hosts: host, ports: port, path: path || undefined, tls: url.tls }
    this.#facade.onEnd = (error) => this.destroy(error)
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get statements(): number {
    return this.#facade.statements
  }

  whenDead(listener: ((reason: unknown) => void) | undefined): void {
    this.#listener = listener
    if (this.#isDead) listener?.(this.#reason)
  }

  destroy(reason: unknown): void {
    if (this.#isDead) return
    this.#isDead = true
    this.#reason = reason
    this.#connecting.abort(reason)
    this.#listener?.(reason)
    this.#facade.fail(reason)
    this.#onDeath?.(reason)
  }

  close(): void {
    const reason = Object.assign(new Error("the client was closed"), { code: "CONNECTION_ENDED" })
    this.#facade.leave(goodbye, reason)
    this.destroy(reason)
  }

  async #open(): Promise<Facade> {
    try {
      const socket = await openSocket(this.#socketOptions, this.#connecting.signal)
      this.#facade.attach(socket)
      return this.#facade
    } catch (error) {
      this.destroy(error)
      throw error
    }
  }
}

/** What the driver made of the URL; its published types say nothing of these. */
interface ParsedDriverOptions {
  readonly host: string[]
  readonly port: number[]
  readonly path: string | false
  readonly database: string
  readonly user: string
}

function createDriver(href: string, options: postgres.Options<Record<string, never>>): Sql {
  try {
    return postgres(href, options)
  } catch (error) {
    throw badUrl(error)
  }
}

function driverOptions(options: ConnectionOptions, socket: () => Promise<Facade>) {
  return {
    max: 1,
    prepare: options.prepare,
    ssl: false,
    fetch_types: false,
    // Our deadlines and keep-alive replace the driver's timers, which would outlive a dead connection.
    connect_timeout: 0,
    idle_timeout: 0,
    max_lifetime: 0,
    keep_alive: 0,
    connection: options.parameters,
    // Not postgres.camel: it would also rename keys inside jsonb, that is, users' data.
    transform: { column: { from: postgres.toCamel } },
    onnotice: () => undefined,
    ...(options.onNotify && { onnotify: options.onNotify }),
    socket,
  } as unknown as postgres.Options<Record<string, never>>
}

/** Parts of a URL that are for libpq or other tools, and that a server would refuse as unknown settings. */
const foreignParameters = [
  "sslmode",
  "ssl",
  "sslrootcert",
  "channel_binding",
  "gssencmode",
  "schema",
  "pgbouncer",
]

function parseUrl(text: string): { href: string; tls: TlsMode } {
  if (!/^postgres(ql)?:\/\//.test(text)) throw badUrl()
  const [base = "", query = ""] = text.split("?", 2)
  const parameters = new URLSearchParams(query)
  const mode = parameters.get("sslmode") ?? parameters.get("ssl") ?? process.env["PGSSLMODE"] ?? "disable"
  for (const name of foreignParameters) parameters.delete(name)
  const href = parameters.size === 0 ? base : `${base}?${parameters.toString()}`
  return { href, tls: tlsMode(mode) }
}

function tlsMode(mode: string): TlsMode {
  switch (mode) {
    case "disable":
    case "false":
      return "disable"
    case "allow":
    case "prefer":
      return "prefer"
    case "verify-ca":
    case "verify-full":
      return "verify-full"
    default:
      return "require"
  }
}

function badUrl(cause?: unknown): DatabaseError {
  return new DatabaseError(
    "the database URL is not one of Postgres: expected postgres://user:password@host:5432/database",
    { operation: "connect", cause },
  )
}

/** What the driver believes to be its socket. It passes everything on, except the end. */
class Facade extends EventEmitter {
  statements = 0
  onEnd: (reason: unknown) => void = () => undefined
  #socket: Socket | undefined
  #hasEnded = false
  #hasStarted = false

  attach(socket: Socket): void {
    this.#socket = socket
    if (this.#hasEnded) socket.destroy()
    socket.on("data", (data) => this.#receive(data))
    socket.on("drain", () => this.emit("drain"))
    socket.on("error", (error) => this.onEnd(error))
    socket.on("close", () => this.onEnd(closedError()))
  }

  #receive(data: Buffer): void {
    if (this.#hasEnded) return
    try {
      this.emit("data", data)
    } catch (error) {
      this.onEnd(error)
    }
  }

  /** Ends the socket, and has the driver reject what it still holds. */
  fail(reason: unknown): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#socket?.destroy()
    this.#rejectAll(reason)
  }

  /** Ends the socket after a last message. */
  leave(message: Buffer, reason: unknown): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#socket?.write(message)
    this.#socket?.destroySoon()
    this.#rejectAll(reason)
  }

  #rejectAll(reason: unknown): void {
    if (this.listenerCount("error") > 0) this.emit("error", reason)
  }

  get readyState(): string {
    return this.#hasEnded ? "closed" : "open"
  }

  write(data: Buffer, callback?: () => void): boolean {
    if (this.#hasEnded || this.#socket === undefined) {
      callback?.()
      return true
    }
    this.#count(data)
    return this.#socket.write(data, callback)
  }

  /** Counts Sync and simple Query messages: the driver sends exactly one of them per statement. */
  #count(data: Buffer): void {
    // The startup message is the only one without a type in front.
    if (!this.#hasStarted) {
      this.#hasStarted = true
      return
    }
    for (let at = 0; at + 5 <= data.length; at += 1 + data.readUInt32BE(at + 1)) {
      if (data[at] === 0x53 || data[at] === 0x51) this.statements++
    }
  }

  end(): void {
    this.#socket?.end()
  }

  destroy(): void {
    this.onEnd(closedError())
  }

  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }
}
