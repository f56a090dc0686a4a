import { Effect } from "effect"
import type { DagFileKey, DagFileRow, DagFileStore, OwnedDag } from "../dag-file-store.ts"
import { followAssets } from "./asset-users.ts"
import { register } from "./definitions.ts"
import { type DagRecord, type MemoryState, dateOf } from "./state.ts"

/** DAG files over a memory state. */
export function dagFiles(state: MemoryState): DagFileStore {
  return {
    publishDagFile: ({ file, bundle, dags }) =>
      Effect.sync(() => {
        const ids = dags.map((dag) => dag.dagId)
        const owned = ids.flatMap((dagId) => ownedElsewhere(state, dagId, file))
        if (owned.length > 0) return { kind: "refused", owned }
        state.bundles.set(bundle.hash, bundle)
        const newVersions = dags.flatMap((dag) =>
          register(state, dag, bundle.hash).isNew ? [dag.dagId] : [],
        )
        for (const [dagId, record] of state.dags) {
          if (ids.includes(dagId)) Object.assign(record, { file, isStale: false })
          else if (isOwner(record, file)) record.isStale = true
        }
        followAssets(state)
        put(state, { ...file, bundleHash: bundle.hash, dagIds: ids, importError: null })
        return { kind: "published", newVersions }
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
    listDagFiles: ({ folder, onlyErrors, after, limit }) =>
      Effect.sync(() =>
        [...state.dagFiles.values()]
          .filter((row) => folder === undefined || row.folder === folder)
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
