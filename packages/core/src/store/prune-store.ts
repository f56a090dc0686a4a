import type { Effect } from "effect"
import { NotAllowed, type NotFound, type StoreError } from "./errors.ts"
import type { KeepRuns } from "../time/timetable.ts"
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
   * Deletes a DAG of which no run and no backfill is unfinished: from then on it is not there. Its runs are deleted by `pruneRows`,
   * with its versions, its backfills, and the code that nothing else uses. What was set of it by hand is forgotten. One that is
   * registered again, since its file is still there, is a new one.
   */
  readonly deleteDag: (options: {
    dagId: string
    actor: string
  }) => Effect.Effect<void, NotFound | NotAllowed | StoreError>
  /**
   * Deletes runs of deleted DAGs, and removes rows that deleted runs have left, some at a time as `limit` says; those that outlive their run no longer point to it.
   * `isDone`: there is nothing left that could go now. It goes on where the last call ended, whoever made that; a stale leadership
   * removes nothing.
   */
  readonly pruneRows: (options: {
    leadership: Leadership
    limit: number
  }) => Effect.Effect<{ readonly removed: number; readonly isDone: boolean }, StoreError>
}

/** Retention: what has been there for as long as it is to be kept goes. Each call looks at a bounded part, and says where the next begins. */
export interface RetentionStore {
  /**
   * Deletes ended runs that need not be kept any more, at most `limit`, of the DAGs that come next by their ids; `keep` counts for
   * those that say nothing themselves. O(DAGs looked at + what goes + runs that `count` keeps).
   */
  readonly expireRuns: (options: {
    leadership: Leadership
    keep: KeepRuns | null
    after: string
    limit: number
  }) => Effect.Effect<Expired, StoreError>
  /** Removes entries of the event log that are so many days old, the oldest first. */
  readonly expireEvents: (options: ExpireOptions) => Effect.Effect<Expired, StoreError>
  /** Removes asset events that are so many days old; not those that a DAG was told of, and still waits with for others. */
  readonly expireAssetEvents: (options: ExpireOptions) => Effect.Effect<Expired, StoreError>
  /** Removes the logs of runs that ended so many days ago; what a run logs that goes on later is kept again. */
  readonly expireLogs: (options: ExpireOptions) => Effect.Effect<Expired, StoreError>
  /** Removes backfills that were asked for so many days ago, have ended, and have no run (any more). */
  readonly expireBackfills: (options: ExpireOptions) => Effect.Effect<Expired, StoreError>
  /** Removes versions of DAGs that are so many days old, have no run (any more), and are not the newest, with unused code. */
  readonly expireVersions: (options: ExpireOptions) => Effect.Effect<Expired, StoreError>
}

/** What goes, and where to look. */
export interface ExpireOptions {
  readonly leadership: Leadership
  readonly days: number
  /** Where to look from: the empty text, or what the last call gave. */
  readonly after: string
  readonly limit: number
}

/** How much went, and from where the next call looks; null: the end was reached. */
export interface Expired {
  readonly removed: number
  readonly next: string | null
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

/** Why a DAG is not deleted of which something is unfinished. */
export function busyDag(dagId: string): NotAllowed {
  return new NotAllowed({
    what: `DAG "${dagId}"`,
    state: "running",
    message: `DAG "${dagId}" has runs or a backfill that have not ended: wait for their end, or cancel them, and delete it then`,
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
