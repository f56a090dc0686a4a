import type { LogEntry } from "../../host/host-pool.ts"
import type { LogRow, ReadStore } from "../read-store.ts"
import { type MemoryState, type StoredLog, nextNumber } from "./state.ts"

/** Stores log lines of an expansion, in the order given. */
export function appendLogs(
  state: MemoryState,
  options: { expansionId: string; entries: readonly LogEntry[] },
): void {
  const run = state.expansions.get(options.expansionId)?.run
  // A deleted run gets no more.
  if (run !== undefined && !state.runsById.has(run.id)) return
  const logs = state.logs.get(options.expansionId) ?? []
  for (const entry of options.entries) logs.push({ ...entry, order: nextNumber(state) })
  state.logs.set(options.expansionId, logs)
}

/** Log lines after a given one, oldest first. */
export function readLogs(state: MemoryState, options: Parameters<ReadStore["readLogs"]>[0]): LogRow[] {
  const after = options.after === null ? 0 : Number(options.after)
  const logs = state.logs.get(options.expansionId) ?? []
  return logs
    .filter((log) => log.order > after && isAsked(log, options.mapIndex))
    .slice(0, options.limit)
    .map(({ order, ...entry }) => ({ ...entry, id: String(order) }))
}

function isAsked(log: StoredLog, mapIndex: number | undefined): boolean {
  return mapIndex === undefined || log.mapIndex === mapIndex
}
