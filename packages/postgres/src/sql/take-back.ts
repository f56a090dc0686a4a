import type { FollowingMap } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/** Whose instances are taken back, and what follows them. */
interface TakeBack {
  readonly expansionId: string
  readonly followers: readonly FollowingMap[]
  /** The CTE that has rows when the expansion's facts change. */
  readonly asked: "chosen" | "picked"
}

/**
 * CTEs that take back the rows in `chosen` (expansion_id, map_index, page_first, state, try_number, started_at, ended_at,
 * error; locked) of the locked pages in `paged`: attempts go into the history, what they left is dropped, pages are
 * unfinished again, and no longer folded. Maps that follow get a repair for each; one that is pulled loses its runner,
 * since what that has read meanwhile must not be committed.
 */
export function takeBack(sql: Sql, { expansionId, followers, asked }: TakeBack) {
  return sql`, archived as (
      insert into task_try (expansion_id, map_index, try_number, started_at, ended_at, state, error)
      select expansion_id, map_index, try_number, started_at, ended_at, state, error
      from chosen
      where try_number > 0 and state in ('success', 'failed', 'skipped')
    ), taken_back as (
      update task_instance set state = 'up_for_retry', value = null
      from chosen
      where task_instance.expansion_id = chosen.expansion_id and task_instance.map_index = chosen.map_index
    ), pushed as (
      delete from xcom using chosen
      where xcom.expansion_id = chosen.expansion_id and xcom.map_index = chosen.map_index
    ), fewer as materialized (
      select page_first, (count(*) filter (where state <> 'up_for_retry'))::int as finished,
        (count(*) filter (where state = 'success'))::int as success,
        (count(*) filter (where state = 'failed'))::int as failed,
        (count(*) filter (where state = 'skipped'))::int as skipped,
        (count(*) filter (where state = 'upstream_failed'))::int as upstream_failed
      from chosen
      group by page_first
    ), reopened_pages as (
      update page
      set success = page.success - fewer.success, failed = page.failed - fewer.failed,
          skipped = page.skipped - fewer.skipped, upstream_failed = page.upstream_failed - fewer.upstream_failed,
          finished = page.finished - fewer.finished, folded = false
      from fewer
      where page.expansion_id = ${expansionId} and page.first_index = fewer.page_first
    ), unfolded as (
      update expansion e
      set success = e.success - counted.success, failed = e.failed - counted.failed,
          skipped = e.skipped - counted.skipped,
          upstream_failed_instances = e.upstream_failed_instances - counted.upstream_failed,
          generation = e.generation + 1, seq = e.seq + 1,
          -- A map that was stopped closes whatever comes back to it: it keeps the reason as that of its stream.
          stream_error = coalesce(e.stream_error, e.stop_reason), stop_reason = null,
          -- Whether it may end depends on what is left to repair.
          is_due = e.is_due or (e.state in ('open', 'draining') and e.is_exhausted)
      from (
        select coalesce(sum(paged.success), 0) as success, coalesce(sum(paged.failed), 0) as failed,
          coalesce(sum(paged.skipped), 0) as skipped, coalesce(sum(paged.upstream_failed), 0) as upstream_failed
        from fewer
        join paged on paged.first_index = fewer.page_first
        where paged.folded
      ) counted
      where e.id = ${expansionId} and exists (select from ${sql(asked)})
    )${followers.length === 0 ? sql`` : following(sql, { expansionId, followers })}`
}

function following(
  sql: Sql,
  { expansionId, followers }: { expansionId: string; followers: readonly FollowingMap[] },
) {
  return sql`, followed as (
      update expansion follower
      set seq = follower.seq + 1,
          epoch = follower.epoch + (follower.state = 'open')::int,
          runner_id = case when follower.state = 'open' then null else follower.runner_id end,
          runner_expires_at = case when follower.state = 'open' then '-infinity' else follower.runner_expires_at end
      from (
        -- An array of booleans goes out as one boolean.
        select ordinal, aligned = 1 as is_aligned
        from unnest(
          ${followers.map((one) => one.ordinal)}::int[], ${followers.map((one) => Number(one.isAligned))}::int[]
        ) as u (ordinal, aligned)
      ) f
      where follower.id = ${expansionId}::bigint / 4096 * 4096 + f.ordinal and follower.state <> 'waiting'
        and exists (select from chosen)
      returning follower.id, f.is_aligned, follower.next_index
    ), following as (
      insert into repair (expansion_id, upstream_id, upstream_index, is_aligned)
      select followed.id, chosen.expansion_id, chosen.map_index, followed.is_aligned
      from followed
      cross join chosen
      where case when followed.is_aligned then chosen.map_index < followed.next_index else chosen.state <> 'success' end
      on conflict (expansion_id, upstream_id, upstream_index) do update
      set version = repair.version + 1, failures = 0, at = now()
    )`
}

/** CTE `paged`: the pages that `placed` (page_first) names, locked in their order. */
export function lockPages(sql: Sql, expansionId: string) {
  return sql`paged as materialized (
      select page.first_index, page.folded, page.success, page.failed, page.skipped, page.upstream_failed
      from (select distinct page_first from placed order by page_first) touched
      join page on page.expansion_id = ${expansionId} and page.first_index = touched.page_first
      order by page.first_index
      for update of page
    )`
}
