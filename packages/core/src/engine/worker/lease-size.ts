/** How long a lease should take: long enough that its round trips vanish, short enough that work spreads. */
export const leaseTargetMs = 100

/** The most instances in one lease. */
export const leaseSizeMax = 2_000

/** The most tasks whose pace is remembered; the longest unused goes first. */
const pacesMax = 1_000

/** How much a new observation counts against what was known. */
const weight = 0.4

/**
 * Says how many instances a worker should take at once, from how long the last ones of the task took.
 *
 * An unknown task starts with what can run at once, so that a slow one is not hoarded; each lease then grows towards
 * `leaseTargetMs`, at most eightfold from one to the next.
 */
export class LeaseSizes {
  readonly #concurrency: number
  readonly #paces = new Map<string, { msEach: number; size: number }>()

  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  /** The size for a task nothing is known of. */
  get sizeDefault(): number {
    return Math.max(1, this.#concurrency * 2)
  }

  /** The sizes of the tasks seen last, for `claim`. */
  hints(): { expansionId: string; size: number }[] {
    return [...this.#paces].map(([expansionId, { size }]) => ({ expansionId, size }))
  }

  /** How long so many instances may take, `slots` at once; `Infinity` for a task nothing is known of. */
  msOf(expansionId: string, instances: number, slots: number): number {
    const pace = this.#paces.get(expansionId)
    return pace === undefined ? Number.POSITIVE_INFINITY : (instances * pace.msEach) / slots
  }

  /** Learns from a lease: `count` instances took `busyMs` in sum. */
  observe(expansionId: string, count: number, busyMs: number): void {
    if (count === 0) return
    const known = this.#paces.get(expansionId)
    const seen = busyMs / count
    const msEach = known === undefined ? seen : known.msEach * (1 - weight) + seen * weight
    const wanted = (leaseTargetMs * this.#concurrency) / Math.max(msEach, 1e-4)
    const grown = Math.min(wanted, (known?.size ?? this.sizeDefault) * 8, leaseSizeMax)
    this.#paces.delete(expansionId)
    this.#paces.set(expansionId, { msEach, size: Math.max(1, Math.floor(grown)) })
    const oldest = this.#paces.keys().next()
    if (this.#paces.size > pacesMax && oldest.done !== true) this.#paces.delete(oldest.value)
  }
}
