import { Effect } from "effect"
import type { ExpireOptions, Expired, RetentionStore } from "../prune-store.ts"
import { noteDagEvent } from "./events.ts"
import { isLeading } from "./planner.ts"
import { isAwaited, pruneVersions, removeRun, unlink } from "./prune.ts"
import type { AssetEventRecord, DagRecord, MemoryState, RunRecord } from "./state.ts"

const dayMs = 86_400_000

const nothing: Expired = { removed: 0, next: null }

/** Retention over a memory state: each call looks at everything. */
export function retention(state: MemoryState): RetentionStore {
  const led = (options: ExpireOptions, expire: (isOld: (at: number) => boolean) => number) =>
    Effect.sync(() => {
      if (!isLeading(state, options.leadership)) return nothing
      const removed = expire((at) => at <= state.now() - options.days * dayMs)
      return { removed, next: removed < options.limit ? null : "" }
    })
  return {
    expireRuns: (options) =>
      Effect.sync(() => (isLeading(state, options.leadership) ? expireRuns(state, options) : nothing)),
    expireEvents: (options) =>
      led(options, (isOld) => {
        const old = state.events.filter(({ at }) => isOld(at.getTime())).slice(0, options.limit)
        for (const event of old) state.events.splice(state.events.indexOf(event), 1)
        return old.length
      }),
    expireAssetEvents: (options) =>
      led(options, (isOld) => {
        const old = state.assetEvents
          .slice(0, state.assetEventsTaken)
          .filter((event) => isOld(event.at) && !isQueued(state, event))
          .slice(0, options.limit)
        for (const event of old) state.assetEvents.splice(state.assetEvents.indexOf(event), 1)
        state.assetEventsTaken -= old.length
        return old.length
      }),
    expireLogs: (options) => led(options, (isOld) => expireLogs(state, isOld, options.limit)),
    expireBackfills: (options) =>
      led(options, (isOld) => {
        const old = [...state.backfills.values()]
          .filter(({ createdAt, endedAt }) => isOld(createdAt.getTime()) && endedAt !== null)
          .filter(({ id }) => !state.runs.some(({ backfillId }) => backfillId === id))
        for (const { id } of old) state.backfills.delete(id)
        return old.length
      }),
    expireVersions: (options) => led(options, (isOld) => expireVersions(state, isOld)),
  }
}

function expireLogs(state: MemoryState, isOld: (at: number) => boolean, limit: number): number {
  let removed = 0
  for (const run of state.runs) {
    if (run.endedAt === null || !isOld(run.endedAt.getTime())) continue
    for (const { id } of run.expansions) removed += state.logs.get(id)?.splice(0, limit - removed).length ?? 0
  }
  return removed
}

function isQueued(state: MemoryState, event: AssetEventRecord): boolean {
  return [...state.dags.values()].some(({ awaited }) =>
    awaited.queue.get(event.asset)?.events.includes(event),
  )
}

function expireRuns(
  state: MemoryState,
  { keep, limit }: Parameters<RetentionStore["expireRuns"]>[0],
): Expired {
  let room = limit
  for (const [dagId, dag] of state.dags) {
    const { days, count } = dag.current.dag.planning.keepRuns ?? keep ?? { days: null, count: null }
    const ended = state.runs
      .filter((run) => run.dagId === dagId && run.endedAt !== null)
      .toSorted((a, b) => endOf(b) - endOf(a) || Number(b.id) - Number(a.id))
    const old = ended.filter(
      (run, place) =>
        (days !== null && endOf(run) <= state.now() - days * dayMs) || (count !== null && place >= count),
    )
    const going = old.filter((run) => !isAwaited(state, run)).slice(0, room)
    for (const run of going) {
      removeRun(state, run)
      unlink(state, run)
    }
    room -= going.length
    const detail = { runs: going.length }
    if (going.length > 0) noteDagEvent(state, dagId, { actor: "sluice", event: "dag_runs_expired", detail })
  }
  return { removed: limit - room, next: room > 0 ? null : "" }
}

function endOf({ endedAt }: RunRecord): number {
  return endedAt?.getTime() ?? 0
}

function expireVersions(state: MemoryState, isOld: (at: number) => boolean): number {
  let removed = 0
  for (const dag of state.dags.values()) removed += dropVersions(state, dag, isOld)
  pruneVersions(state)
  return removed
}

function dropVersions(
  state: MemoryState,
  { versions, current }: DagRecord,
  isOld: (at: number) => boolean,
): number {
  const unused = [...versions].filter(
    ([, version]) =>
      version !== current &&
      isOld(version.createdAt.getTime()) &&
      !state.runs.some((run) => run.version === version),
  )
  for (const [shape] of unused) versions.delete(shape)
  return unused.length
}
