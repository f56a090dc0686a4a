import type { HeldLeases } from "../../store/lease-store.ts"

/** Counts the leases that a worker holds, by expansion: at most as many entries as leases. */
export class HeldByExpansion {
  readonly #leases = new Map<string, number>()

  add(expansionId: string, leases: 1 | -1): void {
    const held = (this.#leases.get(expansionId) ?? 0) + leases
    if (held === 0) this.#leases.delete(expansionId)
    else this.#leases.set(expansionId, held)
  }

  all(): HeldLeases[] {
    return [...this.#leases].map(([expansionId, leases]) => ({ expansionId, leases }))
  }
}
