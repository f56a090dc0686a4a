import type { Leadership } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/** Takes or keeps the lead of a role; gives its epoch, or null while another has it. */
export async function takeLead(
  sql: Sql,
  options: { role: string; holder: string; leaseSeconds: number },
): Promise<number | null> {
  const rows = await sql<{ epoch: number }[]>`
    insert into leader (role, holder, epoch, expires_at)
    values (${options.role}, ${options.holder}, 1, now() + make_interval(secs => ${options.leaseSeconds}))
    on conflict (role) do update
    set holder = excluded.holder, expires_at = excluded.expires_at,
        epoch = leader.epoch + (leader.holder <> excluded.holder or leader.expires_at <= now())::int
    where leader.holder = excluded.holder or leader.expires_at <= now()
    returning epoch
  `
  return rows[0]?.epoch ?? null
}

/** Gives the lead back. */
export async function resignLead(sql: Sql, { role, holder, epoch }: Leadership): Promise<void> {
  await sql`
    update leader set expires_at = '-infinity'
    where role = ${role} and holder = ${holder} and epoch = ${epoch}
  `
}

/**
 * A row, without columns, for who still leads. It is locked against a change of the leader until the statement has ended, so that what
 * a statement writes on the strength of it was written by the leader.
 */
export function leading(sql: Sql, { role, holder, epoch }: Leadership) {
  return sql`
    select from leader
    where role = ${role} and holder = ${holder} and epoch = ${epoch} and expires_at > now()
    for share
  `
}
