/**
 * The triggerer: fires what deferred instances wait for.
 *
 * Timers, timeouts and ends of runs are read from the store when they are due; nobody holds them, so nothing of them is lost with
 * a process, and a million cost no memory. The others it watches, as many as its capacity and its share allow, until
 * each fires or fails; when it dies, another takes them up. The store lets the first event of a trigger count, and no
 * other: whatever is done twice here is done once there.
 */
import { Cause, Effect, FiberMap, Semaphore } from "effect"
import type { ExecutionContexts } from "../../expansion/execution-contexts.ts"
import type { HostPool } from "../../host/host-pool.ts"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"
import type { TriggerFailure, WaitingTrigger } from "../../store/trigger-store.ts"
import { apart, idly } from "../../store/turn.ts"
import type { WakeGate } from "../../store/wake-gate.ts"
import { makeFolder } from "../worker/folder.ts"
import { deferralTimeout, toFailure } from "./failure.ts"
import type { Outside } from "./outside.ts"
import { type Watched, watch, type Watcher } from "./watch.ts"

/** What a triggerer works with and how much it takes on. */
export interface TriggererOptions {
  readonly store: StoreService
  readonly hosts: HostPool
  readonly contexts: ExecutionContexts
  readonly outside: Outside
  readonly triggererId: string
  /** The most triggers that it watches. */
  readonly capacity: number
  readonly leaseSeconds: number
  /** Opens when an instance has deferred. */
  readonly deferred: WakeGate
  /** Opens when a run has ended, or an instance has deferred. */
  readonly runEnded: WakeGate
}

/** A triggerer's turns. */
export interface Triggerer {
  /** Fires timers that are due, and waits for the next. */
  readonly timersOnce: Effect.Effect<void, unknown>
  /** Fails deferrals whose time is over, and waits a moment. */
  readonly timeoutsOnce: Effect.Effect<void, unknown>
  /** Fires what waits for runs that have ended, and waits for the next. */
  readonly runsOnce: Effect.Effect<void, unknown>
  /** Takes triggers to watch, and waits until there may be more. */
  readonly takeOnce: Effect.Effect<void, unknown>
  /** Says that it is alive, and drops what it need not watch any more. */
  readonly renewOnce: Effect.Effect<void, unknown>
  readonly foldOnce: Effect.Effect<void, unknown>
  /** Stops watching, and gives everything back. */
  readonly release: Effect.Effect<void, unknown>
}

/** How long a trigger that cannot be watched waits for the next attempt. */
const watchAgainMs = 5_000

/** The most triggers that one statement fires or fails. */
export const firedMax = 500

/** How long the clock sleeps at most: a timer whose wake-up was lost is late by no more. */
const timersPollMs = 750

/** The shortest sleep of the clock: timers of one moment are fired together. */
const timersTurnMs = 20

/** How often timeouts are looked for: so much longer than asked a deferral may wait. */
const timeoutsPollMs = 750

/** How often ends of runs are looked for without a wake-up. */
const runsPollMs = 5_000

/** The shortest time between two looks for ended runs: the cost of one grows with the runs that are waited for. */
const runsTurnMs = 200

/** How often a triggerer without a wake-up looks for triggers that nobody watches. */
const takePollMs = 1_500

/** The shortest time between two looks for triggers: with it, none takes in several turns what others have a share in. */
const takeTurnMs = 100

/** How many looks at what is outside one triggerer has under way at once. */
const looksAtOnce = 32

