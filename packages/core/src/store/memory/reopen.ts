import { isFinalExpansionState } from "../../state/expansion.ts"
import type { RedriveStore, Reopened, RewoundLoop } from "../redrive-store.ts"
import { timeoutOf } from "./cancel.ts"
import { addCounts, noOutcomes, subtractCounts, sumOf } from "./counts.ts"
import { type Counter, countersOf, downstreamOf, targetsOf } from "./decisions.ts"
import { dropLease } from "./offers.ts"
import { noteExpansionEvent } from "./events.ts"
import { type ExpansionRecord, expansionOf, type MemoryState, noResume, type RunRecord } from "./state.ts"
import { dropTrigger } from "./triggers.ts"

/** Lets a run go on of which instances were taken back, with what is downstream of them. */
export function reopenRun(
  state: MemoryState,
  { dagRunId, resetsDownstream, readAnew, rewound = [] }: Parameters<RedriveStore["reopenRun"]>[0],
): Reopened {
  const run = state.runsById.get(dagRunId)
  if (run === undefined || run.isCancelled || run.state === "queued") return { reopened: [], reset: [] }
  for (const { expansionId, actor, event, detail } of rewound)
    noteExpansionEvent(state, expansionOf(state, expansionId), { actor, event, detail })
  return reopen(state, run, {
    back: run.expansions.filter(hasBeenTakenBack),
    readAnew: run.expansions.filter(({ id }) => readAnew.includes(id)),
    rewound: stepsOf(state, rewound),
    resetsDownstream,
    bringsSetups: true,
    goOn: (expansion) => reopenExpansion(state, expansion),
  })
}

/** The index at which each step begins anew: the first of those that are said. */
function stepsOf(state: MemoryState, loops: readonly RewoundLoop[]): Map<ExpansionRecord, number> {
  const steps = new Map<ExpansionRecord, number>()
  for (const { expansionIds, fromIndex } of loops) {
    for (const step of expansionIds.map((id) => expansionOf(state, id)))
      steps.set(step, Math.min(fromIndex, steps.get(step) ?? fromIndex))
  }
  return steps
}

/** Opens streams of an ended run again where they can be gone on from: all of the named ones, or none. */
export function extendStreams(
  state: MemoryState,
  { dagRunId, expansionIds, ...asked }: Parameters<RedriveStore["extendStreams"]>[0],
): Reopened {
  const run = state.runsById.get(dagRunId)
  const named = (run?.expansions ?? []).filter(({ id }) => expansionIds.includes(id))
  const hasEnded = run?.state === "success" || run?.state === "failed"
  if (!hasEnded || run.isCancelled || named.length !== expansionIds.length || !named.every(canGoOn))
    return { reopened: [], reset: [] }
  const { actor, detail } = asked
  const expansion = expansionOf(state, asked.expansionId)
  noteExpansionEvent(state, expansion, { actor, event: "extended", detail })
  return reopen(state, run, {
    back: named,
    readAnew: [],
    rewound: new Map(),
    resetsDownstream: true,
    bringsSetups: false,
    goOn: (each) => extendExpansion(state, each),
  })
}

function canGoOn({ state, exhausted, streamFailure, resume }: ExpansionRecord): boolean {
  const hasEnded = state !== "cancelled" && isFinalExpansionState(state)
  return hasEnded && exhausted && streamFailure === null && resume.stoppedBy === null
}

function reopen(
  state: MemoryState,
  run: RunRecord,
  {
    back,
    rewound,
    goOn,
    ...options
  }: Omit<Anew, "steps"> & {
    /** Steps of loops, and the index at which each begins anew. */
    readonly rewound: ReadonlyMap<ExpansionRecord, number>
    readonly goOn: (expansion: ExpansionRecord) => void
  },
): Reopened {
  const steps = new Set([...rewound.keys()].filter(hasStarted))
  const whole = expansionsAnew(run, { ...options, back, steps })
  const kept = [...steps].filter((step) => !whole.has(step))
  const reset = new Set([...whole, ...kept])
  const reopened = back.filter((expansion) => !reset.has(expansion))
  // All is told before anything changes: who is told what depends on how the others stand.
  for (const expansion of reset) untell(expansion, true)
  for (const expansion of reopened) untell(expansion, false)
  for (const expansion of whole) resetExpansion(state, expansion)
  for (const step of kept) rewindExpansion(state, step, rewound.get(step) ?? 0)
  for (const expansion of reopened) goOn(expansion)
  if (back.length + reset.size > 0) setRunning(state, run)
  return { reopened: idsOf(reopened), reset: idsOf(reset) }
}

function idsOf(expansions: Iterable<ExpansionRecord>): string[] {
  return [...expansions].sort((a, b) => a.order - b.order).map(({ id }) => id)
}

