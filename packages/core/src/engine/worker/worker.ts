/**
 * The worker: claims leases, runs them in hosts, records outcomes, renews what it holds.
 *
 * It holds at most as many leases as it has slots, each a fiber: memory is O(leases), whatever the run's size. A
 * lease that cannot be renewed was taken away: its instances are aborted and write nothing more.
 */
import { Effect, FiberMap } from "effect"
import type { ExecutionContexts } from "../../expansion/execution-contexts.ts"
import type { HostPool } from "../../host/host-pool.ts"
import type { ClaimPosition, HeldLeases, Lease } from "../../store/lease-store.ts"
import type { StoreService } from "../../store/store.ts"
import { apart } from "../../store/turn.ts"
import type { WakeGate } from "../../store/wake-gate.ts"
import { localWakeups, makeWakeGate } from "../../store/wake-gate.ts"
import { makeFolder } from "./folder.ts"
import type { LeaseRunner } from "./lease-run.ts"
import { returnLease, runLease } from "./lease-run.ts"
import { LeaseSizes } from "./lease-size.ts"
import { Slots } from "./slots.ts"

/** How long a worker without work sleeps at most before it looks again; retries come due by this clock. */
export const workPollMs = 500

/** How long a lease that was claimed ahead waits for its slots before others may have it. */
export const aheadWaitMsMax = 250

/** What a worker works with and how much it takes on. */
export interface WorkerOptions {
  readonly store: StoreService
  readonly hosts: HostPool
  readonly contexts: ExecutionContexts
  readonly gate: WakeGate
  readonly workerId: string
  /** Among how many leases the slots are shared when each could use them all. */
  readonly lanes: number
  /** Instances that run at once, over all leases. */
  readonly concurrency: number
  readonly leaseSeconds: number
}

/** A lease that a worker holds. */
interface HeldLease {
  readonly expansionId: string
  readonly abort: AbortController
}

/** A worker's state and its turns. */
export interface Worker {
  /** Claims what there is room for, starts it, and waits when there is nothing; says how many leases it took. */
  readonly claimOnce: Effect.Effect<number, unknown>
  /** Extends the leases held and aborts those that were taken away. */
  readonly renewOnce: Effect.Effect<void, unknown>
  readonly foldOnce: Effect.Effect<void, unknown>
  /** Folds what waits to be folded, without gathering more. */
  readonly foldNow: Effect.Effect<void, unknown>
  /** Aborts what runs and gives the rest back. */
  readonly stop: Effect.Effect<void>
  /** Ends when no lease is held. */
  readonly idle: Effect.Effect<void>
}

