import type { FollowingMap, Repair, Repaired, RepairKey } from "@sluice/core/store"
import type { ExpansionState } from "@sluice/core/state"
import type { Sql } from "./row.ts"
import { toNumber } from "./row.ts"
import { lockPages, takeBack } from "./take-back.ts"

/** How long what cannot be done yet is left alone. */
const notYetSeconds = 1

/** A map with repairs, as it is stored. */
export interface MapToRepairRow {
  expansionId: string
  dagRunId: string
  generation: number
  state: ExpansionState
  hasUnresolved: boolean
}

/** Maps of running runs that have repairs: a walk from map to map, whatever they have to repair. */
export function selectMapsToRepair(
  sql: Sql,
  options: { after: string | null; limit: number },
): Promise<MapToRepairRow[]> {
  return sql<MapToRepairRow[]>`
    with recursive walk as (
      (
        select expansion_id, 1 as step from repair
        where expansion_id > ${options.after ?? "0"}::bigint order by expansion_id limit 1
      )
      union all
      select following.expansion_id, walk.step + 1
      from walk
      cross join lateral (
        select repair.expansion_id from repair
        where repair.expansion_id > walk.expansion_id
        order by repair.expansion_id
        limit 1
      ) following
      where walk.step < ${options.limit}::int
    )
    select e.id as expansion_id, e.dag_run_id, e.generation, e.state, exists (
        select from repair where repair.expansion_id = e.id and repair.map_index is null
      ) as has_unresolved
    from walk
    join expansion e on e.id = walk.expansion_id and e.state <> 'cancelled'
    join dag_run on dag_run.id = e.dag_run_id and dag_run.state = 'running'
    order by e.id
  `
}

/**
 * Takes back the instances that follow what was redriven above them, in one statement.
 *
 * A retry is withdrawn with its offer, so nobody else can have it; one that runs, or was never tried, is left for later.
 */
export async function resolveRepairs(
  sql: Sql,
  options: { expansionId: string; followers: readonly FollowingMap[]; limit: number },
): Promise<{ indexes: number[]; seen: number }> {
  const { expansionId } = options
  const rows = await sql<{ mapIndex: string | null }[]>`
    with picked as materialized (
      select upstream_id, upstream_index, is_aligned from repair
      where expansion_id = ${expansionId} and map_index is null and at <= now()
      order by expansion_id, at
      limit ${options.limit}
      for update skip locked
    ), placed as materialized (
      select picked.upstream_id, picked.upstream_index, place.map_index, page.first_index as page_first
      from picked
      cross join lateral (
        select case when picked.is_aligned then picked.upstream_index else (
          select origin.map_index from gap_origin origin
          where origin.expansion_id = ${expansionId} and origin.upstream_id = picked.upstream_id
            and origin.upstream_index = picked.upstream_index
        ) end as map_index
      ) place
      cross join lateral (
        select first_index, count from page
        where page.expansion_id = ${expansionId} and page.first_index <= place.map_index
        order by page.expansion_id, page.first_index desc
        limit 1
      ) page
      where place.map_index < page.first_index + page.count
    ), ${lockPages(sql, expansionId)}, target as materialized (
      select id from expansion
      where id = ${expansionId} and state not in ('waiting', 'cancelled') and not is_clearing
        and (select count(*) from paged) > 0
      for no key update
    ), withdrawn as (
      -- Not what goes on after a deferral: that runs, as it were.
      delete from offer using placed, target, task_instance ti
      where offer.expansion_id = target.id and offer.first_index = placed.map_index and offer.is_retry
        and ti.expansion_id = target.id and ti.map_index = placed.map_index and ti.state = 'up_for_retry'
      returning offer.first_index
    ), chosen as materialized (
      select ti.expansion_id, ti.map_index, ti.state, ti.try_number, ti.started_at, ti.ended_at, ti.error,
        placed.page_first, placed.upstream_id, placed.upstream_index
      from target
      cross join placed
      join task_instance ti on ti.expansion_id = target.id and ti.map_index = placed.map_index
      where ti.state in ('success', 'failed', 'skipped', 'upstream_failed')
        or (ti.state = 'up_for_retry' and exists (select from withdrawn where first_index = placed.map_index))
      for update of ti
    )${takeBack(sql, { ...options, asked: "picked" })}, resolved as (
      update repair set map_index = chosen.map_index, at = now()
      from chosen
      where repair.expansion_id = ${expansionId} and repair.upstream_id = chosen.upstream_id
        and repair.upstream_index = chosen.upstream_index
    ), found as (
      delete from gap_origin using chosen
      where gap_origin.expansion_id = ${expansionId} and gap_origin.upstream_id = chosen.upstream_id
        and gap_origin.upstream_index = chosen.upstream_index
    ), put_off as (
      update repair set at = now() + make_interval(secs => ${notYetSeconds})
      from placed
      where repair.expansion_id = ${expansionId} and repair.upstream_id = placed.upstream_id
        and repair.upstream_index = placed.upstream_index
        and not exists (select from chosen where chosen.map_index = placed.map_index)
    ), nowhere as (
      delete from repair using picked
      where repair.expansion_id = ${expansionId} and repair.upstream_id = picked.upstream_id
        and repair.upstream_index = picked.upstream_index
        and not exists (
          select from placed
          where placed.upstream_id = picked.upstream_id and placed.upstream_index = picked.upstream_index
        )
    )
    select chosen.map_index
    from picked
    left join chosen on chosen.upstream_id = picked.upstream_id and chosen.upstream_index = picked.upstream_index
    order by chosen.map_index
  `
  const indexes = rows.flatMap(({ mapIndex }) => (mapIndex === null ? [] : [toNumber(mapIndex)]))
  return { indexes, seen: rows.length }
}

