import { HostLost } from "../port.ts"
import type { HostPoolSettings } from "../options.ts"
import { HostGroup } from "./host-group.ts"
import type { HostProcess } from "./host-process.ts"

/** Contexts remembered as being pulled somewhere, and as being pulled in a host when it died. */
const contextsMax = 10_000

/**
 * A host for streams holds a page or two of each; with Node's own bounds its young generation grew to a quarter more
 * over a million items (bench memory).
 */
const smallYoungGeneration = ["--max-semi-space-size=4"]

/**
 * Says in which host each context's stream is open.
 *
 * Streams live in a host of their own, apart from task instances: a loop in a task stalls no source. They share it,
 * since a source mostly waits; one that was being pulled when the host died is pulled in a second one from then on, so
 * that a source that loops or eats memory takes the innocent with it once, not at each retry.
 */
export class StreamHomes {
  readonly #open: HostGroup
  readonly #quarantine: HostGroup
  readonly #homes = new Map<string, HostProcess>()
  readonly #suspects = new Set<string>()

  constructor(given: HostPoolSettings) {
    const settings = { ...given, nodeFlags: smallYoungGeneration }
    this.#open = new HostGroup(settings, 1)
    this.#quarantine = new HostGroup(settings, 1)
  }

  get groups(): readonly HostGroup[] {
    return [this.#open, this.#quarantine]
  }

  /** Starts the host for streams ahead of the first pull. */
  warm(): void {
    this.#open.warm()
  }

  /** Gives the host of a context's stream, reserved. */
  async take(contextId: string): Promise<HostProcess> {
    const home = this.homeOf(contextId)
    if (home !== undefined && !home.isRetiring) {
      home.reserve()
      return home
    }
    const host = await (this.#suspects.has(contextId) ? this.#quarantine : this.#open).take()
    this.#homes.set(contextId, host)
    dropOldest(this.#homes)
    return host
  }

  /** The host in which a context's stream may be open. */
  homeOf(contextId: string): HostProcess | undefined {
    const home = this.#homes.get(contextId)
    return home?.isAlive ? home : undefined
  }

  /** Notes how a pull failed: whoever was being pulled when its host died may be why. */
  note(contextId: string, error: unknown): void {
    if (!(error instanceof HostLost)) return
    this.#homes.delete(contextId)
    if (error.running?.length === 0) return
    this.#suspects.add(contextId)
    dropOldest(this.#suspects)
  }

  forget(contextId: string): void {
    this.#homes.delete(contextId)
    this.#suspects.delete(contextId)
  }
}

/** A stream forgotten here is opened anew at its cursor, and the old one is closed when its host runs out of room. */
function dropOldest(contexts: {
  readonly size: number
  keys(): Iterable<string>
  delete(key: string): unknown
}): void {
  if (contexts.size <= contextsMax) return
  const [oldest] = contexts.keys()
  if (oldest !== undefined) contexts.delete(oldest)
}
