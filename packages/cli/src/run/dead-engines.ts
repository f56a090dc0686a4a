import { hostname } from "node:os"
import type { RoleRow } from "@sluice/core/store"
import type { Session } from "../session.ts"

/** The most roles that are looked at: more than one machine ever runs. */
const rolesMax = 1000

/**
 * Takes back at once what engines of this machine held that were killed; says how many leases that were.
 *
 * Without it their leases expire by themselves, which takes half a minute. A process that only looks dead, because it
 * lives in another container with the same host name, loses its leases and nothing else: what it records is fenced.
 */
export async function forgetDeadEngines(session: Session): Promise<number> {
  const roles = await session.call(session.store.listRoles({ limit: rolesMax }))
  const dead = roles.filter((role) => role.hostname === hostname() && !isAlive(role.pid))
  let leases = 0
  for (const workerId of engineNames(dead)) {
    leases += await session.call(session.store.forgetWorker({ workerId }))
  }
  for (const role of dead) await session.call(session.store.endRole(role.id))
  return leases
}

/** Whether an engine works on this database: on this machine by its process, elsewhere by its heartbeat. */
export async function hasLiveEngine(session: Session): Promise<boolean> {
  const roles = await session.call(session.store.listRoles({ limit: rolesMax }))
  return roles.some((role) => (role.hostname === hostname() ? isAlive(role.pid) : role.isAlive))
}

/** An engine plays several roles. */
export function engineNames(roles: readonly Pick<RoleRow, "engine">[]): string[] {
  return [...new Set(roles.map(({ engine }) => engine))]
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
