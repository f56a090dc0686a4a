import { isDeepStrictEqual } from "node:util"
import { Effect } from "effect"
import type { SerializedDag } from "../../dag/serialized-dag.ts"
import type { DagVersion, DefinitionStore } from "../definition-store.ts"
import { NotFound } from "../errors.ts"
import { addAssets, followAssets } from "./asset-users.ts"
import { type DagRecord, type MemoryState, nextNumber } from "./state.ts"

/** Definitions over a memory state. */
export function definitions(state: MemoryState): DefinitionStore {
  return {
    registerDag: ({ dag, bundle }) =>
      Effect.sync(() => {
        state.bundles.set(bundle.hash, bundle)
        const registered = register(state, dag, bundle.hash)
        Object.assign(state.dags.get(dag.dagId) ?? {}, { isStale: false })
        followAssets(state)
        return registered
      }),
    loadBundle: (hash) =>
      Effect.suspend(() => {
        const bundle = state.bundles.get(hash)
        return bundle === undefined
          ? Effect.fail(new NotFound({ what: "bundle", id: hash }))
          : Effect.succeed(bundle)
      }),
    dagVersion: (dagVersionId) =>
      Effect.suspend(() => {
        const version = state.versions.get(dagVersionId)
        return version === undefined
          ? Effect.fail(new NotFound({ what: "dag_version", id: dagVersionId }))
          : Effect.succeed(version)
      }),
  }
}

/** Makes a shape with its bundle the current version of its DAG; a version that is known is taken up again. */
export function register(state: MemoryState, dag: SerializedDag, bundleHash: string) {
  const record = state.dags.get(dag.dagId)
  const shape = JSON.stringify([bundleHash, dag])
  const known = record?.versions.get(shape)
  const version = known ?? addVersion(state, { dag, bundleHash, record })
  const owner = record ?? addDag(state, version)
  owner.versions.set(shape, version)
  owner.current = version
  followPlanning(state, owner)
  addAssets(state, dag)
  return { dagVersionId: version.id, versionNumber: version.versionNumber, isNew: known === undefined }
}

function addVersion(
  state: MemoryState,
  options: { dag: SerializedDag; bundleHash: string; record: DagRecord | undefined },
): DagVersion {
  const { dag, bundleHash, record } = options
  const version: DagVersion = {
    id: String(nextNumber(state)),
    dagId: dag.dagId,
    versionNumber: 1 + Math.max(0, ...[...(record?.versions.values() ?? [])].map((one) => one.versionNumber)),
    bundleHash,
    dag,
    createdAt: new Date(state.now()),
  }
  state.versions.set(version.id, version)
  return version
}

function addDag(state: MemoryState, version: DagVersion): DagRecord {
  const record: DagRecord = {
    versions: new Map(),
    current: version,
    isStale: false,
    isPaused: false,
    limits: { maxActiveRuns: null, maxActiveTasks: null },
    createdAt: version.createdAt,
    parseClaim: { by: null, until: Number.NEGATIVE_INFINITY },
    awaited: { seq: 0, isDue: false, queue: new Map() },
    plan: { planning: null, since: state.now(), seq: 0, lastTick: null, next: null, runAt: null },
  }
  state.dags.set(version.dagId, record)
  return record
}

/** Takes over what the newest version says of planning: a plan that changes is reckoned anew. */
function followPlanning(state: MemoryState, { plan, awaited, current }: DagRecord): void {
  const { planning } = current.dag
  const before = plan.planning
  if (isDeepStrictEqual(planning, before)) return
  if (!isDeepStrictEqual(planning.timetable, before?.timetable)) plan.since = state.now()
  const runAt = planning.timetable.kind === "none" ? null : Number.NEGATIVE_INFINITY
  Object.assign(plan, { planning, seq: plan.seq + 1, next: null, runAt })
  if (isDeepStrictEqual(planning.assets, before?.assets)) return
  Object.assign(awaited, { seq: awaited.seq + 1, isDue: planning.assets !== null })
}
