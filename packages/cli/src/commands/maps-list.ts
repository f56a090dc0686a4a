import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface MapsListOptions extends DatabaseFlag {
  readonly json?: boolean
}

/** `sluice maps list`: the maps of a run, how they stand, and what bounds them. */
export const mapsList = defineCommand<MapsListOptions>({
  path: "maps list",
  arguments: [{ name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" }],
  summary: "list the mapped tasks and sources of a run, and what bounds them",
  options: [jsonOption, databaseUrlOption],
  examples: [
    "sluice maps list latest",
    "sluice maps list latest --json | jq -r 'select(.failed > 0) | .task_id'",
  ],
  run: (context, options, [reference = ""]) =>
    withDatabase(context, options, async (session) => {
      const [{ findRun }, { isMap, mapLines }, { expansionJson }] = await Promise.all([
        import("../run/find-run.ts"),
        import("../view/map-view.ts"),
        import("../view/json-view.ts"),
      ])
      const run = await findRun(session, reference)
      const maps = (await session.call(session.store.expansionsOfRun(run.id))).filter(isMap)
      const lines =
        options.json === true ? maps.map((map) => JSON.stringify(expansionJson(map))) : mapLines(maps)
      for (const line of lines) await context.out.line(line)
      return exitCodes.success
    }),
})
