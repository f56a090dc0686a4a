import { isAwaitingLease } from "../../state/task-instance.ts"
import { pageAt } from "./page-at.ts"
import type { LeaseRecord, MemoryState, Offer, WorkRange } from "./state.ts"

/**
 * The indexes of a range that still need an outcome, ascending.
 *
 * A retry's or a resumed instance has a row already, which says that it waits for this lease; elsewhere a row means that the
 * instance has ended, or has left the range to be tried again on its own.
 */
export function unrecordedOf(range: WorkRange | LeaseRecord): number[] {
  const gathered = gatheredIn(range)
  if (gathered !== null) return [...gathered]
  const indexes = Array.from({ length: range.count }, (_, i) => range.firstIndex + i)
  return indexes.filter((index) => isUnrecorded(range, index))
}

/** Whether an index belongs to the range and still needs an outcome. */
export function isUnrecorded(range: WorkRange | LeaseRecord, index: number): boolean {
  const gathered = gatheredIn(range)
  if (gathered !== null) return gathered.has(index)
  if (index < range.firstIndex || index >= range.firstIndex + range.count) return false
  const row = range.expansion.rows.get(index)
  return range.isRetry ? row !== undefined && isAwaitingLease(row.state) : row === undefined
}

/** What is left of a lease of instances that were each offered by themselves; null: it is a range. */
function gatheredIn(range: WorkRange | LeaseRecord): ReadonlySet<number> | null {
  return "left" in range && range.indexes !== null ? range.left : null
}

/** The page of one of a lease's instances. */
export function pageOf({ expansion, page, indexes }: LeaseRecord, index: number): WorkRange["page"] {
  return indexes === null ? page : (pageAt(expansion, index) ?? page)
}

/**
 * Whether an offer may go into one lease with another: single instances of a map, in the same try. What is isolated stays
 * alone: else nobody might ever learn which of them costs its host.
 */
export function isGatherable(one: Offer, other: Offer): boolean {
  return (
    one.isRetry &&
    other.isRetry &&
    one.tryNumber === other.tryNumber &&
    one.baseTry === other.baseTry &&
    !one.isIsolated &&
    !other.isIsolated
  )
}

/** Takes a lease away and offers its unrecorded instances again, at once. */
export function offerRest(state: MemoryState, lease: LeaseRecord): void {
  dropLease(state, lease)
  addOffer(lease, unrecordedOf(lease), { at: state.now(), isIsolated: lease.isIsolated })
}

/**
 * Takes a lease away and offers its unrecorded instances isolated: a range in two halves, one of which may spare its host,
 * others each by itself.
 */
export function offerHalves(state: MemoryState, lease: LeaseRecord): void {
  dropLease(state, lease)
  const rest = unrecordedOf(lease)
  const middle = Math.ceil(rest.length / 2)
  addOffer(lease, rest.slice(0, middle), { at: state.now(), isIsolated: true })
  addOffer(lease, rest.slice(middle), { at: state.now(), isIsolated: true })
}

/** Forgets a lease. */
export function dropLease(state: MemoryState, lease: LeaseRecord): void {
  state.leases.delete(lease.id)
  lease.expansion.leases.delete(lease)
}

function addOffer(
  range: LeaseRecord,
  indexes: readonly number[],
  options: { at: number; isIsolated: boolean },
): void {
  const first = indexes.at(0)
  const last = indexes.at(-1)
  if (first === undefined || last === undefined) return
  const { expansion, page, tryNumber, baseTry, isRetry } = range
  const { at, isIsolated } = options
  if (range.indexes !== null) {
    for (const index of indexes) {
      const own = { expansion, page: pageOf(range, index), firstIndex: index, count: 1 }
      expansion.offers.add({ ...own, at, tryNumber, baseTry, isRetry, isIsolated })
    }
    return
  }
  const count = last - first + 1
  expansion.offers.add({
    expansion,
    page,
    firstIndex: first,
    count,
    at,
    tryNumber,
    baseTry,
    isRetry,
    isIsolated,
  })
}
