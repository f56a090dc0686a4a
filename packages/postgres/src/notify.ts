/**
 * Wakes who waits: LISTEN and NOTIFY, coalesced.
 *
 * A notification is a hint and never the truth: it may come twice, late, or be
 * lost, so every loop that listens also polls slowly. NOTIFY takes a lock of the
 * whole database at commit, so a channel sends at most one per interval, with all
 * that was signalled meanwhile. When the listening connection was lost, whatever
 * happened in between is unknown, and all listeners are told to look.
 *
 * Nothing here throws at run time; a signal that cannot be sent is sent again later, as "something".
 */
import { randomBytes } from "node:crypto"
import type { Client } from "./client.ts"
import { type Connection, createConnection, type Sql } from "./client/connection.ts"
import { useConnection } from "./client/use-connection.ts"

/** At most one NOTIFY per channel goes out in this time. */
export const notifyIntervalMs = 50

/** Channels whose times come within this of each other share a statement. */
const togetherMs = notifyIntervalMs / 2

/** Postgres refuses payloads of 8,000 bytes. */
export const payloadBytesMax = 7_900

/** More distinct payloads than these in one notification are sent as "something". */
const payloadsMax = 500

/** How often an idle connection is asked whether it still lives; a dead network says nothing by itself. */
const heartbeatMs = 15_000
const listenDeadlineMs = 10_000
const reconnectMinMs = 50
const reconnectMaxMs = 5_000
/** How long a signal that could not be sent waits for the next attempt. */
const resendMs = 1_000

/** Told what was signalled; an empty list means that something may have happened: look. */
export type Listener = (payloads: readonly string[]) => void

/** Signals between all processes that share a database. Channels are few and fixed: names, never ids. */
export interface Notifier {
  /** Listens to a channel; gives what ends it. The listener is told to look as soon as it can miss nothing more. */
  subscribe(channel: string, listener: Listener): () => void
  /** Tells the listeners of this process now, and those of others within `notifyIntervalMs`. */
  signal(channel: string, payload?: string): void
  /** Sends what is pending and ends the connection. */
  close(): Promise<void>
}

/** What a notifier needs. */
export interface NotifierOptions {
  /** Sends the NOTIFYs. */
  readonly client: Client
  /** For LISTEN: a direct URL, never one of PgBouncer in transaction mode. */
  readonly url: string
  readonly applicationName: string
}

/** Makes a notifier; it connects with the first subscription. */
export function createNotifier(options: NotifierOptions): Notifier {
  return new PostgresNotifier(options)
}

/** What a channel has to tell others: some payloads, or just "something". */
interface Outbox {
  payloads: Set<string>
  isVague: boolean
  timer: NodeJS.Timeout | undefined
  nextAt: number
}

function empty(outbox: Outbox, nextAt: number): void {
  clearTimeout(outbox.timer)
  outbox.payloads.clear()
  outbox.isVague = false
  outbox.timer = undefined
  outbox.nextAt = nextAt
}

class PostgresNotifier implements Notifier {
  /** Marks our own notifications when they come back: our listeners know already. */
  readonly #origin = randomBytes(6).toString("base64url")
  readonly #options: NotifierOptions
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #outboxes = new Map<string, Outbox>()
  #listening: Promise<void> | undefined
  #isAwake = false
  #endSleep: () => void = () => undefined
  #connection: Connection | undefined
  #isClosed = false

  constructor(options: NotifierOptions) {
    this.#options = options
  }

