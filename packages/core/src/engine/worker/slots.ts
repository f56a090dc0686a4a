/** How long before a lease is expected to end the next one is claimed, so that its slots need not wait for it. */
export const aheadMs = 25

/** A lease that runs. */
interface Holding {
  readonly slots: number
  /** When its last instance is expected to end, going by the pace of the task. */
  readonly endsAt: number
}

/**
 * Shares out a worker's slots: how many instances it runs at once, over all its leases.
 *
 * A lease gets at most an equal part, so that several large ones overlap, and no more than it has instances: many
 * single instances run side by side, and a few slow ones never keep the others out while slots are free.
 *
 * A lease is claimed ahead for slots that are about to be free. It waits for them: never do more instances run than
 * there are slots. Times are milliseconds of any one clock.
 */
export class Slots {
  readonly #total: number
  /** The most slots of one lease. */
  readonly perLease: number
  readonly #held = new Map<string, Holding>()
  /** What waits for a free slot, in the order in which it came. */
  readonly #waiting = new Set<() => void>()
  #used = 0
  /** About how many slots a lease takes, going by the last ones. */
  #typical: number

  constructor(options: { readonly total: number; readonly lanes: number }) {
    this.#total = options.total
    this.perLease = Math.max(1, Math.ceil(options.total / options.lanes))
    this.#typical = this.perLease
  }

  /** How many leases hold slots or wait for them. */
  get leases(): number {
    return this.#held.size + this.#waiting.size
  }

  get hasFree(): boolean {
    return this.#used < this.#total
  }

  /** About how many leases the free slots are for. */
  get leasesAtOnce(): number {
    return Math.ceil((this.#total - this.#used) / this.#typical)
  }

  /**
   * How many leases may be claimed now; each can have at least one slot at once, or in a moment. Where leases turned out
   * to be of single instances, many are claimed at once: else claiming would be all that there is time for.
   */
  leasesWanted(now: number): number {
    let soon = 0
    for (const { slots, endsAt } of this.#held.values()) if (isNear(endsAt, now)) soon += slots
    return Math.max(0, Math.ceil((this.#total - this.#used + soon) / this.#typical) - this.#waiting.size)
  }

  /** How long until a lease that runs is about to end; `Infinity` where none is expected to. */
  msUntilNear(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const { endsAt } of this.#held.values()) if (endsAt - aheadMs > now) next = Math.min(next, endsAt)
    return next - aheadMs - now
  }

  /**
   * Gives a lease its slots, as many as it can use, and leaves one for each that is still to come; says how many. Only
   * while there are free ones.
   */
  take(leaseId: string, instances: number, toCome = 0): number {
    const free = Math.max(1, this.#total - this.#used - toCome)
    const slots = Math.min(this.perLease, instances, free)
    this.#held.set(leaseId, { slots, endsAt: Number.POSITIVE_INFINITY })
    this.#used += slots
    this.#typical = Math.max(1, (this.#typical + slots) / 2)
    return slots
  }

  /** Calls `begin`, which has to take slots, as soon as some are free; gives what calls that off. */
  whenFree(begin: () => void): () => void {
    this.#waiting.add(begin)
    return () => void this.#waiting.delete(begin)
  }

  heldBy(leaseId: string): number {
    return this.#held.get(leaseId)?.slots ?? 0
  }

  /** Notes when a lease is expected to end. */
  expect(leaseId: string, endsAt: number): void {
    const held = this.#held.get(leaseId)
    if (held !== undefined) this.#held.set(leaseId, { ...held, endsAt })
  }

  /** Takes back what a lease with so many instances left cannot use any more; says whether that freed a slot. */
  shrink(leaseId: string, instances: number): boolean {
    const held = this.#held.get(leaseId)
    if (held === undefined) return false
    const needed = Math.min(held.slots, instances)
    this.#used -= held.slots - needed
    if (needed === 0) this.#held.delete(leaseId)
    else this.#held.set(leaseId, { ...held, slots: needed })
    for (const begin of this.#waiting) {
      if (!this.hasFree) break
      this.#waiting.delete(begin)
      begin()
    }
    return needed < held.slots
  }
}

/** One that is long overdue may take any time: it promises nothing. */
function isNear(endsAt: number, now: number): boolean {
  return Math.abs(endsAt - now) <= aheadMs
}
