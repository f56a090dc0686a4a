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
