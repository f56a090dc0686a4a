import type { DagRunRow, ExpansionView } from "@sluice/core/store"
import { Problem } from "../problem.ts"
import type { Session } from "../session.ts"

/** Finds a task of a run by its id. */
export async function findTask(
  { store, call }: Session,
  run: DagRunRow,
  taskId: string,
): Promise<ExpansionView> {
  const expansions = await call(store.expansionsOfRun(run.id))
  const found = expansions.find((view) => view.taskId === taskId)
  if (found !== undefined) return found
  throw new Problem(`DAG "${run.dagId}" has no task "${taskId}"`, {
    expected: `one of ${expansions.map((view) => view.taskId).join(", ")}`,
  })
}
