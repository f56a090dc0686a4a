import { Effect } from "effect"
import type { CommittedGap, ExpansionStore } from "../expansion-store.ts"
import { LeaseLost, TooManyItems } from "../errors.ts"
import { addOutcome, countsOf, noOutcomes, noteFinished, sumOf } from "./counts.ts"
import {
  type ExpansionRecord,
  type MemoryState,
  type PageRecord,
  expansionOf,
  markDue,
  siblingOf,
} from "./state.ts"

type CommitOptions = Parameters<ExpansionStore["commitPage"]>[0]
type DelayOptions = Parameters<ExpansionStore["delayPull"]>[0]
type BreakOptions = Parameters<ExpansionStore["breakStream"]>[0]

/** Commits a page for the runner of this epoch; gives back the expansion as it then stands. */
export function commitPage(
  state: MemoryState,
  options: CommitOptions,
): Effect.Effect<ExpansionRecord, LeaseLost | TooManyItems> {
  const page = withoutDuplicates(expansionOf(state, options.expansionId), options)
  const checked = fenced(state, options, (expansion) => beyondMaxItems(expansion, page))
  return Effect.flatMap(checked, (tooMany): Effect.Effect<ExpansionRecord, LeaseLost | TooManyItems> =>
    tooMany === null ? commit(state, options, page) : Effect.fail(tooMany),
  )
}

function commit(
  state: MemoryState,
  options: CommitOptions,
  page: CommittedItems,
): Effect.Effect<ExpansionRecord, LeaseLost> {
  return fenced(state, options, (expansion) => {
    expansion.duplicates += options.items.length - page.items.length
    if (page.items.length > 0) storePage(state, expansion, page)
    expansion.cursor = options.cursor
    if (options.resume !== null) expansion.resume = options.resume
    expansion.pulls += options.pulls
    expansion.pullFailures = 0
    expansion.pullAfter = null
    expansion.streamError = null
    for (const taken of options.consumed) moveOn(expansion.consumed, taken)
    const unfinished = expansion.created - sumOf(countsOf(expansion))
    expansion.unfinishedPeak = Math.max(expansion.unfinishedPeak, unfinished)
    if (options.exhausted) endStream(state, expansion, options.fusedSources)
    return expansion
  })
}

/** Notes a failed pull, to be tried again after a delay. */
export function delayPull(state: MemoryState, options: DelayOptions): Effect.Effect<void, LeaseLost> {
  return fenced(state, options, (expansion) => {
    expansion.pullFailures += 1
    expansion.pullAfter = state.now() + options.delayMs
    expansion.streamError = options.error
  })
}

/** Ends a stream that broke, with the fused sources it pulled. */
export function breakStream(state: MemoryState, options: BreakOptions): Effect.Effect<void, LeaseLost> {
  return fenced(state, options, (expansion) => {
    expansion.streamFailure = options.failure
    expansion.streamError = options.error
    if (options.failedSource !== null) breakSource(siblingOf(expansion, options.failedSource), options)
    endStream(state, expansion, options.fusedSources)
  })
}

/** Runs a runner's write only while its epoch holds and the expansion is open. */
function fenced<A>(
  state: MemoryState,
  options: { expansionId: string; epoch: number },
  write: (expansion: ExpansionRecord) => A,
): Effect.Effect<A, LeaseLost> {
  const expansion = expansionOf(state, options.expansionId)
  if (expansion.state !== "open" || expansion.epoch !== options.epoch) {
    return Effect.fail(new LeaseLost({ held: "expansion", id: options.expansionId }))
  }
  return Effect.succeed(write(expansion))
}

function endStream(state: MemoryState, expansion: ExpansionRecord, fusedSources: readonly number[]): void {
  expansion.exhausted = true
  expansion.state = "draining"
  expansion.heldBy = null
  markDue(state, expansion)
  for (const ordinal of fusedSources) {
    const source = siblingOf(expansion, ordinal)
    if (source.state !== "open") continue
    source.exhausted = true
    source.state = "draining"
    markDue(state, source)
  }
}

