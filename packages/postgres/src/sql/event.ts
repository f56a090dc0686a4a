import type { EventFilter, EventName, EventRow, EventStore } from "@sluice/core/store"
import type { Json } from "@sluice/core"
import {
  type Counted,
  type Piece,
  likeAny,
  oneOf,
  orderBy,
  within,
  countedSlice,
  orderByNames,
} from "./filter.ts"
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
export type StoredEvent = Omit<EventRow, "mapIndex"> & { readonly mapIndex: string | null }

const columns = (sql: Sql) => sql`
  id, at, dag_id, dag_run_id, run_id, expansion_id, task_id, map_index, actor, event, detail
`

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
    select ${columns(sql)}
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

type SearchOptions = Parameters<EventStore["searchEvents"]>[0]
type PageOptions = Parameters<EventStore["pageEvents"]>[0]

/** An event by its id. */
export async function selectEvent(sql: Sql, id: string): Promise<StoredEvent | null> {
  const rows = await sql<StoredEvent[]>`select ${columns(sql)} from event_log where id = ${id}`
  return rows[0] ?? null
}

/** Events that fit, counted: reads all that fit. */
export function selectEventSlice(sql: Sql, options: SearchOptions): Promise<Counted<StoredEvent>[]> {
  const expressions: Record<SearchOptions["orderBy"][number]["by"], string> = {
    id: "id",
    at: "at",
    dag_id: 'dag_id collate "C"',
    run_id: 'run_id collate "C"',
    task_id: 'task_id collate "C"',
    event: 'event collate "C"',
    actor: 'actor collate "C"',
  }
  const last = { expression: expressions.id, isDescending: options.orderBy[0]?.isDescending ?? false }
  return countedSlice(sql, {
    columns: columns(sql),
    from: sql`event_log where true ${fitting(sql, options.filter)}`,
    order: orderByNames(sql, options.orderBy, expressions, last),
    ...options,
  })
}

/** Events that fit, by keyset on their number. */
export function selectEventPage(sql: Sql, options: PageOptions): Promise<StoredEvent[]> {
  const { after, isDescending } = options
  const seen = isDescending ? sql`and id < ${after}` : sql`and id > ${after}`
  return sql<StoredEvent[]>`
    select ${columns(sql)}
    from event_log
    where true ${fitting(sql, options.filter)} ${after === null ? sql`` : seen}
    ${orderBy(sql, [{ expression: "id", isDescending }])}
    limit ${options.limit}
  `
}

function fitting(sql: Sql, filter: EventFilter) {
  const { exceptEvents } = filter
  return sql`
    ${same(sql, sql`dag_id`, filter.dagId)}
    ${same(sql, sql`run_id`, filter.runId)}
    ${same(sql, sql`task_id`, filter.taskId)}
    ${filter.mapIndex === undefined ? sql`` : sql`and map_index = ${filter.mapIndex}`}
    ${same(sql, sql`actor`, filter.actor)}
    ${oneOf(sql, "event", filter.events)}
    ${exceptEvents === undefined ? sql`` : sql`and event <> all (${[...exceptEvents]}::text[])`}
    ${likeAny(sql, "dag_id", filter.dagIdPatterns)}
    ${likeAny(sql, "run_id", filter.runIdPatterns)}
    ${likeAny(sql, "task_id", filter.taskIdPatterns)}
    ${likeAny(sql, "actor", filter.actorPatterns)}
    ${likeAny(sql, "event", filter.eventPatterns)}
    ${within(sql, "at", filter.at)}
  `
}

function same(sql: Sql, expression: Piece, value: string | undefined) {
  return value === undefined ? sql`` : sql`and ${expression} = ${value}`
}
