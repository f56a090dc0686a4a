import { isFinalExpansionState } from "../../state/expansion.ts"
import { isEndedState } from "../../state/task-instance.ts"
import type { MapToRepair, RedriveStore, Repair, Repaired } from "../redrive-store.ts"
import { addOutcome, noteFinished } from "./counts.ts"
import { originName } from "./pages.ts"
import { pageAt } from "./page-at.ts"
import {
  type ExpansionRecord,
  type InstanceRow,
  type MemoryState,
  type PageRecord,
  type RepairRecord,
  expansionOf,
  markDue,
} from "./state.ts"
import { goOnThoughStopped, noteFollowers, offerAgain, takeBack } from "./take-back.ts"

type Options<K extends keyof RedriveStore> = Parameters<RedriveStore[K]>[0]

/** How long what cannot be done yet is left alone. */
const notYetMs = 1_000

/** Maps of running runs that have repairs. */
export function mapsToRepair(
  state: MemoryState,
  { after, limit }: Options<"mapsToRepair">,
): readonly MapToRepair[] {
  const running = state.runs.filter((run) => run.state === "running")
  const maps = running.flatMap((run) => run.expansions).filter(({ repairs }) => repairs.size > 0)
  return maps
    .filter(({ order, state }) => order > Number(after ?? 0) && state !== "cancelled")
    .sort((a, b) => a.order - b.order)
    .slice(0, limit)
    .map((map) => ({
      expansionId: map.id,
      dagRunId: map.run.id,
      generation: map.generation,
      state: map.state,
      hasUnresolved: [...map.repairs.values()].some(({ mapIndex }) => mapIndex === null),
    }))
}

/** Takes back the instances that follow what was redriven above. */
export function resolveRepairs(
  state: MemoryState,
  { expansionId, followers, limit }: Options<"resolveRepairs">,
): { indexes: number[]; seen: number } {
  const expansion = expansionOf(state, expansionId)
  if (expansion.state === "waiting" || expansion.state === "cancelled") return { indexes: [], seen: 0 }
  const due = [...expansion.repairs.values()].filter(
    ({ mapIndex, at }) => mapIndex === null && at <= state.now(),
  )
  const seen = due.slice(0, limit)
  const indexes = seen.flatMap((repair) => {
    const index = resolve(state, expansion, repair, followers)
    return index === null ? [] : [index]
  })
  if (seen.length === 0) return { indexes, seen: 0 }
  goOnThoughStopped(expansion)
  expansion.generation += 1
  // Whether it may end depends on what is left to repair.
  noteFacts(state, expansion)
  return { indexes, seen: seen.length }
}

function noteFacts(state: MemoryState, expansion: ExpansionRecord): void {
  if (isFinalExpansionState(expansion.state)) expansion.seq += 1
  else markDue(state, expansion)
}

function resolve(
  state: MemoryState,
  expansion: ExpansionRecord,
  repair: RepairRecord,
  followers: Options<"resolveRepairs">["followers"],
): number | null {
  const index = indexOf(expansion, repair)
  const page = index === undefined ? undefined : pageAt(expansion, index)
  if (index === undefined || page === undefined) {
    forget(expansion, repair)
    return null
  }
  const row = expansion.rows.get(index)
  if (row === undefined || !withdraw(expansion, index, row)) {
    repair.at = state.now() + notYetMs
    return null
  }
  takeBack(state, page, index, row)
  expansion.gapOrigins.delete(nameOf(repair))
  repair.mapIndex = index
  repair.at = state.now()
  noteFollowers(state, expansion, index, { before: row, followers })
  return index
}

function indexOf(expansion: ExpansionRecord, repair: RepairRecord): number | undefined {
  return repair.isAligned ? repair.upstreamIndex : expansion.gapOrigins.get(nameOf(repair))
}

function nameOf({ upstream, upstreamIndex }: RepairRecord): string {
  return originName(upstream.task.ordinal, upstreamIndex)
}

function forget(expansion: ExpansionRecord, repair: RepairRecord): void {
  expansion.repairs.delete(nameOf(repair))
}

/** Makes sure that nobody runs an instance: takes away the offer of its next try. False where it is being run. */
function withdraw(expansion: ExpansionRecord, index: number, row: InstanceRow): boolean {
  if (isEndedState(row.state)) return true
  if (row.state !== "up_for_retry") return false
  const offer = [...expansion.offers].find(({ isRetry, firstIndex }) => isRetry && firstIndex === index)
  return offer !== undefined && expansion.offers.delete(offer)
}

