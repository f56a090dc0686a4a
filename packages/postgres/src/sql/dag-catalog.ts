import type { CatalogStore, DagFilter, DagSummary, DagVersionSummary, RunsByDay } from "@sluice/core/store"
import type { DagRunState } from "@sluice/core/state"
import { nextRunColumns, type PlannedColumns } from "./dag.ts"
import { type Counted, likeAny, oneOf, orderBy, within, orderByNames } from "./filter.ts"
import type { Sql } from "./row.ts"
import { toNumber } from "./row.ts"

type Options<Verb extends keyof CatalogStore> = CatalogStore[Verb] extends (options: infer A) => unknown
  ? A
  : never

type DagOrder = Options<"searchDags">["orderBy"][number]

/** A DAG with its newest version, in one row. */
export interface DagSummaryRow extends Omit<DagSummary, "version" | "nextRun">, PlannedColumns {
  versionId: string
  versionNumber: number
  bundleHash: string
  versionCreatedAt: Date
}

const columns = (sql: Sql) => sql`
  dag.dag_id, dag.is_paused, dag.is_stale, dag.file_path,
  case when dag.is_parsed_each_run then 'every-run' else 'on-change' end as parse,
  coalesce((
    select dag_file.import_error is not null from dag_file
    where dag_file.folder = dag.file_folder and dag_file.path = dag.file_path
  ), false) as has_import_errors,
  version.id as version_id, version.version_number, version.bundle_hash, version.created_at as version_created_at,
  version.description, version.schedule, version.tags, version.planning, dag.max_active_runs, dag.max_active_tasks, version.has_concurrency_limits,
  dag.queued_runs + dag.running_runs as active_runs, ${nextRunColumns(sql)}
`

const newestRun = (sql: Sql) => sql`
  left join lateral (
    select state, started_at from dag_run where dag_run.dag_id = dag.dag_id order by id desc limit 1
  ) newest on true
`

/** DAGs that fit, counted. The newest run is looked at only where it is asked about: one index probe a DAG. */
export function selectDags(sql: Sql, options: Options<"searchDags">): Promise<Counted<DagSummaryRow>[]> {
  const { filter } = options
  const order = orderOf(sql, options.orderBy)
  const asksNewest =
    filter.lastRunState !== undefined || options.orderBy.some(({ by }) => by.startsWith("last_run"))
  return sql<Counted<DagSummaryRow>[]>`
    with fitting as materialized (
      select dag.dag_id, dag.is_paused ${asksNewest ? sql`, newest.state, newest.started_at` : sql``}
      from dag
      join dag_version version on version.id = dag.latest_version_id
      ${asksNewest ? newestRun(sql) : sql``}
      where true ${dagFilter(sql, filter)}
    ), taken as (
      select dag_id, row_number() over (${order}) as place
      from fitting
      ${order}
      limit ${options.limit} offset ${options.skip}
    )
    select counted.total, row.*
    from (select count(*) as total from fitting) counted
    left join (
      select taken.place, ${columns(sql)}
      from taken
      join dag on dag.dag_id = taken.dag_id
      join dag_version version on version.id = dag.latest_version_id
    ) row on true
    order by row.place
  `
}

function orderOf(sql: Sql, asked: readonly DagOrder[]) {
  const expressions = {
    dag_id: 'dag_id collate "C"',
    is_paused: "is_paused",
    last_run_state: 'state::text collate "C"',
    last_run_start_date: "started_at",
  }
  return orderByNames(sql, asked, expressions, { expression: expressions.dag_id, isDescending: false })
}

function dagFilter(sql: Sql, filter: DagFilter) {
  const { tags, isPaused, isStale, bundleHash } = filter
  return sql`
    ${likeAny(sql, "dag.dag_id", filter.idPatterns)}
    ${tags === undefined ? sql`` : filter.tagsMatch === "all" ? sql`and version.tags @> ${[...tags]}::text[]` : sql`and version.tags && ${[...tags]}::text[]`}
    ${isPaused === undefined ? sql`` : sql`and dag.is_paused = ${isPaused}`}
    ${isStale === undefined ? sql`` : sql`and dag.is_stale = ${isStale}`}
    ${bundleHash === undefined ? sql`` : sql`and version.bundle_hash = ${bundleHash}`}
    ${filter.hasAssetSchedule === undefined ? sql`` : sql`and ${filter.hasAssetSchedule}::boolean = (version.planning->>'assets' is not null)`}
    ${filter.assetContains === undefined ? sql`` : awaitingAssetWith(sql, filter.assetContains)}
    ${filter.lastRunState === undefined ? sql`` : sql`and newest.state = ${filter.lastRunState}`}
    ${importErrors(sql, filter)}
    ${withRuns(sql, filter)}
  `
}

function awaitingAssetWith(sql: Sql, text: string) {
  return sql`and exists (
    select from asset_waiter
    join asset on asset.id = asset_waiter.asset_id
    where asset_waiter.dag_id = dag.dag_id
      and (strpos(lower(asset.name), lower(${text})) > 0 or strpos(lower(asset.uri), lower(${text})) > 0)
  )`
}

