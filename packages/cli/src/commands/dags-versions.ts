import type { DagVersionSummary } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { rowOf } from "../view/table.ts"
import { withDatabase } from "./with-database.ts"

interface DagsVersionsOptions extends DatabaseFlag {
  readonly limit: number
  readonly json?: boolean
}

const versionsPerRead = 200

/** `sluice dags versions`: the versions of one DAG, the newest first. */
export const dagsVersions = defineCommand<DagsVersionsOptions>({
  path: "dags versions",
  arguments: [{ name: "<dag>", description: "the DAG's id" }],
  summary: "list a DAG's versions, newest first: a run keeps the one that it began with",
  options: [
    { flags: "--limit <n>", description: "how many at most", parse: wholeNumber("--limit", 1), default: 20 },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice dags versions users_sync", "sluice dags versions users_sync --json | jq .version"],
  run: (context, options, [dagId = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { out } = context
      // Says which DAG there is none of; an unknown one has no versions.
      await call(store.dag(dagId))
      if (options.json !== true) await out.line(out.style("dim", versionLine(titles)))
      for (let skip = 0; skip < options.limit && !out.isClosed;) {
        const limit = Math.min(versionsPerRead, options.limit - skip)
        const slice = await call(store.listDagVersions({ dagId, isNewestFirst: true, skip, limit }))
        for (const version of slice.rows)
          await out.line(
            options.json === true ? JSON.stringify(versionJson(version)) : versionLine(cellsOf(version)),
          )
        skip += slice.rows.length
        if (slice.rows.length < limit) break
      }
      return exitCodes.success
    }),
})

const titles = ["version", "stored", "bundle"]

const versionLine = rowOf([9, 26, 0])

function cellsOf({ versionNumber, createdAt, bundleHash }: DagVersionSummary): string[] {
  return [String(versionNumber), createdAt.toISOString(), bundleHash]
}

function versionJson({ dagId, versionNumber, createdAt, bundleHash }: DagVersionSummary) {
  return {
    dag_id: dagId,
    version: versionNumber,
    created_at: createdAt.toISOString(),
    bundle_hash: bundleHash,
  }
}
