import type { DeadRole, RoleRow } from "@sluice/core/store"
import { offerAgain } from "./lease.ts"
import type { Sql } from "./row.ts"

/** Notes that a process of a role is alive, and until when that counts; whoever was taken for dead is back. */
export async function upsertHeartbeat(
  sql: Sql,
  options: {
    id: string
    role: string
    engine: string
    hostname: string
    pid: number
    info: unknown
    deadAfterSeconds: number
  },
): Promise<void> {
  await sql`
    insert into role (id, role, engine, hostname, pid, info, expires_at)
    values (${options.id}, ${options.role}, ${options.engine}, ${options.hostname}, ${options.pid},
      ${JSON.stringify(options.info)}::text::json, now() + make_interval(secs => ${options.deadAfterSeconds}))
    on conflict (id) do update
    set heartbeat_at = now(), expires_at = excluded.expires_at, died_at = null, info = excluded.info
  `
}

/** Forgets a process that ended in order. */
export async function deleteRole(sql: Sql, id: string): Promise<void> {
  await sql`delete from role where id = ${id}`
}

/** The processes that have beaten last. */
export function selectRoles(sql: Sql, limit: number): Promise<RoleRow[]> {
  return sql<RoleRow[]>`
    select id, role, engine, hostname, pid, started_at, heartbeat_at,
      (extract(epoch from now() - heartbeat_at) * 1000)::float8 as silent_ms, expires_at >= now() as is_alive, died_at, info
    from role
    order by heartbeat_at desc
    limit ${limit}
  `
}

/**
 * Marks roles whose promise has expired, each once, and takes back what their engines held.
 *
 * Reads the leases of all workers, but only when a role has died: there are a few for each process that works.
 */
export async function rescueDead(
  sql: Sql,
  options: { limit: number; keepSeconds: number },
): Promise<{ dead: DeadRole[]; leases: number }> {
  const rows = await sql<(DeadRole & { leases: number })[]>`
    with silent as materialized (
      select id, engine from role
      where expires_at < now() and died_at is null
      order by expires_at
      limit ${options.limit}
      for update skip locked
    ), marked as (
      update role set died_at = now() from silent where role.id = silent.id
      returning role.id, role.role, role.engine, role.hostname, role.pid,
        (extract(epoch from now() - role.heartbeat_at) * 1000)::float8 as silent_ms
    ), dead_engine as materialized (
      select distinct silent.engine as name from silent
      where not exists (
        select from role living where living.engine = silent.engine and living.expires_at >= now()
      )
    ), triggerers as (
      -- What it watched may be taken by others at once.
      update triggerer set expires_at = '-infinity' from dead_engine where triggerer.id = dead_engine.name
    ), held as materialized (
      select mine.id from dead_engine
      cross join lateral (
        select id from expansion
        where runner_id = dead_engine.name and state = 'open' and kind in ('mapped', 'source')
        order by id
        for update
      ) mine
    ), let_go as (
      update expansion set runner_expires_at = '-infinity', runner_id = null from held where expansion.id = held.id
    ), leased as materialized (
      -- Lateral, so that nothing is read where nobody died.
      select mine.id from dead_engine
      cross join lateral (select id from lease where worker_id = dead_engine.name for update skip locked) mine
    ), gone as (
      delete from lease using leased where lease.id = leased.id returning lease.*
    ), offered as (
      ${offerAgain(sql)}
    ), long_dead as materialized (
      select id from role
      where died_at < now() - make_interval(secs => ${options.keepSeconds}) and expires_at < now()
      order by expires_at
      limit ${options.limit}
      for update skip locked
    ), forgotten as (
      delete from role using long_dead where role.id = long_dead.id
    )
    select marked.*, (select count(*)::int from gone) as leases from marked
  `
  const dead = rows.map(({ id, role, engine, hostname, pid, silentMs }) => ({
    id,
    role,
    engine,
    hostname,
    pid,
    silentMs,
  }))
  return { dead, leases: rows[0]?.leases ?? 0 }
}
