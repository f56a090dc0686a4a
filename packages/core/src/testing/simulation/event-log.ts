import { hashOf } from "./random.ts"

/** How many events are kept for a report, unless all are asked for. */
export const eventsKept = 30

/** What happened in a simulated world, in order: the last events, and a hash of all. */
export class EventLog {
  readonly #keepsAll: boolean
  readonly #now: () => number
  #lines: string[] = []
  #hash = 0
  #count = 0

  constructor(now: () => number, keepsAll: boolean) {
    this.#now = now
    this.#keepsAll = keepsAll
  }

  /** Equal for two worlds in which the same happened. */
  get hash(): string {
    return `${this.#count}-${this.#hash.toString(16)}`
  }

  get count(): number {
    return this.#count
  }

  add(text: string): void {
    const line = `${this.#now()} ${text}`
    this.#hash = hashOf(line, this.#hash)
    this.#count += 1
    this.#lines.push(line)
    if (!this.#keepsAll && this.#lines.length > 10 * eventsKept) this.#lines = this.#lines.slice(-eventsKept)
  }

  /** The last events, or all. */
  lines(): readonly string[] {
    return this.#keepsAll ? this.#lines : this.#lines.slice(-eventsKept)
  }
}
