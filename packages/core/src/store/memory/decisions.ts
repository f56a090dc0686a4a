import { type ExpansionState, expansionTransitions, isFinalExpansionState } from "../../state/expansion.ts"
import type { FailureCounts } from "../../state/failure-tolerance.ts"
import type { GateVerdict } from "../../state/gate.ts"
import type { UpstreamCounts } from "../../state/trigger-rule.ts"
import type { Decided, DueExpansion, ExpansionStore } from "../expansion-store.ts"
import { addAssetEvent } from "./asset-events.ts"
import { addCounts, countsOf, isFoldedWhole, sumOf } from "./counts.ts"
import { addPage } from "./pages.ts"
import { type ExpansionRecord, type MemoryState, type PageRecord, markDue } from "./state.ts"

type DecideOptions = Parameters<ExpansionStore["decideExpansion"]>[0]

/** Expansions whose facts have changed, in the order of their ids. */
export function dueExpansions(state: MemoryState, limit: number): DueExpansion[] {
  const due = [...state.due].filter(({ isClearing }) => !isClearing).sort((a, b) => a.order - b.order)
  return due.slice(0, limit).map(factsOf)
}

function factsOf(expansion: ExpansionRecord): DueExpansion {
  return {
    expansionId: expansion.id,
    dagRunId: expansion.run.id,
    taskId: expansion.task.taskId,
    kind: expansion.task.kind,
    state: expansion.state,
    seq: String(expansion.seq),
    triggerRule: expansion.task.triggerRule,
    upstream: { ...expansion.upstream },
    gates: { ...expansion.gates },
    gate: gateOf(expansion),
    isLeaf: expansion.edgesOut.length === 0,
    exhausted: expansion.exhausted,
    streamFailure: expansion.streamFailure,
    hasRepairs: expansion.repairs.size > 0,
    toleratedFailures: expansion.toleratedFailures,
    isStopped: expansion.stopReason !== null,
    now: expansion.toleratedFailures === null ? null : failuresOf(expansion),
    created: expansion.created,
    ...expansion.folded,
  }
}

function gateOf({ task, state, rows }: ExpansionRecord): DueExpansion["gate"] {
  if (task.gate === null) return null
  return { gate: task.gate, result: state === "draining" ? (rows.get(-1)?.value ?? null) : null }
}

function failuresOf(expansion: ExpansionRecord): FailureCounts {
  const counts = countsOf(expansion)
  return { failed: counts.failed, ended: sumOf(counts) }
}

/** Applies a decision of the scheduler, unless the facts it was made on have moved on. */
export function decideExpansion(state: MemoryState, options: DecideOptions): Decided {
  const { from, to } = options
  if (to !== null) requireTransition(from, to)
  const expansion = state.expansions.get(options.expansionId)
  if (expansion?.state !== from || String(expansion.seq) !== options.seq)
    return { isDone: false, isAwaited: false }
  state.due.delete(expansion)
  if (to === null) expansion.isWatched = options.isWatched ?? false
  if (to !== null) moveTo(state, expansion, to, options.verdict)
  const isAwaited = to !== null && isFinalExpansionState(to) && isAwaitedBy(expansion)
  return { isDone: true, isAwaited }
}

function isAwaitedBy(expansion: ExpansionRecord): boolean {
  const told = downstreamOf(expansion).filter(([edge]) => edge === "complete" || expansion.openedAt === null)
  const targets = expansion.verdict === null ? [] : targetsOf(expansion)
  return [...told.map(([, downstream]) => downstream), ...targets].some(({ state }) => state === "waiting")
}

function requireTransition(from: ExpansionState, to: ExpansionState): void {
  const next: readonly ExpansionState[] = expansionTransitions[from]
  if (!next.includes(to)) throw new Error(`an expansion does not go from ${from} to ${to}`)
}

function moveTo(
  state: MemoryState,
  expansion: ExpansionRecord,
  to: ExpansionState,
  verdict: GateVerdict | undefined,
): void {
  expansion.state = to
  expansion.seq += 1
  if (expansion.openedAt === null && (to === "open" || to === "draining")) start(state, expansion)
  if (!isFinalExpansionState(to)) return
  if (to === "success" && expansion.task.kind === "mapped") {
    for (const asset of expansion.task.outlets)
      addAssetEvent(state, asset, { extra: {}, of: expansion, mapIndex: -1 })
  }
  end(state, expansion, to)
  if (verdict !== undefined) tellTargets(state, expansion, verdict)
}

