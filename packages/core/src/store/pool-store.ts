import type { Effect } from "effect"
import { type AlreadyExists, NotAllowed, type NotFound, type StoreError } from "./errors.ts"

/** The pool of a task that names none. It is always there, and has no limit until it is given one. */
export const defaultPool = "default_pool"

/** The most slots that a pool can be given. */
export const poolSlotsMax = 1_000_000

/** The most pools there may be: lists of them are read whole. */
export const poolsMax = 1_000

/** The longest description of a pool. */
export const poolDescriptionLengthMax = 10_000

/** What a pool is set to. */
export interface PoolSettings {
  /** How many slots its instances may take at once, over all DAGs; null: no limit. 0 lets nothing start. */
  readonly slots: number | null
  /** Whether a deferred instance keeps its slots. */
  readonly includeDeferred: boolean
  readonly description: string | null
}

/** A pool, and what takes its slots. Counts are of slots, not of instances. */
export interface PoolRow extends PoolSettings {
  readonly name: string
  /** Taken by instances that run: inside a lease, without an outcome. */
  readonly running: number
  /** Of instances that are deferred; they count against the pool only with `includeDeferred`. */
  readonly deferred: number
  /** Of instances that were made and wait for a worker, a slot, or their next try. */
  readonly waiting: number
}

/** Pools: limits on what runs at once, over all DAGs and runs. Each change is in the event log, written with it. */
export interface PoolStore {
  /** Pools by name, after a name. `limit` ≤ 1000. Costs what runs and waits in them, never what has ended. */
  readonly listPools: (options: {
    after: string | null
    limit: number
  }) => Effect.Effect<readonly PoolRow[], StoreError>
  readonly pool: (name: string) => Effect.Effect<PoolRow, NotFound | StoreError>
  /** Makes a pool; `NotAllowed` once there are `poolsMax`. */
  readonly createPool: (
    options: PoolSettings & { name: string; actor: string },
  ) => Effect.Effect<PoolRow, AlreadyExists | NotAllowed | StoreError>
  /** Changes what is given. It counts from the next claim on: what runs by then goes on. */
  readonly changePool: (
    options: Partial<PoolSettings> & { name: string; actor: string },
  ) => Effect.Effect<PoolRow, NotFound | StoreError>
  /**
   * Deletes a pool. `in_use`: a task of an unfinished run names it; `default`: it is the default pool. Neither is deleted.
   *
   * A task of a pool that does not exist does not start.
   */
  readonly deletePool: (options: {
    name: string
    actor: string
  }) => Effect.Effect<"deleted" | "unknown" | "in_use" | "default", StoreError>
}

/** Why no further pool is made. */
export function tooManyPools(): NotAllowed {
  const message = `there are ${poolsMax} pools, and there may be no more; delete one that nothing uses`
  return new NotAllowed({ what: "pool", state: "too many", message })
}