  subscribe(channel: string, listener: Listener): () => void {
    checkChannel(channel)
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    this.#listening ??= this.#listenForever()
    this.#wake()
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(channel) === listeners) this.#listeners.delete(channel)
      this.#wake()
    }
  }

  signal(channel: string, payload?: string): void {
    checkChannel(channel)
    this.#tell(channel, payload === undefined || payload === "" ? [] : [payload])
    if (this.#isClosed) return
    const outbox = this.#outboxOf(channel)
    if (payload === undefined || payload === "" || outbox.payloads.size >= payloadsMax) outbox.isVague = true
    else outbox.payloads.add(payload)
    this.#plan(outbox, outbox.nextAt - performance.now())
  }

  async close(): Promise<void> {
    if (this.#isClosed) return this.#listening
    this.#isClosed = true
    await this.#send(Number.POSITIVE_INFINITY)
    this.#wake()
    this.#connection?.close()
    await this.#listening
  }

  #tell(channel: string, payloads: readonly string[]): void {
    for (const listener of this.#listeners.get(channel) ?? []) {
      try {
        listener(payloads)
      } catch (error) {
        // A listener's bug is not the business of who signals; it surfaces as any uncaught error does.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  #outboxOf(channel: string): Outbox {
    const known = this.#outboxes.get(channel)
    if (known !== undefined) return known
    const outbox: Outbox = { payloads: new Set(), isVague: false, timer: undefined, nextAt: 0 }
    this.#outboxes.set(channel, outbox)
    return outbox
  }

  #plan(outbox: Outbox, delayMs: number): void {
    outbox.timer ??= setTimeout(() => void this.#send(performance.now() + togetherMs), Math.max(0, delayMs))
  }

  /** Sends what is pending on all channels whose time comes until `until`, in one statement. */
  async #send(until: number): Promise<void> {
    const pending = [...this.#outboxes].filter(
      ([, { timer, nextAt }]) => timer !== undefined && nextAt <= until,
    )
    if (pending.length === 0) return
    const payloads = pending.map(([, outbox]) => encode(this.#origin, outbox))
    const nextAt = performance.now() + notifyIntervalMs
    for (const [, outbox] of pending) empty(outbox, nextAt)
    const channels = pending.map(([channel]) => channel)
    try {
      await this.#options.client.run(
        "notify",
        (sql) => sql`
          select pg_notify(channel, payload)
          from unnest(${channels}::text[], ${payloads}::text[]) as pending (channel, payload)
        `,
      )
    } catch {
      if (this.#isClosed) return
      for (const [, outbox] of pending) {
        outbox.isVague = true
        this.#plan(outbox, resendMs)
      }
    }
  }

  #receive(channel: string, text: string): void {
    const { origin, payloads } = decode(text)
    if (origin !== this.#origin) this.#tell(channel, payloads)
  }

  /** Keeps one connection listening until `close`: each time it is lost, a new one takes its place. */
  async #listenForever(): Promise<void> {
    for (let failures = 0; !this.#isClosed; failures++) {
      const connection = this.#connect()
      this.#connection = connection
      try {
        await this.#listenOn(connection, () => (failures = 0))
      } catch {
        connection.destroy(new Error("the listening connection was lost"))
        // Its death has woken us already; the delay is still to be kept.
        this.#isAwake = this.#isClosed
        await this.#sleep(reconnectDelayMs(failures))
      }
    }
  }

  #connect(): Connection {
    return createConnection({
      url: this.#options.url,
      parameters: { application_name: `${this.#options.applicationName} listen` },
      prepare: false,
      onNotify: (channel, payload) => this.#receive(channel, payload),
      onDeath: () => this.#wake(),
    })
  }

  /** Follows the subscriptions on one connection; ends by `close`, or by an error when it is lost. */
  async #listenOn(connection: Connection, onAlive: () => void): Promise<void> {
    const listened = new Set<string>()
    while (!this.#isClosed) {
      const hadNews = await this.#follow(connection, listened)
      onAlive()
      // Subscriptions may have come while we asked: look again before resting.
      if (hadNews) continue
      await this.#sleep(heartbeatMs)
      if (!this.#isClosed) await ask(connection, (sql) => sql`select 1`)
    }
    connection.close()
  }

  /** Listens to what is new and forgets what is gone; says whether there was any. */
  async #follow(connection: Connection, listened: Set<string>): Promise<boolean> {
    const added = [...this.#listeners.keys()].filter((channel) => !listened.has(channel))
    const gone = [...listened].filter((channel) => !this.#listeners.has(channel))
    for (const channel of added) {
      await ask(connection, (sql) => sql`listen ${sql(channel)}`)
      listened.add(channel)
      this.#tell(channel, [])
    }
    for (const channel of gone) {
      await ask(connection, (sql) => sql`unlisten ${sql(channel)}`)
      listened.delete(channel)
    }
    return added.length + gone.length > 0
  }

  /** Ends the rest that is, or the next one. */
  #wake(): void {
    this.#isAwake = true
    this.#endSleep()
  }

  /** Rests until the time is over, or a subscription, a lost connection or `close` calls. */
  async #sleep(ms: number): Promise<void> {
    if (!this.#isAwake) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#endSleep = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#isAwake = false
  }
}

function ask(connection: Connection, use: (sql: Sql) => Promise<unknown>): Promise<unknown> {
  const until = performance.now() + listenDeadlineMs
  return useConnection(connection, use, { deadlineMs: listenDeadlineMs, until })
}

function reconnectDelayMs(failures: number): number {
  const delayMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(failures, 10))
  return delayMs * (0.5 + Math.random() / 2)
}

/** `~origin [json]`; without the list it means "something". */
function encode(origin: string, outbox: Outbox): string {
  if (outbox.isVague) return `~${origin}`
  const full = `~${origin} ${JSON.stringify([...outbox.payloads])}`
  return Buffer.byteLength(full) <= payloadBytesMax ? full : `~${origin}`
}

/** Reads what a notifier sent, and what a statement sent by `pg_notify` itself: its text is the payload. */
function decode(text: string): { origin: string | undefined; payloads: readonly string[] } {
  const [, origin, list] = /^~([\w-]{8})(?: (\[.*\]))?$/s.exec(text) ?? []
  if (origin === undefined) return { origin: undefined, payloads: text === "" ? [] : [text] }
  return { origin, payloads: list === undefined ? [] : (JSON.parse(list) as string[]) }
}

function checkChannel(channel: string): void {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(channel)) return
  throw new Error(`"${channel}" is not a channel: expected lower-case letters, digits and _, at most 63`)
}
