import { Context } from "effect"
import type { AssetPlannerStore, AssetStore } from "./asset-store.ts"
import type { CatalogStore } from "./catalog-store.ts"
import type { BackfillStore } from "./backfill-store.ts"
import type { ControlStore } from "./control-store.ts"
import type { DagFileStore } from "./dag-file-store.ts"
import type { DagStore } from "./dag-store.ts"
import type { DefinitionStore } from "./definition-store.ts"
import type { EventStore } from "./event-store.ts"
import type { ExpansionStore } from "./expansion-store.ts"
import type { IdentityStore } from "./identity-store.ts"
import type { LiveStore } from "./live-store.ts"
import type { LeaseStore } from "./lease-store.ts"
import type { LeaderStore, PlannerStore } from "./planner-store.ts"
import type { ParseStore } from "./parse-store.ts"
import type { PoolStore } from "./pool-store.ts"
import type { PruneStore, RetentionStore } from "./prune-store.ts"
import type { ReadStore, RoleStore } from "./read-store.ts"
import type { RedriveStore } from "./redrive-store.ts"
import type { RunStore } from "./run-store.ts"
import type { TriggerStore } from "./trigger-store.ts"
import type { VaultStore } from "./vault-store.ts"
import type { WaitStore } from "./wait-store.ts"
import type { Wakeups } from "./wakeups.ts"

/** All that the engine asks of a database: one method per statement, in verbs of the domain. */
export interface StoreService
  extends
    DefinitionStore,
    DagFileStore,
    ParseStore,
    DagStore,
    AssetStore,
    AssetPlannerStore,
    BackfillStore,
    LeaderStore,
    PlannerStore,
    RunStore,
    ExpansionStore,
    LeaseStore,
    RedriveStore,
    TriggerStore,
    ReadStore,
    RoleStore,
    LiveStore,
    IdentityStore,
    PoolStore,
    PruneStore,
    RetentionStore,
    CatalogStore,
    EventStore,
    ControlStore,
    VaultStore,
    WaitStore,
    Wakeups {}

/**
 * The port to the database. Each verb is atomic: after a crash it has happened or it has not.
 *
 * `memory.ts` is the reference implementation; `@sluice/postgres` the real one. Both pass `storeContract`.
 */
export class Store extends Context.Service<Store, StoreService>()("@sluice/core/store/Store") {}
