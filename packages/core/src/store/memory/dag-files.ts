import { Effect } from "effect"
import type { DagFileKey, DagFileRow, DagFileStore, OwnedDag } from "../dag-file-store.ts"
import type { DagVersion } from "../definition-store.ts"
import { followAssets } from "./asset-users.ts"
import { register } from "./definitions.ts"
import { type DagRecord, type MemoryState, dateOf } from "./state.ts"

/** DAG files over a memory state. */
export function dagFiles(state: MemoryState): DagFileStore {
  return {
    publishDagFile: ({ file, bundle, dags, renewed }) =>
      Effect.sync(() => {
        const ids = dags.map((dag) => dag.dagId)
        const owned = ids.flatMap((dagId) => ownedElsewhere(state, dagId, file))
        if (owned.length > 0) return { kind: "refused", owned }
        state.bundles.set(bundle.hash, bundle)
        const versions = dags.map((dag) => {
          const kept = renewed === undefined || renewed.includes(dag.dagId) ? null : inUse(state, dag.dagId)
          if (kept !== null) return { dagId: dag.dagId, dagVersionId: kept.id, isNew: false }
          return { dagId: dag.dagId, ...register(state, dag, bundle.hash) }
        })
        const newVersions = versions.filter(({ isNew }) => isNew).map(({ dagId }) => dagId)
        for (const [dagId, record] of state.dags) {
          if (ids.includes(dagId)) Object.assign(record, { file, isStale: false })
          else if (isOwner(record, file)) record.isStale = true
        }
        followAssets(state)
        put(state, { ...file, bundleHash: bundle.hash, dagIds: ids, importError: null })
        return {
          kind: "published",
          newVersions,
          versions: versions.map(({ dagId, dagVersionId }) => ({ dagId, dagVersionId })),
        }
      }),
    storeImportError: ({ file, error }) =>
      Effect.sync(() => {
        const before = state.dagFiles.get(nameOf(file))
        const { bundleHash, dagIds } = before ?? { bundleHash: null, dagIds: [] }
        put(state, { ...file, bundleHash, dagIds, importError: error })
      }),
    removeDagFiles: ({ folder, paths }) =>
      Effect.sync(() => {
        const stale: string[] = []
        for (const path of paths) {
          state.dagFiles.delete(nameOf({ folder, path }))
          for (const [dagId, record] of state.dags) {
            if (!isOwner(record, { folder, path }) || record.isStale) continue
            record.isStale = true
            stale.push(dagId)
          }
        }
        followAssets(state)
        return stale.toSorted()
      }),
    listDagFiles: ({ folder, path, onlyErrors, after, limit }) =>
      Effect.sync(() =>
        [...state.dagFiles.values()]
          .filter((row) => folder === undefined || row.folder === folder)
          .filter((row) => path === undefined || row.path === path)
          .filter((row) => onlyErrors !== true || row.importError !== null)
          .filter((row) => after === null || isBefore(after, row))
          .toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
          .slice(0, limit),
      ),
  }
}

function ownedElsewhere(state: MemoryState, dagId: string, file: DagFileKey): OwnedDag[] {
  const record = state.dags.get(dagId)
  if (record?.file === undefined || record.isStale || isOwner(record, file)) return []
  return [{ dagId, ...record.file }]
}

/** The version that counts of a DAG which a file defines; null: there is none. */
function inUse(state: MemoryState, dagId: string): DagVersion | null {
  const record = state.dags.get(dagId)
  return record?.file === undefined || record.isStale ? null : record.current
}

function isOwner({ file }: DagRecord, { folder, path }: DagFileKey): boolean {
  return file !== undefined && file.folder === folder && file.path === path
}

function put(state: MemoryState, row: Omit<DagFileRow, "changedAt">): void {
  state.dagFiles.set(nameOf(row), { ...row, changedAt: dateOf(state.now()) })
}

/** The key of a file. */
export function nameOf({ folder, path }: DagFileKey): string {
  return JSON.stringify([folder, path])
}

function isBefore(a: DagFileKey, b: DagFileKey): boolean {
  return a.folder < b.folder || (a.folder === b.folder && a.path < b.path)
}
