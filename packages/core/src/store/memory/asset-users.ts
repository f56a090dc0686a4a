import type { SerializedDag } from "../../dag/serialized-dag.ts"
import { namesOf } from "../../time/asset-condition.ts"
import { type DagRecord, type MemoryState, nextNumber } from "./state.ts"

/** Keeps the assets of a DAG that was just stored: what it says of them counts. */
export function addAssets(state: MemoryState, dag: SerializedDag): void {
  for (const asset of dag.assets) {
    const known = state.assets.get(asset.name)
    const isSame =
      known !== undefined &&
      JSON.stringify([known.uri, known.group, known.extra]) ===
        JSON.stringify([asset.uri, asset.group, asset.extra])
    if (isSame) continue
    const { id = String(nextNumber(state)), createdAt = state.now() } = known ?? {}
    state.assets.set(asset.name, { ...asset, id, createdAt, updatedAt: state.now() })
  }
}

/** Drops what DAGs have been told of assets that they do not wait for any more. */
export function followAssets(state: MemoryState): void {
  for (const dag of state.dags.values()) {
    for (const name of dag.awaited.queue.keys()) if (!isWaiting(dag, name)) dag.awaited.queue.delete(name)
  }
}

/** Whether a DAG waits for an asset. */
export function isWaiting({ isStale, current }: DagRecord, name: string): boolean {
  const { assets } = current.dag.planning
  return !isStale && assets !== null && namesOf(assets).includes(name)
}

/** The tasks that make an asset, by the newest versions. */
export function producersOf(state: MemoryState, name: string): { dagId: string; taskId: string }[] {
  return [...state.dags.values()]
    .filter((dag) => !dag.isStale)
    .flatMap(({ current: { dagId, dag } }) =>
      dag.tasks.filter((task) => task.outlets.includes(name)).map(({ taskId }) => ({ dagId, taskId })),
    )
    .toSorted((a, b) => (JSON.stringify([a.dagId, a.taskId]) < JSON.stringify([b.dagId, b.taskId]) ? -1 : 1))
}

/** The DAGs that wait for an asset. */
export function waitersOf(state: MemoryState, name: string): DagRecord[] {
  return [...state.dags.values()]
    .filter((dag) => isWaiting(dag, name))
    .toSorted((a, b) => (a.current.dagId < b.current.dagId ? -1 : 1))
}
