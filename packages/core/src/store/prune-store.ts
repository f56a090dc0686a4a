import type { Effect } from "effect"
import { NotAllowed, type NotFound, type StoreError } from "./errors.ts"
import type { Leadership } from "./planner-store.ts"
import type { DagRunRow } from "./run-store.ts"

/** Deletion: of what is named, and the removal of what that leaves. */
export interface PruneStore {
  /**
   * Deletes a run that has ended: from then on nobody sees it, nothing can be written for it, and its run id is free. What
   * it leaves is removed by `pruneRows`. O(tasks + leases), however many instances it had.
   *
   * Refused: a run that has not ended, and one whose end somebody waits for. The event log keeps its names.
   */
  readonly deleteDagRun: (options: {
    dagRunId: string
    actor: string
  }) => Effect.Effect<void, NotFound | NotAllowed | StoreError>
  /**
   * Removes rows that deleted runs have left, at most so many; those that outlive their run no longer point to it.
   * `isDone`: no deleted run has anything left. It goes on where the last call ended, whoever made that; a stale leadership
   * removes nothing.
   */
  readonly pruneRows: (options: {
    leadership: Leadership
    limit: number
  }) => Effect.Effect<{ readonly removed: number; readonly isDone: boolean }, StoreError>
}

type Named = Pick<DagRunRow, "dagId" | "runId" | "state">

/** Why a run that has not ended is not deleted. */
export function unfinishedRun({ dagId, runId, state }: Named): NotAllowed {
  return new NotAllowed({
    what: `run "${runId}" of DAG "${dagId}"`,
    state,
    message: `the run "${runId}" of DAG "${dagId}" is ${state}, and only one that has ended can be deleted: cancel it first`,
  })
}

/** Why a run is not deleted whose end others wait for. */
export function awaitedRun({ dagId, runId, state }: Named): NotAllowed {
  return new NotAllowed({
    what: `run "${runId}" of DAG "${dagId}"`,
    state,
    message:
      `a task of another run waits for the end of the run "${runId}" of DAG "${dagId}": try again once it was told; where that ` +
      `run is cancelled, delete it first, or resume it`,
  })
}