function setRunning(state: MemoryState, run: RunRecord): void {
  // As when it is resumed: the time that a run may take is not what lies between its end and now.
  if (run.state !== "running") run.timeoutAt = timeoutOf(run.version.dag, new Date(state.now()))
  run.state = "running"
  run.reopenings += 1
  run.endedAt = null
}

/** It has ended, and some of its instances have not, or follow others that have not. */
function hasBeenTakenBack(expansion: ExpansionRecord): boolean {
  const { state, task, created, folded, repairs } = expansion
  if (state === "cancelled" || !isFinalExpansionState(state)) return false
  if (task.kind !== "task" && task.kind !== "mapped") return false
  return sumOf(folded) < created || repairs.size > 0
}

interface Anew {
  readonly back: readonly ExpansionRecord[]
  readonly readAnew: readonly ExpansionRecord[]
  /** Steps of loops that begin anew at an iteration: whoever follows them begins anew as a whole, but for each other. */
  readonly steps: ReadonlySet<ExpansionRecord>
  readonly resetsDownstream: boolean
  readonly bringsSetups: boolean
}

/**
 * What begins anew as a whole: what waits for the end of these expansions, and of what is reset with them, if it has started. A map that
 * begins anew takes the source along that it pulls itself, and work its setups that were undone, with their teardowns. What
 * was cancelled by hand stays so.
 */
function expansionsAnew(run: RunRecord, { back, readAnew, steps, ...options }: Anew): Set<ExpansionRecord> {
  const { resetsDownstream } = options
  const setupsOf = options.bringsSetups ? undoneSetups(run) : () => []
  const below = resetsDownstream ? [...back.flatMap(waitingForEndOf), ...readAnew.flatMap(readersOf)] : []
  const first = [...below, ...[...steps].flatMap(toldBy).filter((one) => !steps.has(one))]
  const undone = back.filter((expansion) => setupsOf(expansion).length > 0)
  // Those through which it goes on downwards, and those that are taken along alone.
  const spreading = new Set([...first, ...(resetsDownstream ? undone : [])].filter(hasStarted))
  const alone = new Set(resetsDownstream ? [] : undone)
  const takeAlong = (expansion: ExpansionRecord) => {
    for (const one of [...setupsOf(expansion), ...fusedSourcesOf(expansion)].filter(hasStarted))
      alone.add(one)
  }
  // A set yields what is added while it is walked, so it is its own queue.
  for (const expansion of spreading) {
    for (const one of [...toldBy(expansion), ...goneRoundWith(expansion)].filter(hasStarted))
      spreading.add(one)
    takeAlong(expansion)
  }
  for (const step of steps) takeAlong(step)
  for (const expansion of alone) takeAlong(expansion)
  return new Set([...spreading, ...alone])
}

/** Gives of each task the setups that it needs and that a teardown has undone, or is about to, with these teardowns. */
function undoneSetups(run: RunRecord): (expansion: ExpansionRecord) => ExpansionRecord[] {
  const undone = run.expansions.filter(
    ({ task, state }) => task.setupTeardown === "setup" && state !== "waiting" && state !== "cancelled",
  )
  const pairs = undone.flatMap((setup) => {
    const teardowns = downstreamOf(setup).flatMap(([, task]) =>
      task.task.setupTeardown === "teardown" && hasStarted(task) ? [task] : [],
    )
    return teardowns.length === 0 ? [] : [{ setup, teardowns }]
  })
  return ({ task }) =>
    pairs.flatMap(({ setup, teardowns }) =>
      setup.task.gate?.targets.includes(task.ordinal) === true ? [setup, ...teardowns] : [],
    )
}

function waitingForEndOf(expansion: ExpansionRecord): ExpansionRecord[] {
  const waiting = downstreamOf(expansion).flatMap(([edge, downstream]) =>
    edge === "complete" ? [downstream] : [],
  )
  return [...waiting, ...targetsOf(expansion)]
}

function readersOf(expansion: ExpansionRecord): ExpansionRecord[] {
  return downstreamOf(expansion).flatMap(([edge, downstream]) => (edge === "stream" ? [downstream] : []))
}

function hasStarted({ state }: ExpansionRecord): boolean {
  return state !== "waiting" && state !== "cancelled"
}

/** Those that started, or did not, because of this expansion. */
function toldBy(expansion: ExpansionRecord): ExpansionRecord[] {
  const hasEnded = isFinalExpansionState(expansion.state)
  const told = downstreamOf(expansion).flatMap(([edge, downstream]) => {
    const isTold = edge === "stream" && expansion.openedAt !== null ? true : hasEnded
    return isTold ? [downstream] : []
  })
  return hasEnded ? [...told, ...targetsOf(expansion)] : told
}

/** What the loop of a task goes round with: where one of its tasks begins anew as a whole, all of it does. */
function goneRoundWith({ run, task }: ExpansionRecord): ExpansionRecord[] {
  return run.version.dag.loops.flatMap(({ iterations, body }) =>
    body.includes(task.taskId) ? run.expansions.filter((one) => one.task.taskId === iterations) : [],
  )
}

