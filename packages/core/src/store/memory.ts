import { Layer } from "effect"
import { assets } from "./memory/assets.ts"
import { catalog } from "./memory/catalog.ts"
import { events } from "./memory/events.ts"
import { backfills } from "./memory/backfills.ts"
import { control } from "./memory/control.ts"
import { dagFiles } from "./memory/dag-files.ts"
import { dags } from "./memory/dags.ts"
import { definitions } from "./memory/definitions.ts"
import { expansions } from "./memory/expansions.ts"
import { identities } from "./memory/identities.ts"
import { leases } from "./memory/leases.ts"
import { planner } from "./memory/planner.ts"
import { live } from "./memory/live.ts"
import { parses } from "./memory/parses.ts"
import { pools } from "./memory/pools.ts"
import { retention } from "./memory/retention.ts"
import { prune } from "./memory/prune.ts"
import { vault } from "./memory/vault.ts"
import { reads } from "./memory/reads.ts"
import { redrives } from "./memory/redrive.ts"
import { roles } from "./memory/roles.ts"
import { triggers } from "./memory/triggers.ts"
import { runs } from "./memory/runs.ts"
import { emptyState, type MemoryState } from "./memory/state.ts"
import { waits } from "./memory/waits.ts"
import { wakeups } from "./memory/wakeups.ts"
import { Store, type StoreService } from "./store.ts"

/*
 * The reference implementation of the store: for tests, simulations, and to read what a verb means. Each verb runs
 * synchronously inside one effect, so nothing comes between its reads and its writes. All is lost with the process.
 */

/** Makes a store that lives in memory. `now` gives milliseconds, so that a simulation can drive its clock. */
export function makeMemoryStore(options: { readonly now?: () => number } = {}): StoreService {
  return memoryStoreOver(emptyState(options.now ?? Date.now))
}

/** Makes the verbs over a state that the caller can look into. */
export function memoryStoreOver(state: MemoryState): StoreService {
  return {
    ...definitions(state),
    ...dagFiles(state),
    ...parses(state),
    ...dags(state),
    ...assets(state),
    ...planner(state),
    ...backfills(state),
    ...runs(state),
    ...expansions(state),
    ...leases(state),
    ...redrives(state),
    ...triggers(state),
    ...reads(state),
    ...roles(state),
    ...identities(state),
    ...live(state),
    ...pools(state),
    ...prune(state),
    ...retention(state),
    ...vault(state),
    ...catalog(state),
    ...events(state),
    ...control(state),
    ...waits(state),
    ...wakeups(),
  }
}

/** Provides a memory store, a new one each time the layer is built. */
export const memoryStoreLayer = (options: { readonly now?: () => number } = {}): Layer.Layer<Store> =>
  Layer.sync(Store, () => makeMemoryStore(options))
