import type { PulledPage } from "../host/host-pool.ts"
import type { StreamResume } from "../store/expansion-store.ts"

/**
 * Leaves out the items at a page's beginning that were committed before: what is read again when a finished stream is
 * extended. Says how many of these are still to come, in the pages after it.
 */
export function skipCommitted(page: PulledPage, skip: number): { page: PulledPage; skip: number } {
  const known = Math.min(skip, page.items.length)
  if (known === 0) return { page, skip }
  const { items, keys, labels } = page
  const rest = {
    items: items.slice(known),
    keys: keys === null ? null : keys.slice(known),
    labels: labels === null ? null : labels.slice(known),
  }
  return { page: { ...page, ...rest }, skip: skip - known }
}

/**
 * Says how to go on from the end of a stream, once it has more.
 *
 * Where its source says so, at the cursor that it gave. Otherwise the last pull is made again, from the cursor at which it
 * began, and as many items are skipped as it gave: a source that appends gives the same ones first. Where items have
 * keys none is skipped, since their keys tell which were there.
 */
export function resumeOf(
  { end, items, keys }: PulledPage,
  began: { readonly cursor: string | null; readonly skip: number },
): StreamResume {
  if (end === null) {
    // A source that gave less than before still has as many items committed from there.
    const skip = keys === null ? Math.max(items.length, began.skip) : 0
    return { cursor: began.cursor, skip, stoppedBy: null }
  }
  return "stoppedBy" in end
    ? { cursor: null, skip: 0, stoppedBy: end.stoppedBy }
    : { cursor: end.resume, skip: 0, stoppedBy: null }
}
