import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

/** `sluice dags show`: one DAG. */
export const dagsShow = defineCommand<DatabaseFlag & { readonly json?: boolean }>({
  path: "dags show",
  arguments: [{ name: "<dag>", description: "the DAG's id" }],
  summary: "show a DAG: its schedule, its limits, what of it runs, what comes next",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice dags show users_sync", "sluice dags show users_sync --json"],
  run: (context, options, [dagId = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { dagJson } = await import("../view/dag-view.ts")
      const dag = dagJson(await call(store.dag(dagId)))
      const { out } = context
      if (options.json === true) await out.line(JSON.stringify(dag))
      else
        for (const [name, value] of Object.entries(dag))
          await out.line(`${name.padEnd(33)}${value === null ? "-" : String(value)}`)
      return exitCodes.success
    }),
})