/** Tells the targets of a gate that it has ended, and which of them may not run. */
function tellTargets(state: MemoryState, gate: ExpansionRecord, verdict: GateVerdict): void {
  gate.verdict = verdict
  for (const target of targetsOf(gate)) {
    target.gates.left -= 1
    if (verdict.skips.includes(target.task.ordinal)) target.gates.skips += 1
    if (verdict.fails.includes(target.task.ordinal)) target.gates.fails += 1
    if (target.state === "waiting") markDue(state, target)
  }
}

/** The expansions that a gate has a say over; none for what is no gate. */
export function targetsOf({ task, run }: ExpansionRecord): ExpansionRecord[] {
  return (task.gate?.targets ?? []).flatMap((ordinal) => run.expansions[ordinal] ?? [])
}

/** Starts an expansion; an unmapped task gets its one instance. */
function start(state: MemoryState, expansion: ExpansionRecord): void {
  expansion.openedAt = state.now()
  if (expansion.task.kind === "task") {
    addPage(expansion, { items: null, keys: null, labels: null }, { firstIndex: -1, at: state.now() })
    expansion.exhausted = true
  }
  for (const [edge, downstream] of downstreamOf(expansion)) {
    if (edge === "stream") tell(state, downstream, "opened")
  }
  closeUnneeded(state, expansion)
}

/** A fused source whose reader has ended, or read it to its end before it was opened, has nobody who would ever end it. */
function closeUnneeded(state: MemoryState, source: ExpansionRecord): void {
  if (source.task.kind !== "fused" || source.state !== "open") return
  const isRead = (reader: ExpansionRecord) => isFinalExpansionState(reader.state) || reader.exhausted
  if (!downstreamOf(source).every(([, reader]) => isRead(reader))) return
  source.exhausted = true
  source.state = "draining"
  markDue(state, source)
}

/** Tells everyone around an expansion how it has ended. */
export function end(state: MemoryState, expansion: ExpansionRecord, to: ExpansionState): void {
  expansion.endedAt = state.now()
  expansion.heldBy = null
  state.unended.delete(expansion)
  for (const upstream of expansion.run.expansions) {
    if (upstream.edgesOut.some(({ downstream }) => downstream === expansion.task.taskId))
      closeUnneeded(state, upstream)
  }
  for (const [edge, downstream] of downstreamOf(expansion)) {
    // A consumer that saw the stream open is told by the stream itself how it ended.
    if (edge === "complete" || expansion.openedAt === null) {
      for (const counter of countersOf(expansion, to)) tell(state, downstream, counter)
    }
  }
}

/** What a task knows of how its upstream tasks stand. */
export type Counter = Exclude<keyof UpstreamCounts, "total" | "setups">

/** What a task counts an upstream as that ended so; a setup also as one. */
export function countersOf({ task }: ExpansionRecord, state: ExpansionState): Counter[] {
  const isSetup = task.setupTeardown === "setup"
  if (state === "success") return isSetup ? ["success", "setupSuccess"] : ["success"]
  if (state === "skipped") return isSetup ? ["skipped", "setupSkipped"] : ["skipped"]
  return [state === "upstream_failed" ? "upstreamFailed" : "failed"]
}

/** Counted even where it has started or ended: it may begin anew, and must then know. */
function tell(state: MemoryState, expansion: ExpansionRecord, counter: Counter): void {
  expansion.upstream[counter] += 1
  if (expansion.state === "waiting") markDue(state, expansion)
}

/** The tasks that follow on one, with how they do. */
export function downstreamOf(expansion: ExpansionRecord): ["complete" | "stream", ExpansionRecord][] {
  return expansion.edgesOut.flatMap((edge) => {
    const downstream = expansion.run.expansions.find((other) => other.task.taskId === edge.downstream)
    return downstream === undefined ? [] : [[edge.kind, downstream]]
  })
}

/** Adds finished pages into their expansions; says how many pages, and whether one of the expansions is due. */
export function fold(
  state: MemoryState,
  options: { expansionIds: readonly string[] | null; limit: number },
): { pages: number; hasDue: boolean } {
  const { expansionIds, limit } = options
  const ready = [...state.foldable].filter(
    (page) => expansionIds === null || expansionIds.includes(page.expansion.id),
  )
  const pages = ready.slice(0, limit)
  for (const page of pages) foldPage(state, page)
  return { pages: pages.length, hasDue: pages.some((page) => state.due.has(page.expansion)) }
}

function foldPage(state: MemoryState, page: PageRecord): void {
  const { expansion } = page
  state.foldable.delete(page)
  expansion.unfolded.delete(page)
  page.foldedAt = state.now()
  // What begins anew counts from nothing; its old pages are on their way out.
  if (expansion.isClearing) return
  addCounts(expansion.folded, page.counts)
  expansion.seq += 1
  if (isFoldedWhole(expansion) && !isFinalExpansionState(expansion.state)) state.due.add(expansion)
}
