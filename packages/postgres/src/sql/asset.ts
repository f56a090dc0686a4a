import type { AssetEventRow, AssetRow, AssetStore, QueuedAsset, QueuedAssetFilter } from "@sluice/core/store"
import type { DagRunRow } from "@sluice/core/store"
import { consumersMax } from "@sluice/core/store"
import type { JsonObject } from "@sluice/core/dag"
import { runColumns } from "./dag-run.ts"
import { noteIdentityEvent } from "./event.ts"
import { likeAny, oneOf, orderBy, within } from "./filter.ts"
import type { Sql } from "./row.ts"

type AssetSearch = Parameters<AssetStore["searchAssets"]>[0]
type EventSearch = Parameters<AssetStore["searchAssetEvents"]>[0]

/** An asset with who waits for it and makes it. Who does is read by index, for the rows that are shown alone. */
const assetColumns = (sql: Sql) => sql`
  asset.id, asset.name, asset.uri, asset.group_name as "group", asset.extra, asset.created_at, asset.updated_at,
  array(select dag_id from asset_waiter where asset_id = asset.id order by dag_id) as scheduled_dags,
  (
    select coalesce(json_agg(json_build_object('dagId', dag_id, 'taskId', task_id) order by dag_id, task_id), '[]')
    from asset_maker where asset_id = asset.id
  ) as producing_tasks,
  (select id from asset_event where asset_id = asset.id order by id desc limit 1) as last_event_id,
  (select at from asset_event where asset_id = asset.id order by id desc limit 1) as last_event_at
`

/** An asset as it is read. */
export interface StoredAsset extends Omit<AssetRow, "lastEvent"> {
  readonly lastEventId: string | null
  readonly lastEventAt: Date | null
}

/** An event as it is read; the index as text. */
export interface StoredAssetEvent extends Omit<AssetEventRow, "source"> {
  readonly sourceDagId: string | null
  readonly sourceRunId: string
  readonly sourceTaskId: string
  readonly sourceMapIndex: string
}

const eventColumns = (sql: Sql) => sql`
  asset_event.id, asset_event.asset_id, asset.name, asset.uri, asset.group_name as "group", asset_event.at,
  asset_event.extra, source_dag_id, source_run_id, source_task_id, source_map_index
`

/** An asset by its id or its name. */
export async function selectAsset(
  sql: Sql,
  key: { readonly id: string } | { readonly name: string },
): Promise<StoredAsset | null> {
  const rows = await sql<StoredAsset[]>`
    select ${assetColumns(sql)} from asset
    where ${"id" in key ? sql`asset.id = ${key.id}` : sql`asset.name = ${key.name}`}
  `
  return rows[0] ?? null
}

/** A slice of the assets, in an order. */
export function searchAssets(sql: Sql, options: AssetSearch): Promise<StoredAsset[]> {
  const columns = {
    id: "id",
    name: "name",
    uri: "uri",
    created_at: "created_at",
    updated_at: "updated_at",
  }
  const keys = options.orderBy.map(({ by, isDescending }) => ({ expression: columns[by], isDescending }))
  return sql<StoredAsset[]>`
    with asset as materialized (
      select * from asset
      where true ${fits(sql, options.filter)}
      ${orderBy(sql, [...keys, { expression: "id", isDescending: false }])}
      limit ${options.limit} offset ${options.skip}
    )
    select ${assetColumns(sql)} from asset
    ${orderBy(sql, [...keys, { expression: "id", isDescending: false }])}
  `
}

/** How many assets there are of those. */
export async function countAssets(sql: Sql, filter: AssetSearch["filter"]): Promise<number> {
  const rows = await sql<{ total: number }[]>`
    select count(*)::int as total from asset where true ${fits(sql, filter)}
  `
  return rows[0]?.total ?? 0
}

function fits(sql: Sql, filter: AssetSearch["filter"]) {
  const used = (of: readonly string[] | undefined) => sql`and (
    exists (select from asset_waiter where asset_id = asset.id ${oneOf(sql, "dag_id", of)})
      or exists (select from asset_maker where asset_id = asset.id ${oneOf(sql, "dag_id", of)})
  )`
  return sql`
    ${likeAny(sql, "name", filter.namePatterns)}
    ${likeAny(sql, "uri", filter.uriPatterns)}
    ${filter.onlyActive === true ? used(undefined) : sql``}
    ${filter.dagIds === undefined ? sql`` : used(filter.dagIds)}
  `
}

/** Stores an event from outside, and notes it. */
export async function insertAssetEvent(
  sql: Sql,
  options: { assetId: string; extra: JsonObject; actor: string },
): Promise<StoredAssetEvent | null> {
  const rows = await sql<StoredAssetEvent[]>`
    with asset_event as (
      insert into asset_event (asset_id, extra)
      select id, ${JSON.stringify(options.extra)}::text::json from asset where id = ${options.assetId}
      returning *
    ), noted as (
      insert into event_log (actor, event, detail)
      select ${options.actor}, 'asset_event_emitted',
        json_build_object('asset', asset.name, 'event_id', asset_event.id::text)
      from asset_event
      join asset on asset.id = asset_event.asset_id
    )
    select ${eventColumns(sql)} from asset_event join asset on asset.id = asset_event.asset_id
  `
  return rows[0] ?? null
}

