import { Effect } from "effect"
import type { LeaseStore } from "../lease-store.ts"
import { claim } from "./claims.ts"
import { appendLogs } from "./logs.ts"
import { offerHalves, offerRest } from "./offers.ts"
import { alarm } from "./stop.ts"
import { complete } from "./outcomes.ts"
import type { LeaseRecord, MemoryState } from "./state.ts"

/** Leases over a memory state. */
export function leases(state: MemoryState): LeaseStore {
  return {
    claim: (options) => Effect.sync(() => claim(state, options)),
    complete: (options) => Effect.suspend(() => complete(state, options)),
    renew: ({ workerId, leaseIds, leaseSeconds }) =>
      Effect.sync(() => {
        const held = leaseIds.flatMap((leaseId) => heldLease(state, workerId, leaseId) ?? [])
        for (const lease of held) lease.expiresAt = state.now() + leaseSeconds * 1000
        return held.map((lease) => lease.id)
      }),
    release: ({ workerId, leaseId, split }) =>
      Effect.sync(() => {
        const lease = heldLease(state, workerId, leaseId)
        if (lease === undefined) return
        if (split) offerHalves(state, lease)
        else offerRest(state, lease)
        alarm(state, lease.expansion, false)
      }),
    rescue: ({ limit }) => Effect.sync(() => rescue(state, limit)),
    forgetWorker: ({ workerId }) => Effect.sync(() => forgetWorker(state, workerId)),
    appendLogs: (options) => Effect.sync(() => appendLogs(state, options)),
  }
}

function heldLease(state: MemoryState, workerId: string, leaseId: string): LeaseRecord | undefined {
  const lease = state.leases.get(leaseId)
  return lease?.workerId === workerId ? lease : undefined
}

/** Takes back what an engine held; says how many leases. */
export function giveBack(state: MemoryState, lease: LeaseRecord): void {
  offerRest(state, lease)
  alarm(state, lease.expansion, false)
}

/** Offers again what an engine held. */
export function forgetWorker(state: MemoryState, workerId: string): number {
  state.triggerers.delete(workerId)
  for (const expansion of state.unended) {
    if (expansion.heldBy === workerId) expansion.heldBy = null
  }
  const held = [...state.leases.values()].filter((lease) => lease.workerId === workerId)
  for (const lease of held) giveBack(state, lease)
  return held.length
}

function rescue(state: MemoryState, limit: number): number {
  const now = state.now()
  const expired = [...state.leases.values()].filter((lease) => lease.expiresAt < now)
  const rescued = expired.sort((a, b) => a.expiresAt - b.expiresAt).slice(0, limit)
  for (const lease of rescued) giveBack(state, lease)
  return rescued.length
}
