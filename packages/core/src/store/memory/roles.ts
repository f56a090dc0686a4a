import { Effect } from "effect"
import type { DeadRole, RoleStore } from "../read-store.ts"
import { forgetWorker } from "./leases.ts"
import type { MemoryState, RoleRecord } from "./state.ts"

/** Heartbeats over a memory state. */
export function roles(state: MemoryState): RoleStore {
  return {
    heartbeat: ({ deadAfterSeconds, ...beat }) =>
      Effect.sync(() => {
        const now = state.now()
        const startedAt = state.roles.get(beat.id)?.startedAt ?? now
        const expiresAt = now + deadAfterSeconds * 1000
        state.roles.set(beat.id, { ...beat, startedAt, heartbeatAt: now, expiresAt, diedAt: null })
      }),
    endRole: (id) =>
      Effect.sync(() => {
        state.roles.delete(id)
      }),
    listRoles: ({ limit }) =>
      Effect.sync(() => {
        const records = [...state.roles.values()].sort((a, b) => b.heartbeatAt - a.heartbeatAt)
        return records.slice(0, limit).map(({ expiresAt, diedAt, ...record }) => ({
          ...record,
          startedAt: new Date(record.startedAt),
          heartbeatAt: new Date(record.heartbeatAt),
          silentMs: state.now() - record.heartbeatAt,
          isAlive: expiresAt >= state.now(),
          diedAt: diedAt === null ? null : new Date(diedAt),
        }))
      }),
    rescueDead: (options) => Effect.sync(() => rescueDead(state, options)),
  }
}

function rescueDead(
  state: MemoryState,
  { limit, keepSeconds }: { limit: number; keepSeconds: number },
): { dead: DeadRole[]; leases: number } {
  const now = state.now()
  const all = [...state.roles.values()]
  const silent = all.filter((role) => role.expiresAt < now && role.diedAt === null)
  const found = silent.sort((a, b) => a.expiresAt - b.expiresAt).slice(0, limit)
  const forgotten = all.filter(({ diedAt }) => diedAt !== null && diedAt < now - keepSeconds * 1000)
  for (const role of forgotten.slice(0, limit)) state.roles.delete(role.id)
  for (const role of found) role.diedAt = now
  const living = new Set(all.filter((role) => role.expiresAt >= now).map(({ engine }) => engine))
  const engines = new Set(found.map(({ engine }) => engine).filter((engine) => !living.has(engine)))
  const leases = [...engines].reduce((sum, workerId) => sum + forgetWorker(state, workerId), 0)
  return { dead: found.map((role) => toDead(role, now)), leases }
}

function toDead({ id, role, engine, hostname, pid, heartbeatAt }: RoleRecord, now: number): DeadRole {
  return { id, role, engine, hostname, pid, silentMs: now - heartbeatAt }
}
