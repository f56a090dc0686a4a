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

  constructor(options: { readonly total: number; readonly lanes: number }) {
    this.#total = options.total
    this.perLease = Math.max(1, Math.ceil(options.total / options.lanes))
  }

  /** How many leases may be claimed now; each can then have at least one slot. */
  get leasesWanted(): number {
    return Math.ceil((this.#total - this.#used) / this.perLease)
  }

  /** Gives a lease its slots, as many as it can use; says how many. */
  take(leaseId: string, instances: number): number {
    const free = Math.max(1, this.#total - this.#used)
    const slots = Math.min(this.perLease, instances, free)
    this.#held.set(leaseId, slots)
    this.#used += slots
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
