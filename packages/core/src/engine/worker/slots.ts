/**
 * Shares out a worker's slots: how many instances it runs at once, over all its leases.
 *
 * A lease gets at most an equal part, so that several large ones overlap, and no more than it has instances: many
 * single instances run side by side, and a few slow ones never keep the others out while slots are free.
 */
export class Slots {
  readonly #total: number
  /** The most slots of one lease. */
  readonly perLease: number
  readonly #held = new Map<string, number>()
  #used = 0
  /** About how many slots a lease takes, going by the last ones. */
  #typical: number

  constructor(options: { readonly total: number; readonly lanes: number }) {
    this.#total = options.total
    this.perLease = Math.max(1, Math.ceil(options.total / options.lanes))
    this.#typical = this.perLease
  }

  /**
   * How many leases may be claimed now; each can then have at least one slot. Where leases turned out to be of single
   * instances (retries, resumed ones), many are claimed at once: else claiming would be all that there is time for.
   */
  get leasesWanted(): number {
    return Math.ceil((this.#total - this.#used) / this.#typical)
  }

  /** Gives a lease its slots, as many as it can use, and leaves one for each that is still to come; says how many. */
  take(leaseId: string, instances: number, toCome = 0): number {
    const free = Math.max(1, this.#total - this.#used - toCome)
    const slots = Math.min(this.perLease, instances, free)
    this.#held.set(leaseId, slots)
    this.#used += slots
    this.#typical = Math.max(1, (this.#typical + slots) / 2)
    return slots
  }

  /** Takes back what a lease with so many instances left cannot use any more; says whether that freed a slot. */
  shrink(leaseId: string, instances: number): boolean {
    const slots = this.#held.get(leaseId) ?? 0
    const needed = Math.min(slots, instances)
    this.#used -= slots - needed
    if (needed === 0) this.#held.delete(leaseId)
    else this.#held.set(leaseId, needed)
    return needed < slots
  }
}