/** Makes a triggerer; closing the scope ends what it watches. */
export const makeTriggerer = Effect.fnUntraced(function* (options: TriggererOptions) {
  const { store, contexts, triggererId, capacity, leaseSeconds } = options
  const watched = yield* FiberMap.make<string, void, never>()
  const folder = yield* makeFolder(store)
  const looks = yield* Semaphore.make(looksAtOnce)
  const watcher: Watcher = { store, contexts, looks, hosts: options.hosts, outside: options.outside }

  const fail = Effect.fnUntraced(function* (failures: readonly TriggerFailure[], owner: string | null) {
    const failed = yield* untilAvailable(store.failTriggers({ triggererId: owner, failures }))
    for (const { expansionId, isPageFinished, isExhausted } of failed)
      if (isPageFinished) folder.onPageFinished(expansionId, isExhausted)
    store.wake("work")
    // It may be one failure too many for its map.
    if (failed.length > 0) store.wake("due")
  })

  const taskOf = (waiting: WaitingTrigger) =>
    Effect.map(contexts.get({ expansionId: waiting.expansionId, generation: 0 }), ({ task }) => task)

  const end = Effect.fnUntraced(function* (waiting: WaitingTrigger, how: Watched) {
    const { triggerId } = waiting
    if (!how.fires) return yield* fail([toFailure(yield* taskOf(waiting), waiting, how)], triggererId)
    yield* untilAvailable(store.fireTriggers({ events: [{ triggerId, event: how.event }] }))
    store.wake("work")
  })

  const start = (waiting: WaitingTrigger) =>
    FiberMap.run(watched, waiting.triggerId, apart(watchUntilTold(waiting)))

  // What cannot be watched just now (its run's row, a host) is tried again: it stays this triggerer's, and nobody else's.
  const watchUntilTold = (waiting: WaitingTrigger): Effect.Effect<void> =>
    watch(watcher, waiting).pipe(
      Effect.flatMap((how) => end(waiting, how)),
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.interrupt
          : Effect.logWarning(`trigger ${waiting.triggerId} could not be watched`, cause).pipe(
              Effect.andThen(Effect.sleep(watchAgainMs)),
              Effect.andThen(Effect.suspend(() => watchUntilTold(waiting))),
            ),
      ),
    )

  const failOverdue = Effect.gen(function* () {
    const overdue = yield* store.dueTimeouts({ limit: firedMax })
    const failures: TriggerFailure[] = []
    for (const waiting of overdue) {
      failures.push(
        toFailure(yield* taskOf(waiting), waiting, { error: deferralTimeout(waiting), isFinal: false }),
      )
    }
    if (failures.length > 0) yield* fail(failures, null)
    return overdue.length
  })

  const timersOnce = Effect.gen(function* () {
    const seen = options.deferred.version()
    const { fired, nextInMs } = yield* store.fireTimers({ limit: firedMax })
    if (fired > 0) store.wake("work")
    if (fired === firedMax) return
    const ms = Math.max(timersTurnMs, Math.min(nextInMs ?? timersPollMs, timersPollMs))
    yield* idly(Effect.sleep(timersTurnMs))
    yield* options.deferred.wait(seen, ms - timersTurnMs)
  })

  const timeoutsOnce = Effect.gen(function* () {
    const overdue = yield* failOverdue
    if (overdue < firedMax) yield* idly(Effect.sleep(timeoutsPollMs))
  })

  const runsOnce = Effect.gen(function* () {
    const seen = options.runEnded.version()
    const fired = yield* store.fireEndedRuns({ limit: firedMax })
    if (fired > 0) store.wake("work")
    yield* idly(Effect.sleep(runsTurnMs))
    if (fired < firedMax) yield* options.runEnded.wait(seen, runsPollMs)
  })

  // Whole or not at all: a trigger that was taken and not started would be nobody's until this one dies.
  const take = Effect.gen(function* () {
    const triggers = yield* store.leaseTriggers({ triggererId, capacity, leaseSeconds })
    for (const waiting of triggers) yield* start(waiting)
  }).pipe(Effect.uninterruptible)

  const takeOnce = Effect.gen(function* () {
    const seen = options.deferred.version()
    yield* take
    yield* idly(Effect.sleep(takeTurnMs))
    yield* options.deferred.wait(seen, takePollMs)
  })

  // What it has and does not know of comes of an answer that was lost on its way.
  const renewOnce = Effect.gen(function* () {
    const triggerIds = Array.from(watched, ([id]) => id)
    const { kept, unknown } = yield* store.renewTriggers({ triggererId, triggerIds, leaseSeconds })
    const stillWatched = new Set(kept)
    for (const id of triggerIds) if (!stillWatched.has(id)) yield* FiberMap.remove(watched, id)
    for (const waiting of unknown) {
      if (!(yield* FiberMap.has(watched, waiting.triggerId))) yield* start(waiting)
    }
  }).pipe(Effect.uninterruptible)

  const release = FiberMap.clear(watched).pipe(
    Effect.andThen(untilAvailable(store.releaseTriggers({ triggererId }))),
  )
  return {
    timersOnce,
    timeoutsOnce,
    runsOnce,
    takeOnce,
    renewOnce,
    foldOnce: folder.foldOnce,
    release,
  } satisfies Triggerer
})
