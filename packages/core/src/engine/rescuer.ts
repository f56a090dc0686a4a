/**
 * The rescuer: takes back what a dead process left behind.
 *
 * Expired leases are offered again; what engines held that have not been heard of for too long is offered again before it
 * expires; finished pages that nobody folded are folded; runs whose last task ended while its scheduler died are
 * ended; runs whose time is over are failed. Each turn is bounded, and finds only what is wrong.
 */
import { Effect } from "effect"
import type { DeadRole } from "../store/read-store.ts"
import type { StoreService } from "../store/store.ts"
import { finishRun } from "./scheduler.ts"

/** The most leases, pages and runs that one turn mends. */
export const rescuedMax = 500

/** The most roles that one turn finds dead. */
export const deadRolesMax = 100

/** How long a role that died is still shown. */
export const deadRoleKeepSeconds = 3_600

/** Mends what is found, once; says how much there was of each. */
export const rescueOnce = Effect.fnUntraced(function* (store: StoreService) {
  const roles = yield* rescueDead(store)
  const leases = yield* store.rescue({ limit: rescuedMax })
  const { pages } = yield* store.fold({ expansionIds: null, limit: rescuedMax })
  const runs = yield* store.stalledRuns({ limit: rescuedMax })
  for (const dagRunId of runs) yield* finishRun(store, dagRunId)
  const timedOut = yield* timeOutRuns(store)
  if (leases > 0) {
    store.wake("work")
    store.wake("due")
  }
  if (pages > 0) {
    store.wake("due")
    store.wake("progress")
  }
  return { leases, pages, runs: runs.length, roles, timedOut }
})

/** Fails runs whose time is over; what runs of them learns it as from a cancel. */
const timeOutRuns = Effect.fnUntraced(function* (store: StoreService) {
  const runs = yield* store.timeOutRuns({ limit: rescuedMax })
  if (runs.length === 0) return 0
  store.wake("control")
  store.wake("run")
  yield* Effect.logWarning(
    `${runs.length} runs took longer than the runTimeout of their DAG, and have failed`,
  )
  return runs.length
})

/** Takes back what dead engines held, and says so once for each. */
const rescueDead = Effect.fnUntraced(function* (store: StoreService) {
  const { dead, leases } = yield* store.rescueDead({ limit: deadRolesMax, keepSeconds: deadRoleKeepSeconds })
  if (dead.length === 0) return 0
  store.wake("work")
  store.wake("open")
  for (const line of describeDead(dead)) yield* Effect.logWarning(line)
  if (leases > 0) yield* Effect.logWarning(`${leases} leases of dead engines are offered again`)
  return dead.length
})

/** A line for each engine: its roles die together. */
function describeDead(dead: readonly DeadRole[]): string[] {
  const engines = Map.groupBy(dead, ({ engine }) => engine)
  return [...engines].map(([engine, roles]) => {
    const names = roles.map(({ role }) => role).join(", ")
    const silentMs = Math.max(...roles.map((role) => role.silentMs))
    const { hostname, pid } = roles[0] ?? { hostname: "?", pid: "?" }
    return (
      `engine ${engine} (${names}; process ${pid} on ${hostname}) has not been heard of for ${(silentMs / 1000).toFixed(1)} s ` +
      `and counts as dead: what it held goes to others`
    )
  })
}
