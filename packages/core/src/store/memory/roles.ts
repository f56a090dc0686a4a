import { Effect } from "effect"
import type { RoleStore } from "../read-store.ts"
import type { MemoryState } from "./state.ts"

/** Heartbeats over a memory state. */
export function roles(state: MemoryState): RoleStore {
  return {
    heartbeat: (beat) =>
      Effect.sync(() => {
        const now = new Date(state.now())
        const startedAt = state.roles.get(beat.id)?.startedAt ?? now
        state.roles.set(beat.id, { ...beat, startedAt, heartbeatAt: now })
      }),
    endRole: (id) =>
      Effect.sync(() => {
        state.roles.delete(id)
      }),
    listRoles: ({ limit }) =>
      Effect.sync(() => {
        const rows = [...state.roles.values()]
        return rows.sort((a, b) => Number(b.heartbeatAt) - Number(a.heartbeatAt)).slice(0, limit)
      }),
  }
}
