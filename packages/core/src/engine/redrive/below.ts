import { loopOf } from "../../dag/loop-of.ts"
import type { SerializedDag } from "../../dag/serialized-dag.ts"
import { isFinalExpansionState } from "../../state/expansion.ts"
import type { ExpansionView } from "../../store/expansion-store.ts"
import { undoneFor } from "./undone.ts"

/**
 * Says which tasks begin anew when some that have ended go on: what waits for their ends, and so on down, as far as it
 * has started, and the setups that all these need and that were undone. The store decides the same when it does it (`reopenRun`).
 */
export function tasksBelow(
  dag: SerializedDag,
  views: readonly ExpansionView[],
  { reopened, readAnew }: { readonly reopened: readonly string[]; readonly readAnew: readonly string[] },
): ReadonlySet<string> {
  const viewOf = new Map(views.map((view) => [view.taskId, view]))
  const hasStarted = (taskId: string) => {
    const state = viewOf.get(taskId)?.state
    return state !== undefined && state !== "waiting" && state !== "cancelled"
  }
  const hasEnded = (taskId: string) => {
    const state = viewOf.get(taskId)?.state
    return state !== undefined && state !== "cancelled" && isFinalExpansionState(state)
  }
  const first = dag.edges.filter(({ upstream, kind }) =>
    kind === "complete" ? reopened.includes(upstream) && hasEnded(upstream) : readAnew.includes(upstream),
  )
  const targetsOf = (taskId: string) => targetsIn(dag, taskId)
  const decided = reopened.filter(hasEnded).flatMap(targetsOf)
  const undone = reopened.filter((taskId) => undoneFor(dag, views, taskId).length > 0)
  const below = new Set([...first.map((edge) => edge.downstream), ...decided, ...undone].filter(hasStarted))
  const isFused = (taskId: string) => viewOf.get(taskId)?.kind === "fused"
  // A set yields what is added while it is walked, so it is its own queue.
  for (const taskId of below) {
    const loop = loopOf(dag, taskId)
    if (loop !== undefined && hasStarted(loop.iterations)) below.add(loop.iterations)
    if (hasEnded(taskId)) for (const target of targetsOf(taskId).filter(hasStarted)) below.add(target)
    for (const { upstream, downstream, kind } of dag.edges) {
      const isTold = upstream === taskId && (kind === "stream" || hasEnded(taskId))
      if (isTold && hasStarted(downstream)) below.add(downstream)
      if (downstream === taskId && kind === "stream" && isFused(upstream) && hasStarted(upstream))
        below.add(upstream)
    }
  }
  const brought = [...below].flatMap((taskId) => undoneFor(dag, views, taskId))
  // What the setups brought need themselves: the list grows while it is walked.
  for (const taskId of brought)
    brought.push(...undoneFor(dag, views, taskId).filter((one) => !brought.includes(one)))
  return new Set([...below, ...brought])
}

/** The tasks over which a gate has a say. */
function targetsIn({ tasks }: SerializedDag, taskId: string): string[] {
  const gate = tasks.find((task) => task.taskId === taskId)?.gate
  return (gate?.targets ?? []).flatMap((ordinal) => tasks[ordinal]?.taskId ?? [])
}
