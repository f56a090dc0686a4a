import type { ExpansionView, TaskInstanceView } from "@sluice/core/store"
import { Problem } from "../problem.ts"
import type { Session } from "../session.ts"
import { orNull } from "./or-null.ts"

/** Finds the instance of a task whose item has a key; null when there is none. */
export function findByKey(
  { store, call }: Session,
  { expansionId }: Pick<ExpansionView, "expansionId">,
  key: string,
): Promise<TaskInstanceView | null> {
  const found = store.instanceByKey({ expansionId, key })
  return orNull(call(found))
}

/** Gives the map index of the item with a key. */
export async function indexByKey(session: Session, task: ExpansionView, key: string): Promise<number> {
  const instance = await findByKey(session, task, key)
  if (instance !== null) return instance.mapIndex
  throw new Problem(`task "${task.taskId}" has no item with the key "${key}"`, {
    expected: `a key that its iterate() or expand() gave one of its ${task.created} items`,
    fix: `\`sluice tasks list <run> --task ${task.taskId}\` shows them`,
  })
}
