import { Effect } from "effect"
import type { JsonObject } from "../../dag/json-object.ts"
import type { Json } from "../../json.ts"
import { isEndedState } from "../../state/task-instance.ts"
import { LeaseLost } from "../errors.ts"
import type { Completed, LeaseStore, RecordedException } from "../lease-store.ts"
import { addAssetEvent } from "./asset-events.ts"
import { addOutcome, noteFinished } from "./counts.ts"
import { xcomName } from "./instances.ts"
import { alarm } from "./stop.ts"
import { dropLease, isUnrecorded, pageOf, unrecordedOf } from "./offers.ts"
import { defer } from "./triggers.ts"
import { type InstanceRow, type LeaseRecord, type MemoryState, dateOf } from "./state.ts"

type CompleteOptions = Parameters<LeaseStore["complete"]>[0]

/** Records outcomes of a lease that its worker still holds and knows the state of. */
export function complete(state: MemoryState, options: CompleteOptions): Effect.Effect<Completed, LeaseLost> {
  const lease = state.leases.get(options.leaseId)
  if (lease === undefined || !isHeld(lease, options)) {
    return Effect.fail(new LeaseLost({ held: "lease", id: options.leaseId }))
  }
  const successes = successesOf(lease, options)
  for (const exception of options.exceptions) recordException(state, lease, exception)
  for (const success of successes) recordSuccess(state, lease, success)
  for (const { mapIndex, key, value } of options.xcoms) {
    lease.expansion.xcoms.set(xcomName(mapIndex, key), value)
  }
  for (const { mapIndex, asset, extra } of options.assetEvents) {
    addAssetEvent(state, asset, { extra: JSON.parse(extra) as JsonObject, of: lease.expansion, mapIndex })
  }
  if (lease.remaining === 0) dropLease(state, lease)
  else lease.expiresAt = state.now() + options.leaseSeconds * 1000
  const { isWatched } = lease.expansion
  const isDue = alarmOf(state, lease, options)
  const ended = [...successes, ...options.exceptions].map(({ mapIndex }) => pageOf(lease, mapIndex))
  const finished = [...new Set(ended)].map((page) => noteFinished(state, page))
  return Effect.succeed({
    remaining: lease.remaining,
    isPageFinished: finished.includes(true),
    isExhausted: lease.expansion.exhausted,
    isDue,
    isWatched,
  })
}

/** A failure may be one too many, and a stopped map's retry is to be closed. Says whether there is something to look at. */
function alarmOf(state: MemoryState, { expansion }: LeaseRecord, { exceptions }: CompleteOptions): boolean {
  const has = (ending: RecordedException["state"]) =>
    exceptions.some((exception) => exception.state === ending)
  if (!has("failed") && !has("up_for_retry") && !has("deferred")) return false
  const { seq } = expansion
  alarm(state, expansion, has("failed"))
  return expansion.seq !== seq
}

/** A call that comes again finds less remaining than it says, and is refused. */
function isHeld(lease: LeaseRecord, options: CompleteOptions): boolean {
  if (lease.workerId !== options.workerId || lease.remaining !== options.remainingBefore) return false
  if (lease.isRetry !== options.isRetry) return false
  return options.indexes !== null || lease.remaining === lease.count
}

interface Success {
  readonly mapIndex: number
  readonly value: string
  readonly startedMs: number
  readonly endedMs: number | null
}

function successesOf(lease: LeaseRecord, options: CompleteOptions): Success[] {
  const indexes = options.indexes ?? wholeOf(lease, options)
  const values = JSON.parse(options.values) as readonly Json[]
  if (values.length !== indexes.length) {
    throw new Error(`lease ${lease.id}: ${indexes.length} instances succeeded with ${values.length} values`)
  }
  return indexes.map((mapIndex, i) => ({
    mapIndex,
    value: JSON.stringify(values[i]),
    startedMs: options.timings?.startedMs[i] ?? 0,
    endedMs: options.timings?.endedMs[i] ?? null,
  }))
}

function wholeOf(lease: LeaseRecord, { exceptions, xcoms, assetEvents }: CompleteOptions): number[] {
  if (exceptions.length + xcoms.length + assetEvents.length > 0)
    throw new Error(`lease ${lease.id} is not whole: name its indexes`)
  return unrecordedOf(lease)
}

function recordSuccess(state: MemoryState, lease: LeaseRecord, success: Success): void {
  const { startedMs, endedMs } = success
  record(state, lease, success.mapIndex, {
    state: "success",
    tryNumber: lease.tryNumber,
    startedAt: lease.startedAt + startedMs,
    endedAt: endedMs === null ? state.now() : lease.startedAt + endedMs,
    value: success.value,
    error: null,
  })
}

function recordException(state: MemoryState, lease: LeaseRecord, exception: RecordedException): void {
  const row: InstanceRow = {
    state: exception.state,
    tryNumber: lease.tryNumber,
    startedAt: lease.startedAt + exception.startedMs,
    endedAt: lease.startedAt + exception.endedMs,
    value: null,
    error: exception.error,
  }
  record(state, lease, exception.mapIndex, row)
  if (row.state === "up_for_retry") offerRetry(state, lease, exception)
  if (exception.deferral !== undefined) defer(state, lease, exception.mapIndex, exception.deferral)
}

function record(state: MemoryState, lease: LeaseRecord, mapIndex: number, row: InstanceRow): void {
  if (!isUnrecorded(lease, mapIndex))
    throw new Error(`lease ${lease.id} has no instance ${mapIndex} to record`)
  const { expansion } = lease
  const page = pageOf(lease, mapIndex)
  expansion.rows.set(mapIndex, row)
  lease.remaining -= 1
  lease.left.delete(mapIndex)
  if (!isEndedState(row.state)) return
  addOutcome(page.counts, row.state)
  page.firstEndedAt ??= state.now()
  page.pullsAtFirstEnd ??= expansion.pulls
}

/** A retry leaves its lease: it has an offer of its own, for the time when it is due. */
function offerRetry(state: MemoryState, lease: LeaseRecord, exception: RecordedException): void {
  const { expansion, tryNumber, baseTry, isIsolated } = lease
  const { mapIndex, error } = exception
  const page = pageOf(lease, mapIndex)
  const tries = expansion.tries.get(mapIndex) ?? []
  const startedAt = dateOf(lease.startedAt + exception.startedMs)
  const endedAt = dateOf(lease.startedAt + exception.endedMs)
  tries.push({ tryNumber, state: "failed", startedAt, endedAt, error })
  expansion.tries.set(mapIndex, tries)
  expansion.offers.add({
    expansion,
    page,
    firstIndex: mapIndex,
    count: 1,
    at: state.now() + (exception.retryDelayMs ?? 0),
    tryNumber: tryNumber + 1,
    baseTry,
    isRetry: true,
    isIsolated,
  })
}
