import { isEndedState } from "../../state/task-instance.ts"
import { noOutcomes, sumOf } from "../../store/memory/counts.ts"
import { isUnrecorded, unrecordedOf } from "../../store/memory/offers.ts"
import type {
  ExpansionRecord,
  InstanceRow,
  OutcomeCounts,
  PageRecord,
  WorkRange,
} from "../../store/memory/state.ts"
import { must } from "./invariants.ts"

/**
 * Every instance has ended once and for all, or can be had from exactly one place: a lease, an offer, or the part of
 * its page that was never leased. And the counters say the same as the rows.
 */
export function expectAccounted(expansion: ExpansionRecord, ended: Map<number, InstanceRow>): void {
  const { task, leases } = expansion
  const ranges = [...leases, ...expansion.offers]
  const folded = noOutcomes()
  for (const page of expansion.pages) {
    const counts = noOutcomes()
    for (let index = page.firstIndex; index < page.firstIndex + page.count; index++) {
      expectInstance({ expansion, page, index, ranges, ended, counts })
    }
    must(
      isSame(counts, page.counts),
      () => `${task.taskId}: the counters of page ${page.firstIndex} are wrong`,
    )
    if (!expansion.unfolded.has(page)) addTo(folded, counts, page)
  }
  must(isSame(folded, expansion.folded), () => `${task.taskId}: what was folded does not add up`)
  for (const lease of leases) {
    const left = unrecordedOf(lease).length
    must(
      left === lease.remaining,
      () => `${task.taskId}: lease ${lease.id} says ${lease.remaining} remain, not ${left}`,
    )
    must(left > 0, () => `${task.taskId}: lease ${lease.id} is spent, and still there`)
  }
}

interface Place {
  readonly expansion: ExpansionRecord
  readonly page: PageRecord
  readonly index: number
  readonly ranges: readonly WorkRange[]
  readonly ended: Map<number, InstanceRow>
  readonly counts: OutcomeCounts
}

function expectInstance({ expansion, page, index, ranges, ended, counts }: Place): void {
  const name = () => `${expansion.task.taskId}[${index}]`
  const row = expansion.rows.get(index)
  const before = ended.get(index)
  must(before === undefined || before === row, () => `${name()} had ended as ${before?.state}, and changed`)
  let places = 0
  for (const range of ranges) if (isUnrecorded(range, index)) places += 1
  if (row !== undefined && isEndedState(row.state)) {
    ended.set(index, row)
    counts[row.state === "upstream_failed" ? "upstreamFailed" : row.state] += 1
    must(places === 0, () => `${name()} is ${row.state}, and can be had again`)
    return
  }
  const waiting = [...expansion.triggers].filter((trigger) => trigger.mapIndex === index)
  must(
    // A map that was cancelled by itself waits for nothing any more.
    waiting.length === (row?.state === "deferred" && !expansion.isCancelled ? 1 : 0),
    () => `${name()} is ${row?.state}, and ${waiting.length} triggers wait for it`,
  )
  if (row?.state === "deferred") {
    must(places === 0, () => `${name()} is deferred, and can be had from ${places} places`)
    return
  }
  const isUntouched = index >= page.firstIndex + page.claimed
  // The place of an upstream instance that has run again is tried before its page is leased so far.
  const mayBeRepaired = expansion.generation > 0
  must(
    !isUntouched || row === undefined || mayBeRepaired,
    () => `${name()} was tried, and its page says it was never leased`,
  )
  if (isUntouched && row === undefined) places += 1
  const expected = [...expansion.repairs.values()].some(({ mapIndex }) => mapIndex === index) ? 0 : 1
  must(places === expected, () => `${name()} can be had from ${places} places, not ${expected}`)
}

function isSame(a: OutcomeCounts, b: OutcomeCounts): boolean {
  return (
    a.success === b.success &&
    a.failed === b.failed &&
    a.skipped === b.skipped &&
    a.upstreamFailed === b.upstreamFailed
  )
}

function addTo(sum: OutcomeCounts, counts: OutcomeCounts, page: PageRecord): void {
  must(sumOf(counts) === page.count, () => `page ${page.firstIndex} was folded before it was finished`)
  sum.success += counts.success
  sum.failed += counts.failed
  sum.skipped += counts.skipped
  sum.upstreamFailed += counts.upstreamFailed
}
