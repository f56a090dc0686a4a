import type { Json } from "@sluice/core"
import type { DagRunState } from "@sluice/core/state"
import type { CatalogStore, DagRunFilter, DagRunRow, DagRunSummary, DagRunType } from "@sluice/core/store"
import { listedConf } from "./dag-run.ts"
import { noteRunEvent } from "./event.ts"
import {
  type Counted,
  nothing,
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

/**
 * A run with its version, as one JSON array.
 *
 * Reading 22 columns of a row costs three times what reading them as JSON does: a list of runs spends most of its time on
 * that. Ids are text there, since a number of JSON is not exact, and so are instants.
 */
export type RunFields = readonly [
  id: string,
  dagId: string,
  runId: string,
  dagVersionId: string,
  state: DagRunState,
  runType: DagRunType,
  logicalDate: string | null,
  dataIntervalStart: string | null,
  dataIntervalEnd: string | null,
  runAfter: string,
  queuedAt: string,
  startedAt: string | null,
  endedAt: string | null,
  note: string | null,
  isCancelled: boolean,
  triggeredBy: DagRunRow["triggeredBy"],
  triggeringUser: string | null,
  timeoutAt: string | null,
  backfillId: string | null,
  awaitsParse: boolean,
  versionNumber: number,
  bundleHash: string,
  versionCreatedAt: string,
  conf: Json,
  isConfLeftOut: boolean,
]

/** A row of a list of runs. */
export interface RunFieldsRow {
  fields: RunFields
}

const wholeConf: typeof listedConf = { conf: "dag_run.conf", isLeftOut: "false" }

/** In the order of `RunFields`. */
const fields = (sql: Sql, { conf, isLeftOut }: typeof listedConf) => sql`
  json_build_array(
    dag_run.id::text, dag_run.dag_id, dag_run.run_id, dag_run.dag_version_id::text, dag_run.state, dag_run.run_type,
    dag_run.logical_date, dag_run.data_interval_start, dag_run.data_interval_end, dag_run.run_after,
    dag_run.queued_at, dag_run.started_at, dag_run.ended_at, dag_run.note, dag_run.is_cancelled, dag_run.triggered_by,
    dag_run.triggering_user, dag_run.timeout_at, dag_run.backfill_id::text, dag_run.awaits_parse, version.version_number,
    version.bundle_hash, version.created_at, ${sql.unsafe(`${conf}, ${isLeftOut}`)}
  ) as fields
`

/** Reads a run of a list. */
export function toRunSummary({ fields }: RunFieldsRow): DagRunSummary {
  const [id, dagId, runId, dagVersionId, state, runType, logicalDate, intervalStart, intervalEnd, ...rest] =
    fields
  const [runAfter, queuedAt, startedAt, endedAt, note, isCancelled, triggeredBy, triggeringUser, ...last] =
    rest
  const [
    timeoutAt,
    backfillId,
    awaitsParse,
    versionNumber,
    bundleHash,
    versionCreatedAt,
    conf,
    isConfLeftOut,
  ] = last
  return {
    id,
    dagId,
    runId,
    dagVersionId,
    state,
    runType,
    conf,
    isConfLeftOut,
    logicalDate: toDate(logicalDate),
    dataIntervalStart: toDate(intervalStart),
    dataIntervalEnd: toDate(intervalEnd),
    runAfter: new Date(runAfter),
    queuedAt: new Date(queuedAt),
    startedAt: toDate(startedAt),
    endedAt: toDate(endedAt),
    note,
    isCancelled,
    triggeredBy,
    triggeringUser,
    timeoutAt: toDate(timeoutAt),
    backfillId,
    awaitsParse,
    version: {
      id: dagVersionId,
      dagId,
      versionNumber,
      bundleHash,
      createdAt: new Date(versionCreatedAt),
    },
  }
}

function toDate(instant: string | null): Date | null {
  return instant === null ? null : new Date(instant)
}

const duration = "extract(epoch from dag_run.ended_at - dag_run.started_at)"

/** Runs that fit, counted: reads all that fit. */
export function selectRuns(sql: Sql, options: SearchOptions): Promise<Counted<RunFieldsRow>[]> {
  const expressions: Record<RunOrder, string> = {
    id: "dag_run.id",
    dag_id: 'dag_run.dag_id collate "C"',
    run_id: 'dag_run.run_id collate "C"',
    state: "dag_run.state",
    run_type: 'dag_run.run_type collate "C"',
    logical_date: "dag_run.logical_date",
    run_after: "dag_run.run_after",
    queued_at: "dag_run.queued_at",
    start_date: "dag_run.started_at",
    end_date: "dag_run.ended_at",
    duration,
  }
  const last = { expression: expressions.id, isDescending: options.orderBy[0]?.isDescending ?? false }
  return countedSlice(sql, {
    columns: fields(sql, listedConf),
    from: fitting(sql, options.filter),
    order: orderByNames(sql, options.orderBy, expressions, last),
    ...options,
  })
}

/** Runs that fit, by keyset on their number. */
export function selectRunPage(sql: Sql, options: PageOptions): Promise<RunFieldsRow[]> {
  const { after, isDescending } = options
  const seen = isDescending ? sql`and dag_run.id < ${after}` : sql`and dag_run.id > ${after}`
  return sql<RunFieldsRow[]>`
    select ${fields(sql, listedConf)}
    from ${fitting(sql, options.filter)} ${after === null ? sql`` : seen}
    ${orderBy(sql, [{ expression: "dag_run.id", isDescending }])}
    limit ${options.limit}
  `
}

/** A run with its version, by its names. */
export async function selectRun(
  sql: Sql,
  { dagId, runId }: { dagId: string; runId: string },
): Promise<RunFieldsRow | null> {
  const rows = await sql<RunFieldsRow[]>`
    select ${fields(sql, wholeConf)} from ${fitting(sql, { dagIds: [dagId], runIds: [runId] })}
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
      ${only(sql, "dag_run.dag_id", filter.dagIds)}
      ${only(sql, "dag_run.run_id", filter.runIds)}
      ${likeAny(sql, "dag_run.dag_id", filter.dagIdPatterns)}
      ${likeAny(sql, "dag_run.run_id", filter.runIdPatterns)}
      ${likeAny(sql, "dag_run.triggering_user", filter.userPatterns)}
      ${statesOf(sql, filter)}
      ${oneOf(sql, "dag_run.run_type", filter.runTypes)}
      ${versionNumbers === undefined ? nothing(sql) : sql`and version.version_number = any (${[...versionNumbers]}::int[])`}
      ${bundleHash === undefined ? nothing(sql) : sql`and version.bundle_hash = ${bundleHash}`}
      ${confContains === undefined ? nothing(sql) : sql`and strpos(dag_run.conf::text, ${confContains}) > 0`}
      ${within(sql, "dag_run.run_after", filter.runAfter)}
      ${within(sql, "dag_run.logical_date", filter.logicalDate)}
      ${within(sql, "dag_run.started_at", filter.startDate)}
      ${within(sql, "dag_run.ended_at", filter.endDate)}
      ${withinNumbers(sql, duration, filter.duration)}
  `
}

/** One name is an equality, so that the index on DAG and number gives the order as well. */
function only(sql: Sql, expression: string, list: readonly string[] | undefined) {
  const [first, ...more] = list ?? []
  return first !== undefined && more.length === 0
    ? sql`and ${sql.unsafe(expression)} = ${first}`
    : oneOf(sql, expression, list)
}

/** Unfinished runs have an index of their own, which needs its predicate word for word. */
function statesOf(sql: Sql, { states }: DagRunFilter) {
  const isUnfinished = states?.every((state) => state === "queued" || state === "running") ?? false
  if (states === undefined) return nothing(sql)
  return sql`
    ${isUnfinished ? sql`and dag_run.state in ('queued', 'running')` : nothing(sql)}
    ${oneOf(sql, "dag_run.state::text", states)}
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
