import { offersQuota, shareOfPage } from "../claim-share.ts"
import type { Claimed, Lease, LeaseStore } from "../lease-store.ts"
import { runningOf, sumOfRunning } from "./expansion-view.ts"
import { inFairOrder } from "./fair-order.ts"
import { isGatherable, pageOf, unrecordedOf } from "./offers.ts"
import { isPoolLimited, slotsLeftOf } from "./pools.ts"
import {
  type ExpansionRecord,
  type LeaseRecord,
  type MemoryState,
  type Offer,
  type PageRecord,
  nextNumber,
} from "./state.ts"

type ClaimOptions = Parameters<LeaseStore["claim"]>[0]

/** Leases work to a worker: what was offered again and pages with room, each with its share. */
export function claim(state: MemoryState, options: ClaimOptions): Claimed {
  const running = [...state.unended].filter(isClaimable)
  const queue = offering(state, running, options)
  const hasOffer = new Set(queue)
  const offered = takeOffers(state, queue, { ...options, limit: offersQuota(options) })
  const ofPages = running.filter((expansion) => !isLimited(state, expansion) || !hasOffer.has(expansion))
  const paged = claimPages(state, ofPages, { ...options, limit: options.limit - offered.length })
  // Not those that became leases: what was taken of an offer may have had no instance left to run.
  const left = queue.slice(offersQuota(options))
  const more = takeOffers(state, left, { ...options, limit: options.limit - offered.length - paged.length })
  const leases = [
    ...paged.map((lease) => toLease(state, lease, false)),
    ...[...offered, ...more].map((lease) => toLease(state, lease, true)),
  ]
  return { leases, past: null }
}

/** Whether instances of an expansion may be claimed now. */
function isClaimable({ state, isRunningPaused, stopReason }: ExpansionRecord): boolean {
  return (state === "open" || state === "draining") && !isRunningPaused && stopReason === null
}

function takeOffers(
  state: MemoryState,
  queue: readonly ExpansionRecord[],
  options: ClaimOptions,
): LeaseRecord[] {
  return queue.slice(0, options.limit).flatMap((expansion) => takeOffer(state, expansion, options) ?? [])
}

/**
 * Makes a lease of what has been offered the longest: as much of a range as a lease may hold, the rest stays offered; or
 * a single instance with others of its kind.
 */
function takeOffer(
  state: MemoryState,
  expansion: ExpansionRecord,
  options: ClaimOptions,
): LeaseRecord | null {
  const due = dueOffersOf(state, expansion)
  const [first] = due
  if (first === undefined) return null
  const room = roomOf(state, expansion)
  if (room <= 0) return null
  const most = Math.min(sizeOf(expansion, options), room)
  if (first.isRetry) {
    const gathered = due.filter((offer) => offer === first || isGatherable(first, offer)).slice(0, most)
    for (const offer of gathered) expansion.offers.delete(offer)
    return leaseGathered(state, gathered, options)
  }
  const { firstIndex, count } = first
  const size = first.isIsolated ? Math.min(count, room) : Math.min(count, most)
  expansion.offers.delete(first)
  if (size < count) {
    expansion.offers.add({ ...first, firstIndex: firstIndex + size, count: count - size })
  }
  return leaseRange(state, { ...first, count: size }, options)
}

/** The expansions of which something offered is due, as many as a claim may serve: by priority, and in turn. */
function offering(
  state: MemoryState,
  running: readonly ExpansionRecord[],
  options: ClaimOptions,
): ExpansionRecord[] {
  const { held, offersAfter, offersFirst, limit } = options
  const mayTake = running.filter(
    (expansion) =>
      roomOf(state, expansion) > 0 &&
      (!isLimited(state, expansion) || offersFirst || pageWithRoom(expansion) === null),
  )
  const due = mayTake.filter((expansion) => dueOffersOf(state, expansion).length > 0)
  return inFairOrder(due, state, { held, after: offersAfter }).slice(0, limit)
}

function dueOffersOf(state: MemoryState, expansion: ExpansionRecord): Offer[] {
  const due = [...expansion.offers].filter((offer) => offer.at <= state.now())
  return due.sort((a, b) => a.at - b.at || a.firstIndex - b.firstIndex)
}

function claimPages(
  state: MemoryState,
  running: readonly ExpansionRecord[],
  options: ClaimOptions,
): LeaseRecord[] {
  const leases: LeaseRecord[] = []
  const open = running.filter((expansion) => pageWithRoom(expansion) !== null && roomOf(state, expansion) > 0)
  for (const expansion of inFairOrder(open, state, options)) {
    if (leases.length >= options.limit) break
    const lease = claimPage(state, expansion, options)
    if (lease !== null) leases.push(lease)
  }
  return leases
}

/** Takes the next range of an expansion's first page with room. */
function claimPage(
  state: MemoryState,
  expansion: ExpansionRecord,
  options: ClaimOptions,
): LeaseRecord | null {
  const page = pageWithRoom(expansion)
  const room = roomOf(state, expansion)
  if (page === null || room <= 0) return null
  const size = Math.min(sizeOf(expansion, options), room)
  const count = Math.min(shareOfPage(page.count - page.claimed, size), room)
  const range: Offer = {
    expansion,
    page,
    firstIndex: page.firstIndex + page.claimed,
    count,
    tryNumber: expansion.baseTry + 1,
    baseTry: expansion.baseTry,
    isRetry: false,
    isIsolated: false,
    at: page.createdAt,
  }
  page.claimed += count
  // A range of gaps alone has nothing to lease, and whoever claims must not take that for the end of the work.
  return leaseRange(state, range, options) ?? claimPage(state, expansion, options)
}

