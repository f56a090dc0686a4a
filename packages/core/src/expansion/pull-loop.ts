/**
 * Pulls one expansion until it is exhausted, broken, or taken away.
 *
 * Invariants: a page is pulled only while the window has room for it; cursor and page are committed together under
 * the epoch; whatever happens, the source is closed once. After a crash at any line the next runner
 * goes on at the committed cursor: a page pulled and not committed was never seen by anyone. A commit whose answer was
 * lost is never repeated: the loop ends, and the expansion is leased anew with the cursor the database has.
 */
import { Effect } from "effect"
import { followerOf } from "../dag/followers.ts"
import { loopOf } from "../dag/loop-of.ts"
import type { PulledPage, TaskError } from "../host/host-pool.ts"
import type { LeaseLost, StoreError } from "../store/errors.ts"
import type {
  CommittedGap,
  ExpansionLease,
  ExpansionProgress,
  StreamResume,
} from "../store/expansion-store.ts"
import type { StoreService } from "../store/store.ts"
import { untilAvailable } from "../store/store-retry.ts"
import type { WakeGate } from "../store/wake-gate.ts"
import type { TaskOfRun } from "./execution-contexts.ts"
import type { Pulled, PullProblem, PullSource } from "./pull-source.ts"
import { soleFusedLeaf } from "./pull-source.ts"
import { retryDelayOf } from "./retry-delay.ts"
import { resumeOf, skipCommitted } from "./stream-end.ts"
import { nextPageSize } from "./window.ts"

/** How long a loop sleeps at most while its window is full or its upstream has nothing. */
export const progressPollMs = 1_000

/** How long a chain waits for more results when an upstream has less than a page, so that pages do not get tiny. */
export const lingerMs = 50

/** The longest sleep of what waits in a loop: each look that finds nothing doubles it. An iteration may take days. */
export const stepPollMsMax = 30_000

/** Pulls in a row that may bring neither items nor another cursor, before the stream counts as stuck. */
export const stalledPullsMax = 100

/** Empty pages in a row that are passed over before their cursor is committed. */
export const emptyPullsPerCommit = 50

/** How long a pull waits that was lost with its host for the sake of another. */
const innocentPauseMs = 50

/** The most pages that are folded after one that came with nothing but gaps. */
const foldPagesMax = 100

/** What the loop works with. */
export interface PullLoopOptions {
  readonly store: StoreService
  readonly gate: WakeGate
  readonly of: TaskOfRun
  readonly source: PullSource
  readonly lease: ExpansionLease
  /** Surrounds each wait for room, for the upstream or for a retry, during which another expansion may have this one's slot. */
  readonly whileIdle: (wait: Effect.Effect<void>) => Effect.Effect<void>
}

/** Where the loop stands between two pulls. */
interface Position {
  readonly progress: ExpansionProgress
  readonly cursor: string | null
  /** Items from the cursor on that were committed before the stream was extended. */
  readonly skip: number
  readonly failures: number
  /** Pulls since the last commit, with how far they have read other streams. */
  readonly pulls: number
  readonly consumed: Pulled["consumed"]
  /** Pulls in a row that brought neither an item nor another cursor. */
  readonly stalled: number
  /** Waits for the upstream since the last commit. */
  readonly waits: number
}

type LoopError = LeaseLost | StoreError

const nothingPending = { pulls: 0, consumed: [], stalled: 0 } as const

/** Runs the loop. It ends when the stream has ended; it fails when the expansion is not ours any more. */
export const pullLoop = Effect.fnUntraced(function* (options: PullLoopOptions) {
  const { store, lease } = options
  yield* options.whileIdle(Effect.sleep(lease.pullAfterMs))
  let position: Position = {
    progress: yield* untilAvailable(store.progress(lease.expansionId)),
    cursor: lease.cursor,
    skip: lease.skip,
    failures: lease.pullFailures,
    waits: 0,
    ...nothingPending,
  }
  while (position.progress.state === "open") position = yield* step(options, position)
}, withSourceClosed)

function withSourceClosed<A, E, R>(effect: Effect.Effect<A, E, R>, options: PullLoopOptions) {
  return Effect.ensuring(effect, options.source.close)
}

