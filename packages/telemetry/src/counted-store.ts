import { isTagged, type Lease, type StoreService } from "@sluice/core/store"
import { Cause, Effect, Exit } from "effect"
import type { Metrics } from "./metrics.ts"

type Complete = Parameters<StoreService["complete"]>[0]
type Commit = Parameters<StoreService["commitPage"]>[0]

/** Wraps a store so that its calls, and what they tell of pages, leases and items, are counted. */
export function countStore(store: StoreService, metrics: Metrics): StoreService {
  const counted = Object.fromEntries(
    Object.entries(store).map(([operation, verb]) => [operation, countVerb(operation, verb, metrics)]),
  ) as unknown as StoreService
  return {
    ...counted,
    claim: (options) =>
      Effect.tap(counted.claim(options), ({ leases }) => Effect.sync(() => countClaimed(metrics, leases))),
    commitPage: (options) =>
      Effect.tap(counted.commitPage(options), () => Effect.sync(() => countPage(metrics, options))),
    complete: (options) =>
      Effect.tap(counted.complete(options), () => Effect.sync(() => countEnded(metrics, options))),
    pruneRows: (options) =>
      Effect.tap(counted.pruneRows(options), ({ removed }) => Effect.sync(() => metrics.pruned.inc(removed))),
  }
}

function countClaimed(metrics: Metrics, leases: readonly Lease[]): void {
  metrics.leases.inc(leases.length)
  for (const { wasOffered, waitedMs } of leases)
    metrics.claimWaitSeconds.observe({ kind: wasOffered ? "offer" : "page" }, waitedMs / 1000)
}

/** A page without items moves a cursor, and is none. */
function countPage(metrics: Metrics, { items }: Commit): void {
  if (items.length === 0) return
  metrics.pages.inc()
  metrics.discovered.inc(items.length)
}

function countEnded(metrics: Metrics, { indexes, remainingBefore, exceptions }: Complete): void {
  metrics.ended.inc({ state: "success" }, indexes?.length ?? remainingBefore)
  for (const [state, some] of Map.groupBy(exceptions, (exception) => exception.state))
    metrics.ended.inc({ state }, some.length)
}

/** Verbs give effects; what tells others at once, and listeners, is passed on as it is. */
function countVerb(operation: string, verb: unknown, metrics: Metrics): unknown {
  if (Effect.isEffect(verb)) return countCall(operation, verb as Effect.Effect<unknown, unknown>, metrics)
  if (typeof verb !== "function") return verb
  return (...options: unknown[]) => {
    const given: unknown = verb(...options)
    return Effect.isEffect(given)
      ? countCall(operation, given as Effect.Effect<unknown, unknown>, metrics)
      : given
  }
}

function countCall<A, E>(
  operation: string,
  call: Effect.Effect<A, E>,
  { storeSeconds, storeErrors }: Metrics,
): Effect.Effect<A, E> {
  return Effect.suspend(() => {
    const startedAt = performance.now()
    return Effect.onExit(call, (exit) =>
      Effect.sync(() => {
        storeSeconds.observe({ operation }, (performance.now() - startedAt) / 1000)
        if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause))
          storeErrors.inc({ operation, error: nameOf(Cause.squash(exit.cause)) })
      }),
    )
  })
}

/** The kinds of errors that a store has; any other is a bug. */
const kinds = [
  "LeaseLost",
  "NotFound",
  "NotAllowed",
  "StoreUnavailable",
  "StoreFailure",
  "TooManyItems",
] as const

function nameOf(error: unknown): string {
  return kinds.find((kind) => isTagged(error, kind)) ?? "other"
}
