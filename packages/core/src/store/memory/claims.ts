import { offersQuota, shareOfPage } from "../claim-share.ts"
import type { Lease, LeaseStore } from "../lease-store.ts"
import { runningOf } from "./expansion-view.ts"
import { unrecordedOf } from "./offers.ts"
import { isPoolLimited, slotsLeftOf } from "./pools.ts"
import {
  type ExpansionRecord,
  type LeaseRecord,
  type MemoryState,
  type Offer,
  type PageRecord,
  type WorkRange,
  nextNumber,
} from "./state.ts"

type ClaimOptions = Parameters<LeaseStore["claim"]>[0]

/** Leases ranges of work to a worker: what was offered again and pages with room, each with its share. */
export function claim(state: MemoryState, options: ClaimOptions): Lease[] {
  const running = [...state.unended].filter(isClaimable)
  const queue = dueOffers(state, running, options)
  const hasOffer = new Set(queue.map(({ expansion }) => expansion))
  const offered = takeOffers(state, queue, { ...options, limit: offersQuota(options) })
  const ofPages = running.filter((expansion) => !isLimited(state, expansion) || !hasOffer.has(expansion))
  const paged = claimPages(state, ofPages, { ...options, limit: options.limit - offered.length })
  // Not those that became leases: what was taken of an offer may have had no instance left to run.
  const left = queue.slice(offersQuota(options))
  const more = takeOffers(state, left, { ...options, limit: options.limit - offered.length - paged.length })
  return [
    ...paged.map((lease) => toLease(state, lease, false)),
    ...[...offered, ...more].map((lease) => toLease(state, lease, true)),
  ]
}

/** Whether instances of an expansion may be claimed now. */
function isClaimable({ state, isRunningPaused, stopReason }: ExpansionRecord): boolean {
  return (state === "open" || state === "draining") && !isRunningPaused && stopReason === null
}

function takeOffers(state: MemoryState, queue: readonly Offer[], options: ClaimOptions): LeaseRecord[] {
  return queue.slice(0, options.limit).flatMap((offer) => takeOffer(state, offer, options) ?? [])
}

/** Takes as much of an offer as a lease may hold; the rest stays offered. */
function takeOffer(state: MemoryState, offer: Offer, options: ClaimOptions): LeaseRecord | null {
  const { expansion, firstIndex, count } = offer
  const room = roomOf(state, expansion)
  const size = Math.min(count, room, offer.isIsolated ? count : sizeOf(expansion, options))
  if (size <= 0) return null
  expansion.offers.delete(offer)
  if (size < count) {
    expansion.offers.add({ ...offer, firstIndex: firstIndex + size, count: count - size })
  }
  return leaseRange(state, { ...offer, count: size }, options)
}

/** The offers that are due, as many as a claim may take: by priority, and in turn between expansions. */
function dueOffers(state: MemoryState, running: readonly ExpansionRecord[], options: ClaimOptions): Offer[] {
  const { offersAfter, offersFirst, limit } = options
  const mayTake = running.filter(
    (expansion) =>
      roomOf(state, expansion) > 0 &&
      (!isLimited(state, expansion) || offersFirst || pageWithRoom(expansion) === null),
  )
  const queues = inTurn(mayTake, offersAfter).map((expansion) => dueOffersOf(state, expansion))
  const ranked = queues.flatMap((queue) => queue.map((offer, turn) => ({ offer, turn })))
  // The sort is stable: of the same turn, those come first that are next in the round.
  ranked.sort((a, b) => b.offer.expansion.task.priority - a.offer.expansion.task.priority || a.turn - b.turn)
  return ranked.slice(0, limit).map(({ offer }) => offer)
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
  for (const expansion of inTurn(running, options.after)) {
    if (leases.length >= options.limit) break
    const lease = claimPage(state, expansion, options)
    if (lease !== null) leases.push(lease)
  }
  return leases
}

/** By priority, and in turn: those after the one that was served last come before it. */
function inTurn(running: readonly ExpansionRecord[], after: string | null): ExpansionRecord[] {
  const served = after === null ? -1 : Number(after)
  const turn = (expansion: ExpansionRecord) => (expansion.order > served ? 0 : 1)
  return [...running].sort(
    (a, b) => b.task.priority - a.task.priority || turn(a) - turn(b) || a.order - b.order,
  )
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
  const range: WorkRange = {
    expansion,
    page,
    firstIndex: page.firstIndex + page.claimed,
    count,
    tryNumber: expansion.baseTry + 1,
    baseTry: expansion.baseTry,
    isRetry: false,
    isIsolated: false,
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

/** Whether it is limited how many instances of the task run at once: by itself, or by its pool. */
function isLimited(state: MemoryState, { concurrency, task }: ExpansionRecord): boolean {
  return concurrency !== null || task.deferredMax !== null || isPoolLimited(state, task.pool)
}

/** How many more instances of the task may run at once. */
function roomOf(state: MemoryState, expansion: ExpansionRecord): number {
  const { concurrency, task, triggers } = expansion
  // Whatever runs may yet be deferred.
  const mayDefer = (task.deferredMax ?? Number.MAX_SAFE_INTEGER) - triggers.size
  const ofTask = Math.min(concurrency ?? Number.MAX_SAFE_INTEGER, mayDefer) - runningOf(expansion)
  return Math.min(ofTask, Math.floor(slotsLeftOf(state, task.pool) / task.poolSlots))
}

/** Makes a lease of a range; null when each of its instances has an outcome already. */
function leaseRange(state: MemoryState, range: WorkRange, options: ClaimOptions): LeaseRecord | null {
  const remaining = unrecordedOf(range).length
  if (remaining === 0) return null
  const { expansion, page, firstIndex, count, tryNumber, baseTry, isRetry, isIsolated } = range
  const startedAt = state.now()
  const lease: LeaseRecord = {
    id: String(nextNumber(state)),
    workerId: options.workerId,
    startedAt,
    expiresAt: startedAt + options.leaseSeconds * 1000,
    remaining,
    expansion,
    page,
    firstIndex,
    count,
    tryNumber,
    baseTry,
    isRetry,
    isIsolated,
  }
  state.leases.set(lease.id, lease)
  expansion.leases.add(lease)
  return lease
}

function toLease(state: MemoryState, lease: LeaseRecord, wasOffered: boolean): Lease {
  const { firstIndex, count, remaining, tryNumber, baseTry, isRetry, isIsolated } = lease
  const unrecorded = new Set(unrecordedOf(lease))
  const indexes = Array.from({ length: count }, (_, i) => firstIndex + i)
  return {
    leaseId: lease.id,
    expansionId: lease.expansion.id,
    firstIndex,
    count,
    remaining,
    tryNumber,
    baseTry,
    isRetry,
    generation: lease.expansion.generation,
    items: itemsOf(lease),
    recorded: indexes.filter((index) => !unrecorded.has(index)),
    isIsolated,
    wasOffered,
    isLimited: isLimited(state, lease.expansion),
    resume: resumeOf(lease),
  }
}

/** What a resumed instance goes on with. */
function resumeOf({ expansion, firstIndex, isRetry }: LeaseRecord): string | null {
  const row = isRetry ? expansion.rows.get(firstIndex) : undefined
  return row?.state === "scheduled" ? row.value : null
}

function itemsOf({ page, firstIndex, count }: WorkRange): string | null {
  if (page.items === null) return null
  const from = firstIndex - page.firstIndex
  return `[${page.items
    .slice(from, from + count)
    .map((item) => item ?? "null")
    .join(",")}]`
}
