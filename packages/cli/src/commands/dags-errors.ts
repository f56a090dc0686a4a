import type { DagFileRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface DagsErrorsOptions extends DatabaseFlag {
  readonly json?: boolean
}

const filesPerRead = 200

/** `sluice dags errors`: the DAG files that cannot be used as they are. */
export const dagsErrors = defineCommand<DagsErrorsOptions>({
  path: "dags errors",
  summary: "show the DAG files that cannot be used, and why",
  details: "What such a file defined before stays in use. Exit code: 0 there are none, 1 there are some.",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice dags errors", "sluice dags errors --json | jq -r .path"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { out } = context
      let after: DagFileRow | null = null
      let isAny = false
      while (!out.isClosed) {
        const files: readonly DagFileRow[] = await call(
          store.listDagFiles({ onlyErrors: true, after, limit: filesPerRead }),
        )
        for (const file of files) {
          isAny = true
          await out.line(options.json === true ? JSON.stringify(errorJson(file)) : errorText(file))
        }
        after = files.at(-1) ?? null
        if (files.length < filesPerRead) break
      }
      return isAny ? exitCodes.failed : exitCodes.success
    }),
})

function errorText({ path, importError }: DagFileRow): string {
  const { type, message, stack } = importError ?? { type: "", message: "", stack: null }
  const more = stack === null ? "" : `\n${stack.replaceAll(/^/gm, "  ")}`
  return `${path}: ${type}: ${message}${more}`
}

function errorJson({ folder, path, importError, dagIds, changedAt }: DagFileRow) {
  return { folder, path, dag_ids: dagIds, error: importError, at: changedAt.toISOString() }
}
