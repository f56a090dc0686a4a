/**
 * The planner's part for assets: tells DAGs of events, and makes a run where a DAG has all that it waits for.
 *
 * Each event is told once, to all who wait for its asset, in one statement with others; what a DAG has been told is one row
 * for each asset. A DAG is looked at when it was told of an asset that it had not been told of; the run that is made
 * takes all that its rows say, in the statement that deletes them. So after a crash at any line an event is told or
 * untold, and counts in one run of each DAG; a turn costs the events that came, and the DAGs that they are for.
 */
import { Effect } from "effect"
import type { AssetPlannerStore, DueAssetDag } from "../store/asset-store.ts"
import type { StoreError } from "../store/errors.ts"
import type { Leadership } from "../store/planner-store.ts"
import { isSatisfied } from "../time/asset-condition.ts"
import type { Advance } from "./planner.ts"

/** The most events that one turn tells of. */
const eventsMax = 5_000
/** The most DAGs that one turn looks at, and how many of them at once. */
const dagsMax = 1_000
const dagsAtOnce = 4

/** Tells of events, and makes the runs that follow. */
export function runAfterAssets(
  store: AssetPlannerStore,
  leadership: Leadership,
  now: Date,
): Effect.Effect<Advance, StoreError> {
  return Effect.gen(function* () {
    const taken = yield* store.takeAssetEvents({ leadership, limit: eventsMax })
    if (taken === null) return { moves: 0, made: 0 }
    const due = yield* store.dueAssetDags({ limit: dagsMax })
    const counts = yield* Effect.forEach(due, (dag) => advance(store, leadership, { ...dag, now }), {
      concurrency: dagsAtOnce,
    })
    return {
      // What was moved may be due again, and more events may wait.
      moves: counts.reduce((sum, count) => sum + count.moves, taken === eventsMax ? 1 : 0),
      made: counts.reduce((sum, count) => sum + count.made, 0),
    }
  })
}

const advance = Effect.fnUntraced(function* (
  store: AssetPlannerStore,
  leadership: Leadership,
  { dagId, condition, queued, seq, now }: DueAssetDag & { readonly now: Date },
) {
  const isDue = condition !== null && isSatisfied(condition, new Set(queued))
  const runId = isDue ? assetRunId(now, seq) : null
  const { isMoved, run } = yield* store.moveAssetDag({ leadership, dagId, seq, runId })
  return { moves: Number(isMoved), made: Number(run !== null) } satisfies Advance
})

/** The id of a run after assets: when it is made, and a number that no other run of the DAG has. */
function assetRunId(now: Date, seq: number): string {
  return `asset_triggered__${now.toISOString()}_${seq}`
}
