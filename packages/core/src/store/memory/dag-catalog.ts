import { Effect } from "effect"
import type { CatalogStore, DagFilter, DagSummary, DagVersionSummary, RunsByDay } from "../catalog-store.ts"
import type { DagVersion } from "../definition-store.ts"
import { NotFound } from "../errors.ts"
import { isWaiting } from "./asset-users.ts"
import { limitsOf, unfinishedRuns } from "./dags.ts"
import { compareKeys, fitsPatterns, isOneOf, isWithin, sliceOf, type SortKey } from "./filters.ts"
import type { DagRecord, MemoryState, RunRecord } from "./state.ts"

type DagCatalog = Pick<
  CatalogStore,
  "searchDags" | "dagSummary" | "listDagVersions" | "listDagTags" | "countRunsByState" | "countRunsByDay"
>

/** Lists of DAGs, their versions and tags. */
export function dagCatalog(state: MemoryState): DagCatalog {
  return {
    searchDags: (options) => Effect.sync(() => searchDags(state, options)),
    dagSummary: (dagId) =>
      Effect.suspend(() => {
        const record = state.dags.get(dagId)
        return record === undefined ? unknown(dagId) : Effect.succeed(summaryOf(state, record))
      }),
    listDagVersions: (options) => Effect.sync(() => listVersions(state, options)),
    listDagTags: ({ patterns, isDescending, skip, limit }) =>
      Effect.sync(() => {
        const live = [...state.dags.values()].filter((record) => !record.isStale)
        const tags = [...new Set(live.flatMap((record) => record.current.dag.tags))]
          .filter((tag) => fitsPatterns(tag, patterns))
          .sort((a, b) => compareKeys([a], [b], [isDescending]))
        return sliceOf(tags, { skip, limit })
      }),
    countRunsByState: ({ dagIds }) =>
      Effect.sync(() => {
        const counts = new Map<string, { dagId: string; state: RunRecord["state"]; count: number }>()
        for (const run of state.runs) {
          if (!dagIds.includes(run.dagId)) continue
          const key = `${run.state} ${run.dagId}`
          const count = counts.get(key) ?? { dagId: run.dagId, state: run.state, count: 0 }
          counts.set(key, { ...count, count: count.count + 1 })
        }
        return [...counts.values()]
      }),
    countRunsByDay: (options) => Effect.sync(() => countRunsByDay(state, options)),
  }
}

function countRunsByDay(
  state: MemoryState,
  { dagId, starts, limit }: Parameters<CatalogStore["countRunsByDay"]>[0],
): RunsByDay {
  const dayOf = (at: Date) => starts.findLastIndex((start) => start <= at)
  const found = state.runs
    .filter((run) => run.dagId === dagId)
    .map((run) => ({ run, day: dayOf(run.runAfter) }))
    .filter(({ day }) => day >= 0 && day < starts.length - 1)
    .sort((a, b) => Number(b.run.runAfter) - Number(a.run.runAfter))
  const counted = found.slice(0, limit)
  const byDay = Map.groupBy(counted, ({ run, day }) => `${day} ${run.state}`)
  return {
    counts: [...byDay.values()].flatMap((same) =>
      same.slice(0, 1).map(({ run, day }) => ({ day, state: run.state, count: same.length })),
    ),
    countedFrom: counted.length === limit ? (counted.at(-1)?.run.runAfter ?? null) : null,
  }
}

function unknown(dagId: string): Effect.Effect<never, NotFound> {
  return Effect.fail(new NotFound({ what: "DAG", id: dagId }))
}

function searchDags(state: MemoryState, options: Parameters<CatalogStore["searchDags"]>[0]) {
  const { filter, orderBy } = options
  const isDescending = [...orderBy.map((order) => order.isDescending), false]
  const keysOf = (record: DagRecord): SortKey[] => {
    const last = runsOf(state, record.current.dagId).at(-1)
    const keys = {
      dag_id: record.current.dagId,
      is_paused: record.isPaused,
      last_run_state: last?.state ?? null,
      last_run_start_date: last?.startedAt?.getTime() ?? null,
    }
    return [...orderBy.map((order) => keys[order.by]), keys.dag_id]
  }
  const found = [...state.dags.values()]
    .filter((record) => fits(state, record, filter))
    .map((record) => ({ record, keys: keysOf(record) }))
    .sort((a, b) => compareKeys(a.keys, b.keys, isDescending))
  const { rows, total } = sliceOf(found, options)
  return { total, rows: rows.map(({ record }) => summaryOf(state, record)) }
}

