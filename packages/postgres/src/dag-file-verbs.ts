import type { DagFileStore } from "@sluice/core/store"
import type { Client } from "./client.ts"
import * as files from "./sql/dag-file.ts"
import * as definitions from "./sql/definition.ts"
import { call } from "./store-call.ts"

/** DAG files, over one client. */
export function dagFileVerbs(client: Client): DagFileStore {
  return {
    publishDagFile: ({ file, bundle, dags, renewed }) =>
      call(client, "publishDagFile", async (sql) => {
        // What a crash leaves between these is stored and in nobody's way: only the last makes it count.
        await definitions.insertBundle(sql, bundle)
        const dagIds = dags.map((dag) => dag.dagId)
        const others = renewed === undefined ? [] : dagIds.filter((dagId) => !renewed.includes(dagId))
        const inUse = await files.selectVersionsInUse(sql, { file, dagIds: others })
        const kept = new Map(inUse.map((version) => [version.dagId, version.dagVersionId]))
        const versions: Pick<definitions.StoredVersion, "dagVersionId" | "isNew">[] = []
        for (const dag of dags) {
          const dagVersionId = kept.get(dag.dagId)
          versions.push(
            dagVersionId === undefined
              ? await definitions.upsertDagVersion(sql, { dag, bundleHash: bundle.hash })
              : { dagVersionId, isNew: false },
          )
        }
        const versionIds = versions.map((version) => version.dagVersionId)
        const owned = await files.publishVersions(sql, {
          file,
          bundleHash: bundle.hash,
          dagIds,
          versionIds,
        })
        if (owned.length > 0) return { kind: "refused", owned }
        return {
          kind: "published",
          newVersions: dagIds.filter((_, place) => versions[place]?.isNew),
          versions: dagIds.map((dagId, place) => ({ dagId, dagVersionId: versionIds[place] ?? "" })),
        }
      }),
    storeImportError: (options) =>
      call(client, "storeImportError", (sql) => files.upsertImportError(sql, options)),
    removeDagFiles: (options) => call(client, "removeDagFiles", (sql) => files.deleteDagFiles(sql, options)),
    listDagFiles: (options) => call(client, "listDagFiles", (sql) => files.selectDagFiles(sql, options)),
  }
}
