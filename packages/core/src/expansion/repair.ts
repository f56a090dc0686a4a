/**
 * Repairs maps below a redriven one, index by index: an instance whose upstream has run again gets its new input.
 *
 * What follows is taken back first and waits; when its upstream has ended, its one item is pulled through the map's
 * pipeline alone, and the instance is offered with it. Each step is one statement and may be done twice: whoever dies
 * leaves the repair to another, and a repair of an earlier redrive is refused.
 */
import { Effect } from "effect"
import type { Context } from "effect"
import { followersOf } from "../dag/followers.ts"
import type { SerializedDag } from "../dag/serialized-dag.ts"
import type { EncodedReader, HostPool, PulledPage } from "../host/host-pool.ts"
import { isFinalExpansionState } from "../state/expansion.ts"
import type { NotFound, StoreError } from "../store/errors.ts"
import type { FollowingMap, MapToRepair, Repair, Repaired } from "../store/redrive-store.ts"
import type { StoreService } from "../store/store.ts"
import { untilAvailable } from "../store/store-retry.ts"
import type { ExecutionContexts, TaskOfRun } from "./execution-contexts.ts"
import { type PullProblem, toProblem } from "./pull-source.ts"
import { retryDelayOf } from "./retry-delay.ts"
import { makeRunReader } from "./run-reader.ts"

/** The most maps that one turn looks at, and repairs of each. */
export const repairedMapsMax = 64
export const repairsMax = 100

/** The most pages folded after repairs that ended instances without an input. */
const foldPagesMax = 100

/** What repairing works with. */
export interface RepairOptions {
  readonly store: StoreService
  readonly hosts: HostPool
  readonly contexts: ExecutionContexts
  /** How long a taken repair is left to whoever took it. */
  readonly leaseSeconds: number
}

/** How far a turn got. */
export interface RepairTurn {
  /** Where the next turn goes on; null: from the first map. */
  readonly after: string | null
  /** There is something to repair, now or later. */
  readonly hasMaps: boolean
  /** There may be more to do at once. */
  readonly hasMore: boolean
}

/** Looks at some maps that have repairs, and does of these what can be done now. */
export const repairOnce = Effect.fnUntraced(function* (options: RepairOptions, after: string | null) {
  const { store } = options
  const maps = yield* store.mapsToRepair({ after, limit: repairedMapsMax })
  let hasMore = false
  for (const map of maps) {
    const seen = yield* repairMap(options, map)
    hasMore ||= seen >= repairsMax
  }
  const isEnd = maps.length < repairedMapsMax
  const turn: RepairTurn = {
    after: isEnd ? null : (maps.at(-1)?.expansionId ?? null),
    hasMaps: maps.length > 0 || after !== null,
    hasMore: hasMore || !isEnd,
  }
  return turn
})

/** Says how many repairs it has looked at. */
const repairMap = Effect.fnUntraced(function* (options: RepairOptions, map: MapToRepair) {
  const { store, contexts, leaseSeconds } = options
  const of = yield* contexts.get(map)
  // Whoever redrove it died before the run went on, or it ended before what follows was known.
  if (isFinalExpansionState(map.state)) yield* reopen(store, map.dagRunId)
  const { expansionId } = map
  if (map.hasUnresolved)
    yield* resolveAll(store, { dag: of.version.dag, taskId: of.task.taskId, expansionId })
  const { repairs, seen } = yield* untilAvailable(
    store.takeRepairs({ expansionId, limit: repairsMax, leaseSeconds }),
  )
  for (const repair of repairs) yield* settle(options, of, repair)
  if (repairs.length === 0) return seen
  yield* untilAvailable(store.fold({ expansionIds: [expansionId], limit: foldPagesMax }))
  for (const topic of ["work", "due", "progress"] as const) store.wake(topic)
  return seen
})

function reopen(store: StoreService, dagRunId: string): Effect.Effect<void, StoreError> {
  return untilAvailable(store.reopenRun({ dagRunId, resetsDownstream: true, readAnew: [] })).pipe(
    Effect.andThen(Effect.sync(() => store.wake("due"))),
  )
}