/** One turn: wait for room, or pull a page and commit it. */
function step(options: PullLoopOptions, position: Position): Effect.Effect<Position, LoopError> {
  const upstream = brokenBefore(position.cursor)
  if (upstream !== null) return breakBehind(options, upstream)
  const pageSize = nextPageSize(position.progress)
  if (pageSize === 0) return waitForRoom(options, position)
  const { pageBytesMax } = position.progress
  const seen = options.gate.version()
  return options.source.pull({ cursor: position.cursor, pageSize, pageBytesMax }).pipe(
    Effect.matchEffect({
      onFailure: (problem) => onProblem(options, position, problem),
      onSuccess: (pulled) => onPulled(options, position, pulled, seen),
    }),
  )
}

const waitForRoom = Effect.fnUntraced(function* (options: PullLoopOptions, position: Position) {
  const seen = options.gate.version()
  const progress = yield* readProgress(options)
  if (progress.state !== "open" || nextPageSize(progress) > 0) return { ...position, progress }
  yield* options.whileIdle(options.gate.wait(seen, progressPollMs))
  return { ...position, progress }
})

function readProgress({ store, lease }: PullLoopOptions) {
  return untilAvailable(store.progress(lease.expansionId))
}

function onPulled(
  options: PullLoopOptions,
  before: Position,
  pulled: Pulled,
  seen: number,
): Effect.Effect<Position, LoopError> {
  const isStalled =
    pulled.page.items.length === 0 && pulled.page.next === before.cursor && pulled.page.next !== null
  const { page, skip } = skipCommitted(pulled.page, before.skip)
  const isEmpty = page.items.length === 0
  const position = {
    ...before,
    skip,
    pulls: before.pulls + (isStalled && page.waiting ? 0 : 1),
    consumed: furthest(before.consumed, pulled.consumed),
  }
  if (pulled.brokenUpstream !== null) return endBroken(options, position, page, pulled.brokenUpstream)
  if (isStalled && page.waiting) return waitForUpstream(options, position, page, seen)
  if (isStalled) return onStalled(options, { ...position, stalled: position.stalled + 1 })
  const tooMany = beyondMaxItems(position.progress, page)
  if (tooMany !== null) return breakWith(options, { error: tooMany, leafTaskId: null, retryable: false })
  if (isEmpty && page.next !== null && position.pulls < emptyPullsPerCommit) {
    return Effect.succeed({ ...position, cursor: page.next, stalled: 0 })
  }
  const resume = page.next === null ? resumeOf(pulled.page, before) : null
  return commit(options, position, page, resume).pipe(
    // A chain that caught up with its upstream waits a moment, so that the next page is not tiny.
    Effect.tap(() => (page.waiting ? linger(options) : Effect.void)),
    Effect.map((progress): Position => ({
      progress,
      cursor: page.next,
      skip,
      failures: 0,
      waits: 0,
      ...nothingPending,
    })),
  )
}

/** For each stream the further of two positions. */
function furthest(a: Pulled["consumed"], b: Pulled["consumed"]): Pulled["consumed"] {
  if (a.length === 0) return b
  const merged = new Map(a.map((taken) => [taken.ordinal, taken.index]))
  for (const { ordinal, index } of b) merged.set(ordinal, Math.max(index, merged.get(ordinal) ?? 0))
  return [...merged].map(([ordinal, index]) => ({ ordinal, index }))
}

/** Commits a page, and gives how the expansion stands then: it has ended where the page had too many new keys. */
function commit(
  options: PullLoopOptions,
  position: Position,
  page: PulledPage,
  resume: StreamResume | null = null,
): Effect.Effect<ExpansionProgress, LoopError> {
  return Effect.catchTag(
    commitWhole(options, position, page, resume),
    "TooManyItems",
    ({ created, fresh }) => {
      const added = `the next page has ${fresh} with a new key`
      const error = tooManyItems(position.progress, { created, added })
      const broken = breakWith(options, { error, leafTaskId: null, retryable: false })
      return Effect.map(broken, ({ progress }) => progress)
    },
  )
}

