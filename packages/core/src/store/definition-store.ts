import type { Effect } from "effect"
import type { SerializedDag } from "../dag/serialized-dag.ts"
import type { Bundle } from "../host/host-pool.ts"
import type { NotFound, StoreError } from "./errors.ts"

/** One stored version of a DAG. */
export interface DagVersion {
  readonly id: string
  readonly dagId: string
  readonly versionNumber: number
  readonly bundleHash: string
  readonly dag: SerializedDag
  readonly createdAt: Date
}

/** DAGs, their versions and the bundles their code is in. */
export interface DefinitionStore {
  /** Stores a DAG and its bundle. The same shape from the same bundle is the same version: nothing is written. */
  readonly registerDag: (options: {
    dag: SerializedDag
    bundle: Bundle
  }) => Effect.Effect<{ dagVersionId: string; versionNumber: number; isNew: boolean }, StoreError>
  readonly loadBundle: (hash: string) => Effect.Effect<Bundle, NotFound | StoreError>
  readonly dagVersion: (dagVersionId: string) => Effect.Effect<DagVersion, NotFound | StoreError>
}
