import { Effect } from "effect"
import type { RedriveStore } from "../redrive-store.ts"
import { noteExpansionEvent } from "./events.ts"
import { xcomPrefix } from "./instances.ts"
import { pageAt } from "./page-at.ts"
import { extendStreams, reopenRun } from "./reopen.ts"
import { followingIndexes, mapsToRepair, resolveRepairs, settleRepair, takeRepairs } from "./repairs.ts"
import {
  type ExpansionRecord,
  type MemoryState,
  type InstanceRow,
  type PageRecord,
  expansionOf,
  markDue,
} from "./state.ts"
import { archive, goOnThoughStopped, noteFollowers, offerAgain, takeBack } from "./take-back.ts"

type RedriveOptions = Parameters<RedriveStore["redriveInstances"]>[0]

/** What is run again, over a memory state. */
export function redrives(state: MemoryState): RedriveStore {
  return {
    redriveInstances: (options) => Effect.sync(() => redriveInstances(state, options)),
    reopenRun: (options) => Effect.sync(() => reopenRun(state, options)),
    extendStreams: (options) => Effect.sync(() => extendStreams(state, options)),
    clearPages: ({ limit }) => Effect.sync(() => clearPages(state, limit)),
    mapsToRepair: (options) => Effect.sync(() => mapsToRepair(state, options)),
    resolveRepairs: (options) => Effect.sync(() => resolveRepairs(state, options)),
    takeRepairs: (options) => Effect.sync(() => takeRepairs(state, options)),
    settleRepair: (options) => Effect.sync(() => settleRepair(state, options)),
    followingIndexes: (options) => Effect.sync(() => followingIndexes(state, options)),
  }
}

function redriveInstances(state: MemoryState, options: RedriveOptions): number[] {
  const expansion = expansionOf(state, options.expansionId)
  if (!mayRedrive(expansion)) return []
  const redriven = options.indexes.filter((index) => {
    const row = expansion.rows.get(index)
    const page = pageAt(expansion, index)
    if (row === undefined || page === undefined || !hasInput(row)) return false
    if (!(options.states as readonly string[]).includes(row.state)) return false
    takeBack(state, page, index, row)
    offerAgain(state, page, index, row.tryNumber)
    noteFollowers(state, expansion, index, { before: row, followers: options.followers })
    return true
  })
  if (redriven.length === 0) return []
  goOnThoughStopped(expansion)
  expansion.generation += 1
  expansion.seq += 1
  const { actor, event } = options
  const detail = { instances: redriven.length, first: Math.min(...redriven), last: Math.max(...redriven) }
  noteExpansionEvent(state, expansion, { actor, event, detail })
  return redriven
}

/** What never ran has no input, but for what a stopped map has skipped, with its reason. */
function hasInput({ state, tryNumber, error }: InstanceRow): boolean {
  return tryNumber > 0 || (state === "skipped" && error !== null)
}

function mayRedrive({ state, run, isClearing }: ExpansionRecord): boolean {
  return state !== "waiting" && state !== "cancelled" && !run.isCancelled && !isClearing
}

/** Removes pages of the first expansion that begins anew. */
function clearPages(state: MemoryState, limit: number): boolean {
  const expansion = [...state.unended].find(({ isClearing }) => isClearing)
  if (expansion === undefined) return false
  const kept = expansion.pages.findIndex(({ firstIndex }) => firstIndex >= expansion.clearFrom)
  const from = kept < 0 ? expansion.pages.length : kept
  for (const page of expansion.pages.splice(from, limit)) clearPage(state, page)
  if (expansion.pages.length > from) return true
  expansion.isClearing = false
  expansion.roomFrom = from
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
    const pushed = xcomPrefix(index)
    for (const name of expansion.xcoms.keys()) if (name.startsWith(pushed)) expansion.xcoms.delete(name)
  }
}
