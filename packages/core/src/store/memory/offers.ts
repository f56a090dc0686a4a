import { isAwaitingLease } from "../../state/task-instance.ts"
import type { LeaseRecord, MemoryState, WorkRange } from "./state.ts"

/**
 * The indexes of a range that still need an outcome, ascending.
 *
 * A retry's or a resumed instance has a row already, which says that it waits for this lease; elsewhere a row means that the
 * instance has ended, or has left the range to be tried again on its own.
 */
export function unrecordedOf(range: WorkRange): number[] {
  const indexes = Array.from({ length: range.count }, (_, i) => range.firstIndex + i)
  return indexes.filter((index) => isUnrecorded(range, index))
}

/** Whether an index belongs to the range and still needs an outcome. */
export function isUnrecorded(range: WorkRange, index: number): boolean {
  if (index < range.firstIndex || index >= range.firstIndex + range.count) return false
  const row = range.expansion.rows.get(index)
  return range.isRetry ? row !== undefined && isAwaitingLease(row.state) : row === undefined
}

/** Takes a lease away and offers its unrecorded instances again, at once. */
export function offerRest(state: MemoryState, lease: LeaseRecord): void {
  dropLease(state, lease)
  addOffer(lease, unrecordedOf(lease), { at: state.now(), isIsolated: lease.isIsolated })
}

/** Takes a lease away and offers its unrecorded instances in two isolated halves: one of them may spare its host. */
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
  range: WorkRange,
  indexes: readonly number[],
  options: { at: number; isIsolated: boolean },
): void {
  const first = indexes.at(0)
  const last = indexes.at(-1)
  if (first === undefined || last === undefined) return
  const { expansion, page, tryNumber, baseTry, isRetry } = range
  const { at, isIsolated } = options
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
