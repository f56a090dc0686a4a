import type { Effect } from "effect"
import type { SerializedDag } from "../dag/serialized-dag.ts"
import type { Bundle, TaskError } from "../host/host-pool.ts"
import type { StoreError } from "./errors.ts"

/** Names a DAG file: the folder it lies in, by the name that its processor gives it, and its path below. */
export interface DagFileKey {
  readonly folder: string
  /** With `/` between the parts, on every system. */
  readonly path: string
}

/** A DAG file as its processor last saw it. */
export interface DagFileRow extends DagFileKey {
  /** What was last published of it; null: nothing yet. */
  readonly bundleHash: string | null
  readonly dagIds: readonly string[]
  /** Why its present content cannot be used; null: it is in use. Its DAGs stay as they were. */
  readonly importError: TaskError | null
  readonly changedAt: Date
}

/** A DAG id that another file owns. */
export interface OwnedDag extends DagFileKey {
  readonly dagId: string
}

/** What became of a file that was to be published. */
export type PublishResult =
  | {
      readonly kind: "published"
      readonly newVersions: readonly string[]
      /** The version that now counts of each DAG of the file. */
      readonly versions: readonly { readonly dagId: string; readonly dagVersionId: string }[]
    }
  | { readonly kind: "refused"; readonly owned: readonly OwnedDag[] }

/** DAG files and the DAGs they define, written by the DAG processor alone. */
export interface DagFileStore {
  /**
   * Makes the content of a file the newest version of each DAG that it defines, all of them or, where another file
   * owns one, none. DAGs that the file defined before and does not any more become stale; its import error is gone.
   * The same content again writes nothing. `newVersions` are the ids of DAGs that changed. With `renewed`, DAGs that the
   * file defined before keep the version they have unless they are named there.
   */
  readonly publishDagFile: (options: {
    file: DagFileKey
    bundle: Bundle
    dags: readonly SerializedDag[]
    renewed?: readonly string[]
  }) => Effect.Effect<PublishResult, StoreError>
  /** Keeps why a file cannot be used. What it defined before stays in use. */
  readonly storeImportError: (options: {
    file: DagFileKey
    error: TaskError
  }) => Effect.Effect<void, StoreError>
  /** Forgets files that are gone. Their DAGs become stale, and keep their runs; gives back the ids. */
  readonly removeDagFiles: (options: {
    folder: string
    paths: readonly string[]
  }) => Effect.Effect<readonly string[], StoreError>
  /** Files in the order of folder and path, after a key. `limit` ≤ 1000. */
  readonly listDagFiles: (options: {
    folder?: string
    path?: string
    onlyErrors?: boolean
    after: DagFileKey | null
    limit: number
  }) => Effect.Effect<readonly DagFileRow[], StoreError>
}
