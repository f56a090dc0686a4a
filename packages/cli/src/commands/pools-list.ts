import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { poolHead, poolJson, poolLine } from "../view/pool-view.ts"
import { withDatabase } from "./with-database.ts"

interface PoolsListOptions extends DatabaseFlag {
  readonly json?: boolean
}

/** `sluice pools list`: the pools, and what takes their slots. */
export const poolsList = defineCommand<PoolsListOptions>({
  path: "pools list",
  summary: "list the pools, and what takes their slots",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice pools list", "sluice pools list --json | jq -r 'select(.open == 0) | .name'"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { poolsMax } = await import("@sluice/core/store")
      const { out } = context
      const isJson = options.json === true
      if (!isJson) await out.line(out.style("dim", poolHead))
      for (const pool of await call(store.listPools({ after: null, limit: poolsMax })))
        await out.line(isJson ? JSON.stringify(poolJson(pool)) : poolLine(pool))
      return exitCodes.success
    }),
})