/** Takes repairs whose upstream has run again. */
export function takeRepairs(
  state: MemoryState,
  { expansionId, limit, leaseSeconds }: Options<"takeRepairs">,
): { repairs: Repair[]; seen: number } {
  const expansion = expansionOf(state, expansionId)
  if (!isGoing(expansion)) return { repairs: [], seen: 0 }
  const due = [...expansion.repairs.values()].filter(
    ({ mapIndex, at }) => mapIndex !== null && at <= state.now(),
  )
  const seen = due.sort((a, b) => a.at - b.at || a.upstreamIndex - b.upstreamIndex).slice(0, limit)
  const repairs = seen.flatMap((repair) => {
    const left = leftBy(repair)
    repair.at = state.now() + (left === null ? notYetMs : leaseSeconds * 1000)
    return left === null ? [] : [toRepair(expansion, repair, left)]
  })
  return { repairs, seen: seen.length }
}

function isGoing({ state }: ExpansionRecord): boolean {
  return state === "open" || state === "draining"
}

/** What the upstream instance left; null while it has not ended. */
function leftBy({ upstream, upstreamIndex }: RepairRecord): Repair["left"] | null {
  const row = upstream.rows.get(upstreamIndex)
  if (row === undefined || !isEndedState(row.state))
    return upstream.state === "cancelled" ? { gap: "upstream_failed" } : null
  if (row.state === "success") return row.value ?? "null"
  return { gap: row.state === "skipped" ? "skipped" : "upstream_failed" }
}

function toRepair(expansion: ExpansionRecord, repair: RepairRecord, left: Repair["left"]): Repair {
  const { upstream, upstreamIndex, version, failures, mapIndex } = repair
  return {
    expansionId: expansion.id,
    upstreamId: upstream.id,
    upstreamIndex,
    version,
    mapIndex: mapIndex ?? -1,
    failures,
    left,
  }
}

/** Ends a repair, or puts it off. */
export function settleRepair(state: MemoryState, options: Options<"settleRepair">): boolean {
  const { expansionId, upstreamId, upstreamIndex, version } = options.repair
  const expansion = expansionOf(state, expansionId)
  const repair = expansion.repairs.get(originName(expansionOf(state, upstreamId).task.ordinal, upstreamIndex))
  if (repair?.version !== version || repair.mapIndex === null || !isGoing(expansion)) return false
  const page = pageAt(expansion, repair.mapIndex)
  const row = expansion.rows.get(repair.mapIndex)
  if (page === undefined || row === undefined) return false
  const { repaired } = options
  if (repaired.kind === "failed" && repaired.retryDelayMs !== null) {
    repair.failures += 1
    repair.at = state.now() + repaired.retryDelayMs
    return true
  }
  forget(expansion, repair)
  if (repaired.kind === "item") giveInput(state, page, repair.mapIndex, row, repaired)
  else endWithout(state, page, repair.mapIndex, row, repaired)
  if (repaired.kind === "gap" && !repair.isAligned) expansion.gapOrigins.set(nameOf(repair), repair.mapIndex)
  return true
}

function giveInput(
  state: MemoryState,
  page: PageRecord,
  index: number,
  row: InstanceRow,
  { item, label }: Extract<Repaired, { kind: "item" }>,
): void {
  const { expansion } = page
  page.items = page.items?.with(index - page.firstIndex, item) ?? null
  page.labels = page.labels?.with(index - page.firstIndex, label) ?? null
  const last = expansion.tries.get(index)?.at(-1)?.tryNumber ?? 0
  offerAgain(state, page, index, Math.max(row.tryNumber, last))
}

/** Nothing is left to run: a try number of 0 says that there is no input. */
function endWithout(
  state: MemoryState,
  page: PageRecord,
  index: number,
  row: InstanceRow,
  repaired: Exclude<Repaired, { kind: "item" }>,
): void {
  const ended = endedAs(repaired)
  const error = repaired.kind === "failed" ? repaired.error : null
  page.expansion.rows.set(index, { ...row, state: ended, tryNumber: 0, error, endedAt: state.now() })
  addOutcome(page.counts, ended)
  noteFinished(state, page)
}

function endedAs(repaired: Exclude<Repaired, { kind: "item" }>) {
  if (repaired.kind === "gap") return repaired.state
  return repaired.kind === "dropped" ? "skipped" : "failed"
}

/** The instances that would follow. */
export function followingIndexes(
  state: MemoryState,
  { expansionId, upstreamId, isAligned, indexes }: Options<"followingIndexes">,
): number[] {
  const expansion = expansionOf(state, expansionId)
  if (isAligned) return indexes.filter((index) => index < expansion.created)
  const { ordinal } = expansionOf(state, upstreamId).task
  return indexes.flatMap((index) => expansion.gapOrigins.get(originName(ordinal, index)) ?? [])
}
