import type { DagRunRow, ExpansionView } from "@sluice/core/store"
import type { Session } from "../session.ts"
import { findRun } from "./find-run.ts"
import { findTask } from "./find-task.ts"

/** Finds a task of a run by what a user types. Whether it is one that can be steered, the store says. */
export async function findMap(
  session: Session,
  reference: string,
  taskId: string,
): Promise<{ readonly run: DagRunRow; readonly map: ExpansionView }> {
  const run = await findRun(session, reference)
  return { run, map: await findTask(session, run, taskId) }
}
