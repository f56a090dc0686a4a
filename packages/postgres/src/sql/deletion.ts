/**
 * Deleting runs.
 *
 * One statement takes a run out of sight: its row, its expansions and its leases go, and its number is noted in
 * `deleted_run`. Whoever writes for an expansion does so under a lease, or reads the expansion in that statement, so nothing
 * comes to a deleted run but what was just being written. What it leaves is removed table by table, some rows a statement,
 * by key from where the last one ended: each statement costs what it removes. It ends with a round over all tables that
 * finds nothing, which also catches what was just being written.
 */
import type { Leadership } from "@sluice/core/store"
import { noteRunEvent } from "./event.ts"
import { leading } from "./leader.ts"
import type { Piece } from "./filter.ts"
import type { Sql } from "./row.ts"

type KeyType = "bigint" | "smallint" | "boolean" | "text"

/** A table whose rows belong to runs. */
interface DeletedTable {
  readonly table: string
  /** Its key, the run's part first. */
  readonly key: readonly (readonly [column: string, type: KeyType])[]
  /** Whether the key begins with an expansion, or with the run itself. */
  readonly of: "expansion" | "run"
  /** Columns that are emptied, where the rows outlive the run. */
  readonly unlinks?: readonly string[]
}

const byExpansion = (table: string, ...rest: DeletedTable["key"][number][]): DeletedTable => ({
  table,
  key: [["expansion_id", "bigint"], ...rest],
  of: "expansion",
})

/** What a run leaves, in the order in which it is removed. A test finds a table that is not here. */
export const deletedTables: readonly DeletedTable[] = [
  byExpansion("lease", ["first_index", "bigint"], ["id", "bigint"]),
  byExpansion("offer", ["first_index", "bigint"], ["is_retry", "boolean"]),
  byExpansion("trigger", ["map_index", "bigint"]),
  byExpansion("repair", ["upstream_id", "bigint"], ["upstream_index", "bigint"]),
  byExpansion("gap_origin", ["upstream_id", "bigint"], ["upstream_index", "bigint"]),
  {
    table: "stream_position",
    key: [
      ["upstream_id", "bigint"],
      ["consumer_id", "bigint"],
    ],
    of: "expansion",
  },
  byExpansion("xcom", ["map_index", "bigint"], ["key", "text"]),
  byExpansion("task_try", ["map_index", "bigint"], ["try_number", "smallint"]),
  byExpansion("log", ["id", "bigint"]),
  byExpansion("item_key", ["key", "text"]),
  byExpansion("task_instance", ["map_index", "bigint"]),
  byExpansion("page", ["first_index", "bigint"]),
  {
    table: "event_log",
    key: [
      ["dag_run_id", "bigint"],
      ["id", "bigint"],
    ],
    of: "run",
    unlinks: ["dag_run_id", "expansion_id"],
  },
]

/** Whether somebody waits for the end of a run in `dag_run`: two indexes, each with its own predicate. */
export const isAwaited = (sql: Sql) => sql`(
  exists (
    select from trigger
    where trigger.run_dag_id = dag_run.dag_id and trigger.run_id = dag_run.run_id and not trigger.is_parked
  ) or exists (
    select from trigger
    where trigger.run_dag_id = dag_run.dag_id and trigger.run_id = dag_run.run_id and trigger.is_parked
  )
)`

/** Takes a run that has ended out of sight; false: it is not there, has not ended, or its end is waited for. */
export async function deleteDagRun(
  sql: Sql,
  { dagRunId, actor }: { dagRunId: string; actor: string },
): Promise<boolean> {
  const rows = await sql`
    with gone as (
      delete from dag_run
      where id = ${dagRunId} and state in ('success', 'failed') and not ${isAwaited(sql)}
      returning id, dag_id, run_id, state
    ), ${takeAlong(sql)}, run as (
      -- The event is about a run that has no number any more.
      select dag_id, null::bigint as id, run_id from gone
    ), noted as (
      ${noteRunEvent(sql, { actor, event: "dag_run_deleted", detail: null })}
    )
    select from gone
  `
  return rows.length > 0
}

/** The CTEs that take along what must not outlive the runs in `gone` for a moment, and note what is left. */
export function takeAlong(sql: Sql) {
  return sql`expansions as (
      delete from expansion using gone where expansion.id between gone.id * 4096 and gone.id * 4096 + 4095
    ), leases as (
      delete from lease using gone where lease.expansion_id between gone.id * 4096 and gone.id * 4096 + 4095
    ), dates as (
      update backfill_date set dag_run_id = null from gone where backfill_date.dag_run_id = gone.id
    ), doomed as (
      insert into deleted_run (dag_run_id) select id from gone
    )`
}

/** Whether there is anything to remove. */
export async function selectDeleted(sql: Sql): Promise<{ hasDags: boolean; hasRuns: boolean }> {
  const [row] = await sql<{ hasDags: boolean; hasRuns: boolean }[]>`
    select exists (select from deleted_dag) or exists (select from released_bundle) as has_dags,
      exists (select from deleted_run) as has_runs
  `
  return row ?? { hasDags: false, hasRuns: false }
}