const commitWhole = Effect.fnUntraced(function* (
  options: PullLoopOptions,
  position: Position,
  page: PulledPage,
  resume: StreamResume | null,
) {
  const { store, lease, of } = options
  const exhausted = page.next === null
  yield* keepLogs(options, page)
  const progress = yield* store.commitPage({
    expansionId: lease.expansionId,
    epoch: lease.epoch,
    items: page.items.map((item) => (typeof item === "string" ? item : null)),
    keys: page.keys,
    labels: isStep(options) ? iterationLabels(position, page) : page.labels,
    gaps: gapsOf(of, page),
    cursor: page.next,
    exhausted,
    resume: resume ?? (lease.skip > 0 ? { cursor: null, skip: position.skip, stoppedBy: null } : null),
    pulls: position.pulls,
    consumed: position.consumed,
    fusedSources: exhausted ? fusedSources(of) : [],
  })
  if (mayBeOfGaps(page)) {
    // No worker will ever finish a page of gaps, and so fold it.
    yield* untilAvailable(store.fold({ expansionIds: [lease.expansionId], limit: foldPagesMax }))
    store.wake("due")
  }
  if (page.items.length > 0) store.wake("work")
  if (exhausted) store.wake("due")
  // Whoever waits for what this page has taken from its upstream, or reads this stream.
  store.wake("progress")
  return progress
})

/** In a loop the cursor is the index of the next iteration. */
function iterationLabels({ cursor }: Position, { items }: PulledPage): PulledPage["labels"] {
  const first = Number(cursor ?? 0)
  return items.length === 0 ? null : items.map((_, place) => `iteration ${first + place + 1}`)
}

/** The gaps of a page; where a pipeline leaves items out, with the index of the upstream instance. */
function gapsOf(of: TaskOfRun, page: PulledPage): CommittedGap[] {
  const follower = followerOf(of.task)
  const leaf = of.task.mapping?.leaves[0]
  const ordinal = follower.how === "sifted" && leaf?.kind === "stream" ? of.ordinalOf(leaf.taskId) : null
  return page.items.flatMap((item, position): CommittedGap[] => {
    if (typeof item === "string") return []
    const { gap: state, index } = item
    if (ordinal === null || index === undefined) return [{ position, state }]
    return [{ position, state, origin: { ordinal, index } }]
  })
}

/** Whether what is left of a page without duplicates may be gaps alone. */
function mayBeOfGaps({ items, keys }: PulledPage): boolean {
  const isGap = (item: PulledPage["items"][number]) => typeof item !== "string"
  return keys === null ? items.length > 0 && items.every(isGap) : items.some(isGap)
}

function keepLogs({ store, lease }: PullLoopOptions, page: PulledPage): Effect.Effect<void, StoreError> {
  return page.logs.length === 0
    ? Effect.void
    : store.appendLogs({ expansionId: lease.expansionId, entries: page.logs })
}

function fusedSources(of: TaskOfRun): number[] {
  const leaves = of.task.mapping?.leaves ?? []
  return leaves.flatMap((leaf) => (leaf.kind === "fused" ? [of.ordinalOf(leaf.taskId)] : []))
}

/**
 * Nothing can be had now: commits what the empty pulls have passed, then waits for the upstream.
 *
 * Without that commit the upstream's window would stay filled by items this stream has read and dropped.
 */
const waitForUpstream = Effect.fnUntraced(function* (
  options: PullLoopOptions,
  position: Position,
  page: PulledPage,
  seen: number,
) {
  const progress = position.pulls > 0 ? yield* commit(options, position, page) : yield* readProgress(options)
  if (progress.state !== "open") return { ...position, progress }
  const { waits } = position
  const waitMs = isStep(options) ? Math.min(stepPollMsMax, progressPollMs * 2 ** waits) : progressPollMs
  yield* options.whileIdle(options.gate.wait(seen, waitMs))
  yield* linger(options)
  return { ...position, ...nothingPending, waits: waits + 1, progress }
})

/** In a loop there is never more than one item to wait for. */
function linger(options: PullLoopOptions): Effect.Effect<void> {
  return isStep(options) ? Effect.void : Effect.sleep(lingerMs)
}

function isStep({ of }: PullLoopOptions): boolean {
  return loopOf(of.version.dag, of.task.taskId) !== undefined
}

function onStalled(options: PullLoopOptions, position: Position): Effect.Effect<Position, LoopError> {
  if (position.stalled < stalledPullsMax) return Effect.succeed(position)
  const message =
    `task "${options.of.task.taskId}": its stream gave ${stalledPullsMax} empty pages in a row without moving its cursor ` +
    `(${shorten(position.cursor ?? "start")}). Expected items, another cursor, or null for the end. ` +
    `Fix: advance the cursor with each page, or yield page(items, null) when there is no more`
  const error = { type: "StreamStalled", message, stack: null }
  return breakWith(options, { error, leafTaskId: soleFusedLeaf(options.of), retryable: false })
}

