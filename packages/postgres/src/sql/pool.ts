import { type PoolRow, type PoolSettings, poolsMax } from "@sluice/core/store"
import { noteIdentityEvent } from "./event.ts"
import type { Sql } from "./row.ts"

/** Pools by name, after a name, with what takes their slots: see `use`. */
export async function selectPools(
  sql: Sql,
  options: { after: string | null; limit: number },
): Promise<PoolRow[]> {
  const rows = await sql<StoredPool[]>`
    select ${poolColumns(sql)}
    from (
      select name, slots, include_deferred, description
      from pool
      where ${options.after}::text is null or name > ${options.after}::text
      order by name
      limit ${options.limit}
    ) pool
    ${use(sql)}
    order by name
  `
  return rows.map(toPool)
}

/** One pool, with what takes its slots. */
export async function selectPool(sql: Sql, name: string): Promise<PoolRow | null> {
  const rows = await sql<StoredPool[]>`
    select ${poolColumns(sql)} from pool ${use(sql)} where name = ${name}
  `
  return rows.map(toPool)[0] ?? null
}

/** Makes a pool; null when the name is taken. Those who come at once may pass the bound by as many as they are. */
export async function insertPool(
  sql: Sql,
  options: PoolSettings & { name: string; actor: string },
): Promise<PoolRow | "too many" | null> {
  const { actor, ...settings } = options
  const { name, slots, includeDeferred, description } = settings
  const [row] = await sql<{ isMade: boolean; isTaken: boolean }[]>`
    with changed as (
      insert into pool (name, slots, include_deferred, description)
      select ${name}, ${slots}::int, ${includeDeferred}::boolean, ${description}
      where (select count(*) from pool) < ${poolsMax}::int
      on conflict (name) do nothing
      returning name
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "pool_created", detail: { ...settings } })}
    )
    select exists (select from changed) as is_made, exists (select from pool where name = ${name}) as is_taken
  `
  if (row?.isMade === true) return selectPool(sql, name)
  return row?.isTaken === true ? null : "too many"
}

/** Changes what is given of a pool; says whether there is one. */
export async function updatePool(
  sql: Sql,
  options: Partial<PoolSettings> & { name: string; actor: string },
): Promise<boolean> {
  const { actor, ...change } = options
  const { name, slots, includeDeferred, description } = change
  const rows = await sql`
    with changed as (
      update pool
      set slots = case when ${slots !== undefined}::boolean then ${slots ?? null}::int else slots end,
          include_deferred = coalesce(${includeDeferred ?? null}::boolean, include_deferred),
          description = case when ${description !== undefined}::boolean then ${description ?? null}::text
            else description end
      where name = ${name}
      returning name
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "pool_changed", detail: { ...change } })}
    )
    select name from changed
  `
  return rows.length > 0
}

/** Removes a pool that no unfinished run names. */
export async function deletePool(
  sql: Sql,
  { name, actor }: { name: string; actor: string },
): Promise<"deleted" | "unknown" | "in_use"> {
  const [row] = await sql<{ isThere: boolean; isGone: boolean }[]>`
    with changed as (
      delete from pool
      where name = ${name} and not exists (
        select from expansion where expansion.pool = pool.name and state in ('waiting', 'open', 'draining')
      )
      returning name
    ), noted as (
      ${noteIdentityEvent(sql, { actor, event: "pool_deleted", detail: { name } })}
    )
    select exists (select from pool where name = ${name}) as is_there, exists (select from changed) as is_gone
  `
  if (row?.isGone === true) return "deleted"
  return row?.isThere === true ? "in_use" : "unknown"
}

/** A pool as it is read; sums as text. */
type StoredPool = PoolSettings & { name: string; running: string; deferred: string; waiting: string }

const poolColumns = (sql: Sql) =>
  sql`name, slots, include_deferred, description, taken.running, taken.deferred, taken.waiting`

/** What takes the slots of `pool`: from the open expansions' rows, their open pages, leases and triggers. */
const use = (sql: Sql) => sql`
  cross join lateral (
    select coalesce(sum(e.pool_slots * leased.n), 0) as running,
      coalesce(sum(e.pool_slots * parked.n), 0) as deferred,
      coalesce(sum(e.pool_slots * (
        e.created - e.success - e.failed - e.skipped - e.upstream_failed_instances - ended.n - leased.n - parked.n
      )), 0) as waiting
    from expansion e
    cross join lateral (
      select coalesce(sum(page.finished), 0) as n from page where page.expansion_id = e.id and not page.folded
    ) ended
    cross join lateral (
      select coalesce(sum(lease.remaining), 0) as n from lease where lease.expansion_id = e.id
    ) leased
    cross join lateral (
      select count(*) as n from trigger where trigger.expansion_id = e.id
    ) parked
    where e.pool = pool.name and e.state in ('waiting', 'open', 'draining')
  ) taken
`

function toPool({ running, deferred, waiting, ...settings }: StoredPool): PoolRow {
  return { ...settings, running: Number(running), deferred: Number(deferred), waiting: Number(waiting) }
}
