import type { SerializedDag, SerializedTask } from "./serialized-dag.ts"

/**
 * How the indexes of a map follow from those of the task it reads.
 *
 * `aligned`: item i of the one is item i of the other. `sifted`: some are left out, so that an index is known only where
 * it was noted. Null `how`: one item may come of several, or several of one; `reason` says which operator does that.
 */
export type Follower =
  | { readonly task: SerializedTask; readonly how: "aligned" | "sifted" }
  | { readonly task: SerializedTask; readonly how: null; readonly reason: string }

/** The maps that read a task's results index by index while it runs. */
export function followersOf(dag: SerializedDag, taskId: string): readonly Follower[] {
  const readers = dag.edges.filter((edge) => edge.upstream === taskId && edge.kind === "stream")
  return readers.flatMap(({ downstream }) => {
    const task = dag.tasks.find((each) => each.taskId === downstream)
    return task === undefined ? [] : [followerOf(task)]
  })
}

/** Says how a map's indexes follow from those of the one task it reads. */
export function followerOf(task: SerializedTask): Follower {
  const { mapping } = task
  if (mapping === null) return { task, how: null, reason: "it is not mapped" }
  if (mapping.leaves.length !== 1) return { task, how: null, reason: "it reads several streams" }
  if (mapping.isKeyed) return { task, how: null, reason: "its items are told apart by their keys" }
  if (!mapping.isOrdered) return { task, how: null, reason: "it takes items as they are completed" }
  const other = mapping.operators.find((operator) => operator !== "map" && operator !== "filter")
  if (other !== undefined) return { task, how: null, reason: `${other}() joins, splits or shifts items` }
  return { task, how: mapping.operators.includes("filter") ? "sifted" : "aligned" }
}