function beyondMaxItems(progress: ExpansionProgress, page: PulledPage): TaskError | null {
  // Which of a page's items are new by their keys, only the commit can tell.
  if (progress.maxItems === null || page.keys !== null) return null
  if (progress.created + page.items.length <= progress.maxItems) return null
  return tooManyItems(progress, {
    created: progress.created,
    added: `the next page has ${page.items.length}`,
  })
}

function tooManyItems(
  { maxItems }: ExpansionProgress,
  { created, added }: { created: number; added: string },
): TaskError {
  const message =
    `the stream has more than maxItems ${maxItems} items (${created} were made, ${added}). ` +
    `Fix: raise maxItems, or end the stream with take(n)`
  return { type: "TooManyItems", message, stack: null }
}

/**
 * The upstream broke: what was read is committed, then the stream ends as broken.
 *
 * The cursor committed with the last items says so itself: whoever goes on after a crash between the two breaks the
 * stream, and does not read these items again.
 */
const endBroken = Effect.fnUntraced(function* (
  options: PullLoopOptions,
  position: Position,
  pulled: PulledPage,
  upstream: string,
) {
  const page = { ...pulled, next: JSON.stringify({ [brokenKey]: upstream }) }
  const progress = yield* commit(options, position, page)
  if (progress.state !== "open") return { ...position, progress }
  return yield* breakBehind(options, upstream)
})

/** The only key of a cursor that stands after the last item of a stream whose upstream broke. */
const brokenKey = "sluice.broken"

/** The upstream that broke before a cursor, if that is what the cursor says. */
function brokenBefore(cursor: string | null): string | null {
  if (cursor === null || !cursor.startsWith(`{"${brokenKey}":`)) return null
  return (JSON.parse(cursor) as { readonly [brokenKey]: string })[brokenKey]
}

function breakBehind(options: PullLoopOptions, upstream: string): Effect.Effect<Position, LoopError> {
  const message = `the stream of "${upstream}" broke before its end`
  const error = { type: "UpstreamFailed", message, stack: null }
  return breakWith(options, { error, leafTaskId: upstream, retryable: false })
}

function onProblem(
  options: PullLoopOptions,
  position: Position,
  problem: PullProblem,
): Effect.Effect<Position, LoopError> {
  if (problem.isInnocent === true) return Effect.as(Effect.sleep(innocentPauseMs), position)
  const failures = position.failures + 1
  const retries = retriesOf(options.of, problem)
  return problem.retryable && failures <= retries
    ? delay(options, { ...position, failures }, problem)
    : breakWith(options, problem)
}

/** A pull is retried as often as its source is, or, where the pipeline's own code threw, its task. */
function retriesOf(of: TaskOfRun, problem: PullProblem): number {
  return sourceTask(of, problem.leafTaskId ?? soleFusedLeaf(of)).retries
}

function sourceTask(of: TaskOfRun, taskId: string | null) {
  return of.version.dag.tasks.find((task) => task.taskId === taskId) ?? of.task
}

const delay = Effect.fnUntraced(function* (
  options: PullLoopOptions,
  position: Position,
  problem: PullProblem,
) {
  const { store, lease, of } = options
  const delayMs = retryDelayOf(sourceTask(of, problem.leafTaskId ?? soleFusedLeaf(of)), {
    failures: position.failures,
    mapIndex: -1,
  })
  yield* store.delayPull({
    expansionId: lease.expansionId,
    epoch: lease.epoch,
    error: problem.error,
    delayMs,
  })
  yield* options.whileIdle(Effect.sleep(delayMs))
  return { ...position, progress: yield* readProgress(options) }
})

/** Ends the stream for good; the fused source that broke keeps the error, and its consumer ends `upstream_failed`. */
const breakWith = Effect.fnUntraced(function* (options: PullLoopOptions, problem: PullProblem) {
  const { store, lease, of } = options
  const fused = fusedSources(of)
  const failed = problem.leafTaskId === null ? null : of.ordinalOf(problem.leafTaskId)
  yield* store.breakStream({
    expansionId: lease.expansionId,
    epoch: lease.epoch,
    error: problem.error,
    failure: failed === null || of.task.kind === "source" ? "own" : "upstream",
    failedSource: failed !== null && fused.includes(failed) ? failed : null,
    fusedSources: fused,
  })
  store.wake("due")
  store.wake("progress")
  const progress = yield* readProgress(options)
  return { progress, cursor: null, skip: 0, failures: 0, waits: 0, ...nothingPending }
})

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`
}
