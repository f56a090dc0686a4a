import type { PoolRow } from "@sluice/core/store"
import { rowOf } from "./table.ts"

const lineOf = rowOf([32, 9, 9, 14, 9, 0])

/** The head over `poolLine`. */
export const poolHead = lineOf(["pool", "slots", "running", "deferred", "waiting", "description"])

/** A pool and what takes its slots, in a line. */
export function poolLine(pool: PoolRow): string {
  const { name, slots, running, deferred, waiting, description, includeDeferred } = pool
  return lineOf([
    name,
    slots === null ? "no limit" : String(slots),
    String(running),
    `${deferred}${includeDeferred ? " (counted)" : ""}`,
    String(waiting),
    description ?? "",
  ])
}

/** A pool as JSON; slots are null where there is no limit. */
export function poolJson(pool: PoolRow) {
  const { name, slots, running, deferred, waiting, description, includeDeferred } = pool
  const open = slots === null ? null : slots - running - (includeDeferred ? deferred : 0)
  return { name, slots, open, running, deferred, waiting, include_deferred: includeDeferred, description }
}
