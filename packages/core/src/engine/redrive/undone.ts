import type { SerializedDag } from "../../dag/serialized-dag.ts"
import type { ExpansionView } from "../../store/expansion-store.ts"

/**
 * The setups that a task needs and that a teardown has undone, or is about to, with these teardowns: they begin anew with
 * it. The store decides the same when it does it (`reopenRun`).
 */
export function undoneFor(dag: SerializedDag, views: readonly ExpansionView[], taskId: string): string[] {
  const stateOf = new Map(views.map((view) => [view.taskId, view.state]))
  const hasStarted = (id: string) => {
    const state = stateOf.get(id)
    return state !== undefined && state !== "waiting" && state !== "cancelled"
  }
  const ordinal = dag.tasks.findIndex((task) => task.taskId === taskId)
  const teardowns = new Set(dag.tasks.filter(isTeardown).map((task) => task.taskId))
  return dag.tasks.flatMap(({ taskId: setup, gate }) => {
    if (gate?.kind !== "setup" || !gate.targets.includes(ordinal) || !hasStarted(setup)) return []
    const undoing = dag.edges
      .filter(({ upstream, downstream }) => upstream === setup && teardowns.has(downstream))
      .map(({ downstream }) => downstream)
      .filter(hasStarted)
    return undoing.length === 0 ? [] : [setup, ...undoing]
  })
}

function isTeardown({ setupTeardown }: SerializedDag["tasks"][number]): boolean {
  return setupTeardown === "teardown"
}
