import type { SerializedDag, SerializedTask } from "@sluice/core/dag"
import type { Column } from "./table.ts"

/** A line of a DAG's graph: a task, or a group that is shown as one. */
export interface GraphLine {
  readonly id: string
  readonly kind: string
  /** How many tasks a group has; null: it is a task. */
  readonly tasks: number | null
  readonly rule: string
  /** What it follows: tasks, and groups that are shown as one. */
  readonly after: readonly string[]
  /** What it goes round with in a loop: the tasks whose ends begin the next iteration. */
  readonly again: readonly string[]
}

/** A DAG's tasks, upstream first; groups as one line each, where their first task stands, unless they are opened. */
export function graphLines(dag: SerializedDag, { isOpen }: { readonly isOpen: boolean }): GraphLine[] {
  const shownOf = new Map(dag.tasks.map((task) => [task.taskId, isOpen ? task.taskId : shownAs(dag, task)]))
  const shown = (taskId: string) => shownOf.get(taskId) ?? taskId
  const lines = Map.groupBy(dag.tasks, ({ taskId }) => shown(taskId))
  return [...lines].map(([id, tasks]) => {
    const [first] = tasks
    const isGroup = id !== first?.taskId
    const into = dag.edges.filter(({ downstream }) => shown(downstream) === id)
    const after = [...new Set(into.map(({ upstream }) => shown(upstream)))].filter((other) => other !== id)
    const isDefault = isGroup || first === undefined || first.triggerRule === "all_success"
    const isLoop = dag.loops.some(({ loopId }) => loopId === id)
    const around = dag.loops.find(({ iterations }) => iterations === id)
    return {
      id,
      kind: isGroup || first === undefined ? (isLoop ? "loop" : "group") : kindOf(first),
      tasks: isGroup ? tasks.length : null,
      rule: isDefault ? "" : first.triggerRule,
      after,
      again: around?.ends ?? [],
    }
  })
}

/** The columns in which the lines are printed. */
export const graphColumns: readonly Column<GraphLine>[] = [
  { title: "task", cell: ({ id }) => id },
  { title: "kind", cell: ({ kind, tasks }) => (tasks === null ? kind : `${kind} of ${tasks}`) },
  { title: "trigger rule", cell: ({ rule }) => rule },
  { title: "after", cell: ({ after, again }) => [...after, ...again.map((id) => `↺ ${id}`)].join(", ") },
]

function kindOf({ kind, gate, setupTeardown }: SerializedTask): string {
  return setupTeardown ?? gate?.kind ?? kind
}

/** The outermost group that a task is in, or the task itself. */
function shownAs({ groups }: SerializedDag, { taskId, groupId }: SerializedTask): string {
  const parents = new Map(groups.map((group) => [group.groupId, group.parent]))
  let outermost = groupId
  for (let group = groupId; group !== null; group = parents.get(group) ?? null) outermost = group
  return outermost ?? taskId
}
