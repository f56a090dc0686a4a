import { unparsedEvent } from "@sluice/core/store"
import { expansionsOfRun, timeoutAt } from "./dag-run.ts"
import { noteRunEvent } from "./event.ts"
import type { Piece } from "./filter.ts"
import type { Sql } from "./row.ts"

/** A DAG that was claimed for a parse, and the last of its runs that wait. */
export interface ClaimedDag {
  path: string
  dagId: string
  upTo: string
}

/** The most DAGs whose runs one claim takes: a file with more of them is parsed again for the rest. */
const dagsMax = 1_000

/**
 * Claims up to `limit` files that runs wait for, those first that were claimed longest ago: reads an index of DAGs that runs
 * wait for. What is skipped since it is locked, its run's maker, or another claim, has just been told of.
 */
export function claimParses(
  sql: Sql,
  options: { folder: string; processor: string; claimSeconds: number; limit: number },
): Promise<ClaimedDag[]> {
  const { folder, processor, claimSeconds, limit } = options
  return sql<ClaimedDag[]>`
    with free as materialized (
      select dag_id, file_path, parse_claimed_until from dag
      where file_folder = ${folder} and awaiting_runs > 0 and parse_claimed_until <= now()
      order by parse_claimed_until, file_path
      limit ${dagsMax}
      for no key update skip locked
    ), paths as materialized (
      select file_path from free group by file_path order by min(parse_claimed_until), file_path limit ${limit}
    ), claimed as (
      update dag
      set parse_claimed_by = ${processor}, parse_claimed_until = now() + make_interval(secs => ${claimSeconds})
      from free
      join paths on paths.file_path = free.file_path
      where dag.dag_id = free.dag_id
      returning dag.dag_id, dag.file_path
    )
    -- A DAG whose runs have just been ended asks for nothing any more.
    select claimed.file_path as path, claimed.dag_id, last.id as up_to
    from claimed
    cross join lateral (
      select id from dag_run
      where dag_run.dag_id = claimed.dag_id and dag_run.state = 'queued' and dag_run.awaits_parse
      order by id desc
      limit 1
    ) last
    order by claimed.file_path, claimed.dag_id
  `
}

/** Gives files back: they may be claimed again at once, after those that were claimed before. */
export async function releaseParses(
  sql: Sql,
  options: { processor: string; dagIds: readonly string[] },
): Promise<void> {
  await sql`
    update dag set parse_claimed_by = null, parse_claimed_until = now()
    where dag_id = any(${[...options.dagIds]}::text[]) and parse_claimed_by = ${options.processor}
  `
}

/** The first runs of a DAG that wait for a parse, locked; one that somebody else holds is passed over. */
const waitingRuns = (sql: Sql, dagId: Piece, { upTo, limit }: { upTo: string; limit: number }) => sql`(
  select id from dag_run
  where dag_run.dag_id = ${dagId} and dag_run.state = 'queued' and dag_run.awaits_parse and id <= ${upTo}
  order by id
  limit ${limit}
  for no key update skip locked
)`

/**
 * Gives runs that wait their versions and tasks. Runs of backfills have a place already and start; the others stay queued,
 * and count as such that may start. A run that somebody is ending is passed over.
 */
export async function attachRuns(
  sql: Sql,
  options: { dagIds: readonly string[]; versionIds: readonly string[]; upTo: string; limit: number },
): Promise<number> {
  const { dagIds, versionIds, limit } = options
  const rows = await sql`
    with chosen as materialized (
      select waiting.id, parsed.version_id, ${timeoutAt(sql)} as timeout_at
      from unnest(${[...dagIds]}::text[], ${[...versionIds]}::bigint[]) as parsed (dag_id, version_id)
      join dag_version on dag_version.id = parsed.version_id
      cross join lateral ${waitingRuns(sql, sql`parsed.dag_id`, options)} waiting
      limit ${limit}
    ), run as (
      update dag_run
      set dag_version_id = chosen.version_id, awaits_parse = false,
          state = (case when run_type = 'backfill' then 'running' else 'queued' end)::dag_run_state,
          started_at = case when run_type = 'backfill' then now() end,
          timeout_at = case when run_type = 'backfill' then chosen.timeout_at end
      from chosen
      where dag_run.id = chosen.id and dag_run.state = 'queued' and dag_run.awaits_parse
      returning dag_run.*
    ), ${expansionsOfRun(sql)}
    select id from run
  `
  return rows.length
}

/** Ends runs that wait, since their file could not be parsed; they can be resumed. */
export async function failUnparsedRuns(
  sql: Sql,
  options: { dagIds: readonly string[]; upTo: string; note: string; limit: number },
): Promise<number> {
  const { dagIds, note, limit } = options
  const rows = await sql`
    with chosen as materialized (
      select waiting.id
      from unnest(${[...dagIds]}::text[]) as unparsed (dag_id)
      cross join lateral ${waitingRuns(sql, sql`unparsed.dag_id`, options)} waiting
      limit ${limit}
    ), run as (
      update dag_run set state = 'failed', ended_at = now(), note = ${note}
      from chosen
      where dag_run.id = chosen.id and dag_run.state = 'queued' and dag_run.awaits_parse
      returning dag_run.id, dag_run.dag_id, dag_run.run_id
    ), noted as (
      ${noteRunEvent(sql, unparsedEvent(note))}
    )
    select id from run
  `
  return rows.length
}