/** Makes a worker; closing the scope interrupts what it runs. */
export const makeWorker = Effect.fnUntraced(function* (options: WorkerOptions) {
  const { store, gate, workerId, leaseSeconds, lanes } = options
  const slots = new Slots({ total: options.concurrency, lanes })
  // Leases whose instances have all ended: how many may be on their way to the database before no more are claimed.
  const unrecordedMax = lanes * 2
  const fibers = yield* FiberMap.make<string, void, never>()
  const held = new Map<string, HeldLease>()
  const sizes = new LeaseSizes(slots.perLease)
  const folder = yield* makeFolder(store)
  // A free slot is worth a look only to who waited for one: when nothing was to be had, there still is nothing.
  const slotFreed = localWakeups()
  const slotsGate = yield* makeWakeGate(slotFreed, ["work"])
  const now = yield* Effect.clockWith((clock) => Effect.succeed(() => clock.currentTimeMillisUnsafe()))
  const freed = (leaseId: string, instances: number) => {
    if (slots.shrink(leaseId, instances)) slotFreed.wake("work")
  }
  const runner: LeaseRunner = {
    store,
    hosts: options.hosts,
    workerId,
    leaseSeconds,
    onPageFinished: folder.onPageFinished,
    onEnded: ({ leaseId, expansionId }, { count, running, busyMs }) => {
      sizes.observe(expansionId, count, busyMs)
      slots.expect(leaseId, now() + sizes.msOf(expansionId, running, slots.heldBy(leaseId)))
      freed(leaseId, running)
    },
    onRecorded: () => store.wake("progress"),
  }
  // Where each round stands, and whose turn it is.
  let after: string | null = null
  let offersAfter: string | null = null
  let offersFirst = true
  let past: ClaimPosition | null = null

  const run = (lease: Lease, concurrency: number, signal: AbortSignal) =>
    Effect.gen(function* () {
      slots.expect(lease.leaseId, now() + sizes.msOf(lease.expansionId, lease.remaining, concurrency))
      const of = yield* options.contexts.get(lease)
      yield* runLease(runner, of, lease, { concurrency, signal })
      // What a limited task leaves free may be taken up at once, here or elsewhere.
      if (lease.isLimited) store.wake("work")
    })

  const start = (lease: Lease, toCome: number) => {
    const { leaseId, expansionId, remaining } = lease
    const abort = new AbortController()
    held.set(leaseId, { expansionId, abort })
    const atOnce = slots.hasFree ? slots.take(leaseId, remaining, toCome) : null
    const whenFree = atOnce === null ? slotsLater(slots, lease, abort.signal) : Effect.succeed(atOnce)
    const whole = whenFree.pipe(
      Effect.flatMap((concurrency) =>
        concurrency === null ? returnLease(runner, lease) : run(lease, concurrency, abort.signal),
      ),
      Effect.catchCause((cause) => Effect.logError(`lease ${leaseId} could not be started`, cause)),
      Effect.ensuring(
        Effect.sync(() => {
          held.delete(leaseId)
          slots.shrink(leaseId, 0)
          slotFreed.wake("work")
        }),
      ),
    )
    return FiberMap.run(fibers, leaseId, apart(whole))
  }

  // Whole or not at all: a lease that was taken and not started would be nobody's until it expires.
  const take = (limit: number) =>
    Effect.gen(function* () {
      const claimed = yield* store.claim({
        workerId,
        limit,
        leaseSeconds,
        sizeDefault: sizes.sizeDefault,
        sizes: sizes.hints(),
        held: leasesByExpansion(held),
        after,
        offersAfter,
        offersFirst,
        past,
      })
      const { leases } = claimed
      past = claimed.past
      after = leases.findLast((lease) => !lease.wasOffered)?.expansionId ?? null
      offersAfter = leases.findLast((lease) => lease.wasOffered)?.expansionId ?? null
      offersFirst = !offersFirst
      // Each gets a slot, but for those that were claimed ahead.
      const atOnce = Math.min(leases.length, slots.leasesAtOnce)
      for (const [place, lease] of leases.entries()) yield* start(lease, Math.max(0, atOnce - place - 1))
      return leases.length
    }).pipe(Effect.uninterruptible)

  const claimOnce = Effect.gen(function* () {
    const seen = gate.version()
    const slotsSeen = slotsGate.version()
    const limit = held.size - slots.leases < unrecordedMax ? slots.leasesWanted(now()) : 0
    if (limit === 0) {
      yield* slotsGate.wait(slotsSeen, Math.min(workPollMs, slots.msUntilNear(now())))
      return 0
    }
    const taken = yield* take(limit)
    if (taken === 0) yield* gate.wait(seen, workPollMs)
    return taken
  })

  const renewOnce = Effect.gen(function* () {
    const leaseIds = [...held.keys()]
    if (leaseIds.length === 0) return
    const kept = new Set(yield* store.renew({ workerId, leaseIds, leaseSeconds }))
    for (const id of leaseIds) {
      if (!kept.has(id)) held.get(id)?.abort.abort(new DOMException("the lease was taken away", "AbortError"))
    }
  })

  const stop = Effect.sync(() => {
    for (const { abort } of held.values()) abort.abort(new DOMException("the worker stops", "AbortError"))
  })

  return {
    claimOnce,
    renewOnce,
    foldOnce: folder.foldOnce,
    foldNow: folder.foldNow,
    stop,
    idle: Effect.ignore(FiberMap.awaitEmpty(fibers)),
  } satisfies Worker
})

/** How many leases there are of each expansion. */
function leasesByExpansion(held: ReadonlyMap<string, HeldLease>): HeldLeases[] {
  const groups = Map.groupBy(held.values(), ({ expansionId }) => expansionId)
  return [...groups].map(([expansionId, { length: leases }]) => ({ expansionId, leases }))
}

/** Waits for the slots of a lease that was claimed ahead; null when it took too long, or the lease was taken away. */
function slotsLater(slots: Slots, lease: Lease, signal: AbortSignal): Effect.Effect<number | null> {
  const taken = Effect.callback<number | null>((resume) => {
    const give = (concurrency: number | null) => {
      cancel()
      signal.removeEventListener("abort", refuse)
      resume(Effect.succeed(concurrency))
    }
    const refuse = () => give(null)
    const cancel = slots.whenFree(() => give(slots.take(lease.leaseId, lease.remaining)))
    signal.addEventListener("abort", refuse)
    return Effect.sync(() => {
      cancel()
      signal.removeEventListener("abort", refuse)
    })
  })
  return Effect.raceFirst(taken, Effect.as(Effect.sleep(aheadWaitMsMax), null))
}
