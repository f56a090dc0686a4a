/**
 * The part of a claim that goes to what is offered again (retries, given back ranges) while new pages wait as well; the
 * rest goes to pages, and what one side cannot use goes to the other. So pages cannot starve retries, nor a storm of
 * retries pages.
 */
export const offersShare = 1 / 2

/** How many leases of a claim go to offers while pages wait. A claim for one lease serves them when they are first. */
export function offersQuota({ limit, offersFirst }: { limit: number; offersFirst: boolean }): number {
  return offersFirst ? Math.ceil(limit * offersShare) : Math.floor(limit * offersShare)
}

/**
 * How many instances of the `left` in a page a lease takes that may have `size`: all, where less than half a lease would be
 * left, since a crumb costs the round trips of a whole lease.
 */
export function shareOfPage(left: number, size: number): number {
  return left * 2 < size * 3 ? left : size
}
