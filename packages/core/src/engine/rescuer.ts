/**
 * The rescuer: takes back what a dead process left behind.
 *
 * Expired leases are offered again; finished pages that nobody folded are folded; runs whose last task ended while
 * its scheduler died are ended. Each turn is bounded, and finds only what is wrong.
 */
import { Effect } from "effect"
import type { StoreService } from "../store/store.ts"
import { finishRun } from "./scheduler.ts"

/** The most leases, pages and runs that one turn mends. */
export const rescuedMax = 500

/** Mends what is found, once; says how much there was of each. */
export const rescueOnce = Effect.fnUntraced(function* (store: StoreService) {
  const leases = yield* store.rescue({ limit: rescuedMax })
  const { pages } = yield* store.fold({ expansionIds: null, limit: rescuedMax })
  const runs = yield* store.stalledRuns({ limit: rescuedMax })
  for (const dagRunId of runs) yield* finishRun(store, dagRunId)
  if (leases > 0) store.wake("work")
  if (pages > 0) {
    store.wake("due")
    store.wake("progress")
  }
  return { leases, pages, runs: runs.length }
})
