import { Effect } from "effect"
import {
  backfillRunId,
  type BackfillMove,
  type BackfillRow,
  type BackfillStore,
  refusalOf,
  type ReprocessRule,
  secondBackfill,
} from "../backfill-store.ts"
import { type NotAllowed, NotFound } from "../errors.ts"
import { noteDagEvent } from "./events.ts"
import { sliceOf } from "./filters.ts"
import { isLeading } from "./planner.ts"
import { addRun } from "./runs.ts"
import { type BackfillRecord, type MemoryState, type RunRecord, dateOf, nextNumber } from "./state.ts"

/** Backfills over a memory state. */
export function backfills(state: MemoryState): BackfillStore {
  return {
    backfillRefusals: ({ dagId, dates, reprocess }) =>
      Effect.sync(() => dates.map((date) => refusalOfDate(state, { dagId, date, reprocess }))),
    createBackfill: (options) => Effect.suspend(() => createBackfill(state, options)),
    backfill: (id) => found(state, id, (backfill) => toRow(state, backfill)),
    listBackfills: ({ dagId, before, limit }) =>
      Effect.sync(() =>
        [...state.backfills.values()]
          .filter((one) => dagId === undefined || one.dagId === dagId)
          .filter((one) => before === null || Number(one.id) < Number(before))
          .toReversed()
          .slice(0, limit)
          .map((one) => toRow(state, one)),
      ),
    searchBackfills: ({ dagId, isNewestFirst, skip, limit }) =>
      Effect.sync(() => {
        const found = [...state.backfills.values()].filter((one) => (dagId ?? one.dagId) === one.dagId)
        const { rows, total } = sliceOf(isNewestFirst ? found.toReversed() : found, { skip, limit })
        return { total, rows: rows.map((one) => toRow(state, one)) }
      }),
    listBackfillDates: ({ backfillId, after, limit }) =>
      Effect.sync(() =>
        (state.backfills.get(backfillId)?.dates ?? [])
          .filter(({ ordinal }) => ordinal > after)
          .slice(0, limit)
          .map((date) => ({ ...date })),
      ),
    setBackfillPaused: ({ backfillId, isPaused, actor }) =>
      found(state, backfillId, (backfill) => {
        if (backfill.endedAt !== null || backfill.isPaused === isPaused) return false
        backfill.isPaused = isPaused
        note(state, backfill, { actor, event: isPaused ? "backfill_paused" : "backfill_unpaused" })
        return true
      }),
    cancelBackfill: ({ backfillId, actor }) =>
      found(state, backfillId, (backfill) => {
        if (backfill.endedAt !== null) return false
        Object.assign(backfill, { isCancelled: true, endedAt: dateOf(state.now()) })
        note(state, backfill, { actor, event: "backfill_cancelled" })
        return true
      }),
    dueBackfills: ({ limit }) =>
      Effect.sync(() =>
        [...state.backfills.values()]
          .filter((one) => isDue(state, one))
          .slice(0, limit)
          .map((one) => ({ id: one.id, ordinal: one.handled })),
      ),
    moveBackfill: (options) => Effect.sync(() => moveBackfill(state, options)),
  }
}

function found<A>(
  state: MemoryState,
  id: string,
  use: (backfill: BackfillRecord) => A,
): Effect.Effect<A, NotFound> {
  return Effect.suspend(() => {
    const backfill = state.backfills.get(id)
    return backfill === undefined
      ? Effect.fail(new NotFound({ what: "backfill", id }))
      : Effect.succeed(use(backfill))
  })
}

function createBackfill(
  state: MemoryState,
  { dates, actor, ...options }: Parameters<BackfillStore["createBackfill"]>[0],
): Effect.Effect<BackfillRow, NotAllowed | NotFound> {
  const { dagId } = options
  if (!state.dags.has(dagId)) return Effect.fail(new NotFound({ what: "dag", id: dagId }))
  const active = [...state.backfills.values()].find((one) => one.dagId === dagId && one.endedAt === null)
  if (active !== undefined) return Effect.fail(secondBackfill(dagId, active.id))
  const backfill: BackfillRecord = {
    ...options,
    id: String(nextNumber(state)),
    isPaused: false,
    isCancelled: false,
    createdAt: dateOf(state.now()),
    endedAt: null,
    handled: 0,
    deleted: { success: 0, failed: 0 },
    dates: dates.map((date, ordinal) => ({ ...date, ordinal, dagRunId: null, refusal: null })),
  }
  state.backfills.set(backfill.id, backfill)
  note(state, backfill, { actor, event: "backfill_created" })
  return Effect.succeed(toRow(state, backfill))
}

function note(
  state: MemoryState,
  backfill: BackfillRecord,
  happening: {
    actor: string
    event: "backfill_created" | "backfill_paused" | "backfill_unpaused" | "backfill_cancelled"
  },
): void {
  noteDagEvent(state, backfill.dagId, { ...happening, detail: { backfill_id: backfill.id } })
}

function runsOf(state: MemoryState, { id }: BackfillRecord): RunRecord[] {
  return state.runs.filter((run) => run.backfillId === id)
}

function toRow(state: MemoryState, backfill: BackfillRecord): BackfillRow {
  const runs = runsOf(state, backfill)
  const count = (...states: RunRecord["state"][]) => runs.filter((run) => states.includes(run.state)).length
  const { dates, deleted, ...row } = backfill
  return {
    ...row,
    total: dates.length,
    refused: dates.filter(({ refusal }) => refusal !== null).length,
    running: count("queued", "running"),
    success: deleted.success + count("success"),
    failed: deleted.failed + count("failed"),
  }
}

function isDue(state: MemoryState, backfill: BackfillRecord): boolean {
  if (backfill.endedAt !== null) return false
  const { running, total, handled } = toRow(state, backfill)
  if (handled === total) return running === 0
  const isDagPaused = state.dags.get(backfill.dagId)?.isPaused ?? false
  return !backfill.isPaused && !isDagPaused && running < backfill.maxActiveRuns
}

function refusalOfDate(
  state: MemoryState,
  { dagId, date, reprocess }: { dagId: string; date: Date; reprocess: ReprocessRule },
) {
  const newest = state.runs.findLast(
    (run) => run.dagId === dagId && run.logicalDate?.getTime() === date.getTime(),
  )
  return refusalOf(newest?.state ?? null, reprocess)
}

function moveBackfill(
  state: MemoryState,
  { leadership, backfillId, ordinal }: Parameters<BackfillStore["moveBackfill"]>[0],
): BackfillMove | null {
  const backfill = state.backfills.get(backfillId)
  if (backfill === undefined || backfill.handled !== ordinal) return null
  if (!isDue(state, backfill) || !isLeading(state, leadership)) return null
  const date = backfill.dates[ordinal]
  const dag = state.dags.get(backfill.dagId)
  if (date === undefined || dag === undefined) {
    backfill.endedAt = dateOf(state.now())
    return "ended"
  }
  backfill.handled += 1
  const { dagId, reprocess } = backfill
  date.refusal = refusalOfDate(state, { dagId, date: date.logicalDate, reprocess })
  if (date.refusal !== null) return "refused"
  const run = addRun(state, dag, {
    runId: backfillRunId(backfill.id, date.logicalDate),
    runType: "backfill",
    conf: backfill.conf,
    logicalDate: date.logicalDate,
    dataInterval: { start: date.intervalStart, end: date.intervalEnd },
    backfillId: backfill.id,
    triggeredBy: "backfill",
    runAfter: date.intervalEnd,
  })
  date.dagRunId = run.id
  return "made"
}
