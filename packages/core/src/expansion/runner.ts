/**
 * The TaskExpansion runner: takes expansions that can be pulled, and pulls each in a fiber of its own.
 *
 * Any number of runners share the work. What a runner holds is its own under an epoch; when it dies, its leases
 * expire, and another goes on at the committed cursor. An expansion that waits for room holds a fiber and no slot.
 */
import { Cause, Effect, FiberMap } from "effect"
import type { HostPool } from "../host/host-pool.ts"
import { isTagged } from "../store/errors.ts"
import type { StoreError } from "../store/errors.ts"
import type { ExpansionLease } from "../store/expansion-store.ts"
import type { StoreService } from "../store/store.ts"
import { untilAvailable } from "../store/store-retry.ts"
import { apart } from "../store/turn.ts"
import type { WakeGate } from "../store/wake-gate.ts"
import type { ExecutionContexts } from "./execution-contexts.ts"
import { pullLoop } from "./pull-loop.ts"
import { pullSourceOf } from "./pull-source.ts"

/** What a runner works with and how much it takes on. */
export interface RunnerOptions {
  readonly store: StoreService
  readonly hosts: HostPool
  readonly contexts: ExecutionContexts
  readonly gate: WakeGate
  readonly runnerId: string
  /** The most expansions pulled at once by this runner. */
  readonly expansionsMax: number
  readonly leaseSeconds: number
}

type Held = FiberMap.FiberMap<string, void, never>

/** A runner's state: the expansions it holds, with their epochs. */
export interface Runner {
  readonly fibers: Held
  readonly epochs: Map<string, number>
  /** Those of them that wait (for room, upstream or a retry): they hold no slot, else the ones they wait for may get none. */
  readonly idle: Set<string>
  /** Whether there was more to take than there were slots, when they were last counted. */
  mayTakeMore: boolean
}

/** Makes an empty runner; closing the scope ends what it pulls. */
export const makeRunner = Effect.fnUntraced(function* () {
  const fibers: Held = yield* FiberMap.make<string, void, never>()
  const runner: Runner = { fibers, epochs: new Map(), idle: new Set(), mayTakeMore: false }
  return runner
})

/**
 * Takes what can be had and starts pulling it; says how many. Not to be interrupted: what was taken and not started would
 * be nobody's until it expires.
 */
export function takeOnce(runner: Runner, options: RunnerOptions): Effect.Effect<number, StoreError> {
  return Effect.uninterruptible(take(runner, options))
}

const take = Effect.fnUntraced(function* (runner: Runner, options: RunnerOptions) {
  const limit = freeSlots(runner, options)
  // Until the answer is there, nobody knows: a slot that is freed meanwhile is worth another look.
  runner.mayTakeMore = true
  if (limit <= 0) return 0
  const { runnerId, leaseSeconds, store } = options
  const leases = yield* store.leaseExpansions({ runnerId, limit, leaseSeconds })
  for (const lease of leases) {
    runner.epochs.set(lease.expansionId, lease.epoch)
    yield* FiberMap.run(runner.fibers, lease.expansionId, apart(pullExpansion(runner, options, lease)))
  }
  runner.mayTakeMore = leases.length >= limit
  return leases.length
})

/** How many more expansions may be pulled at once. */
function freeSlots(runner: Runner, options: RunnerOptions): number {
  return options.expansionsMax - (runner.epochs.size - runner.idle.size)
}

/** Extends what the runner holds, and stops what was taken away. */
export const renewOnce = Effect.fnUntraced(function* (runner: Runner, options: RunnerOptions) {
  const held = [...runner.epochs].map(([expansionId, epoch]) => ({ expansionId, epoch }))
  if (held.length === 0) return
  const { runnerId, leaseSeconds, store } = options
  const kept = new Set(yield* store.renewExpansions({ runnerId, held, leaseSeconds }))
  for (const { expansionId, epoch } of held) {
    if (kept.has(expansionId) || runner.epochs.get(expansionId) !== epoch) continue
    yield* FiberMap.remove(runner.fibers, expansionId)
  }
})

/** Gives back all that the runner holds, so that another may take it at once. */
export const releaseAll = Effect.fnUntraced(function* (runner: Runner, options: RunnerOptions) {
  const held = [...runner.epochs].map(([expansionId, epoch]) => ({ expansionId, epoch }))
  yield* FiberMap.clear(runner.fibers)
  if (held.length === 0) return
  yield* untilAvailable(options.store.releaseExpansions({ runnerId: options.runnerId, held }))
})

/** Pulls one expansion to its end. Whatever ends it otherwise gives it back, for the next turn or another runner. */
function pullExpansion(runner: Runner, options: RunnerOptions, lease: ExpansionLease): Effect.Effect<void> {
  const { store, hosts, contexts, gate, runnerId } = options
  const held = [{ expansionId: lease.expansionId, epoch: lease.epoch }]
  const whileIdle = (wait: Effect.Effect<void>) => idling(runner, options, lease.expansionId, wait)
  return contexts.get(lease).pipe(
    Effect.flatMap((of) =>
      pullLoop({ store, gate, of, source: pullSourceOf(store, hosts, of), lease, whileIdle }),
    ),
    Effect.catchCause((cause) =>
      Effect.gen(function* () {
        if (!isLost(cause)) yield* Effect.logWarning(`pulling expansion ${lease.expansionId} failed`, cause)
        // Released only after a pause, so that what fails at once does not spin.
        yield* Effect.sleep(releasePauseMs)
        yield* untilAvailable(store.releaseExpansions({ runnerId, held })).pipe(Effect.ignore)
      }),
    ),
    Effect.ensuring(Effect.sync(() => forget(runner, options, lease))),
  )
}

/** Frees the expansion's slot during a wait, and tells the runner where that is news. */
function idling(
  runner: Runner,
  options: RunnerOptions,
  expansionId: string,
  wait: Effect.Effect<void>,
): Effect.Effect<void> {
  return Effect.acquireUseRelease(
    Effect.sync(() => {
      runner.idle.add(expansionId)
      if (runner.mayTakeMore) options.store.wake("open")
    }),
    () => wait,
    () => Effect.sync(() => runner.idle.delete(expansionId)),
  )
}

/** How long a runner keeps an expansion whose pulling failed for a reason of ours, before it gives it back. */
const releasePauseMs = 200

function forget(runner: Runner, options: RunnerOptions, lease: ExpansionLease): void {
  if (runner.epochs.get(lease.expansionId) !== lease.epoch) return
  runner.epochs.delete(lease.expansionId)
  if (runner.mayTakeMore) options.store.wake("open")
}

function isLost(cause: Cause.Cause<unknown>): boolean {
  const error = Cause.squash(cause)
  return Cause.hasInterruptsOnly(cause) || isTagged(error, "LeaseLost")
}
