import type { Lease, LeaseStore } from "../lease-store.ts"
import { runningOf } from "./expansion-view.ts"
import { unrecordedOf } from "./offers.ts"
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

/** Leases ranges of work to a worker: what was offered again first, then pages with room. */
export function claim(state: MemoryState, options: ClaimOptions): Lease[] {
  const running = [...state.unended].filter(({ state }) => state === "open" || state === "draining")
  const leases = claimOffers(state, running, options)
  if (leases.length < options.limit) leases.push(...claimPages(state, running, options, leases.length))
  return leases.map(toLease)
}

function claimOffers(state: MemoryState, running: ExpansionRecord[], options: ClaimOptions): LeaseRecord[] {
  const leases: LeaseRecord[] = []
  for (const offer of dueOffers(state, running)) {
    if (leases.length >= options.limit) break
    const remaining = unrecordedOf(offer).length
    if (remaining > roomOf(offer.expansion)) continue
    offer.expansion.offers.delete(offer)
    leases.push(addLease(state, offer, remaining, options))
  }
  return leases
}

function dueOffers(state: MemoryState, running: ExpansionRecord[]): Offer[] {
  const now = state.now()
  const due = running.flatMap(({ offers }) => [...offers].filter((offer) => offer.at <= now))
  return due.sort(
    (a, b) =>
      b.expansion.task.priority - a.expansion.task.priority ||
      a.at - b.at ||
      a.expansion.order - b.expansion.order ||
      a.firstIndex - b.firstIndex,
  )
}

function claimPages(
  state: MemoryState,
  running: ExpansionRecord[],
  options: ClaimOptions,
  taken: number,
): LeaseRecord[] {
  const leases: LeaseRecord[] = []
  for (const expansion of inTurn(running, options.after)) {
    if (taken + leases.length >= options.limit) break
    const lease = claimPage(state, expansion, options)
    if (lease !== null) leases.push(lease)
  }
  return leases
}

/** By priority, and in turn: those after the one that was served last come before it. */
function inTurn(running: ExpansionRecord[], after: string | null): ExpansionRecord[] {
  const served = after === null ? -1 : Number(after)
  const turn = (expansion: ExpansionRecord) => (expansion.order > served ? 0 : 1)
  return [...running].sort(
    (a, b) => b.task.priority - a.task.priority || turn(a) - turn(b) || a.order - b.order,
  )
}

/** Takes the next range of an expansion's first page with room; null when there is none, or nothing to run in it. */
function claimPage(
  state: MemoryState,
  expansion: ExpansionRecord,
  options: ClaimOptions,
): LeaseRecord | null {
  const page = pageWithRoom(expansion)
  const size = sizeFor(expansion, options)
  if (page === null || size <= 0 || hasDueOffer(state, expansion)) return null
  const count = Math.min(size, page.count - page.claimed)
  const range: WorkRange = {
    expansion,
    page,
    firstIndex: page.firstIndex + page.claimed,
    count,
    tryNumber: 1,
    isRetry: false,
    isIsolated: false,
  }
  page.claimed += count
  const remaining = unrecordedOf(range).length
  return remaining === 0 ? null : addLease(state, range, remaining, options)
}

function sizeFor(expansion: ExpansionRecord, options: ClaimOptions): number {
  const own = options.sizes.find(({ expansionId }) => expansionId === expansion.id)
  return Math.min(own?.size ?? options.sizeDefault, roomOf(expansion))
}

function pageWithRoom(expansion: ExpansionRecord): PageRecord | null {
  for (; expansion.roomFrom < expansion.pages.length; expansion.roomFrom++) {
    const page = expansion.pages[expansion.roomFrom]
    if (page !== undefined && page.claimed < page.count) return page
  }
  return null
}

/** How many more instances of the task may run at once. */
function roomOf(expansion: ExpansionRecord): number {
  const { concurrency } = expansion.task
  return concurrency === null ? Number.MAX_SAFE_INTEGER : concurrency - runningOf(expansion)
}

/** An offer too large for the room goes before new work, which would otherwise take each freed place and starve it. */
function hasDueOffer(state: MemoryState, expansion: ExpansionRecord): boolean {
  if (expansion.task.concurrency === null) return false
  const now = state.now()
  return [...expansion.offers].some((offer) => offer.at <= now)
}

function addLease(
  state: MemoryState,
  range: WorkRange,
  remaining: number,
  options: ClaimOptions,
): LeaseRecord {
  const { expansion, page, firstIndex, count, tryNumber, isRetry, isIsolated } = range
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
    isRetry,
    isIsolated,
  }
  state.leases.set(lease.id, lease)
  expansion.leases.add(lease)
  return lease
}

function toLease(lease: LeaseRecord): Lease {
  const { firstIndex, count, remaining, tryNumber, isIsolated } = lease
  const unrecorded = new Set(unrecordedOf(lease))
  const indexes = Array.from({ length: count }, (_, i) => firstIndex + i)
  return {
    leaseId: lease.id,
    expansionId: lease.expansion.id,
    firstIndex,
    count,
    remaining,
    tryNumber,
    items: itemsOf(lease),
    recorded: indexes.filter((index) => !unrecorded.has(index)),
    isIsolated,
  }
}

function itemsOf({ page, firstIndex, count }: WorkRange): string | null {
  if (page.items === null) return null
  const from = firstIndex - page.firstIndex
  return `[${page.items
    .slice(from, from + count)
    .map((item) => item ?? "null")
    .join(",")}]`
}
