import type { Sql } from "./row.ts"
import { toNumber } from "./row.ts"

/**
 * Takes back instances that have ended, in one statement: the attempt goes into the history, what it left is dropped, its
 * page is unfinished again (and no longer folded), and a try is offered.
 *
 * Pages are locked before the expansion, as a fold does it. An instance's row is locked and read as it then is, so of two
 * that ask for the same one finds it waiting for its try already. Costs what is named, whatever else has finished.
 */
export async function redriveInstances(
  sql: Sql,
  options: {
    expansionId: string
    indexes: readonly number[]
    states: readonly string[]
    actor: string
    event: "redriven" | "cleared"
  },
): Promise<number[]> {
  const rows = await sql<{ mapIndex: string }[]>`
    with placed as materialized (
      select asked.map_index, page.first_index as page_first
      from (select distinct map_index from unnest(${[...options.indexes]}::bigint[]) as a (map_index)) asked
      cross join lateral (
        select first_index, count from page
        where page.expansion_id = ${options.expansionId} and page.first_index <= asked.map_index
        order by page.expansion_id, page.first_index desc
        limit 1
      ) page
      where asked.map_index < page.first_index + page.count
    ), paged as materialized (
      select page.first_index, page.folded, page.success, page.failed, page.skipped, page.upstream_failed
      from (select distinct page_first from placed order by page_first) touched
      join page on page.expansion_id = ${options.expansionId} and page.first_index = touched.page_first
      order by page.first_index
      for update of page
    ), target as materialized (
      select e.id, e.is_claimable
      from expansion e
      join dag_run on dag_run.id = e.dag_run_id and not dag_run.is_cancelled
      where e.id = ${options.expansionId} and e.state not in ('waiting', 'cancelled') and not e.is_clearing
        and (select count(*) from paged) > 0
      -- Not against those that add an offer of their own, and wait for a page.
      for no key update of e
    ), chosen as materialized (
      select ti.expansion_id, ti.map_index, ti.state, ti.try_number, ti.started_at, ti.ended_at, ti.error,
        placed.page_first, target.is_claimable
      from target
      cross join placed
      join task_instance ti on ti.expansion_id = target.id and ti.map_index = placed.map_index
      where ti.state = any(${[...options.states]}::text[]::task_instance_state[]) and ti.try_number > 0
      for update of ti
    ), archived as (
      insert into task_try (expansion_id, map_index, try_number, started_at, ended_at, state, error)
      select expansion_id, map_index, try_number, started_at, ended_at, state, error from chosen
    ), taken_back as (
      update task_instance set state = 'up_for_retry', value = null
      from chosen
      where task_instance.expansion_id = chosen.expansion_id and task_instance.map_index = chosen.map_index
    ), pushed as (
      delete from xcom using chosen
      where xcom.expansion_id = chosen.expansion_id and xcom.map_index = chosen.map_index
    ), offered as (
      insert into offer (
        expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
      )
      select expansion_id, map_index, 1, page_first, now(), try_number + 1, try_number, true, false, not is_claimable
      from chosen
    ), fewer as materialized (
      select page_first, count(*)::int as finished, (count(*) filter (where state = 'success'))::int as success,
        (count(*) filter (where state = 'failed'))::int as failed,
        (count(*) filter (where state = 'skipped'))::int as skipped
      from chosen
      group by page_first
    ), reopened_pages as (
      update page
      set success = page.success - fewer.success, failed = page.failed - fewer.failed,
          skipped = page.skipped - fewer.skipped, finished = page.finished - fewer.finished, folded = false
      from fewer
      where page.expansion_id = ${options.expansionId} and page.first_index = fewer.page_first
    ), unfolded as (
      update expansion e
      set success = e.success - counted.success, failed = e.failed - counted.failed,
          skipped = e.skipped - counted.skipped,
          upstream_failed_instances = e.upstream_failed_instances - counted.upstream_failed,
          generation = e.generation + 1, seq = e.seq + 1
      from (
        select coalesce(sum(paged.success), 0) as success, coalesce(sum(paged.failed), 0) as failed,
          coalesce(sum(paged.skipped), 0) as skipped, coalesce(sum(paged.upstream_failed), 0) as upstream_failed
        from fewer
        join paged on paged.first_index = fewer.page_first
        where paged.folded
      ) counted
      where e.id = ${options.expansionId} and exists (select from chosen)
    ), noted as (
      insert into event_log (dag_id, dag_run_id, run_id, expansion_id, task_id, actor, event, detail)
      select dag_run.dag_id, dag_run.id, dag_run.run_id, e.id, e.task_id, ${options.actor}, ${options.event},
        json_build_object('instances', done.instances, 'first', done.first, 'last', done.last)
      from (select count(*) as instances, min(map_index) as first, max(map_index) as last from chosen) done
      join expansion e on e.id = ${options.expansionId}
      join dag_run on dag_run.id = e.dag_run_id
      where done.instances > 0
    )
    select map_index from chosen order by map_index
  `
  return rows.map((row) => toNumber(row.mapIndex))
}
