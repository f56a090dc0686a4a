import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface AssetsEventsOptions extends DatabaseFlag {
  readonly dag?: string
  readonly limit: number
  readonly json?: boolean
}

const eventsPerRead = 200

/** `sluice assets events`: what happened to assets, newest first. */
export const assetsEvents = defineCommand<AssetsEventsOptions>({
  path: "assets events",
  arguments: [{ name: "[asset]", description: "the asset's name (default: all assets)" }],
  summary: "list the events of assets, newest first",
  options: [
    { flags: "--dag <id>", description: "only those that tasks of this DAG made" },
    { flags: "--limit <n>", description: "how many at most", parse: wholeNumber("--limit", 1), default: 50 },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice assets events orders", "sluice assets events --json | jq -r .asset"],
  run: (context, options, [name]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { assetEventJson, assetEventText } = await import("../view/asset-view.ts")
      const { out } = context
      const filter = {
        ...(name !== undefined && { assetId: (await call(store.asset({ name }))).id }),
        ...(options.dag !== undefined && { dagId: options.dag }),
      }
      for (let skip = 0; skip < options.limit && !out.isClosed; skip += eventsPerRead) {
        const limit = Math.min(options.limit - skip, eventsPerRead)
        const { rows } = await call(store.searchAssetEvents({ filter, isDescending: true, skip, limit }))
        for (const event of rows)
          await out.line(
            options.json === true ? JSON.stringify(assetEventJson(event)) : assetEventText(event),
          )
        if (rows.length < limit) break
      }
      return exitCodes.success
    }),
})
