import { Effect } from "effect"
import { AlreadyExists, type NotAllowed, NotFound } from "../errors.ts"
import {
  defaultPool,
  type PoolRow,
  type PoolSettings,
  poolsMax,
  type PoolStore,
  tooManyPools,
} from "../pool-store.ts"
import { countsOf, sumOf } from "./counts.ts"
import { noteIdentityEvent } from "./events.ts"
import { namesAfter } from "./names-after.ts"
import { runningOf } from "./expansion-view.ts"
import type { ExpansionRecord, MemoryState } from "./state.ts"

/** Pools over a memory state. */
export function pools(state: MemoryState): PoolStore {
  return {
    listPools: ({ after, limit }) =>
      Effect.sync(() => namesAfter(state.pools, after, limit).map(([name]) => rowOf(state, name))),
    pool: (name) => Effect.suspend(() => found(state, name)),
    createPool: (options) => Effect.suspend(() => createPool(state, options)),
    changePool: ({ actor, name, ...change }) =>
      Effect.suspend(() => {
        const before = state.pools.get(name)
        if (before !== undefined) {
          state.pools.set(name, { ...before, ...change })
          noteIdentityEvent(state, { actor, event: "pool_changed", detail: { name, ...change } })
        }
        return found(state, name)
      }),
    deletePool: ({ actor, name }) =>
      Effect.sync(() => {
        if (!state.pools.has(name)) return "unknown"
        if (name === defaultPool) return "default"
        if ([...state.unended].some(({ task }) => task.pool === name)) return "in_use"
        state.pools.delete(name)
        noteIdentityEvent(state, { actor, event: "pool_deleted", detail: { name } })
        return "deleted"
      }),
  }
}

function createPool(
  state: MemoryState,
  { actor, name, ...settings }: Parameters<PoolStore["createPool"]>[0],
): Effect.Effect<PoolRow, AlreadyExists | NotAllowed> {
  if (state.pools.has(name)) return Effect.fail(new AlreadyExists({ what: "pool", id: name }))
  if (state.pools.size >= poolsMax) return Effect.fail(tooManyPools())
  state.pools.set(name, settings)
  noteIdentityEvent(state, { actor, event: "pool_created", detail: { name, ...settings } })
  return Effect.succeed(rowOf(state, name))
}

/** Whether a pool limits what runs: one that does not exist lets nothing run. */
export function isPoolLimited(state: MemoryState, name: string): boolean {
  return state.pools.get(name)?.slots !== null
}

/** How many more slots of a pool may be taken: none of one that does not exist. */
export function slotsLeftOf(state: MemoryState, name: string): number {
  const settings = state.pools.get(name)
  if (settings === undefined) return 0
  if (settings.slots === null) return Number.MAX_SAFE_INTEGER
  const { running, deferred } = useOf(state, name)
  return settings.slots - running - (settings.includeDeferred ? deferred : 0)
}

function found(state: MemoryState, name: string): Effect.Effect<PoolRow, NotFound> {
  return state.pools.has(name)
    ? Effect.succeed(rowOf(state, name))
    : Effect.fail(new NotFound({ what: "pool", id: name }))
}

function rowOf(state: MemoryState, name: string): PoolRow {
  const settings = state.pools.get(name) as PoolSettings
  return { name, ...settings, ...useOf(state, name) }
}

function useOf(state: MemoryState, name: string): Pick<PoolRow, "running" | "deferred" | "waiting"> {
  const use = { running: 0, deferred: 0, waiting: 0 }
  for (const expansion of state.unended) {
    if (expansion.task.pool === name) addUse(use, expansion)
  }
  return use
}

function addUse(use: { running: number; deferred: number; waiting: number }, expansion: ExpansionRecord) {
  const { task, triggers, created } = expansion
  const running = runningOf(expansion)
  const unended = created - sumOf(countsOf(expansion))
  use.running += running * task.poolSlots
  use.deferred += triggers.size * task.poolSlots
  use.waiting += (unended - running - triggers.size) * task.poolSlots
}
