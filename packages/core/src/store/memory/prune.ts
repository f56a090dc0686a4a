import { Effect } from "effect"
import { type NotAllowed, NotFound } from "../errors.ts"
import { awaitedRun, busyDag, type PruneStore, unfinishedRun } from "../prune-store.ts"
import { nameOf as fileNameOf } from "./dag-files.ts"
import { noteDagEvent, noteRunEvent } from "./events.ts"
import { dropLease } from "./offers.ts"
import { isLeading } from "./planner.ts"
import { nameOf } from "./runs.ts"
import type { ExpansionRecord, MemoryState, RunRecord } from "./state.ts"
import { dropTrigger } from "./triggers.ts"

/** As in the other store: so many rows count as one run. */
const rowsPerRun = 50

/** Deletion over a memory state. */
export function prune(state: MemoryState): PruneStore {
  return {
    deleteDagRun: ({ dagRunId, actor }) => Effect.suspend(() => deleteDagRun(state, dagRunId, actor)),
    deleteDag: ({ dagId, actor }) => Effect.suspend(() => deleteDag(state, dagId, actor)),
    pruneRows: ({ leadership, limit }) =>
      Effect.sync(() => {
        if (!isLeading(state, leadership)) return { removed: 0, isDone: true }
        return pruneRows(state, limit)
      }),
  }
}

function deleteDagRun(
  state: MemoryState,
  dagRunId: string,
  actor: string,
): Effect.Effect<void, NotFound | NotAllowed> {
  const run = state.runsById.get(dagRunId)
  if (run === undefined) return Effect.fail(new NotFound({ what: "run", id: dagRunId }))
  if (run.state === "queued" || run.state === "running") return Effect.fail(unfinishedRun(run))
  if (isAwaited(state, run)) return Effect.fail(awaitedRun(run))
  removeRun(state, run)
  noteRunEvent(state, run, { actor, event: "dag_run_deleted", detail: null })
  unlink(state, run)
  return Effect.void
}

/** All at once, but for runs whose ends are waited for: those stay until they were told. */
function deleteDag(
  state: MemoryState,
  dagId: string,
  actor: string,
): Effect.Effect<void, NotFound | NotAllowed> {
  const dag = state.dags.get(dagId)
  if (dag === undefined) return Effect.fail(new NotFound({ what: "DAG", id: dagId }))
  const runs = state.runs.filter((run) => run.dagId === dagId)
  const hasUnfinished = runs.some((run) => run.state === "queued" || run.state === "running")
  const backfills = [...state.backfills.values()].filter((one) => one.dagId === dagId)
  if (hasUnfinished || backfills.some(({ endedAt }) => endedAt === null)) return Effect.fail(busyDag(dagId))
  state.dags.delete(dagId)
  if (dag.file !== undefined) state.dagFiles.delete(fileNameOf(dag.file))
  for (const { id } of backfills) state.backfills.delete(id)
  noteDagEvent(state, dagId, { actor, event: "dag_deleted", detail: null })
  for (const run of runs) state.deletedDagRuns.add(run)
  return Effect.void
}

/** Deletes runs of deleted DAGs, whose versions go with the last of them. */
function pruneDagRuns(state: MemoryState, limit: number): number {
  const going = [...state.deletedDagRuns].filter((run) => !isAwaited(state, run)).slice(0, limit)
  for (const run of going) {
    removeRun(state, run)
    unlink(state, run)
    state.deletedDagRuns.delete(run)
  }
  return going.length
}

/** Versions of DAGs that are not there, and that no run has, with their code. */
export function pruneVersions(state: MemoryState): void {
  const current = [...state.dags.values()].flatMap(({ versions }) => [...versions.values()])
  const kept = new Set([...current, ...state.runs.map(({ version }) => version)].map(({ id }) => id))
  for (const id of state.versions.keys()) if (!kept.has(id)) state.versions.delete(id)
  const used = new Set([...state.versions.values(), ...state.dagFiles.values()].map((one) => one.bundleHash))
  for (const hash of state.bundles.keys()) if (!used.has(hash)) state.bundles.delete(hash)
}

/** Whether somebody waits for a run's end. */
export function isAwaited(state: MemoryState, { dagId, runId }: RunRecord): boolean {
  return [...state.triggers.values()].some(
    ({ trigger }) => trigger.kind === "run" && trigger.dagId === dagId && trigger.runId === runId,
  )
}

/** Takes a run out of sight; says by a number how much it leaves. */
export function removeRun(state: MemoryState, run: RunRecord): void {
  state.runs.splice(state.runs.indexOf(run), 1)
  state.runsById.delete(run.id)
  state.runsByName.delete(nameOf(run.dagId, run.runId))
  const left = run.expansions.reduce((sum, expansion) => sum + emptyExpansion(state, expansion), 0)
  state.deletedRuns.set(run.id, left)
  if (run.backfillId !== null) leaveBackfill(state, run.backfillId, run)
  for (const { runs } of state.assetEvents) if (runs.includes(run)) runs.splice(runs.indexOf(run), 1)
}

/** The date is still there, and how it went still counts. */
function leaveBackfill(state: MemoryState, backfillId: string, { id, state: endedAs }: RunRecord): void {
  const backfill = state.backfills.get(backfillId)
  if (backfill === undefined) return
  for (const date of backfill.dates) if (date.dagRunId === id) date.dagRunId = null
  if (endedAs === "success" || endedAs === "failed") backfill.deleted[endedAs] += 1
}

/**
 * Leaves of an expansion only its id, for those who still hold that: it has nothing, and whatever is to be written for it is
 * refused.
 */
function emptyExpansion(state: MemoryState, expansion: ExpansionRecord): number {
  const logs = state.logs.get(expansion.id)?.length ?? 0
  const left = expansion.pages.length + expansion.rows.size + expansion.xcoms.size + logs
  for (const lease of expansion.leases) dropLease(state, lease)
  for (const trigger of expansion.triggers) dropTrigger(state, trigger)
  for (const page of expansion.pages) state.foldable.delete(page)
  expansion.pages.length = 0
  for (const some of [expansion.unfolded, expansion.offers]) some.clear()
  for (const some of [expansion.rows, expansion.tries, expansion.xcoms, expansion.keys]) some.clear()
  for (const some of [expansion.gapOrigins, expansion.repairs, expansion.consumed]) some.clear()
  expansion.state = "cancelled"
  expansion.seq += 1
  expansion.epoch += 1
  expansion.heldBy = null
  state.due.delete(expansion)
  state.unended.delete(expansion)
  state.logs.delete(expansion.id)
  return left
}

/** Lets what was done to a run stay known, by its names. */
export function unlink(state: MemoryState, run: RunRecord): void {
  for (const [place, event] of state.events.entries())
    if (event.dagRunId === run.id) state.events[place] = { ...event, dagRunId: null, expansionId: null }
}

function pruneRows(state: MemoryState, limit: number): { removed: number; isDone: boolean } {
  const runs = pruneDagRuns(state, Math.ceil(limit / rowsPerRun))
  if (runs > 0) return { removed: runs, isDone: false }
  pruneVersions(state)
  let room = limit
  for (const [dagRunId, left] of state.deletedRuns) {
    const removed = Math.min(left, room)
    room -= removed
    if (removed < left) state.deletedRuns.set(dagRunId, left - removed)
    else state.deletedRuns.delete(dagRunId)
    if (room === 0) break
  }
  return { removed: limit - room, isDone: state.deletedRuns.size === 0 }
}