/** The most deleted runs that one statement looks at: most are small, and then it ends several. */
const deletedRunsMax = 20

/**
 * Removes rows of the first deleted runs, so many of each table at most, and notes where that ended, in one statement. A run
 * of which nothing was found is looked at once more from the beginning, and then forgotten.
 */
export async function removeRows(
  sql: Sql,
  { leadership, limit }: { leadership: Leadership; limit: number },
): Promise<{ removed: number; isDone: boolean }> {
  const names = deletedTables.map(({ table }) => table)
  const counts = joined(sql, names, (table) => sql`(select count(*) from ${sql(`${table}_found`)})`, " + ")
  const isCapped = joined(
    sql,
    names,
    (table) => sql`(select count(*) from ${sql(`${table}_found`)}) >= ${limit}::int`,
    " or ",
  )
  const isFound = joined(
    sql,
    names,
    (table) =>
      sql`exists (select from ${sql(`${table}_found`)} found where found.dag_run_id = target.dag_run_id)`,
    " or ",
  )
  const afterKeys = joined(
    sql,
    names,
    (table) => sql`${table}::text, coalesce(
          (
            select key_of_row from ${sql(`${table}_found`)} found
            where found.dag_run_id = target.dag_run_id order by place_in_key desc limit 1
          ),
          target.after_keys->${table}::text
        )`,
    ", ",
  )
  const [row] = await sql<{ removed: number; isDone: boolean }[]>`
    with leads as materialized (
      ${leading(sql, leadership)}
    ), target as materialized (
      select dag_run_id, after_keys from deleted_run
      where exists (select from leads)
      order by dag_run_id
      limit ${deletedRunsMax}
      for update skip locked
    ), ${joined(sql, deletedTables, (table) => removal(sql, table, limit), ", ")}, looked as materialized (
      select dag_run_id, ${isFound} as is_found, after_keys is null as is_whole,
        json_build_object(${afterKeys}) as after_keys
      from target
      where not (${isCapped}) or ${isFound}
    ), moved as (
      update deleted_run set after_keys = case when looked.is_found then looked.after_keys end
      from looked
      where deleted_run.dag_run_id = looked.dag_run_id and (looked.is_found or not looked.is_whole)
    ), done as (
      delete from deleted_run using looked
      where deleted_run.dag_run_id = looked.dag_run_id and not looked.is_found and looked.is_whole
    )
    select (${counts})::int as removed, not exists (select from deleted_run) as is_done
  `
  return row ?? { removed: 0, isDone: true }
}

/** The CTEs that find the next rows of a table and remove them, or unlink those that stay. */
function removal(sql: Sql, { table, key, of, unlinks }: DeletedTable, limit: number) {
  const columns = key.map(([column]) => column)
  const list = sql.unsafe(columns.join(", "))
  const [first = ""] = columns
  const [from, to] =
    of === "run"
      ? [sql`target.dag_run_id`, sql`target.dag_run_id`]
      : [sql`target.dag_run_id * 4096`, sql`target.dag_run_id * 4096 + 4095`]
  const after = joined(
    sql,
    key.map(([, type], place) => ({ type, place })),
    ({ type, place }) =>
      sql`coalesce((target.after_keys->${table}::text->>${place}::int)::${sql.unsafe(type)}, ${place === 0 ? sql`${from} - 1` : sql.unsafe(lowest[type])})`,
    ", ",
  )
  return sql`
    ${sql(`${table}_found`)} as materialized (
      select target.dag_run_id, found.place, found.key_of_row, row_number() over () as place_in_key
      from target
      cross join lateral (
        select ctid as place, json_build_array(${sql.unsafe(columns.map((column) => `${column}::text`).join(", "))}) as key_of_row
        from ${sql(table)}
        where ${sql(first)} between ${from} and ${to} and (${list}) > (${after})
        order by ${list}
        limit ${limit}
      ) found
      limit ${limit}
    ), ${sql(`${table}_gone`)} as (
      ${unlinks === undefined ? sql`delete from ${sql(table)}` : sql`update ${sql(table)} set ${sql.unsafe(unlinks.map((column) => `${column} = null`).join(", "))}`}
      where ctid = any(array(select place from ${sql(`${table}_found`)}))
    )`
}

/** What stands before every value of a type, where nothing was removed yet. */
const lowest: Readonly<Record<KeyType, string>> = {
  bigint: "0",
  smallint: "0",
  boolean: "false",
  text: "''",
}

function joined<A>(sql: Sql, all: readonly A[], make: (one: A) => Piece, separator: string): Piece {
  return all.map(make).reduce((before, one): Piece => {
    const between: Piece = sql.unsafe(separator)
    return sql`${before}${between}${one}`
  })
}
