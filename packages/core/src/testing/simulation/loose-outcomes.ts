import { crossedTolerance } from "../../state/failure-tolerance.ts"
import { loopOf } from "../../dag/loop-of.ts"
import type { ExpansionRecord, RunRecord } from "../../store/memory/state.ts"
import type { ExpectedTask } from "./model.ts"

/**
 * The tasks of a run whose outcome depends on when a map was stopped or cancelled: that map, the source that it pulls
 * itself, and all that follows.
 */
export function looseTasks({ expansions, version }: RunRecord): ReadonlySet<string> {
  const { edges, tasks } = version.dag
  const stopped = expansions.filter(({ stopReason }) => stopReason !== null)
  const loose = new Set(stopped.map(({ task }) => task.taskId))
  // A set yields what is added while it is walked, so it is its own queue.
  for (const taskId of loose) {
    for (const { upstream, downstream } of edges) if (upstream === taskId) loose.add(downstream)
    // How often a loop goes round depends on each of its tasks.
    const loop = loopOf(version.dag, taskId)
    if (loop !== undefined) loose.add(loop.iterations)
  }
  const fused = tasks.filter(
    ({ taskId, kind }) =>
      kind === "fused" &&
      edges.some(({ upstream, downstream }) => upstream === taskId && loose.has(downstream)),
  )
  for (const { taskId } of fused) loose.add(taskId)
  return loose
}

/** What is wrong with a map that was stopped or cancelled, where all above it went as expected; null: nothing. */
export function wrongStopped(expansion: ExpansionRecord, expected: ExpectedTask): string | null {
  const { stopReason, state, created, rows } = expansion
  const ends = stopReason?.type === "MapCancelled" ? "cancelled" : "failed"
  if (state !== ends) return `it was stopped (${stopReason?.message}), and is ${state}`
  if (created > expected.instances.length)
    return `${created} instances, of ${expected.instances.length} items`
  if (expansion.task.mapping?.isOrdered === false) return null
  for (const instance of expected.instances) {
    const row = rows.get(instance.mapIndex)
    // Not there, never run, or closed while it waited for a retry.
    if (row === undefined || row.error?.type === "MapStopped" || row.state === "failed") continue
    if (state === "cancelled" && row.state !== "success") continue
    if (row.state !== instance.state) return `[${instance.mapIndex}] is ${row.state}, not ${instance.state}`
    if (row.state === "success" && row.value !== JSON.stringify(instance.value))
      return `[${instance.mapIndex}] left ${row.value}`
  }
  return null
}

/** Whether a map that went on has more failures than its limit allows. */
export function wentPastLimit(expansion: ExpansionRecord, expected: ExpectedTask): string | null {
  if (expansion.stopReason !== null) return null
  const failed = expected.instances.filter((instance) => instance.state === "failed").length
  const ended = expected.instances.length
  return crossedTolerance(expansion.toleratedFailures, { failed, ended })
}

/** Whether how the run itself ends depends on what is loose. */
export function isRunLoose({ version }: RunRecord, loose: ReadonlySet<string>): boolean {
  const { tasks, edges } = version.dag
  return tasks.some(({ taskId }) => loose.has(taskId) && !edges.some(({ upstream }) => upstream === taskId))
}
