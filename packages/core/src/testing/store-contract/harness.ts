import type { StoreService } from "../../store/store.ts"

/** A store under test, with a clock that the test moves. */
export interface StoreHarness {
  readonly store: StoreService
  /** Moves the store's clock on: leases expire, offers and delayed pulls come due. */
  readonly elapse: (ms: number) => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens a store that holds nothing. */
export type OpenStore = () => Promise<StoreHarness>

/** How much a store is put through. */
export interface ContractOptions {
  /** Set where a call takes a round trip: fewer random histories are tried. */
  readonly slow?: boolean
}
