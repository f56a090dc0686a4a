import type { HostPoolSettings } from "../options.ts"
import { HostProcess } from "./host-process.ts"

/** The wait before a host is started again after one that died without serving a call; it doubles with each. */
const backoffMs = 100
const backoffMsMax = 10_000

/** Up to `size` hosts, started when there is work for them and replaced when they die. */
export class HostGroup {
  readonly #settings: HostPoolSettings
  readonly #size: number
  readonly #hosts = new Set<HostProcess>()
  #barrenDeaths = 0
  #startAgainAt = 0
  #starting: Promise<void> | null = null
  #isClosed = false

  constructor(settings: HostPoolSettings, size: number) {
    this.#settings = settings
    this.#size = size
  }

  /** Gives the host with the least to do, starting one if all are busy and there may be more. It is reserved. */
  async take(): Promise<HostProcess> {
    for (;;) {
      if (this.#isClosed) throw new Error("the host pool is closed")
      const host = this.#idlest()
      if (host !== undefined && (host.load === 0 || this.#isFull())) {
        host.reserve()
        return host
      }
      if (performance.now() >= this.#startAgainAt) {
        const fresh = this.#start()
        fresh.reserve()
        return fresh
      }
      if (host !== undefined) {
        host.reserve()
        return host
      }
      await this.#backoff()
    }
  }

  /** Starts one host if there is none. */
  warm(): void {
    if (this.#hosts.size === 0 && !this.#isClosed) this.#start()
  }

  /** All hosts that live, those that end after their last work included. */
  get hosts(): readonly HostProcess[] {
    return [...this.#hosts]
  }

  /** Ends all hosts. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.hosts.map((host) => host.shutDown(graceMs)))
  }

  #isFull(): boolean {
    let count = 0
    for (const host of this.#hosts) if (!host.isRetiring) count += 1
    return count >= this.#size
  }

  #idlest(): HostProcess | undefined {
    let idlest: HostProcess | undefined
    for (const host of this.#hosts) {
      if (host.isRetiring || !host.isAlive) continue
      if (idlest === undefined || host.load < idlest.load) idlest = host
    }
    return idlest
  }

  #start(): HostProcess {
    const host = new HostProcess(this.#settings, (ended) => this.#remove(ended))
    this.#hosts.add(host)
    return host
  }

  #remove(host: HostProcess): void {
    this.#hosts.delete(host)
    this.#barrenDeaths = host.hasServed || host.isRetiring ? 0 : this.#barrenDeaths + 1
    const waitMs =
      this.#barrenDeaths === 0 ? 0 : Math.min(backoffMsMax, backoffMs * 2 ** (this.#barrenDeaths - 1))
    this.#startAgainAt = performance.now() + waitMs
  }

  #backoff(): Promise<void> {
    this.#starting ??= new Promise((resolve) => {
      setTimeout(
        () => {
          this.#starting = null
          resolve()
        },
        Math.max(0, this.#startAgainAt - performance.now()),
      )
    })
    return this.#starting
  }
}