/** A repair as it is stored, with what its upstream instance left. */
export interface RepairRow {
  expansionId: string
  upstreamId: string
  upstreamIndex: string
  version: number
  mapIndex: string
  failures: number
  /** Null: it has not ended. */
  ended: "success" | "failed" | "skipped" | "upstream_failed" | null
  value: string | null
}

/** Takes repairs for a while; those whose upstream has not ended are looked at again a little later. */
export function takeRepairs(
  sql: Sql,
  options: { expansionId: string; limit: number; leaseSeconds: number },
): Promise<RepairRow[]> {
  return sql<RepairRow[]>`
    with picked as materialized (
      select repair.upstream_id, repair.upstream_index
      from repair
      join expansion e on e.id = repair.expansion_id and e.state in ('open', 'draining')
      where repair.expansion_id = ${options.expansionId} and repair.map_index is not null and repair.at <= now()
      order by repair.expansion_id, repair.at
      limit ${options.limit}
      for update of repair skip locked
    ), looked as materialized (
      select picked.upstream_id, picked.upstream_index, ti.value::text as value,
        case when ti.state in ('success', 'failed', 'skipped', 'upstream_failed') then ti.state::text
          when upstream.state = 'cancelled' then 'upstream_failed' end as ended
      from picked
      join expansion upstream on upstream.id = picked.upstream_id
      left join task_instance ti on ti.expansion_id = picked.upstream_id and ti.map_index = picked.upstream_index
    )
    update repair
    set at = now() + make_interval(
      secs => case when looked.ended is null then ${notYetSeconds}::int else ${options.leaseSeconds}::int end
    )
    from looked
    where repair.expansion_id = ${options.expansionId} and repair.upstream_id = looked.upstream_id
      and repair.upstream_index = looked.upstream_index
    returning repair.expansion_id, repair.upstream_id, repair.upstream_index, repair.version, repair.map_index,
      repair.failures, looked.ended, looked.value
  `
}

/** The port's form of a repair; null while its upstream has not ended. */
export function toRepair(row: RepairRow): Repair | null {
  const { ended, value, ...key } = row
  if (ended === null) return null
  const gap = { gap: ended === "skipped" ? ("skipped" as const) : ("upstream_failed" as const) }
  return {
    ...key,
    upstreamIndex: toNumber(row.upstreamIndex),
    mapIndex: toNumber(row.mapIndex),
    left: ended === "success" ? (value ?? "null") : gap,
  }
}

/** Ends a repair, or puts it off; only the one that it was taken as. */
export async function settleRepair(
  sql: Sql,
  { repair, repaired }: { repair: RepairKey; repaired: Repaired },
): Promise<boolean> {
  if (repaired.kind === "item") return giveInput(sql, repair, repaired)
  if (repaired.kind === "failed" && repaired.retryDelayMs !== null)
    return putOff(sql, repair, repaired.retryDelayMs)
  return endWithout(sql, repair, repaired)
}

