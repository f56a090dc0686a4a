import { Effect } from "effect"
import type { Context } from "effect"
import type { HostPool, PulledPage, TaskError } from "../host/host-pool.ts"
import { HostLost, PullFailed } from "../host/host-pool.ts"
import type { StoredSlice } from "../store/expansion-store.ts"
import type { StoreService } from "../store/store.ts"
import { untilAvailable } from "../store/store-retry.ts"
import type { TaskOfRun } from "./execution-contexts.ts"
import { takenCount, type TakenIndexes } from "../index-ranges.ts"
import { makeRunReader } from "./run-reader.ts"

/** A pulled page with how far it has read the streams of other tasks. */
export interface Pulled {
  readonly page: PulledPage
  readonly consumed: readonly { ordinal: number; index: number }[]
  /** A shared source above ended because it broke: this page is the last, and not the whole. */
  readonly brokenUpstream: string | null
}

/** Why a page could not be had. */
export interface PullProblem {
  readonly error: TaskError
  readonly leafTaskId: string | null
  readonly retryable: boolean
  /** True when it was lost with its host for the sake of something else: no failure of its own. */
  readonly isInnocent?: boolean
}

/** Where the pages of one expansion come from. */
export interface PullSource {
  readonly pull: (request: {
    cursor: string | null
    pageSize: number
    pageBytesMax: number
  }) => Effect.Effect<Pulled, PullProblem>
  readonly close: Effect.Effect<void>
}

/**
 * Chooses how an expansion is pulled: through a host where user code makes its items, straight from the store where
 * the results of one task go unchanged to the next.
 */
export function pullSourceOf(store: StoreService, hosts: HostPool, of: TaskOfRun): PullSource {
  const leaf = of.task.mapping?.leaves[0]
  if (of.task.mapping?.isDirect !== true || leaf?.kind !== "stream") return hostedSource(store, hosts, of)
  return of.task.mapping.isOrdered
    ? directSource(store, of, leaf.taskId)
    : completedSource(store, of, leaf.taskId)
}

/** Reads another task's stream unread and unparsed; the cursor is the next index. */
function directSource(store: StoreService, of: TaskOfRun, upstream: string): PullSource {
  const expansionId = of.expansionOf(upstream)
  const ordinal = of.ordinalOf(upstream)
  return {
    pull: ({ cursor, pageSize }) =>
      untilAvailable(
        store.readStream({
          expansionId,
          fromIndex: cursor === null ? 0 : Number(cursor),
          limit: pageSize,
        }),
      ).pipe(
        Effect.map((slice) => ({
          page: directPage(slice, pageSize),
          consumed: [{ ordinal, index: slice.nextIndex }],
          brokenUpstream: slice.isBroken ? upstream : null,
        })),
        Effect.orDie,
      ),
    close: Effect.void,
  }
}

/** Reads another task's finished pages as they come; the cursor is what was taken so far. */
function completedSource(store: StoreService, of: TaskOfRun, upstream: string): PullSource {
  const expansionId = of.expansionOf(upstream)
  const ordinal = of.ordinalOf(upstream)
  return {
    pull: ({ cursor, pageSize }) => {
      const before: TakenIndexes =
        cursor === null ? { nextIndex: 0, ahead: [] } : (JSON.parse(cursor) as TakenIndexes)
      const { nextIndex: fromIndex, ahead } = before
      return untilAvailable(store.readStream({ expansionId, fromIndex, ahead, limit: pageSize })).pipe(
        Effect.map((slice) => {
          const after = JSON.stringify({ nextIndex: slice.nextIndex, ahead: slice.ahead ?? [] })
          const isNew = slice.items.length > 0
          return {
            page: {
              items: slice.items,
              keys: null,
              labels: null,
              next: slice.exhausted ? null : isNew || cursor === null ? after : cursor,
              end: slice.exhausted ? { resume: after } : null,
              waiting: !isNew && !slice.exhausted,
              logs: [],
            },
            consumed: [{ ordinal, index: takenOf(slice) }],
            brokenUpstream: slice.isBroken ? upstream : null,
          }
        }),
        Effect.orDie,
      )
    },
    close: Effect.void,
  }
}

/** How many items of a stream have been taken: in order, all before the next index. */
function takenOf({ nextIndex, ahead = [] }: StoredSlice): number {
  return takenCount({ nextIndex, ahead })
}

function directPage(slice: StoredSlice, pageSize: number): PulledPage {
  return {
    items: slice.items,
    keys: null,
    labels: null,
    next: slice.exhausted ? null : String(slice.nextIndex),
    end: slice.exhausted ? { resume: String(slice.nextIndex) } : null,
    waiting: slice.items.length < pageSize && !slice.exhausted,
    logs: [],
  }
}

function hostedSource(store: StoreService, hosts: HostPool, of: TaskOfRun): PullSource {
  return {
    pull: (request) =>
      Effect.contextWith((services: Context.Context<never>) => {
        const consumed = new Map<string, number>()
        let brokenUpstream: string | null = null
        const reader = makeRunReader(store, of, services, (taskId, slice) => {
          consumed.set(taskId, Math.max(consumed.get(taskId) ?? 0, takenOf(slice)))
          if (slice.isBroken) brokenUpstream = taskId
        })
        const timeout = pullTimeout(of)
        return Effect.tryPromise({
          try: (signal) => {
            const either = timeout === null ? signal : AbortSignal.any([signal, timeout.start()])
            return hosts.pull({ context: of.context, request, reader, signal: either })
          },
          catch: (error) => (timeout?.isOver() === true ? timeout.problem : toProblem(error)),
        }).pipe(
          Effect.map((page) => ({
            page,
            consumed: [...consumed].map(([taskId, index]) => ({ ordinal: of.ordinalOf(taskId), index })),
            brokenUpstream,
          })),
        )
      }),
    close: Effect.promise(() => hosts.closeStream(of.context.contextId)),
  }
}

/** The time a page may take: the source's own timeout, where one fused source is pulled, else the task's. */
function pullTimeout(of: TaskOfRun) {
  const leaf = soleFusedLeaf(of)
  const { timeoutMs, taskId } = of.version.dag.tasks.find((task) => task.taskId === leaf) ?? of.task
  if (timeoutMs === null || (leaf === null && of.task.kind !== "source")) return null
  let signal: AbortSignal | null = null
  const message = `"${taskId}" gave no page within its timeout of ${timeoutMs} ms`
  const problem: PullProblem = {
    error: { type: "TimeoutError", message, stack: null },
    leafTaskId: leaf ?? (of.task.kind === "source" ? taskId : null),
    retryable: true,
  }
  return {
    problem,
    start: () => (signal = AbortSignal.timeout(timeoutMs)),
    isOver: () => signal?.aborted === true,
  }
}

/** The one fused source that an expansion pulls; null when it pulls none, or several. */
export function soleFusedLeaf(of: TaskOfRun): string | null {
  const fused = (of.task.mapping?.leaves ?? []).filter((leaf) => leaf.kind === "fused")
  return fused.length === 1 ? (fused[0]?.taskId ?? null) : null
}

/** What a failed pull comes to; what is no failed pull is thrown on. */
export function toProblem(error: unknown): PullProblem {
  if (error instanceof PullFailed) return error
  if (error instanceof HostLost) {
    const lost = { type: "HostLost", message: error.reason, stack: null }
    return { error: lost, leafTaskId: null, retryable: true, isInnocent: error.running?.length === 0 }
  }
  throw error
}