/** A slice of the events. */
export function searchAssetEvents(sql: Sql, options: EventSearch): Promise<StoredAssetEvent[]> {
  return sql<StoredAssetEvent[]>`
    select ${eventColumns(sql)}
    from asset_event
    join asset on asset.id = asset_event.asset_id
    where true ${fitsEvent(sql, options.filter)}
    order by asset_event.id ${options.isDescending ? sql`desc` : sql`asc`}
    limit ${options.limit} offset ${options.skip}
  `
}

/** How many events there are of those. */
export async function countAssetEvents(sql: Sql, filter: EventSearch["filter"]): Promise<number> {
  const rows = await sql<{ total: number }[]>`
    select count(*)::int as total from asset_event where true ${fitsEvent(sql, filter)}
  `
  return rows[0]?.total ?? 0
}

function fitsEvent(sql: Sql, filter: EventSearch["filter"]) {
  const { assetId, dagId, runId, taskId, mapIndex, at } = filter
  return sql`
    ${assetId === undefined ? sql`` : sql`and asset_event.asset_id = ${assetId}`}
    ${dagId === undefined ? sql`` : sql`and source_dag_id = ${dagId}`}
    ${runId === undefined ? sql`` : sql`and source_run_id = ${runId}`}
    ${taskId === undefined ? sql`` : sql`and source_task_id = ${taskId}`}
    ${mapIndex === undefined ? sql`` : sql`and source_map_index = ${mapIndex}`}
    ${within(sql, "asset_event.at", at)}
  `
}

/** A slice of the events that a run was made for. */
export function selectEventsOfRun(
  sql: Sql,
  options: { dagRunId: string; skip: number; limit: number },
): Promise<StoredAssetEvent[]> {
  return sql<StoredAssetEvent[]>`
    select ${eventColumns(sql)}
    from dag_run_asset consumed
    join asset_event on asset_event.asset_id = consumed.asset_id
      and asset_event.id between consumed.first_event_id and consumed.last_event_id
      and asset_event.turn between consumed.first_turn and consumed.last_turn
    join asset on asset.id = asset_event.asset_id
    where consumed.dag_run_id = ${options.dagRunId}
    order by asset_event.id
    limit ${options.limit} offset ${options.skip}
  `
}

/** How many events a run was made for. */
export async function countEventsOfRun(sql: Sql, dagRunId: string): Promise<number> {
  const rows = await sql<{ total: number }[]>`
    select coalesce(sum(events), 0)::int as total from dag_run_asset where dag_run_id = ${dagRunId}
  `
  return rows[0]?.total ?? 0
}

/** Runs that were made for events. Those that were told of an event first are looked at, so many of each event. */
export function selectConsumers(
  sql: Sql,
  eventIds: readonly string[],
): Promise<(DagRunRow & { eventId: string })[]> {
  return sql<(DagRunRow & { eventId: string })[]>`
    select told.event_id, run.*
    from (
      select asset_event.id as event_id, later.dag_run_id
      from asset_event
      cross join lateral (
        select dag_run_id, first_turn from dag_run_asset
        where dag_run_asset.asset_id = asset_event.asset_id and last_turn >= asset_event.turn
        order by last_turn
        limit ${consumersMax}
      ) later
      where asset_event.id = any(${[...eventIds]}::bigint[]) and later.first_turn <= asset_event.turn
    ) told
    join (select ${runColumns(sql)} from dag_run) run on run.id = told.dag_run_id
    order by told.event_id, run.id
  `
}

function fitsQueue(sql: Sql, { dagId, assetId, before }: QueuedAssetFilter) {
  return sql`
    ${dagId === undefined ? sql`` : sql`and asset_queue.dag_id = ${dagId}`}
    ${assetId === undefined ? sql`` : sql`and asset_queue.asset_id = ${assetId}`}
    ${before === undefined ? sql`` : sql`and asset_queue.created_at < ${before}`}
  `
}

/** What DAGs have been told. */
export function selectQueuedAssets(
  sql: Sql,
  options: QueuedAssetFilter & { limit: number },
): Promise<QueuedAsset[]> {
  return sql<QueuedAsset[]>`
    select asset_queue.dag_id, asset_queue.asset_id, asset.name, asset_queue.events, asset_queue.created_at
    from asset_queue
    join asset on asset.id = asset_queue.asset_id
    where true ${fitsQueue(sql, options)}
    order by asset_queue.dag_id, asset.name
    limit ${options.limit}
  `
}

/** Takes back what DAGs have been told; the rows of the DAGs are locked first, as when they are told. */
export async function deleteQueuedAssets(
  sql: Sql,
  options: QueuedAssetFilter & { actor: string },
): Promise<number> {
  const { dagId = null, assetId = null, actor } = options
  const rows = await sql<{ dropped: number }[]>`
    with owner as materialized (
      select dag_id from dag
      where dag_id in (select asset_queue.dag_id from asset_queue where true ${fitsQueue(sql, options)})
      order by dag_id
      for no key update
    ), gone as (
      delete from asset_queue using owner
      where asset_queue.dag_id = owner.dag_id ${fitsQueue(sql, options)}
      returning asset_queue.dag_id
    ), moved as (
      update dag set asset_seq = asset_seq + 1 where dag_id in (select dag_id from gone)
    ), changed as (
      select count(*)::int as dropped from gone having count(*) > 0
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "asset_queue_dropped", detail: { dag_id: dagId, asset_id: assetId } })}
    )
    select dropped from changed
  `
  return rows[0]?.dropped ?? 0
}
