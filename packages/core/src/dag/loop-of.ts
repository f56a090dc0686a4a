import type { SerializedDag, SerializedLoop } from "./serialized-dag.ts"

/** Gives the loop that a task is a step of: what it goes round with, or one of its body. */
export function loopOf(dag: SerializedDag, taskId: string): SerializedLoop | undefined {
  return dag.loops.find(({ iterations, body }) => iterations === taskId || body.includes(taskId))
}
