import type { EventName, EventRow } from "@sluice/core/store"
import type { Json } from "@sluice/core"
import type { Sql } from "./row.ts"

/** What there is to say of an event besides where it happened. */
interface Happening {
  readonly actor: string
  readonly event: EventName
  readonly detail: Json
}

/** Notes what a statement does to the runs in its CTE `run` (rows of `dag_run`). */
export function noteRunEvent(sql: Sql, { actor, event, detail }: Happening) {
  return sql`
    insert into event_log (dag_id, dag_run_id, run_id, actor, event, detail)
    select run.dag_id, run.id, run.run_id, ${actor}, ${event}, ${JSON.stringify(detail)}::text::json
    from run
  `
}

/** Notes what a statement does to the maps in its CTE `changed` (`id`, `dag_run_id` and `task_id` of expansions). */
export function noteMapEvent(sql: Sql, { actor, event, detail }: Happening) {
  return sql`
    insert into event_log (dag_id, dag_run_id, run_id, expansion_id, task_id, actor, event, detail)
    select run.dag_id, run.id, run.run_id, changed.id, changed.task_id, ${actor}, ${event},
      ${JSON.stringify(detail)}::text::json
    from changed
    join dag_run run on run.id = changed.dag_run_id
  `
}

/** Notes what a statement does about who may do what, once for each row of its CTE `changed`. */
export function noteIdentityEvent(sql: Sql, { actor, event, detail }: Happening) {
  return sql`
    insert into event_log (actor, event, detail)
    select ${actor}, ${event}, ${JSON.stringify(detail)}::text::json
    from changed
  `
}

/** Notes something that changed nothing else. */
export async function insertEvent(sql: Sql, { actor, event, detail }: Happening): Promise<void> {
  await sql`
    insert into event_log (actor, event, detail)
    values (${actor}, ${event}, ${JSON.stringify(detail)}::text::json)
  `
}

/** An event as it is stored; the index as text. */
type StoredEvent = Omit<EventRow, "mapIndex"> & { readonly mapIndex: string | null }

/** Events, newest first, before an id. */
export function selectEvents(
  sql: Sql,
  options: {
    dagId?: string
    dagRunId?: string
    expansionId?: string
    before: string | null
    limit: number
  },
): Promise<StoredEvent[]> {
  const { dagId, dagRunId, expansionId, before } = options
  return sql<StoredEvent[]>`
    select id, at, dag_id, dag_run_id, run_id, expansion_id, task_id, map_index, actor, event, detail
    from event_log
    where true
      ${dagId === undefined ? sql`` : sql`and dag_id = ${dagId}`}
      ${dagRunId === undefined ? sql`` : sql`and dag_run_id = ${dagRunId}`}
      ${expansionId === undefined ? sql`` : sql`and expansion_id = ${expansionId}`}
      ${before === null ? sql`` : sql`and id < ${before}`}
    order by id desc
    limit ${options.limit}
  `
}
