import { type LiveCounts, nextPagesMax } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/**
 * Counts what is under way.
 *
 * Unfinished runs, their expansions, pages that are not folded and leases have each an index that knows them alone; of the
 * pages that wait only those are looked at which are claimed next.
 */
export async function selectLiveCounts(sql: Sql): Promise<LiveCounts> {
  const [counts] = await sql<LiveCounts[]>`
    with run as materialized (
      select id, state from dag_run where state in ('queued', 'running')
    ), live as materialized (
      select expansion.kind, expansion.state, expansion.window_size,
        expansion.created - expansion.success - expansion.failed - expansion.skipped
          - expansion.upstream_failed_instances - unfolded.finished as unfinished
      from run
      join expansion on expansion.dag_run_id = run.id and expansion.state in ('open', 'draining')
      cross join lateral (
        select coalesce(sum(page.finished), 0) as finished
        from page
        where page.expansion_id = expansion.id and not page.folded
      ) unfolded
    ), held as (
      select count(*) as leases, coalesce(sum(remaining), 0) as leased from lease
    ), next as (
      select created_at from page where claimable order by urgency, expansion_id, first_index limit ${nextPagesMax}
    )
    select
      (select count(*) from run where state = 'queued')::float8 as queued_runs,
      (select count(*) from run where state = 'running')::float8 as running_runs,
      count(*) filter (where state = 'open' and kind in ('mapped', 'source'))::float8 as open_streams,
      coalesce(sum(window_size) filter (where state = 'open'), 0)::float8 as window,
      coalesce(sum(unfinished) filter (where state = 'open' and window_size is not null), 0)::float8 as window_used,
      coalesce(sum(unfinished), 0)::float8 as unfinished,
      (select leases from held)::float8 as leases,
      (select leased from held)::float8 as leased,
      (select count(*) from trigger)::float8 as deferred,
      (select coalesce(extract(epoch from now() - min(created_at)), 0) from next)::float8 as waited_seconds
    from live
  `
  if (counts === undefined) throw new Error("a count gave no row")
  return counts
}
