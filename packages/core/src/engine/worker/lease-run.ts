/**
 * Runs one lease: hands it to a host, records what comes back, and gives back what is left.
 *
 * Invariant: an outcome is recorded under the lease, or not at all. When the lease is lost, the host is told to stop
 * and nothing more is written. When the host is lost, the instance that cost it fails that try with `HostLost`; what else
 * has no record is offered again, isolated and in halves while nobody knows which one it was.
 */
import { Cause, Effect } from "effect"
import type { Context } from "effect"
import type { TaskOfRun } from "../../expansion/execution-contexts.ts"
import { makeRunReader } from "../../expansion/run-reader.ts"
import type { HostPool, LeaseWork, OutcomeBatch } from "../../host/host-pool.ts"
import { HostLost } from "../../host/host-pool.ts"
import { isTagged } from "../../store/errors.ts"
import type { LeaseLost, StoreError, StoreFailure } from "../../store/errors.ts"
import type { Completed, Lease, RecordedException } from "../../store/lease-store.ts"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"
import { toException } from "./outcomes.ts"
import { makeAskedRuns } from "./triggered-runs.ts"

/** What running leases needs, and whom it tells. */
export interface LeaseRunner {
  readonly store: StoreService
  readonly hosts: HostPool
  readonly workerId: string
  readonly leaseSeconds: number
  /** A page of the expansion was finished by what was recorded. */
  readonly onPageFinished: (expansionId: string, isExhausted: boolean) => void
  /**
   * Instances of a lease ended, recorded or not: how many, how many of them still run or wait to, and how long they
   * took in sum.
   */
  readonly onEnded: (
    lease: Lease,
    ended: { readonly count: number; readonly running: number; readonly busyMs: number },
  ) => void
  /** Outcomes were recorded. */
  readonly onRecorded: () => void
}

/** A lease under way: what of it has no record yet. */
class LeaseProgress {
  readonly lease: Lease
  remaining: number
  /** Instances that have not ended in their host, as far as it has told. */
  running: number
  readonly #reported = new Set<number>()

  constructor(lease: Lease) {
    this.lease = lease
    this.remaining = lease.remaining
    this.running = lease.remaining
    for (const index of lease.recorded) this.#reported.add(index)
  }

  get isUntouched(): boolean {
    return this.remaining === this.lease.count
  }

  /** Counts what a batch brings as ended; says how many those are. */
  end({ indexes, others }: OutcomeBatch): number {
    const ended = indexes === null ? this.running : indexes.length + others.length
    this.running -= ended
    return ended
  }

  report(indexes: Iterable<number>): void {
    for (const index of indexes) this.#reported.add(index)
  }