function importErrors(sql: Sql, { hasImportErrors }: DagFilter) {
  if (hasImportErrors === undefined) return sql``
  return sql`and ${hasImportErrors}::boolean = exists (
    select from dag_file
    where dag_file.folder = dag.file_folder and dag_file.path = dag.file_path and dag_file.import_error is not null
  )`
}

function withRuns(sql: Sql, { runStates, runStarted, runEnded }: DagFilter) {
  if (runStates === undefined && runStarted === undefined && runEnded === undefined) return sql``
  return sql`and exists (
    select from dag_run
    where dag_run.dag_id = dag.dag_id
      ${oneOf(sql, "dag_run.state::text", runStates)}
      ${within(sql, "dag_run.started_at", runStarted)}
      ${within(sql, "dag_run.ended_at", runEnded)}
  )`
}

/** One DAG with its newest version. */
export async function selectDag(sql: Sql, dagId: string): Promise<DagSummaryRow | null> {
  const rows = await sql<DagSummaryRow[]>`
    select ${columns(sql)}
    from dag
    join dag_version version on version.id = dag.latest_version_id
    where dag.dag_id = ${dagId}
  `
  return rows[0] ?? null
}

/** Versions, counted. */
export function selectDagVersions(
  sql: Sql,
  options: Options<"listDagVersions">,
): Promise<Counted<DagVersionSummary>[]> {
  const { dagId, versionNumber, bundleHash, isNewestFirst } = options
  return sql<Counted<DagVersionSummary>[]>`
    with fitting as (
      select id, dag_id, version_number, bundle_hash, created_at
      from dag_version
      where true
        ${dagId === null ? sql`` : sql`and dag_id = ${dagId}`}
        ${versionNumber === undefined ? sql`` : sql`and version_number = ${versionNumber}`}
        ${bundleHash === undefined ? sql`` : sql`and bundle_hash = ${bundleHash}`}
    )
    select counted.total, row.*
    from (select count(*) as total from fitting) counted
    left join (
      select * from fitting
      ${orderBy(sql, [{ expression: "id", isDescending: isNewestFirst }])}
      limit ${options.limit} offset ${options.skip}
    ) row on true
    ${orderBy(sql, [{ expression: "row.id", isDescending: isNewestFirst }])}
  `
}

/** The tags of DAGs that are not stale, counted. */
export function selectDagTags(
  sql: Sql,
  options: Options<"listDagTags">,
): Promise<Counted<{ tag: string }>[]> {
  const order = (expression: string) => orderBy(sql, [{ expression, isDescending: options.isDescending }])
  return sql<Counted<{ tag: string }>[]>`
    with fitting as (
      select distinct tag
      from dag
      join dag_version version on version.id = dag.latest_version_id
      cross join unnest(version.tags) tag
      where not dag.is_stale ${likeAny(sql, "tag", options.patterns)}
    )
    select counted.total, row.tag
    from (select count(*) as total from fitting) counted
    left join (
      select * from fitting ${order('tag collate "C"')} limit ${options.limit} offset ${options.skip}
    ) row on true
    ${order('row.tag collate "C"')}
  `
}

/** How many runs of some DAGs are in each state. */
export async function selectRunCountsByState(
  sql: Sql,
  dagIds: readonly string[],
): Promise<{ dagId: string; state: DagRunState; count: number }[]> {
  const rows = await sql<{ dagId: string; state: DagRunState; count: string }[]>`
    select dag_id, state, count(*) from dag_run
    where dag_id = any (${[...dagIds]}::text[])
    group by dag_id, state
  `
  return rows.map((row) => ({ ...row, count: toNumber(row.count) }))
}

/**
 * How many runs of a DAG were due on each day, by state: the newest `limit` of them.
 *
 * `width_bucket` finds the day by halving: with 100,000 runs a fourth of the time of `date_trunc` in a named zone.
 */
export async function selectRunCountsByDay(
  sql: Sql,
  { dagId, starts, limit }: { dagId: string; starts: readonly Date[]; limit: number },
): Promise<RunsByDay> {
  const [first, end] = [starts[0], starts.at(-1)]
  if (first === undefined || end === undefined) return { counts: [], countedFrom: null }
  const days = starts.map((start) => start.toISOString())
  const rows = await sql<{ day: number; state: DagRunState; count: string; first: Date }[]>`
    with newest as (
      select run_after, state from dag_run
      where dag_id = ${dagId} and run_after >= ${first} and run_after < ${end}
      order by run_after desc
      limit ${limit}
    )
    select width_bucket(run_after, ${days}::text[]::timestamptz[]) - 1 as day, state, count(*), min(run_after) as first
    from newest
    group by 1, 2
  `
  const counts = rows.map(({ day, state, count }) => ({ day, state, count: toNumber(count) }))
  const counted = counts.reduce((sum, { count }) => sum + count, 0)
  const oldest = Math.min(...rows.map((row) => row.first.getTime()))
  return { counts, countedFrom: counted < limit ? null : new Date(oldest) }
}
