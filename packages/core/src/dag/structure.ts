import type { SerializedDag, SerializedTask } from "./serialized-dag.ts"

/**
 * Writes down what the code of a DAG and its stored version must agree on: which tasks there are, how they are mapped,
 * and what follows what. Options are not in it: of them the stored ones count.
 */
export function structureOf({ dagId, tasks, edges }: SerializedDag): string {
  const flows = edges.map(({ upstream, downstream, kind }) => [upstream, downstream, kind])
  return JSON.stringify([dagId, tasks.map(taskStructure), flows])
}

function taskStructure({ taskId, kind, xcomInputs, mapping }: SerializedTask): unknown {
  if (mapping === null) return [taskId, kind, xcomInputs]
  const leaves = mapping.leaves.map((leaf) => (leaf.kind === "list" ? leaf.kind : [leaf.kind, leaf.taskId]))
  return [taskId, kind, xcomInputs, mapping.kind, leaves, mapping.operators]
}
