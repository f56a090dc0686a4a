import type { RoleRow } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/** Notes that a process of a role is alive. */
export async function upsertHeartbeat(
  sql: Sql,
  options: { id: string; role: string; hostname: string; pid: number; info: unknown },
): Promise<void> {
  await sql`
    insert into role (id, role, hostname, pid, info)
    values (${options.id}, ${options.role}, ${options.hostname}, ${options.pid},
      ${JSON.stringify(options.info)}::text::json)
    on conflict (id) do update set heartbeat_at = now(), info = excluded.info
  `
}

/** Forgets a process that ended in order. */
export async function deleteRole(sql: Sql, id: string): Promise<void> {
  await sql`delete from role where id = ${id}`
}

/** The processes that have beaten last. */
export function selectRoles(sql: Sql, limit: number): Promise<RoleRow[]> {
  return sql<RoleRow[]>`
    select id, role, hostname, pid, started_at, heartbeat_at, info from role order by heartbeat_at desc limit ${limit}
  `
}
