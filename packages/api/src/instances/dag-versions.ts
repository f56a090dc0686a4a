import type { DagVersion, StoreService } from "@sluice/core/store"
import { Effect } from "effect"

/** The most versions that are remembered. They never change, so what is remembered is never out of date. */
const versionsMax = 256

/** Finds versions of DAGs with their tasks, and remembers them. */
export type DagVersions = (dagVersionId: string) => Promise<DagVersion>

/** Makes a memory of versions over a store. */
export function makeDagVersions(store: Pick<StoreService, "dagVersion">): DagVersions {
  const known = new Map<string, Promise<DagVersion>>()
  return (dagVersionId) => {
    const found = known.get(dagVersionId)
    if (found !== undefined) return found
    const version = Effect.runPromise(store.dagVersion(dagVersionId))
    known.set(dagVersionId, version)
    version.catch(() => known.delete(dagVersionId))
    if (known.size > versionsMax) known.delete(known.keys().next().value ?? dagVersionId)
    return version
  }
}
