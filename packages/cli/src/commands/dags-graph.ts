import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface DagsGraphOptions extends DatabaseFlag {
  readonly open?: boolean
  readonly json?: boolean
}

/** `sluice dags graph`: the tasks of a DAG, and what follows what. */
export const dagsGraph = defineCommand<DagsGraphOptions>({
  path: "dags graph",
  arguments: [{ name: "<dag>", description: "the DAG's id" }],
  summary: "show the tasks of a DAG's newest version, each with what it follows; a group is one line",
  options: [
    { flags: "--open", description: "show the tasks of groups instead" },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice dags graph users_sync", "sluice dags graph users_sync --open"],
  run: (context, options, [dagId = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const [{ graphColumns, graphLines }, { tableLines }] = await Promise.all([
        import("../view/graph-view.ts"),
        import("../view/table.ts"),
      ])
      const { latestVersionId } = await call(store.dag(dagId))
      const { dag } = await call(store.dagVersion(latestVersionId))
      const lines = graphLines(dag, { isOpen: options.open === true })
      const { out } = context
      if (options.json === true)
        for (const { id, kind, tasks, rule, after, again } of lines)
          await out.line(
            JSON.stringify({ id, kind, tasks, trigger_rule: rule || "all_success", after, again }),
          )
      else for (const line of tableLines(graphColumns, lines)) await out.line(line)
      return exitCodes.success
    }),
})
