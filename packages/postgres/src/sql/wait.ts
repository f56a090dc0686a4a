import type { DeferralRow, DeferralView, InstanceWait } from "@sluice/core/store"
import { type Sql, toNumber } from "./row.ts"

interface WaitRow {
  readonly offeredAt: Date | null
  readonly deferral: Omit<DeferralView, "since" | "firesAt" | "timeoutAt"> | null
  readonly since: Date | null
  readonly firesAt: Date | null
  readonly timeoutAt: Date | null
  readonly gapOrdinal: number | null
  readonly gapIndex: string | null
  readonly repairOrdinal: number | null
  readonly repairIndex: string | null
  readonly concurrency: number | null
  readonly dagConcurrency: number | null
  readonly maxActiveTasks: number | null
  readonly deferredMax: number | null
  readonly running: string
  readonly deferred: string
  readonly dagRunning: string
  readonly runRunning: string
}

/** What is known of one instance's waiting. Each part is found by a key; limits that are not set are not counted. */
export async function selectInstanceWait(
  sql: Sql,
  { expansionId, mapIndex }: { expansionId: string; mapIndex: number },
): Promise<InstanceWait> {
  const [row] = await sql<WaitRow[]>`
    with its as materialized (
      select * from expansion where id = ${expansionId}
    ), gap as materialized (
      select upstream_id, upstream_index from gap_origin
      where expansion_id = ${expansionId} and map_index = ${mapIndex}
      limit 1
    ), repaired as materialized (
      select upstream_id, upstream_index from repair
      where expansion_id = ${expansionId} and map_index = ${mapIndex}
      limit 1
    )
    select
      (
        select at from offer where offer.expansion_id = its.id and first_index = ${mapIndex} and is_retry
      ) as offered_at,
      case when waiting.id is not null then json_build_object(
        'trigger', waiting.spec, 'resume', waiting.resume, 'triggererId', waiting.owner_id
      ) end as deferral,
      waiting.created_at as since, waiting.fire_at as fires_at, waiting.timeout_at,
      (gap.upstream_id % 4096)::int as gap_ordinal, gap.upstream_index as gap_index,
      (repaired.upstream_id % 4096)::int as repair_ordinal, repaired.upstream_index as repair_index,
      its.concurrency, its.dag_concurrency, its.max_active_tasks, its.deferred_max,
      (
        select coalesce(sum(remaining), 0) from lease where lease.expansion_id = its.id
      ) as running,
      (
        select count(*) from trigger where its.deferred_max is not null and trigger.expansion_id = its.id
      ) as deferred,
      (
        select coalesce(sum(lease.remaining), 0)
        from dag_run own
        join dag_run run on run.dag_id = own.dag_id and run.state = 'running'
        join expansion other on other.id between run.id * 4096 and run.id * 4096 + 4095 and other.task_id = its.task_id
        join lease on lease.expansion_id = other.id
        where its.dag_concurrency is not null and own.id = its.dag_run_id
      ) as dag_running,
      (
        select coalesce(sum(lease.remaining), 0) from lease
        where its.max_active_tasks is not null
          and lease.expansion_id between its.dag_run_id * 4096 and its.dag_run_id * 4096 + 4095
      ) as run_running
    from its
    left join gap on true
    left join repaired on true
    left join trigger waiting on waiting.expansion_id = its.id and waiting.map_index = ${mapIndex}
  `
  return row === undefined ? nothing : toWait(row)
}

const nothing: InstanceWait = {
  ...{ offeredAt: null, deferral: null, repairOf: null, gapOf: null },
  limits: { concurrency: null, deferred: null, dagConcurrency: null, maxActiveTasks: null },
}

function toWait(row: WaitRow): InstanceWait {
  const { deferral, since, firesAt, timeoutAt } = row
  const running = toNumber(row.running)
  return {
    offeredAt: row.offeredAt,
    deferral: deferral === null || since === null ? null : { ...deferral, since, firesAt, timeoutAt },
    repairOf: positionOf(row.repairOrdinal, row.repairIndex),
    gapOf: positionOf(row.gapOrdinal, row.gapIndex),
    limits: {
      concurrency: useOf(row.concurrency, running),
      deferred: useOf(row.deferredMax, toNumber(row.deferred) + running),
      dagConcurrency: useOf(row.dagConcurrency, toNumber(row.dagRunning)),
      maxActiveTasks: useOf(row.maxActiveTasks, toNumber(row.runRunning)),
    },
  }
}

function positionOf(ordinal: number | null, index: string | null) {
  return ordinal === null || index === null ? null : { ordinal, mapIndex: toNumber(index) }
}

function useOf(max: number | null, used: number) {
  return max === null ? null : { max, used }
}

/** Waiting triggers by keyset, each with the names of its instance: costs the page, by keys alone. */
export async function selectDeferrals(
  sql: Sql,
  { after, limit }: { after: string | null; limit: number },
): Promise<DeferralRow[]> {
  const rows = await sql<(Omit<DeferralRow, "mapIndex"> & { mapIndex: string })[]>`
    with waiting as materialized (
      select * from trigger
      where id > ${after ?? "0"}
      order by id
      limit ${limit}
    )
    select waiting.id as trigger_id, dag_run.dag_id, dag_run.run_id, expansion.task_id, waiting.map_index,
      waiting.try_number, waiting.is_parked, waiting.spec as trigger, waiting.resume, waiting.created_at as since,
      waiting.fire_at as fires_at, waiting.timeout_at, waiting.owner_id as triggerer_id
    from waiting
    join expansion on expansion.id = waiting.expansion_id
    join dag_run on dag_run.id = expansion.dag_run_id
    order by waiting.id
  `
  return rows.map((row) => ({ ...row, mapIndex: toNumber(row.mapIndex) }))
}
