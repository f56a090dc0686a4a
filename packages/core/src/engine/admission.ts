/**
 * Admission: starts queued runs as others end.
 *
 * Which DAGs have room is kept in counters by the store, so a turn costs what there is to start, however many runs wait.
 * After a crash at any line the run is still queued, and its DAG still has room.
 */
import { Effect } from "effect"
import type { StoreService } from "../store/store.ts"

/** The most DAGs whose runs one turn starts, and the most runs of each. */
const admittedMax = 100

/** Starts what has room, once; says how many runs started. */
export const admitOnce = Effect.fnUntraced(function* (store: StoreService) {
  const started = yield* store.admitDagRuns({ limit: admittedMax })
  if (started > 0) {
    store.wake("due")
    store.wake("run")
  }
  return started
})
