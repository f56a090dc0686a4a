import type { MapChange, MapTarget } from "@sluice/core/store"
import { kindsFor, mapEventName } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/** The columns that can be changed by hand, under the names that the event log has for them. */
const settings = {
  is_pulling_paused: "is_pulling_paused",
  is_running_paused: "is_running_paused",
  window: "window_size",
  page_size: "page_size",
  concurrency: "concurrency",
  tolerated_failures: "tolerated_failures",
} as const

/** What a map was when it was to be changed, and what became of that. */
interface ChangedRow extends MapTarget {
  /** Null: it was refused. */
  readonly isChanged: boolean | null
}

/**
 * Changes a map that has not ended, and notes it with old and new values. Null: there is none of this id.
 *
 * The row is locked before anything is read of it, so that of two who change it at once the second sees the first.
 */
export async function updateMap(
  sql: Sql,
  options: { expansionId: string; actor: string; change: MapChange },
): Promise<ChangedRow | null> {
  const { change, actor } = options
  const rows = await sql<ChangedRow[]>`
    with before as materialized (
      select id, task_id, kind, state, is_claimable, ${columns(sql)} from expansion
      where id = ${options.expansionId}
      for update
    ), changed as (
      update expansion
      set is_pulling_paused = coalesce(${change.isPullingPaused ?? null}::boolean, before.is_pulling_paused),
          is_running_paused = coalesce(${change.isRunningPaused ?? null}::boolean, before.is_running_paused),
          window_size = coalesce(${change.window ?? null}::int, before.window_size),
          page_size = coalesce(${change.pageSize ?? null}::int, before.page_size),
          concurrency = case when ${change.concurrency !== undefined}::boolean then ${change.concurrency ?? null}::int
            else before.concurrency end,
          tolerated_failures = case when ${change.toleratedFailures !== undefined}::boolean
            then ${toleratedJson(change)}::text::json else before.tolerated_failures end,
          -- What has failed already may be too many for the new limit.
          is_due = expansion.is_due or ${change.toleratedFailures !== undefined}::boolean,
          seq = expansion.seq + ${change.toleratedFailures === undefined ? 0 : 1}::int
      from before
      where expansion.id = before.id and before.kind = any(${[...kindsFor(change)]}::text[]::task_kind[])
        and before.state in ('waiting', 'open', 'draining')
      returning expansion.*
    ), difference as (
      select changed.id, changed.dag_run_id, changed.task_id, json_object_agg(
        setting.name, json_build_object('from', setting.old, 'to', setting.new)
      ) as detail
      from before
      join changed on changed.id = before.id
      cross join lateral (values ${pairs(sql)}) as setting (name, old, new)
      where setting.old is distinct from setting.new
      group by changed.id, changed.dag_run_id, changed.task_id
    ), noted as (
      insert into event_log (dag_id, dag_run_id, run_id, expansion_id, task_id, actor, event, detail)
      select run.dag_id, run.id, run.run_id, difference.id, difference.task_id, ${actor}, ${mapEventName(change)},
        difference.detail
      from difference
      join dag_run run on run.id = difference.dag_run_id
    )
    select before.task_id, before.kind, before.state,
      case when changed.id is not null then exists (select from difference) end as is_changed,
      case when changed.is_claimable <> before.is_claimable then admit(array[changed.id]) end
    from before
    left join changed on changed.id = before.id
  `
  return rows[0] ?? null
}

/** Goes on with what changes of maps have left to be parked, or to come back; says how many rows. */
export async function sweep(sql: Sql, limit: number): Promise<number> {
  const [row] = await sql<{ swept: number }[]>`select sweep(${limit}) as swept`
  return row?.swept ?? 0
}

function toleratedJson({ toleratedFailures }: MapChange): string | null {
  return toleratedFailures === undefined || toleratedFailures === null
    ? null
    : JSON.stringify(toleratedFailures)
}

function columns(sql: Sql) {
  return sql.unsafe(Object.values(settings).join(", "))
}

/** Each setting with its old and its new value, as JSON. */
function pairs(sql: Sql) {
  const rows = Object.entries(settings).map(
    ([name, column]) => `('${name}', to_jsonb(before.${column}), to_jsonb(changed.${column}))`,
  )
  return sql.unsafe(rows.join(", "))
}