function breakSource(source: ExpansionRecord, { error }: BreakOptions): void {
  if (source.state !== "open") return
  source.streamFailure = "own"
  source.streamError = error
}

/** A position never goes back. */
function moveOn(consumed: Map<number, number>, taken: { ordinal: number; index: number }): void {
  consumed.set(taken.ordinal, Math.max(taken.index, consumed.get(taken.ordinal) ?? 0))
}

/** What of a page becomes instances: all of it, or without keys that came before. */
type CommittedItems = Pick<CommitOptions, "items" | "keys" | "labels" | "gaps">

function withoutDuplicates(expansion: ExpansionRecord, options: CommitOptions): CommittedItems {
  const { items, keys, labels, gaps } = options
  if (keys === null) return { items, keys, labels, gaps }
  const seen = new Set<string>()
  const fresh = keys.flatMap((key, place) => {
    if (key !== null && (expansion.keys.has(key) || seen.has(key))) return []
    if (key !== null) seen.add(key)
    return [place]
  })
  const placeOf = new Map(fresh.map((place, to) => [place, to] as const))
  return {
    items: fresh.map((place) => items[place] ?? null),
    keys: fresh.map((place) => keys[place] ?? null),
    labels: labels === null ? null : fresh.map((place) => labels[place] ?? null),
    gaps: gaps.map((gap) => ({ ...gap, position: placeOf.get(gap.position) ?? gap.position })),
  }
}

function beyondMaxItems({ task, created }: ExpansionRecord, page: CommittedItems): TooManyItems | null {
  const maxItems = task.mapping?.maxItems ?? null
  const fresh = page.items.length
  if (page.keys === null || maxItems === null || created + fresh <= maxItems) return null
  return new TooManyItems({ created, fresh, maxItems })
}

function storePage(state: MemoryState, expansion: ExpansionRecord, options: CommittedItems): void {
  const page = addPage(expansion, options, { firstIndex: expansion.created, at: state.now() })
  options.keys?.forEach((key, place) => {
    if (key !== null) expansion.keys.set(key, page.firstIndex + place)
  })
  if (expansion.task.kind === "source") {
    settleSourcePage(page)
    return
  }
  for (const gap of options.gaps) recordGap(state, page, gap)
  if (noteFinished(state, page)) page.claimed = page.count
}

/** The name under which the place of an upstream instance is kept. */
export function originName(ordinal: number, index: number): string {
  return `${ordinal}/${index}`
}

/** Adds a page whose first instance has this index. */
export function addPage(
  expansion: ExpansionRecord,
  { items, keys, labels }: Pick<PageRecord, "items" | "keys" | "labels">,
  { firstIndex, at }: { readonly firstIndex: number; readonly at: number },
): PageRecord {
  const page: PageRecord = {
    expansion,
    firstIndex,
    count: items?.length ?? 1,
    items,
    keys,
    labels,
    claimed: 0,
    counts: noOutcomes(),
    createdAt: at,
    firstEndedAt: null,
    pullsAtFirstEnd: null,
    foldedAt: null,
  }
  expansion.pages.push(page)
  expansion.unfolded.add(page)
  expansion.created += page.count
  return page
}

/** A shared source has no instances: its items are there once they are stored. */
function settleSourcePage(page: PageRecord): void {
  page.claimed = page.count
  addOutcome(page.counts, "success", page.count)
  addOutcome(page.expansion.folded, "success", page.count)
  page.expansion.unfolded.delete(page)
  page.foldedAt = page.createdAt
}

function recordGap(state: MemoryState, page: PageRecord, gap: CommittedGap): void {
  const { origin } = gap
  if (origin !== undefined)
    page.expansion.gapOrigins.set(originName(origin.ordinal, origin.index), page.firstIndex + gap.position)
  addOutcome(page.counts, gap.state)
  page.expansion.rows.set(page.firstIndex + gap.position, {
    state: gap.state,
    tryNumber: 0,
    startedAt: state.now(),
    endedAt: state.now(),
    value: null,
    error: null,
  })
}
