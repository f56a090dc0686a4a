import type { CatalogStore } from "../catalog-store.ts"
import { dagCatalog } from "./dag-catalog.ts"
import { instanceCatalog } from "./instance-catalog.ts"
import { runCatalog } from "./run-catalog.ts"
import type { MemoryState } from "./state.ts"

/** Lists for people and programs, over a memory state. */
export function catalog(state: MemoryState): CatalogStore {
  return { ...dagCatalog(state), ...runCatalog(state), ...instanceCatalog(state) }
}