/** The maps that follow a task, as far as their instances can be found by index. */
export function followingMaps(dag: SerializedDag, taskId: string): FollowingMap[] {
  return followersOf(dag, taskId).flatMap(({ task, how }) =>
    how === null ? [] : [{ ordinal: task.ordinal, isAligned: how === "aligned" }],
  )
}

/** Takes back all that follows in one map, as far as it does not run just now. */
export const resolveAll = Effect.fnUntraced(function* (
  store: StoreService,
  { dag, taskId, expansionId }: { dag: SerializedDag; taskId: string; expansionId: string },
) {
  const followers = followingMaps(dag, taskId)
  const resolve = store.resolveRepairs({ expansionId, followers, limit: repairsMax })
  for (;;) {
    const { seen } = yield* untilAvailable(resolve)
    if (seen < repairsMax) return
  }
})

const settle = Effect.fnUntraced(function* (options: RepairOptions, of: TaskOfRun, repair: Repair) {
  const repaired = yield* repairedOf(options, of, repair)
  yield* untilAvailable(options.store.settleRepair({ repair, repaired }))
})

/** What becomes of an instance: its upstream's value, put alone through the pipeline. */
function repairedOf(
  options: RepairOptions,
  of: TaskOfRun,
  repair: Repair,
): Effect.Effect<Repaired, NotFound | StoreError> {
  const { left } = repair
  if (typeof left !== "string") return Effect.succeed({ kind: "gap", state: left.gap })
  if (of.task.mapping?.isDirect === true) return Effect.succeed({ kind: "item", item: left, label: null })
  return pullAlone(options, of, { ...repair, left }).pipe(
    Effect.tap((page) => keepLogs(options, of, page)),
    Effect.map(repairedFrom),
    Effect.catch((problem) => Effect.succeed(failedWith(of, repair, problem))),
  )
}

function keepLogs({ store }: RepairOptions, of: TaskOfRun, { logs }: PulledPage): Effect.Effect<void> {
  if (logs.length === 0) return Effect.void
  const expansionId = of.context.contextId
  return untilAvailable(store.appendLogs({ expansionId, entries: logs })).pipe(Effect.ignore)
}

function repairedFrom({ items, labels }: PulledPage): Repaired {
  const [item] = items
  if (item === undefined) return { kind: "dropped" }
  if (typeof item !== "string") return { kind: "gap", state: item.gap }
  return { kind: "item", item, label: labels?.[0] ?? null }
}

function failedWith({ task }: TaskOfRun, { failures, mapIndex }: Repair, problem: PullProblem): Repaired {
  const mayRetry = problem.retryable && failures < task.retries
  const retryDelayMs = mayRetry ? retryDelayOf(task, { failures: failures + 1, mapIndex }) : null
  return { kind: "failed", error: problem.error, retryDelayMs }
}

/**
 * Pulls the page that begins at one item, through a reader that knows no other. In a context of its own, since the
 * map's own stream may be open in the same host.
 */
function pullAlone(
  { store, hosts }: RepairOptions,
  of: TaskOfRun,
  { upstreamIndex, left }: Repair & { readonly left: string },
): Effect.Effect<PulledPage, PullProblem> {
  const context = { ...of.context, contextId: `${of.context.contextId}/repair` }
  const pageBytesMax = of.task.mapping?.pageBytesMax ?? 0
  const request = { cursor: String(upstreamIndex), pageSize: 1, pageBytesMax }
  return Effect.contextWith((services: Context.Context<never>) => {
    const reader: EncodedReader = {
      ...makeRunReader(store, of, services),
      readStream: async ({ fromIndex }) => ({ items: [left], nextIndex: fromIndex + 1, exhausted: true }),
    }
    return Effect.tryPromise({
      try: (signal) => hosts.pull({ context, request, reader, signal }),
      catch: toProblem,
    })
  })
}