  /** The indexes without an outcome, in order. */
  unreported(): number[] {
    const { firstIndex, count, indexes } = this.lease
    const all = indexes ?? Array.from({ length: count }, (_, place) => firstIndex + place)
    return all.filter((index) => !this.#reported.has(index))
  }
}

/** Runs a lease to its end. Never fails: what goes wrong is recorded, returned, or left to expire. */
export function runLease(
  runner: LeaseRunner,
  of: TaskOfRun,
  lease: Lease,
  limits: { readonly concurrency: number; readonly signal: AbortSignal },
): Effect.Effect<void> {
  const progress = new LeaseProgress(lease)
  const stop = new AbortController()
  const either = AbortSignal.any([limits.signal, stop.signal])
  const work = workOf(lease, limits.concurrency)
  return Effect.contextWith((services: Context.Context<never>) =>
    Effect.tryPromise({
      try: () => runInHost(runner, of, progress, { work, stop, signal: either, services }),
      catch: (error) => error,
    }),
  ).pipe(
    Effect.andThen(() => giveBack(runner, progress, false)),
    Effect.catch((error) => onTrouble(runner, of, progress, error)),
    Effect.catchTag("LeaseLost", () => Effect.void),
    Effect.catchCause((cause) => Effect.logError(`lease ${lease.leaseId} broke`, cause)),
  )
}

/** Gives back a lease of which nothing was begun. Never fails: at worst it is left to expire. */
export function returnLease(runner: LeaseRunner, lease: Lease): Effect.Effect<void> {
  return giveBack(runner, new LeaseProgress(lease), false).pipe(
    Effect.catchCause((cause) => Effect.logError(`lease ${lease.leaseId} could not be given back`, cause)),
  )
}

async function runInHost(
  runner: LeaseRunner,
  of: TaskOfRun,
  progress: LeaseProgress,
  around: {
    work: LeaseWork
    stop: AbortController
    signal: AbortSignal
    services: Context.Context<never>
  },
): Promise<void> {
  const { store, hosts } = runner
  const { work, stop, signal, services } = around
  const runPromise = Effect.runPromiseWith(services)
  let recording: Promise<void> = Promise.resolve()
  let failure: { error: unknown } | null = null
  const onBatch = (batch: OutcomeBatch) => {
    const count = progress.end(batch)
    runner.onEnded(progress.lease, { count, running: progress.running, busyMs: batch.busyMs })
    recording = recording.then(async () => {
      if (failure !== null) return
      try {
        await runPromise(
          record(runner, of, progress, signal.aborted ? withoutAborted(progress, batch) : batch),
        )
      } catch (error) {
        failure = { error }
        stop.abort(error)
      }
    })
  }
  try {
    await hosts.run({
      context: of.context,
      work,
      onBatch,
      reader: makeRunReader(store, of, services),
      signal,
    })
  } finally {
    await recording
  }
  const failed = failure as { error: unknown } | null
  if (failed !== null) throw failed.error
}

/** A limit on the task's concurrency is the claim's business: no lease has more instances than may run. */
function workOf(lease: Lease, concurrency: number): LeaseWork {
  return {
    leaseId: lease.leaseId,
    firstIndex: lease.firstIndex,
    count: lease.count,
    indexes: lease.indexes,
    items: lease.items,
    recorded: lease.recorded,
    tryNumber: lease.tryNumber,
    resumes: lease.resumes,
    // One after the other: when the host is lost, there is one that ran.
    concurrency: lease.isIsolated ? 1 : concurrency,
    isolated: lease.isIsolated,
  }
}

/**
 * What of a batch still counts after the worker was told to stop: an instance that failed then failed because of it, and
 * is given back instead.
 */
function withoutAborted(progress: LeaseProgress, batch: OutcomeBatch): OutcomeBatch {
  const ended = new Set(batch.others.map((other) => other.mapIndex))
  const indexes = batch.indexes ?? progress.unreported().filter((index) => !ended.has(index))
  return { ...batch, indexes, others: batch.others.filter((other) => other.kind !== "failed") }
}

/** Records one batch. Logs go first, so that they are there when the state is. */
const record = Effect.fnUntraced(function* (
  runner: LeaseRunner,
  of: TaskOfRun,
  progress: LeaseProgress,
  batch: OutcomeBatch,
) {
  const { store, workerId, leaseSeconds } = runner
  const { lease } = progress
  if (batch.logs.length > 0) {
    yield* untilAvailable(store.appendLogs({ expansionId: lease.expansionId, entries: batch.logs }))
    store.wake("log", lease.expansionId)
  }
  const isWhole = batch.indexes === null && batch.others.length === 0 && progress.isUntouched
  const exceptions = yield* makeAskedRuns(
    store,
    batch.others.map((other) => toException(of.task, triesOf(lease), other)),
  )
  progress.report(exceptions.map((exception) => exception.mapIndex))
  const isBare = batch.xcoms.length + batch.assetEvents.length === 0 && batch.timings === null
  const isPlain = isWhole && !lease.isRetry && isBare
  const indexes = isPlain ? null : (batch.indexes ?? progress.unreported())
  const count = (indexes?.length ?? lease.count) + exceptions.length
  if (count === 0) return
  const done = yield* untilAvailable(
    store.complete({
      workerId,
      leaseId: lease.leaseId,
      isRetry: lease.isRetry,
      remainingBefore: progress.remaining,
      indexes,
      values: batch.values,
      timings: roundTimings(batch.timings),
      exceptions,
      xcoms: batch.xcoms,
      assetEvents: batch.assetEvents,
      leaseSeconds,
    }),
  )
  progress.remaining = done.remaining
  // A lease that is spent is asked no more.
  if (done.remaining > 0 && indexes !== null) progress.report(indexes)
  runner.onRecorded()
  if (done.isPageFinished) runner.onPageFinished(lease.expansionId, done.isExhausted)
  if (exceptions.some(({ state }) => state === "deferred")) store.wake("trigger")
  if (batch.assetEvents.length > 0) store.wake("plan")
  yield* reviewFailures(runner, lease, done)
})

/** Lets the scheduler see failures that may be too many; nothing to do where nothing failed, or there is no limit. */
function reviewFailures(
  { store }: LeaseRunner,
  { expansionId }: Lease,
  { isDue, isWatched }: Completed,
): Effect.Effect<void, StoreError> {
  if (!isDue && !isWatched) return Effect.void
  const review = isDue ? Effect.void : untilAvailable(store.reviewMaps({ expansionIds: [expansionId] }))
  return Effect.andThen(
    review,
    Effect.sync(() => store.wake("due")),
  )
}

/** The tries that count against the task's retries. */
function triesOf({ tryNumber, baseTry }: Lease): number {
  return tryNumber - baseTry
}

function roundTimings(timings: OutcomeBatch["timings"]): OutcomeBatch["timings"] {
  return timings === null
    ? null
    : { startedMs: timings.startedMs.map(Math.round), endedMs: timings.endedMs.map(Math.round) }
}

/** Offers again what has no record; nothing to do when the lease is spent. */
function giveBack(
  runner: LeaseRunner,
  progress: LeaseProgress,
  split: boolean,
): Effect.Effect<void, StoreError> {
  if (progress.remaining === 0) return Effect.void
  const { store, workerId } = runner
  return untilAvailable(store.release({ workerId, leaseId: progress.lease.leaseId, split })).pipe(
    Effect.andThen(
      Effect.sync(() => {
        store.wake("work")
        // A map that was stopped does not run it: the scheduler closes it.
        store.wake("due")
      }),
    ),
  )
}

function onTrouble(
  runner: LeaseRunner,
  of: TaskOfRun,
  progress: LeaseProgress,
  error: unknown,
): Effect.Effect<void, LeaseLost | StoreError> {
  // Most often it is gone. But a lease taken while its run was being cancelled is still there, and would stay to expire.
  if (isTagged(error, "LeaseLost")) return giveBack(runner, progress, false)
  if (error instanceof HostLost) return onHostLost(runner, of, progress, error)
  if (isTagged(error, "StoreUnavailable")) return onStoreAway(runner, progress, error)
  const report = Effect.logError(`lease ${progress.lease.leaseId} could not be run`, Cause.die(error))
  const next = isRefusal(error) ? onRefused(runner, of, progress, error) : giveBack(runner, progress, false)
  return Effect.andThen(report, next)
}

/** The lease's code could not be loaded, since the store is away: given back as soon as it is there again. */
function onStoreAway(
  runner: LeaseRunner,
  progress: LeaseProgress,
  error: unknown,
): Effect.Effect<void, LeaseLost | StoreError> {
  const { leaseId } = progress.lease
  return Effect.logWarning(`lease ${leaseId} could not be run: ${(error as Error).message}; given back`).pipe(
    Effect.andThen(giveBack(runner, progress, false)),
  )
}

/**
 * The database refuses an outcome, and would refuse it each time: several instances are tried apart, and the one that is
 * left alone fails with the reason. Where even that is refused the lease is left to expire, so that nothing spins.
 */
function onRefused(
  runner: LeaseRunner,
  of: TaskOfRun,
  progress: LeaseProgress,
  refusal: StoreFailure,
): Effect.Effect<void, LeaseLost | StoreError> {
  const { firstIndex, count } = progress.lease
  if (count > 1) return giveBack(runner, progress, true)
  const failed = { mapIndex: firstIndex, kind: "failed", isFinal: true, startedMs: 0, endedMs: 0 } as const
  const error = { type: "NotRecorded", message: `what it left was refused: ${refusal.message}`, stack: null }
  return recordLoss(runner, progress, toException(of.task, triesOf(progress.lease), { ...failed, error }))
}

/**
 * The instance that cost the host spends a try, and the others are given back. Where nobody knows which one it was, they
 * are tried apart from the others, in halves, until it is known.
 */
function onHostLost(
  runner: LeaseRunner,
  of: TaskOfRun,
  progress: LeaseProgress,
  lost: HostLost,
): Effect.Effect<void, LeaseLost | StoreError> {
  const blame = blameFor(progress, lost)
  if (blame === "nobody") return giveBack(runner, progress, false)
  if (blame === "unknown") return giveBack(runner, progress, true)
  const mapIndex = blame
  const failed = { mapIndex, kind: "failed", isFinal: false, startedMs: 0, endedMs: lost.afterMs } as const
  const error = { type: "HostLost", message: lost.reason, stack: null }
  const exception = toException(of.task, triesOf(progress.lease), { ...failed, error })
  return recordLoss(runner, progress, exception).pipe(
    Effect.andThen(Effect.suspend(() => giveBack(runner, progress, false))),
  )
}

/** Says which instance of a lease cost the host, as far as that is certain. */
function blameFor(progress: LeaseProgress, lost: HostLost): number | "nobody" | "unknown" {
  const left = progress.unreported()
  const isCertain = lost.running !== undefined || progress.lease.isIsolated || lost.wasAlone
  const running = new Set(lost.running ?? left)
  const [suspect, ...others] = left.filter((index) => running.has(index))
  if (suspect === undefined) return "nobody"
  return isCertain && others.length === 0 ? suspect : "unknown"
}

const recordLoss = Effect.fnUntraced(function* (
  runner: LeaseRunner,
  progress: LeaseProgress,
  exception: RecordedException,
) {
  const { lease, remaining } = progress
  const done = yield* untilAvailable(
    runner.store.complete({
      workerId: runner.workerId,
      leaseId: lease.leaseId,
      isRetry: lease.isRetry,
      remainingBefore: remaining,
      indexes: [],
      values: "[]",
      timings: null,
      exceptions: [exception],
      xcoms: [],
      assetEvents: [],
      leaseSeconds: runner.leaseSeconds,
    }),
  )
  progress.remaining = done.remaining
  progress.report([exception.mapIndex])
  runner.onRecorded()
  if (done.isPageFinished) runner.onPageFinished(lease.expansionId, done.isExhausted)
  yield* reviewFailures(runner, lease, done)
})

function isRefusal(error: unknown): error is StoreFailure {
  return isTagged(error, "StoreFailure")
}
