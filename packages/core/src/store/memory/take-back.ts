import { isEndedState } from "../../state/task-instance.ts"
import type { FollowingMap } from "../redrive-store.ts"
import { addOutcome, subtractCounts } from "./counts.ts"
import { xcomPrefix } from "./instances.ts"
import { originName } from "./pages.ts"
import { alarm } from "./stop.ts"
import {
  type ExpansionRecord,
  type InstanceRow,
  type MemoryState,
  type PageRecord,
  dateOf,
  siblingOf,
} from "./state.ts"

/** Un-records an instance that has ended: it waits for another try, and its page is not finished any more. */
export function takeBack(state: MemoryState, page: PageRecord, index: number, row: InstanceRow): void {
  const { expansion } = page
  archive(expansion, index, row)
  if (isEndedState(row.state)) {
    unfold(state, page)
    addOutcome(page.counts, row.state, -1)
  }
  expansion.rows.set(index, { ...row, state: "up_for_retry", value: null })
  const pushed = xcomPrefix(index)
  for (const name of expansion.xcoms.keys()) if (name.startsWith(pushed)) expansion.xcoms.delete(name)
}

/** Keeps an attempt that will not be the last. One that waits for a retry is kept already; a gap was none. */
export function archive(expansion: ExpansionRecord, index: number, row: InstanceRow): void {
  const { state, tryNumber, error } = row
  if (tryNumber === 0 || !isEndedState(state) || state === "upstream_failed") return
  const tries = expansion.tries.get(index) ?? []
  const times = { startedAt: dateOf(row.startedAt), endedAt: dateOf(row.endedAt) }
  expansion.tries.set(index, [...tries, { tryNumber, state, ...times, error }])
}

/** Takes a page's counters out of its expansion again: it will be folded anew when it is finished. */
function unfold(state: MemoryState, page: PageRecord): void {
  const { expansion } = page
  state.foldable.delete(page)
  if (expansion.unfolded.has(page)) return
  subtractCounts(expansion.folded, page.counts)
  expansion.unfolded.add(page)
}

/** Offers one instance for a try, from which its retries count anew. */
export function offerAgain(state: MemoryState, page: PageRecord, index: number, baseTry: number): void {
  const { expansion } = page
  const range = { expansion, page, firstIndex: index, count: 1, isRetry: true, isIsolated: false }
  expansion.offers.add({ ...range, at: state.now(), tryNumber: baseTry + 1, baseTry })
  alarm(state, expansion, false)
}

/**
 * Notes for each map that reads an expansion that instances of it may follow one that was taken back. Where it is pulled,
 * its runner loses it: what that has read meanwhile must not be committed.
 */
export function noteFollowers(
  state: MemoryState,
  expansion: ExpansionRecord,
  index: number,
  { before, followers }: { before: InstanceRow; followers: readonly FollowingMap[] },
): void {
  for (const { ordinal, isAligned } of followers) {
    const follower = siblingOf(expansion, ordinal)
    if (follower.state === "waiting") continue
    if (follower.state === "open") {
      follower.epoch += 1
      follower.heldBy = null
    }
    if (isAligned ? index >= follower.created : before.state === "success") continue
    const name = originName(expansion.task.ordinal, index)
    const known = follower.repairs.get(name)
    follower.seq += 1
    if (known !== undefined) {
      known.version += 1
      known.failures = 0
      known.at = state.now()
      continue
    }
    follower.repairs.set(name, {
      upstream: expansion,
      upstreamIndex: index,
      isAligned,
      mapIndex: null,
      version: 1,
      failures: 0,
      at: state.now(),
    })
  }
}

/** A map that was stopped closes whatever comes back to it: it keeps the reason as that of its stream. */
export function goOnThoughStopped(expansion: ExpansionRecord): void {
  expansion.streamError ??= expansion.stopReason
  expansion.stopReason = null
}
