import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { mapArguments } from "./map-arguments.ts"
import { withDatabase } from "./with-database.ts"

interface MapsShowOptions extends DatabaseFlag {
  readonly json?: boolean
}

/** `sluice maps show`: one map of a run. */
export const mapsShow = defineCommand<MapsShowOptions>({
  path: "maps show",
  arguments: mapArguments,
  summary: "show how one mapped task stands, and what bounds it",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice maps show latest upsert", "sluice maps show latest upsert --json | jq .stop_reason"],
  run: (context, options, [reference = "", taskId = ""]) =>
    withDatabase(context, options, async (session) => {
      const [{ findMap }, { mapDetails }, { expansionJson }] = await Promise.all([
        import("../run/find-map.ts"),
        import("../view/map-view.ts"),
        import("../view/json-view.ts"),
      ])
      const { map } = await findMap(session, reference, taskId)
      const lines = options.json === true ? [JSON.stringify(expansionJson(map))] : mapDetails(map)
      for (const line of lines) await context.out.line(line)
      return exitCodes.success
    }),
})