/** CTE `gone`: the repair, taken out, where its map may still be written to. */
function gone(sql: Sql, { expansionId, upstreamId, upstreamIndex, version }: RepairKey) {
  return sql`home as materialized (
      select id, is_claimable from expansion
      where id = ${expansionId} and state in ('open', 'draining')
      for key share
    ), gone as materialized (
      delete from repair using home
      where repair.expansion_id = home.id and repair.upstream_id = ${upstreamId}
        and repair.upstream_index = ${upstreamIndex} and repair.version = ${version} and repair.map_index is not null
      returning repair.expansion_id, repair.map_index, repair.upstream_id, repair.upstream_index, repair.is_aligned,
        home.is_claimable
    ), placed as materialized (
      select gone.*, page.first_index as page_first
      from gone
      cross join lateral (
        select first_index from page
        where page.expansion_id = gone.expansion_id and page.first_index <= gone.map_index
        order by page.expansion_id, page.first_index desc
        limit 1
      ) page
    )`
}

/** The tries go on from the last there was, be it in the row or, where the row became a gap, in the history. */
async function giveInput(
  sql: Sql,
  key: RepairKey,
  { item, label }: Extract<Repaired, { kind: "item" }>,
): Promise<boolean> {
  const place = sql`(placed.map_index - page.first_index + 1)::int`
  const rows = await sql`
    with ${gone(sql, key)}, filled as (
      update page set items[${place}] = ${item}${label === null ? sql`` : sql`, labels[${place}] = ${label}`}
      from placed
      where page.expansion_id = placed.expansion_id and page.first_index = placed.page_first
    ), tried as (
      select placed.*, greatest(ti.try_number, coalesce(before.tries, 0)) as tries
      from placed
      join task_instance ti on ti.expansion_id = placed.expansion_id and ti.map_index = placed.map_index
      cross join lateral (
        select max(task_try.try_number) as tries from task_try
        where task_try.expansion_id = placed.expansion_id and task_try.map_index = placed.map_index
      ) before
    )
    insert into offer (
      expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
    )
    select expansion_id, map_index, 1, page_first, now(), tries + 1, tries, true, false, not is_claimable
    from tried
    returning expansion_id
  `
  return rows.length > 0
}

/** A try number of 0 says that there is no input to run again with. */
async function endWithout(
  sql: Sql,
  key: RepairKey,
  repaired: Exclude<Repaired, { kind: "item" }>,
): Promise<boolean> {
  const state = repaired.kind === "gap" ? repaired.state : repaired.kind === "dropped" ? "skipped" : "failed"
  const error = repaired.kind === "failed" ? JSON.stringify(repaired.error) : null
  const count = (counted: string) => (state === counted ? 1 : 0)
  const rows = await sql`
    with ${gone(sql, key)}, ended as (
      update task_instance
      set state = ${state}, try_number = 0, error = ${error}::text::json, ended_at = now()
      from placed
      where task_instance.expansion_id = placed.expansion_id and task_instance.map_index = placed.map_index
    ), noted as (
      insert into gap_origin (expansion_id, upstream_id, upstream_index, map_index)
      select expansion_id, upstream_id, upstream_index, map_index
      from placed
      where not is_aligned and ${repaired.kind === "gap"}::boolean
    )
    update page
    set finished = page.finished + 1, failed = page.failed + ${count("failed")}::int,
        skipped = page.skipped + ${count("skipped")}::int,
        upstream_failed = page.upstream_failed + ${count("upstream_failed")}::int
    from placed
    where page.expansion_id = placed.expansion_id and page.first_index = placed.page_first
    returning page.first_index
  `
  return rows.length > 0
}

async function putOff(sql: Sql, key: RepairKey, delayMs: number): Promise<boolean> {
  const rows = await sql`
    update repair set failures = failures + 1, at = now() + make_interval(secs => ${delayMs / 1000})
    where expansion_id = ${key.expansionId} and upstream_id = ${key.upstreamId}
      and upstream_index = ${key.upstreamIndex} and version = ${key.version}
    returning map_index
  `
  return rows.length > 0
}

/** The instances that would follow. */
export async function selectFollowing(
  sql: Sql,
  options: { expansionId: string; upstreamId: string; isAligned: boolean; indexes: readonly number[] },
): Promise<number[]> {
  const rows = options.isAligned
    ? await sql<{ mapIndex: string }[]>`
        select asked.map_index
        from unnest(${[...options.indexes]}::bigint[]) as asked (map_index)
        join expansion on expansion.id = ${options.expansionId} and asked.map_index < expansion.created
        order by asked.map_index
      `
    : await sql<{ mapIndex: string }[]>`
        select origin.map_index
        from gap_origin origin
        where origin.expansion_id = ${options.expansionId} and origin.upstream_id = ${options.upstreamId}
          and origin.upstream_index = any(${[...options.indexes]}::bigint[])
        order by origin.map_index
      `
  return rows.map((row) => toNumber(row.mapIndex))
}
