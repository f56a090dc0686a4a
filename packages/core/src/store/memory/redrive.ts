import { Effect } from "effect"
import type { RedriveStore } from "../redrive-store.ts"
import { type EndedState, isEndedState } from "../../state/task-instance.ts"
import { addOutcome, subtractCounts } from "./counts.ts"
import { noteExpansionEvent } from "./events.ts"
import { xcomPrefix } from "./instances.ts"
import { pageAt } from "./page-at.ts"
import { extendStreams, reopenRun } from "./reopen.ts"
import {
  type ExpansionRecord,
  type InstanceRow,
  type MemoryState,
  type PageRecord,
  dateOf,
  expansionOf,
  markDue,
} from "./state.ts"

type RedriveOptions = Parameters<RedriveStore["redriveInstances"]>[0]

/** What is run again, over a memory state. */
export function redrives(state: MemoryState): RedriveStore {
  return {
    redriveInstances: (options) => Effect.sync(() => redriveInstances(state, options)),
    reopenRun: (options) => Effect.sync(() => reopenRun(state, options)),
    extendStreams: (options) => Effect.sync(() => extendStreams(state, options)),
    clearPages: ({ limit }) => Effect.sync(() => clearPages(state, limit)),
  }
}

function redriveInstances(state: MemoryState, options: RedriveOptions): number[] {
  const expansion = expansionOf(state, options.expansionId)
  if (!mayRedrive(expansion)) return []
  const redriven = options.indexes.filter((index) => {
    const row = expansion.rows.get(index)
    const page = pageAt(expansion, index)
    if (row === undefined || page === undefined || row.tryNumber === 0) return false
    if (!(options.states as readonly string[]).includes(row.state)) return false
    takeBack(state, page, index, row)
    offerAgain(state, page, index, row.tryNumber)
    return true
  })
  if (redriven.length === 0) return []
  expansion.generation += 1
  expansion.seq += 1
  const { actor, event } = options
  const detail = { instances: redriven.length, first: Math.min(...redriven), last: Math.max(...redriven) }
  noteExpansionEvent(state, expansion, { actor, event, detail })
  return redriven
}

function mayRedrive({ state, run, isClearing }: ExpansionRecord): boolean {
  return state !== "waiting" && state !== "cancelled" && !run.isCancelled && !isClearing
}

/** Un-records an instance that has ended: it waits for another try, and its page is not finished any more. */
function takeBack(state: MemoryState, page: PageRecord, index: number, row: InstanceRow): void {
  const { expansion } = page
  archive(expansion, index, row)
  unfold(state, page)
  addOutcome(page.counts, row.state as EndedState, -1)
  expansion.rows.set(index, { ...row, state: "up_for_retry", value: null })
  const pushed = xcomPrefix(index)
  for (const name of expansion.xcoms.keys()) if (name.startsWith(pushed)) expansion.xcoms.delete(name)
}

/** Keeps an attempt that will not be the last. One that waits for a retry is kept already; a gap was none. */
function archive(expansion: ExpansionRecord, index: number, row: InstanceRow): void {
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

function offerAgain(state: MemoryState, page: PageRecord, index: number, baseTry: number): void {
  const { expansion } = page
  const range = { expansion, page, firstIndex: index, count: 1, isRetry: true, isIsolated: false }
  expansion.offers.add({ ...range, at: state.now(), tryNumber: baseTry + 1, baseTry })
}

/** Removes pages of the first expansion that begins anew. */
function clearPages(state: MemoryState, limit: number): boolean {
  const expansion = [...state.unended].find(({ isClearing }) => isClearing)
  if (expansion === undefined) return false
  const pages = expansion.pages.splice(0, limit)
  for (const page of pages) clearPage(state, page)
  if (expansion.pages.length > 0) return true
  expansion.isClearing = false
  expansion.roomFrom = 0
  expansion.offers.clear()
  markDue(state, expansion)
  return true
}

function clearPage(state: MemoryState, page: PageRecord): void {
  const { expansion } = page
  state.foldable.delete(page)
  expansion.unfolded.delete(page)
  for (let index = page.firstIndex; index < page.firstIndex + page.count; index++) {
    const row = expansion.rows.get(index)
    if (row === undefined) continue
    archive(expansion, index, row)
    expansion.baseTry = Math.max(expansion.baseTry, row.tryNumber)
    expansion.rows.delete(index)
  }
  expansion.xcoms.clear()
}