function sizeOf(expansion: ExpansionRecord, options: ClaimOptions): number {
  const own = options.sizes.find(({ expansionId }) => expansionId === expansion.id)
  return own?.size ?? options.sizeDefault
}

function pageWithRoom(expansion: ExpansionRecord): PageRecord | null {
  for (; expansion.roomFrom < expansion.pages.length; expansion.roomFrom++) {
    const page = expansion.pages[expansion.roomFrom]
    if (page !== undefined && page.claimed < page.count) return page
  }
  return null
}

/** Whether it is limited how many instances of the task run at once: by itself, its run or DAG, or its pool. */
function isLimited(
  state: MemoryState,
  { concurrency, dagConcurrency, maxActiveTasks, task }: ExpansionRecord,
): boolean {
  const own = [concurrency, dagConcurrency, maxActiveTasks, task.deferredMax]
  return own.some((limit) => limit !== null) || isPoolLimited(state, task.pool)
}

/** How many more instances of the task may run at once. */
function roomOf(state: MemoryState, expansion: ExpansionRecord): number {
  const { concurrency, dagConcurrency, maxActiveTasks, task, triggers, run } = expansion
  const running = runningOf(expansion)
  const rooms = [Math.floor(slotsLeftOf(state, task.pool) / task.poolSlots)]
  if (concurrency !== null) rooms.push(concurrency - running)
  // Whatever runs may yet be deferred.
  if (task.deferredMax !== null) rooms.push(task.deferredMax - triggers.size - running)
  if (maxActiveTasks !== null) rooms.push(maxActiveTasks - sumOfRunning(run.expansions))
  if (dagConcurrency !== null) {
    const sameTask = [...state.unended].filter(
      (other) => other.run.dagId === run.dagId && other.task.taskId === task.taskId,
    )
    rooms.push(dagConcurrency - sumOfRunning(sameTask))
  }
  return Math.min(...rooms)
}

/** Makes a lease of a range; null when each of its instances has an outcome already. */
function leaseRange(state: MemoryState, range: Offer, options: ClaimOptions): LeaseRecord | null {
  const remaining = unrecordedOf(range).length
  return remaining === 0 ? null : addLease(state, { ...range, remaining, indexes: null }, options)
}

/** Makes a lease of offers of single instances of one map, in the same try. */
function leaseGathered(
  state: MemoryState,
  offers: readonly Offer[],
  options: ClaimOptions,
): LeaseRecord | null {
  const sorted = [...offers].sort((a, b) => a.firstIndex - b.firstIndex)
  const [first] = sorted
  if (first === undefined) return null
  const count = sorted.length
  const at = Math.min(...sorted.map((offer) => offer.at))
  const indexes = sorted.map(({ firstIndex }) => firstIndex)
  return addLease(state, { ...first, at, count, remaining: count, indexes }, options)
}

function addLease(
  state: MemoryState,
  work: Offer & Pick<LeaseRecord, "remaining" | "indexes">,
  { workerId, leaseSeconds }: ClaimOptions,
): LeaseRecord {
  const { expansion, page, firstIndex, count, tryNumber, baseTry, isRetry, isIsolated } = work
  const startedAt = state.now()
  const lease: LeaseRecord = {
    id: String(nextNumber(state)),
    workerId,
    startedAt,
    expiresAt: startedAt + leaseSeconds * 1000,
    waitedMs: startedAt - work.at,
    remaining: work.remaining,
    expansion,
    page,
    firstIndex,
    count,
    tryNumber,
    baseTry,
    isRetry,
    isIsolated,
    indexes: work.indexes,
    left: new Set(work.indexes),
  }
  state.leases.set(lease.id, lease)
  expansion.leases.add(lease)
  return lease
}

function toLease(state: MemoryState, lease: LeaseRecord, wasOffered: boolean): Lease {
  const { firstIndex, count, remaining, tryNumber, baseTry, isRetry, isIsolated, waitedMs } = lease
  const unrecorded = new Set(unrecordedOf(lease))
  const indexes = lease.indexes ?? Array.from({ length: count }, (_, i) => firstIndex + i)
  return {
    leaseId: lease.id,
    expansionId: lease.expansion.id,
    firstIndex,
    count,
    indexes: lease.indexes,
    remaining,
    tryNumber,
    baseTry,
    isRetry,
    generation: lease.expansion.generation,
    items: itemsOf(lease, indexes),
    recorded: indexes.filter((index) => !unrecorded.has(index)),
    isIsolated,
    wasOffered,
    waitedMs,
    isLimited: isLimited(state, lease.expansion),
    resumes: resumesOf(lease),
  }
}

/** What resumed instances go on with. */
function resumesOf({ expansion, indexes }: LeaseRecord): (string | null)[] | null {
  const rows = (indexes ?? []).map((index) => expansion.rows.get(index))
  const resumes = rows.map((row) => (row?.state === "scheduled" ? row.value : null))
  return resumes.some((resume) => resume !== null) ? resumes : null
}

function itemsOf(lease: LeaseRecord, indexes: readonly number[]): string | null {
  if (lease.page.items === null) return null
  const items = indexes.map((index) => {
    const page = pageOf(lease, index)
    return page.items?.[index - page.firstIndex] ?? "null"
  })
  return `[${items.join(",")}]`
}
