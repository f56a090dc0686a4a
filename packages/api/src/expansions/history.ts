/**
 * How far a map was at each time, from its pages alone: no counter is written for it.
 *
 * Of many pages some are looked at, spread evenly over the indexes; each stands for all up to the next. When a page was
 * committed says what had been discovered. Its instances count as ended evenly between its first end and the time at
 * which it was counted, which is when the last of them had ended.
 */
import type { PageView } from "@sluice/core/store"

/** How far a map was, at even steps of time. */
export interface ExpansionHistory {
  readonly from: Date
  readonly stepMs: number
  readonly discovered: readonly number[]
  readonly ended: readonly number[]
}

/** What a history is made of: pages in the order of their indexes, and how the map stands now. */
export interface HistoryFacts {
  readonly pages: readonly PageView[]
  readonly discovered: number
  /** Milliseconds since the epoch: the first and the last time that is told. */
  readonly from: number
  readonly to: number
  /** How many steps there are at most. */
  readonly stepsMax: number
}

/** No step of several is shorter: what differs by less is noise of clocks and of batches. */
export const stepMsMin = 500

/** Tells how far a map was. */
export function historyOf({ pages, discovered, from, to, stepsMax }: HistoryFacts): ExpansionHistory {
  const steps = Math.max(1, Math.min(stepsMax, Math.floor((to - from) / stepMsMin)))
  const stepMs = Math.max(1, (to - from) / steps)
  const times = Array.from({ length: steps + 1 }, (_, step) => from + step * stepMs)
  const shares = pages.map((page, place) => ({
    weight: (pages[place + 1]?.firstIndex ?? discovered) - (place === 0 ? 0 : page.firstIndex),
    ...spanOf(page, to),
  }))
  const ended = times.map((at) =>
    shares.reduce(
      (sum, { weight, part, start, end }) => sum + weight * part * doneBetween(start, end, at),
      0,
    ),
  )
  return {
    from: new Date(from),
    stepMs,
    discovered: discoveredAt(pages, times).map(Math.round),
    ended: ended.map(Math.round),
  }
}

/** How much of a page has ended, and between when. */
function spanOf(page: PageView, now: number): { part: number; start: number; end: number } {
  const { count, success, failed, skipped, upstreamFailed, firstSuccessAt, foldedAt, createdAt } = page
  const end = foldedAt?.getTime() ?? now
  return {
    part: (success + failed + skipped + upstreamFailed) / count,
    start: Math.min(firstSuccessAt?.getTime() ?? createdAt.getTime(), end),
    end,
  }
}

function doneBetween(start: number, end: number, at: number): number {
  if (at >= end) return 1
  return at <= start ? 0 : (at - start) / (end - start)
}

/** Between two pages that stand side by side nothing was discovered; between others those that were passed over. */
function discoveredAt(pages: readonly PageView[], times: readonly number[]): number[] {
  let place = -1
  return times.map((at) => {
    while ((pages[place + 1]?.createdAt.getTime() ?? Number.POSITIVE_INFINITY) <= at) place += 1
    const before = pages[place]
    const next = pages[place + 1]
    const known = before === undefined ? 0 : before.firstIndex + before.count
    if (next === undefined) return known
    const start = before?.createdAt.getTime() ?? times[0] ?? at
    const part = (at - start) / Math.max(1, next.createdAt.getTime() - start)
    return known + Math.max(0, next.firstIndex - known) * Math.min(1, Math.max(0, part))
  })
}
