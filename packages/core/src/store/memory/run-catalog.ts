import { Effect } from "effect"
import type { CatalogStore, DagRunFilter, DagRunSummary } from "../catalog-store.ts"
import { NotFound } from "../errors.ts"
import { toVersionSummary } from "./dag-catalog.ts"
import { noteRunEvent } from "./events.ts"
import { viewOf } from "./expansion-view.ts"
import { compareKeys, fitsPatterns, isOneOf, isWithin, sliceOf, type SortKey } from "./filters.ts"
import { toListedRow, toRow } from "./runs.ts"
import type { MemoryState, RunRecord } from "./state.ts"

type RunCatalog = Pick<
  CatalogStore,
  "searchDagRuns" | "pageDagRuns" | "dagRunSummary" | "setDagRunNote" | "expansionsOfRuns"
>

/** Lists of runs. */
export function runCatalog(state: MemoryState): RunCatalog {
  return {
    searchDagRuns: (options) => Effect.sync(() => searchRuns(state, options)),
    pageDagRuns: (options) => Effect.sync(() => pageRuns(state, options)),
    dagRunSummary: ({ dagId, runId }) =>
      Effect.suspend(() => {
        const run = state.runs.find((one) => one.dagId === dagId && one.runId === runId)
        return run === undefined
          ? Effect.fail(new NotFound({ what: "run", id: `${dagId}/${runId}` }))
          : Effect.succeed(toSummary(run))
      }),
    setDagRunNote: ({ dagRunId, note, actor }) =>
      Effect.suspend(() => {
        const run = state.runs.find((one) => one.id === dagRunId)
        if (run === undefined) return Effect.fail(new NotFound({ what: "run", id: dagRunId }))
        run.note = note
        noteRunEvent(state, run, { actor, event: "dag_run_note_set", detail: { note } })
        return Effect.void
      }),
    expansionsOfRuns: ({ dagRunIds }) =>
      Effect.sync(() =>
        state.runs
          .filter((run) => dagRunIds.includes(run.id))
          .flatMap((run) => run.expansions.map((expansion) => viewOf(expansion, state.now()))),
      ),
  }
}

function searchRuns(state: MemoryState, options: Parameters<CatalogStore["searchDagRuns"]>[0]) {
  const { filter, orderBy } = options
  const isDescending = [...orderBy.map((order) => order.isDescending), orderBy[0]?.isDescending ?? false]
  const keysOf = (run: RunRecord): SortKey[] => {
    const keys = keysOfRun(run)
    return [...orderBy.map((order) => keys[order.by]), keys.id]
  }
  const found = state.runs
    .filter((run) => fits(run, filter))
    .sort((a, b) => compareKeys(keysOf(a), keysOf(b), isDescending))
  const { rows, total } = sliceOf(found, options)
  return { total, rows: rows.map(toListed) }
}

function keysOfRun(run: RunRecord) {
  return {
    id: Number(run.id),
    dag_id: run.dagId,
    run_id: run.runId,
    state: ["queued", "running", "success", "failed"].indexOf(run.state),
    run_type: run.runType,
    logical_date: run.logicalDate?.getTime() ?? null,
    run_after: run.runAfter.getTime(),
    queued_at: run.queuedAt.getTime(),
    start_date: run.startedAt?.getTime() ?? null,
    end_date: run.endedAt?.getTime() ?? null,
    duration: durationOf(run),
  }
}

function pageRuns(state: MemoryState, options: Parameters<CatalogStore["pageDagRuns"]>[0]): DagRunSummary[] {
  const { filter, isDescending, after, limit } = options
  const isLater = (run: RunRecord) =>
    after === null || (isDescending ? Number(run.id) < Number(after) : Number(run.id) > Number(after))
  const found = state.runs.filter((run) => isLater(run) && fits(run, filter))
  return (isDescending ? found.toReversed() : found).slice(0, limit).map(toListed)
}

function fits(run: RunRecord, filter: DagRunFilter): boolean {
  return (
    isOneOf(run.dagId, filter.dagIds) &&
    isOneOf(run.runId, filter.runIds) &&
    fitsPatterns(run.dagId, filter.dagIdPatterns) &&
    fitsPatterns(run.runId, filter.runIdPatterns) &&
    fitsPatterns(run.triggeringUser, filter.userPatterns) &&
    isOneOf(run.state, filter.states) &&
    isOneOf(run.runType, filter.runTypes) &&
    isOneOf(run.version.versionNumber, filter.versionNumbers) &&
    (filter.bundleHash ?? run.version.bundleHash) === run.version.bundleHash &&
    (filter.confContains === undefined || JSON.stringify(run.conf).includes(filter.confContains)) &&
    fitsDates(run, filter)
  )
}

function fitsDates(run: RunRecord, filter: DagRunFilter): boolean {
  return (
    isWithin(run.runAfter, filter.runAfter) &&
    isWithin(run.logicalDate, filter.logicalDate) &&
    isWithin(run.startedAt, filter.startDate) &&
    isWithin(run.endedAt, filter.endDate) &&
    isWithin(durationOf(run), filter.duration)
  )
}

function durationOf({ startedAt, endedAt }: RunRecord): number | null {
  return startedAt === null || endedAt === null ? null : (endedAt.getTime() - startedAt.getTime()) / 1000
}

function toSummary(run: RunRecord): DagRunSummary {
  return { ...toRow(run), version: toVersionSummary(run.version) }
}

function toListed(run: RunRecord): DagRunSummary {
  return { ...toListedRow(run), version: toVersionSummary(run.version) }
}
