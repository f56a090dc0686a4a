import type { FollowingMap } from "@sluice/core/store"
import type { Sql } from "./row.ts"
import { toNumber } from "./row.ts"
import { lockPages, takeBack } from "./take-back.ts"

/**
 * Takes back instances that have ended, in one statement, and offers each a try.
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
    followers: readonly FollowingMap[]
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
    ), ${lockPages(sql, options.expansionId)}, target as materialized (
      -- Claimable as it then will be: a stopped map is stopped no more.
      select e.id, e.state in ('open', 'draining') and not e.is_running_paused as is_claimable
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
      where ti.state = any(${[...options.states]}::text[]::task_instance_state[])
        -- What never ran has no input, but for what a stopped map has skipped, with its reason.
        and (ti.try_number > 0 or (ti.state = 'skipped' and ti.error is not null))
      for update of ti
    )${takeBack(sql, { ...options, asked: "chosen" })}, offered as (
      insert into offer (
        expansion_id, first_index, count, page_first, at, try_number, base_try, is_retry, is_isolated, is_parked
      )
      select expansion_id, map_index, 1, page_first, now(), try_number + 1, try_number, true, false, not is_claimable
      from chosen
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
