import type { CatalogStore, DagRunFilter, DagRunRow } from "@sluice/core/store"
import { listedConf } from "./dag-run.ts"
import { noteRunEvent } from "./event.ts"
import {
  type Counted,
  type Piece,
  likeAny,
  oneOf,
  orderBy,
  within,
  withinNumbers,
  countedSlice,
  orderByNames,
} from "./filter.ts"
import type { Sql } from "./row.ts"

type SearchOptions = Parameters<CatalogStore["searchDagRuns"]>[0]
type PageOptions = Parameters<CatalogStore["pageDagRuns"]>[0]
type RunOrder = SearchOptions["orderBy"][number]["by"]

/** A run with its version, in one row. */
export interface DagRunSummaryRow extends DagRunRow {
  versionNumber: number
  bundleHash: string
  versionCreatedAt: Date
}

const listed = (sql: Sql) => sql`${columns(sql)}, ${listedConf(sql)}`

const columns = (sql: Sql) => sql`
  dag_run.id, dag_run.dag_id, dag_run.run_id, dag_run.dag_version_id, dag_run.state, dag_run.run_type,
  dag_run.logical_date, dag_run.data_interval_start, dag_run.data_interval_end, dag_run.run_after,
  dag_run.queued_at, dag_run.started_at, dag_run.ended_at, dag_run.awaits_parse, dag_run.note, dag_run.is_cancelled,
  dag_run.triggered_by, dag_run.triggering_user, dag_run.timeout_at, dag_run.backfill_id, version.version_number, version.bundle_hash,
  version.created_at as version_created_at
`

const duration = (sql: Sql) => sql`extract(epoch from dag_run.ended_at - dag_run.started_at)`

/** Runs that fit, counted: reads all that fit. */
export function selectRuns(sql: Sql, options: SearchOptions): Promise<Counted<DagRunSummaryRow>[]> {
  const expressions: Record<RunOrder, Piece> = {
    id: sql`dag_run.id`,
    dag_id: sql`dag_run.dag_id collate "C"`,
    run_id: sql`dag_run.run_id collate "C"`,
    state: sql`dag_run.state`,
    run_type: sql`dag_run.run_type collate "C"`,
    logical_date: sql`dag_run.logical_date`,
    run_after: sql`dag_run.run_after`,
    queued_at: sql`dag_run.queued_at`,
    start_date: sql`dag_run.started_at`,
    end_date: sql`dag_run.ended_at`,
    duration: duration(sql),
  }
  const last = { expression: expressions.id, isDescending: options.orderBy[0]?.isDescending ?? false }
  return countedSlice(sql, {
    columns: listed(sql),
    from: fitting(sql, options.filter),
    order: orderByNames(sql, options.orderBy, expressions, last),
    ...options,
  })
}

/** Runs that fit, by keyset on their number. */
export function selectRunPage(sql: Sql, options: PageOptions): Promise<DagRunSummaryRow[]> {
  const { after, isDescending } = options
  const seen = isDescending ? sql`and dag_run.id < ${after}` : sql`and dag_run.id > ${after}`
  return sql<DagRunSummaryRow[]>`
    select ${listed(sql)}
    from ${fitting(sql, options.filter)} ${after === null ? sql`` : seen}
    ${orderBy(sql, [{ expression: sql`dag_run.id`, isDescending }])}
    limit ${options.limit}
  `
}

/** A run with its version, by its names. */
export async function selectRun(
  sql: Sql,
  { dagId, runId }: { dagId: string; runId: string },
): Promise<DagRunSummaryRow | null> {
  const rows = await sql<DagRunSummaryRow[]>`
    select ${columns(sql)}, dag_run.conf, false as is_conf_left_out from ${fitting(sql, { dagIds: [dagId], runIds: [runId] })}
  `
  return rows[0] ?? null
}

/** The runs that fit, as what follows `from`: it ends within its `where`. */
function fitting(sql: Sql, filter: DagRunFilter) {
  const { versionNumbers, bundleHash, confContains } = filter
  return sql`
    dag_run
    join dag_version version on version.id = dag_run.dag_version_id
    where true
      ${only(sql, sql`dag_run.dag_id`, filter.dagIds)}
      ${only(sql, sql`dag_run.run_id`, filter.runIds)}
      ${likeAny(sql, sql`dag_run.dag_id`, filter.dagIdPatterns)}
      ${likeAny(sql, sql`dag_run.run_id`, filter.runIdPatterns)}
      ${likeAny(sql, sql`dag_run.triggering_user`, filter.userPatterns)}
      ${statesOf(sql, filter)}
      ${oneOf(sql, sql`dag_run.run_type`, filter.runTypes)}
      ${versionNumbers === undefined ? sql`` : sql`and version.version_number = any (${[...versionNumbers]}::int[])`}
      ${bundleHash === undefined ? sql`` : sql`and version.bundle_hash = ${bundleHash}`}
      ${confContains === undefined ? sql`` : sql`and strpos(dag_run.conf::text, ${confContains}) > 0`}
      ${within(sql, sql`dag_run.run_after`, filter.runAfter)}
      ${within(sql, sql`dag_run.logical_date`, filter.logicalDate)}
      ${within(sql, sql`dag_run.started_at`, filter.startDate)}
      ${within(sql, sql`dag_run.ended_at`, filter.endDate)}
      ${withinNumbers(sql, duration(sql), filter.duration)}
  `
}

/** One name is an equality, so that the index on DAG and number gives the order as well. */
function only(sql: Sql, expression: Piece, list: readonly string[] | undefined) {
  const [first, ...more] = list ?? []
  return first !== undefined && more.length === 0
    ? sql`and ${expression} = ${first}`
    : oneOf(sql, expression, list)
}

/** Unfinished runs have an index of their own, which needs its predicate word for word. */
function statesOf(sql: Sql, { states }: DagRunFilter) {
  const isUnfinished = states?.every((state) => state === "queued" || state === "running") ?? false
  return sql`
    ${isUnfinished ? sql`and dag_run.state in ('queued', 'running')` : sql``}
    ${oneOf(sql, sql`dag_run.state::text`, states)}
  `
}

/** Writes a note to a run, or removes it; false: there is no such run. */
export async function updateRunNote(
  sql: Sql,
  options: Parameters<CatalogStore["setDagRunNote"]>[0],
): Promise<boolean> {
  const { dagRunId, note, actor } = options
  const rows = await sql`
    with run as (
      update dag_run set note = ${note} where id = ${dagRunId}
      returning id, dag_id, run_id
    ), noted as (
      ${noteRunEvent(sql, { actor, event: "dag_run_note_set", detail: { note } })}
    )
    select id from run
  `
  return rows.length > 0
}