function fusedSourcesOf(expansion: ExpansionRecord): ExpansionRecord[] {
  return expansion.run.expansions.filter(
    ({ task, edgesOut }) =>
      task.kind === "fused" &&
      edgesOut.some((edge) => edge.kind === "stream" && edge.downstream === expansion.task.taskId),
  )
}

/** Takes back what an expansion has told its downstream: how it ended, and, where it is reset, that it was opened. */
function untell(expansion: ExpansionRecord, isReset: boolean): void {
  const { openedAt, state: ended } = expansion
  for (const [edge, downstream] of downstreamOf(expansion)) {
    const isOpenStream = edge === "stream" && openedAt !== null
    if (isOpenStream && isReset) lower(downstream, "opened")
    if (!isOpenStream && isFinalExpansionState(ended))
      countersOf(expansion, ended).forEach((counter) => lower(downstream, counter))
  }
  unsay(expansion)
}

/** Takes back what a gate has said. */
function unsay(gate: ExpansionRecord): void {
  const { verdict } = gate
  if (verdict === null) return
  gate.verdict = null
  for (const target of targetsOf(gate)) {
    const { ordinal } = target.task
    target.gates.left += 1
    if (verdict.skips.includes(ordinal)) target.gates.skips -= 1
    if (verdict.fails.includes(ordinal)) target.gates.fails -= 1
    target.seq += 1
  }
}

function lower(downstream: ExpansionRecord, counter: Counter): void {
  downstream.upstream[counter] -= 1
  downstream.seq += 1
}

function reopenExpansion(state: MemoryState, expansion: ExpansionRecord): void {
  expansion.state = "draining"
  expansion.seq += 1
  expansion.endedAt = null
  // What is run again shall run: a limit counts anew.
  expansion.stopReason = null
  state.unended.add(expansion)
}

/** Opens a stream where its last page said. */
function extendExpansion(state: MemoryState, expansion: ExpansionRecord): void {
  Object.assign(expansion, {
    state: "open",
    seq: expansion.seq + 1,
    // Whoever pulled it last may still send what was refused when the stream had ended.
    epoch: expansion.epoch + 1,
    heldBy: null,
    cursor: expansion.resume.cursor,
    exhausted: false,
    endedAt: null,
  } satisfies Partial<ExpansionRecord>)
  state.unended.add(expansion)
}

/** Takes a step of a loop back to where an iteration of it had not begun. */
function rewindExpansion(state: MemoryState, step: ExpansionRecord, asked: number): void {
  const fromIndex = Math.min(asked, step.created)
  // No fold counts in what is being cleared.
  for (const page of step.unfolded) {
    if (page.firstIndex >= fromIndex) continue
    addCounts(step.folded, page.counts)
    step.unfolded.delete(page)
    state.foldable.delete(page)
  }
  const folded = { ...step.folded }
  for (const page of step.pages)
    if (page.firstIndex >= fromIndex && !step.unfolded.has(page)) subtractCounts(folded, page.counts)
  const consumed = [...step.consumed]
  resetExpansion(state, step)
  for (const [upstream, taken] of consumed) step.consumed.set(upstream, Math.min(taken, fromIndex))
  Object.assign(step, {
    clearFrom: fromIndex,
    cursor: String(fromIndex),
    created: fromIndex,
    folded,
  } satisfies Partial<ExpansionRecord>)
}

/** Takes an expansion back to where it had not begun. What it had is removed page by page (`clearPages`). */
function resetExpansion(state: MemoryState, expansion: ExpansionRecord): void {
  for (const lease of expansion.leases) dropLease(state, lease)
  for (const trigger of expansion.triggers) dropTrigger(state, trigger)
  Object.assign(expansion, {
    state: "waiting",
    seq: expansion.seq + 1,
    generation: expansion.generation + 1,
    isClearing: true,
    clearFrom: -1,
    epoch: expansion.epoch + 1,
    heldBy: null,
    cursor: null,
    resume: noResume,
    exhausted: false,
    pulls: 0,
    pullFailures: 0,
    pullAfter: null,
    streamFailure: null,
    streamError: null,
    stopReason: null,
    isWatched: false,
    created: 0,
    duplicates: 0,
    folded: noOutcomes(),
    openedAt: null,
    endedAt: null,
    unfinishedPeak: 0,
  } satisfies Partial<ExpansionRecord>)
  expansion.consumed.clear()
  expansion.keys.clear()
  expansion.gapOrigins.clear()
  expansion.repairs.clear()
  for (const [, follower] of downstreamOf(expansion)) {
    for (const [name, repair] of follower.repairs)
      if (repair.upstream === expansion) follower.repairs.delete(name)
  }
  state.due.delete(expansion)
  state.unended.add(expansion)
}