function fits(state: MemoryState, record: DagRecord, filter: DagFilter): boolean {
  const summary = summaryOf(state, record)
  const runs = runsOf(state, summary.dagId)
  return (
    fitsPatterns(summary.dagId, filter.idPatterns) &&
    fitsTags(summary.tags, filter) &&
    (filter.isPaused ?? summary.isPaused) === summary.isPaused &&
    (filter.isStale ?? summary.isStale) === summary.isStale &&
    (filter.hasImportErrors ?? summary.hasImportErrors) === summary.hasImportErrors &&
    (filter.hasAssetSchedule ?? summary.planning.assets !== null) === (summary.planning.assets !== null) &&
    (filter.assetContains === undefined || awaitsAssetWith(state, record, filter.assetContains)) &&
    (filter.bundleHash ?? summary.version.bundleHash) === summary.version.bundleHash &&
    (filter.lastRunState === undefined || runs.at(-1)?.state === filter.lastRunState) &&
    fitsRuns(runs, filter)
  )
}

function awaitsAssetWith(state: MemoryState, dag: DagRecord, text: string): boolean {
  const part = text.toLowerCase()
  return [...state.assets.values()].some(
    ({ name, uri }) =>
      isWaiting(dag, name) && (name.toLowerCase().includes(part) || uri.toLowerCase().includes(part)),
  )
}

function fitsTags(tags: readonly string[], { tags: asked, tagsMatch }: DagFilter): boolean {
  if (asked === undefined) return true
  return tagsMatch === "all"
    ? asked.every((tag) => tags.includes(tag))
    : asked.some((tag) => tags.includes(tag))
}

function fitsRuns(runs: readonly RunRecord[], { runStates, runStarted, runEnded }: DagFilter): boolean {
  if (runStates === undefined && runStarted === undefined && runEnded === undefined) return true
  return runs.some(
    (run) =>
      isOneOf(run.state, runStates) && isWithin(run.startedAt, runStarted) && isWithin(run.endedAt, runEnded),
  )
}

function runsOf(state: MemoryState, dagId: string): RunRecord[] {
  return state.runs.filter((run) => run.dagId === dagId)
}

function summaryOf(state: MemoryState, record: DagRecord): DagSummary {
  const { current, file } = record
  const { dag } = current
  const { queuedRuns, runningRuns } = unfinishedRuns(state, dag.dagId)
  const stored = file === undefined ? undefined : state.dagFiles.get(JSON.stringify([file.folder, file.path]))
  return {
    dagId: dag.dagId,
    isPaused: record.isPaused,
    isStale: record.isStale,
    filePath: file?.path ?? null,
    hasImportErrors: (stored?.importError ?? null) !== null,
    parse: dag.parse,
    version: toVersionSummary(current),
    description: dag.description,
    schedule: dag.schedule,
    tags: dag.tags,
    planning: dag.planning,
    ...limitsOf(record),
    nextRun: record.plan.next,
    hasConcurrencyLimits: dag.tasks.some((task) => task.concurrency !== null),
    activeRuns: queuedRuns + runningRuns,
  }
}

/** A version without its shape. */
export function toVersionSummary({ dag: _dag, ...version }: DagVersion): DagVersionSummary {
  return version
}

function listVersions(state: MemoryState, options: Parameters<CatalogStore["listDagVersions"]>[0]) {
  const { dagId, versionNumber, bundleHash, isNewestFirst } = options
  const all = [...state.versions.values()]
    .filter((version) => dagId === null || version.dagId === dagId)
    .filter((version) => (versionNumber ?? version.versionNumber) === version.versionNumber)
    .filter((version) => (bundleHash ?? version.bundleHash) === version.bundleHash)
    .sort((a, b) => compareKeys([Number(a.id)], [Number(b.id)], [isNewestFirst]))
  const { rows, total } = sliceOf(all, options)
  return { total, rows: rows.map(toVersionSummary) }
}
