import { crossedTolerance, type FailureTolerance } from "../../state/failure-tolerance.ts"
import { countsOf, sumOf } from "../../store/memory/counts.ts"
import type { ExpansionRecord } from "../../store/memory/state.ts"
import { runningOf } from "../../store/memory/expansion-view.ts"
import { must } from "./invariants.ts"

/** What was last seen of how a map is steered, to tell what came new. */
export interface SteeredSeen {
  readonly leases: ReadonlySet<string>
  readonly running: number
  readonly isStopped: boolean
  /** The largest window it has had, and whether its bounds were ever changed. */
  readonly windowMax: number
  readonly isResized: boolean
  readonly tolerance: FailureTolerance | null
  /** Whether its failures were ever over this limit: of a share, a success may take them below it again. */
  readonly wasOver: boolean
}

/** How a map is steered now. */
export function steeredSeen(expansion: ExpansionRecord, last: SteeredSeen | null): SteeredSeen {
  const { window, pageSize, leases, stopReason } = expansion
  const { mapping } = expansion.task
  const counts = countsOf(expansion)
  const tolerance = expansion.toleratedFailures
  const isOver = crossedTolerance(tolerance, { failed: counts.failed, ended: sumOf(counts) }) !== null
  const differs = mapping !== null && (window !== mapping.window || pageSize !== mapping.pageSize)
  return {
    leases: new Set([...leases].map(({ id }) => id)),
    running: runningOf(expansion),
    isStopped: stopReason !== null,
    windowMax: Math.max(window ?? 0, last?.windowMax ?? 0),
    isResized: differs || last?.isResized === true,
    tolerance,
    wasOver: isOver || (last !== null && last.tolerance === tolerance && last.wasOver),
  }
}

/** A paused or stopped map has no new lease; one is stopped only over a limit; a lowered concurrency lets nothing more run. */
export function expectSteered(expansion: ExpansionRecord, last: SteeredSeen, now: SteeredSeen): void {
  const { task, isRunningPaused, stopReason, concurrency } = expansion
  const mayClaim = !isRunningPaused && stopReason === null
  const fresh = [...now.leases].find((id) => !last.leases.has(id))
  must(
    mayClaim || fresh === undefined,
    () => `${task.taskId} is paused or stopped, and was leased (${fresh})`,
  )
  must(
    concurrency === null || now.running <= Math.max(concurrency, last.running),
    () => `${task.taskId}: ${now.running} run at once, with a concurrency of ${concurrency}`,
  )
  if (stopReason?.type !== "TooManyFailures" || last.isStopped) return
  must(expansion.exhausted, () => `${task.taskId} was stopped, and its stream goes on`)
  must(last.wasOver, () => `${task.taskId} was stopped within its limit: ${stopReason.message}`)
}
