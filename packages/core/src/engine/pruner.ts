/**
 * The pruner: removes what deleted runs have left, and deletes what has been kept for long enough.
 *
 * Of all pruners one leads, and what it removes is fenced by its epoch. A run is out of sight when it is deleted; from then on
 * only its rows are left, which nobody reads. They are removed some at a time, from where the last statement ended, whoever
 * made that: a pruner that is killed at any line loses nothing, and another goes on. How many rows one statement takes follows
 * how long the last one took, so that no statement holds the database up for long, however large values are.
 */
import { Clock, Effect } from "effect"
import type { StoreError } from "../store/errors.ts"
import type { Leadership } from "../store/planner-store.ts"
import type { Expired, ExpireOptions } from "../store/prune-store.ts"
import type { KeepRuns } from "../time/timetable.ts"
import type { StoreService } from "../store/store.ts"
import { makeWakeGate } from "../store/wake-gate.ts"
import { leadRenewMs, makeContender } from "./lead.ts"

/** The role that leads. */
const prunerRoleName = "pruner"
/** How long one statement should take, and between how many rows of a table it may choose for that. */
export const pruneStatementMs = 100
export const prunedRowsMin = 50
export const prunedRowsMax = 10_000
/** How many rows of a table the first statement takes. */
const prunedRowsFirst = 500

/** How long the pruner sleeps at most without a wake-up. */
const prunePollMs = 5_000

/** How many rows the next statement takes, after one of this size took so long. */
export function nextPruneSize(size: number, tookMs: number): number {
  const fitting = tookMs > pruneStatementMs ? size / 2 : tookMs < pruneStatementMs / 2 ? size * 2 : size
  return Math.round(Math.min(prunedRowsMax, Math.max(prunedRowsMin, fitting)))
}

/** Removes rows once; says whether there is anything left, and how many rows to take next. */
export const pruneOnce = Effect.fnUntraced(function* (
  store: StoreService,
  leadership: Leadership,
  size: number,
) {
  const startedAt = yield* Clock.currentTimeMillis
  const { removed, isDone } = yield* store.pruneRows({ leadership, limit: size })
  return { removed, isDone, size: nextPruneSize(size, (yield* Clock.currentTimeMillis) - startedAt) }
})

/** How long what ends is kept; null: for ever. What a DAG says of its runs comes before `runs`. */
export interface Retention {
  readonly runs: KeepRuns | null
  readonly eventsDays: number | null
  readonly assetEventsDays: number | null
  readonly versionsDays: number | null
  /** Logs of runs that are kept longer. */
  readonly logsDays: number | null
  readonly backfillsDays: number | null
}

/** Everything is kept, but for the runs of DAGs that say otherwise. */
export const retentionDefaults: Retention = {
  runs: null,
  eventsDays: null,
  assetEventsDays: null,
  versionsDays: null,
  logsDays: null,
  backfillsDays: null,
}

/** How often what is old is looked for. */
const expireEveryMs = 60_000
/** The most runs, and the most other rows, that one statement of retention looks at. */
export const expiredRunsMax = 20
const expiredRowsMax = 1_000

/**
 * Makes what looks at all that may be old, a statement each time that it is run; that says whether there is more to look at, and
 * how much went. A look where nothing is old costs what there are DAGs and versions.
 */
export function makeExpiry(store: StoreService, keep: Retention) {
  const aged = (days: number | null, verb: (options: ExpireOptions) => Effect.Effect<Expired, StoreError>) =>
    days === null
      ? []
      : [(leadership: Leadership, after: string) => verb({ leadership, days, after, limit: expiredRowsMax })]
  const walks = [
    (leadership: Leadership, after: string) =>
      store.expireRuns({ leadership, keep: keep.runs, after, limit: expiredRunsMax }),
    ...aged(keep.eventsDays, store.expireEvents),
    ...aged(keep.assetEventsDays, store.expireAssetEvents),
    ...aged(keep.logsDays, store.expireLogs),
    ...aged(keep.backfillsDays, store.expireBackfills),
    ...aged(keep.versionsDays, store.expireVersions),
  ]
  let walk = 0
  let after = ""
  return Effect.fnUntraced(function* (leadership: Leadership) {
    const { removed, next } = yield* walks[walk]?.(leadership, after) ?? Effect.succeed(nothing)
    after = next ?? ""
    if (next === null) walk = (walk + 1) % walks.length
    return { removed, hasMore: next !== null || walk > 0 }
  })
}

const nothing: Expired = { removed: 0, next: null }

/** A pruner with its turn: it removes what is left while it leads, and otherwise waits for the lead. */
export const makePruner = Effect.fnUntraced(function* (
  store: StoreService,
  name: string,
  keep: Retention = retentionDefaults,
) {
  const gate = yield* makeWakeGate(store, ["prune"])
  const { whileLeading, resign } = makeContender(store, prunerRoleName, name)
  let size = prunedRowsFirst
  const expire = makeExpiry(store, keep)
  let expiresAt = -Infinity
  const prune = Effect.fnUntraced(function* (leadership: Leadership, seen: number) {
    const turned = yield* pruneOnce(store, leadership, size)
    size = turned.size
    if (!turned.isDone) return
    if ((yield* Clock.currentTimeMillis) >= expiresAt) {
      const { removed, hasMore } = yield* expire(leadership)
      if (!hasMore) expiresAt = (yield* Clock.currentTimeMillis) + expireEveryMs
      if (hasMore || removed > 0) return
    }
    yield* gate.wait(seen, Math.min(prunePollMs, leadRenewMs))
  })
  const turn = Effect.suspend(() => {
    const seen = gate.version()
    return whileLeading((leadership) => prune(leadership, seen))
  })
  return { turn, resign }
})
